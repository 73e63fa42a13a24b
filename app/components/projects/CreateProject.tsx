'use client';
import { useState } from 'react';
import { useRouter } from 'next/navigation';
import { Button, Group, Modal, Stack, Textarea, TextInput, Text } from '@mantine/core';
import { api } from '../../lib/api';
import { useAction } from '../../lib/useAction';
import type { Project } from '../../lib/queries';

export function CreateProject({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return <Modal opened={opened} onClose={onClose} title="Create a project"><Form onClose={onClose} /></Modal>;
}

function Form({ onClose }: { onClose: () => void }) {
  const router = useRouter();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const create = useAction<{ name: string; description: string }, Project>({
    run: (body, idempotencyKey) => api.createProject({ body }, { idempotencyKey }), failed: 'The project was not created',
    invalidates: () => [['project', 'list']],
    onDone: (project) => {
      onClose();
      router.push(`/projects/${project.id}/schema`);
    },
  });
  return (
    <form onSubmit={(e) => { e.preventDefault(); if (name.trim()) create.mutate({ name: name.trim(), description }); }}>
      <Stack gap="sm">
        <TextInput label="Name" required maxLength={120} value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus placeholder="Blood cells 2026" />
        <Textarea label="Description" autosize minRows={2} maxRows={6} maxLength={5000} value={description} onChange={(e) => setDescription(e.currentTarget.value)} placeholder="What is on the images, and what the labels are for" />
        <Text size="xs" c="dimmed">Next you name the classes, then import images. Classes that come with the imported annotations are added by themselves.</Text>
        <Group justify="flex-end" gap="xs">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!name.trim()} loading={create.isPending}>Create</Button>
        </Group>
      </Stack>
    </form>
  );
}
