'use client';
import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';

/** Says what was done, with a button that takes it back. */
export function notifyUndo(title: string, undo: () => void): void {
  const id = notifications.show({
    title, withBorder: true, autoClose: 10_000,
    message: <Button mt={4} onClick={() => { undo(); notifications.hide(id); }}>Undo</Button>,
  });
}
