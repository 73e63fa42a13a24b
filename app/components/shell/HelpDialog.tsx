'use client';
import type { ReactNode } from 'react';
import { Anchor, Group, Kbd, Modal, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { projectPages, workspacePages, type Destination } from './navigation';

export function HelpDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Help and keys" size="lg">
      <Stack gap="md">
        <Text size="sm">
          A round goes: import images, label some and mark them done, freeze a version, train, let the model propose labels for the rest, correct them, check the quality, export. Then train again on more.
        </Text>
        <SimpleGrid cols={2} spacing="xl">
          <Keys title="In a project" pages={projectPages.flatMap((g) => g.pages)} />
          <Stack gap="md">
            <Keys title="Everywhere" pages={workspacePages} />
            <Stack gap={4}>
              <Title order={3}>Also</Title>
              <Row keys={<Kbd size="xs">?</Kbd>}>This help</Row>
              <Row keys={<Kbd size="xs">/</Kbd>}>Search the images of a project</Row>
              <Row keys={<Kbd size="xs">Esc</Kbd>}>Close, or clear the selection</Row>
            </Stack>
          </Stack>
        </SimpleGrid>
        <Text size="xs" c="dimmed">The labelling page has keys of its own; press ? there. Programs use the interface under <Anchor href="/api/v1/openapi.json" size="xs">/api/v1</Anchor> with a token of your account, or the command <Text span className="fm-mono">npx fieldmark</Text>.</Text>
      </Stack>
    </Modal>
  );
}

function Keys({ title, pages }: { title: string; pages: Destination[] }) {
  return (
    <Stack gap={4}>
      <Title order={3}>{title}</Title>
      {pages.map((p) => <Row key={p.label} keys={<><Kbd size="xs">g</Kbd> <Kbd size="xs">{p.key}</Kbd></>}>{p.label}</Row>)}
    </Stack>
  );
}
function Row({ keys, children }: { keys: ReactNode; children: ReactNode }) {
  return <Group justify="space-between" gap="xs"><Text size="sm">{children}</Text><span>{keys}</span></Group>;
}
