'use client';
import { useState } from 'react';
import { Button, Group, Modal, Stack, Table, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconCloudCheck, IconCloudOff, IconDeviceFloppy, IconEye, IconLoader2, IconUserOff } from '@tabler/icons-react';
import type { SaveState } from '@/lib/editor';
import { countOf, formatAbsolute } from '../../lib/format';
import { useWorkbench } from './context';
import classes from './Editor.module.css';
import { useSignal } from './useSignal';

const states: Record<SaveState, { label: string; color: string; icon: typeof IconCloudCheck; hint: string }> = {
  saving: { label: 'Saving…', color: 'dimmed', icon: IconLoader2, hint: 'Being written to this browser. Wait a moment before closing the page.' },
  here: { label: 'Saved here', color: 'blue', icon: IconDeviceFloppy, hint: 'Safe in this browser, on its way to the server.' },
  server: { label: 'Saved', color: 'teal', icon: IconCloudCheck, hint: 'The server has everything.' },
  offline: { label: 'Offline, saved here', color: 'orange', icon: IconCloudOff, hint: 'Safe in this browser. It is sent by itself when the server can be reached.' },
  'signed-out': { label: 'Signed out, saved here', color: 'orange', icon: IconUserOff, hint: 'Safe in this browser. It is sent when you sign in again, here and as yourself.' },
  refused: { label: 'Refused', color: 'red', icon: IconAlertTriangle, hint: 'The server did not take something. Click to see what and why.' },
  failed: { label: 'Not saved here', color: 'red', icon: IconAlertTriangle, hint: 'This browser cannot keep your work.' },
  view: { label: 'View only', color: 'dimmed', icon: IconEye, hint: 'You can look at these labels, but not change them.' },
};

/** Whether what was drawn is safe, and where. */
export function SaveMark() {
  const { editor, outbox } = useWorkbench();
  const mark = useSignal(editor.session.save);
  const refused = useSignal(outbox.refused);
  const [open, setOpen] = useState(false);
  const state = states[mark.state];
  const waiting = mark.waiting > 0 && mark.state !== 'saving' ? ` (${mark.waiting})` : '';
  return (
    <>
      <Tooltip label={<>{state.hint}{mark.waiting > 0 && ` ${countOf(mark.waiting, 'gesture')} wait to be sent.`}{mark.message && ` ${mark.message}`}</>}>
        <UnstyledButton className={classes.mark} c={state.color} data-testid="save-mark" data-state={mark.state} data-waiting={mark.waiting} aria-label={`Save state: ${state.label}`} aria-live="polite" onMouseDown={(e) => e.preventDefault()} onClick={() => (refused.length > 0 ? setOpen(true) : outbox.kick())}>
          <state.icon size={16} aria-hidden />
          {state.label}{waiting}
        </UnstyledButton>
      </Tooltip>
      <Modal opened={open && refused.length > 0} onClose={() => setOpen(false)} title="Refused by the server" size="lg">
        <Stack gap="sm">
          <Text size="sm">These gestures are kept in this browser only, and were taken out of the picture. Send them again when the reason is gone, or give them up.</Text>
          <Table>
            <Table.Thead><Table.Tr><Table.Th>When</Table.Th><Table.Th>What</Table.Th><Table.Th>Why not</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>
              {refused.slice(0, 100).map((row) => (
                <Table.Tr key={row.n}>
                  <Table.Td>{formatAbsolute(row.operation.at)}</Table.Td>
                  <Table.Td>{row.operation.type}, {countOf(row.operation.changes.length, 'change')}{row.documentId !== editor.session.documentId && ', another item'}</Table.Td>
                  <Table.Td>{row.reason}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          <Group justify="flex-end" gap="xs">
            <Button color="red" variant="subtle" onClick={() => void outbox.discard(refused)}>Give up {countOf(refused.length, 'gesture')}</Button>
            <Button variant="filled" onClick={() => void outbox.retry(refused)}>Send again</Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
