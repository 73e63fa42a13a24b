import { Center, Loader, Stack, Text } from '@mantine/core';

export function EditorSkeleton({ text = 'Opening the item…' }: { text?: string }) {
  return (
    <Center h="100vh" bg="var(--fm-well)">
      <Stack align="center" gap="xs" aria-busy="true" role="status"><Loader size="sm" /><Text size="sm" c="dimmed">{text}</Text></Stack>
    </Center>
  );
}
