'use client';
import { useState, type ReactNode } from 'react';
import { Alert, Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';

interface Props { opened: boolean; onClose: () => void; title: string; expected: string; confirm: string; busy: boolean; onConfirm: () => void; children: ReactNode }

/** For what cannot be taken back: the name has to be typed. */
export function ConfirmTyped(props: Props) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title}>
      <Body {...props} />
    </Modal>
  );
}

function Body({ onClose, expected, confirm, busy, onConfirm, children }: Props) {
  const [typed, setTyped] = useState('');
  const right = typed.trim() === expected;
  return (
    <form onSubmit={(e) => { e.preventDefault(); if (right) onConfirm(); }}>
      <Stack gap="sm">
        <Alert color="red" icon={<IconAlertTriangle size={18} aria-hidden />}>{children}</Alert>
        <TextInput label={<>Type <Text span fw={600} className="fm-mono">{expected}</Text> to go on</>} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} autoComplete="off" spellCheck={false} data-autofocus />
        <Group justify="flex-end" gap="xs">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" color="red" disabled={!right} loading={busy}>{confirm}</Button>
        </Group>
      </Stack>
    </form>
  );
}
