'use client';
import { useMemo, useState } from 'react';
import { Group, Kbd, Modal, SimpleGrid, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { actionGroups, actions, chordLabel } from '@/lib/editor';
import { isMac, useWorkbench } from './context';

/** What the hand does; the keys below come from the registry of actions. */
const gestures: [string, string][] = [
  ['Wheel', 'Zoom at the pointer'],
  ['Space + drag, middle button', 'Pan'],
  ['Shift + wheel', 'Size of the brush; else pan sideways'],
  ['Drag, or two clicks (Box)', 'Draw a box; Esc gives it up'],
  ['Drag a handle or edge', 'Resize the selected box'],
  ['Ctrl held, while drawing', 'Select, move or resize with any drawing tool in hand'],
  ['Shift + click', 'Add to the selection; on a landmark: visible or hidden'],
  ['Alt + click', 'The next object under the pointer'],
  ['Drag on nothing', 'Select what lies inside'],
  ['Arrow keys', 'Move the selected by 1 pixel, with Shift by 10'],
  ['Shift + stroke', 'A straight line from where the last stroke ended'],
  ['Alt + stroke', 'Brush erases, eraser paints'],
  ['Drag a proposal', 'Correct it: it is accepted as corrected'],
  ['Shift + class key', 'Give the selected this class, whatever the tool'],
];

export function HelpDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { input, editor } = useWorkbench();
  const [find, setFind] = useState('');
  const { byClass, conflicts } = input.classKeys;
  const groups = useMemo(() => {
    const wanted = find.trim().toLowerCase();
    const has = (...texts: string[]) => !wanted || texts.some((t) => t.toLowerCase().includes(wanted));
    return actionGroups.map((name) => ({ name, rows: actions.filter((a) => a.group === name && has(a.name, ...a.keys)) })).filter((g) => g.rows.length > 0);
  }, [find]);
  const wanted = find.trim().toLowerCase();
  return (
    <Modal opened={opened} onClose={onClose} title="Keys and help" size="xl">
      <Stack gap="sm">
        <TextInput leftSection={<IconSearch size={14} aria-hidden />} placeholder="Find" aria-label="Find an action" value={find} onChange={(event) => setFind(event.currentTarget.value)} data-autofocus />
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
          {groups.map((g) => (
            <div key={g.name}>
              <Title order={3} mb={4}>{g.name}</Title>
              <Table verticalSpacing={3}>
                <Table.Tbody>
                  {g.rows.map((a) => (
                    <Table.Tr key={a.id}>
                      <Table.Td>{a.name}</Table.Td>
                      <Table.Td ta="right"><Group gap={4} justify="flex-end" wrap="nowrap">{a.keys.map((k) => <Kbd size="xs" key={k}>{chordLabel(k, isMac)}</Kbd>)}</Group></Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          ))}
          <div>
            <Title order={3} mb={4}>With the hand</Title>
            <Table verticalSpacing={3}>
              <Table.Tbody>
                {gestures.filter((g) => !wanted || g.some((t) => t.toLowerCase().includes(wanted))).map(([how, what]) => <Table.Tr key={how}><Table.Td>{what}</Table.Td><Table.Td ta="right"><Text size="xs" c="dimmed">{how}</Text></Table.Td></Table.Tr>)}
              </Table.Tbody>
            </Table>
          </div>
          <div>
            <Title order={3} mb={4}>Classes</Title>
            <Table verticalSpacing={3}>
              <Table.Tbody>
                {editor.schema.get().classes.map((c) => <Table.Tr key={c.id}><Table.Td>{c.name}</Table.Td><Table.Td ta="right">{byClass.has(c.id) ? <Kbd size="xs">{byClass.get(c.id)!.toUpperCase()}</Kbd> : '–'}</Table.Td></Table.Tr>)}
              </Table.Tbody>
            </Table>
            {conflicts.map((c) => <Text key={c.cls.id} size="xs" c="orange" mt={4}>{c.key.toUpperCase()} is the key of “{c.action.name}”: {c.cls.name} cannot have it. Another can be set in the label schema.</Text>)}
          </div>
        </SimpleGrid>
        <Text size="xs" c="dimmed">The mark at the top says where your work is: written to this browser first, then sent. “Saved here” survives a closed page, a crash and a lost connection.</Text>
      </Stack>
    </Modal>
  );
}
