import type { ReactNode } from 'react';
import { Center, Paper, Stack, Text } from '@mantine/core';
import { Logo } from '../components/common/Logo';

export default function PublicLayout({ children }: { children: ReactNode }) {
  return (
    <Center mih="100dvh" p="md" bg="var(--fm-panel)" component="main">
      <Stack w="100%" maw={400} gap="lg">
        <Stack gap={4} align="center">
          <Logo size={44} />
          <Text fw={650} size="xl">Fieldmark</Text>
          <Text size="sm" c="dimmed" ta="center">Labels for images, and models that learn from them</Text>
        </Stack>
        <Paper p="lg">{children}</Paper>
      </Stack>
    </Center>
  );
}
