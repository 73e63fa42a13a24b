import type { ReactNode } from 'react';
import { Box, Group, Text, Title } from '@mantine/core';

/** Title, one line of what the page is for, and its actions. */
export function PageHeader({ title, children, actions }: { title: ReactNode; children?: ReactNode; actions?: ReactNode }) {
  return (
    <Group justify="space-between" align="flex-start" gap="md" mb="md" wrap="nowrap">
      <Box miw={0}>
        <Title order={1}>{title}</Title>
        {children && <Text size="sm" c="dimmed" maw={760} component="div">{children}</Text>}
      </Box>
      {actions && <Group gap="xs" wrap="nowrap" style={{ flexShrink: 0 }}>{actions}</Group>}
    </Group>
  );
}

/** A titled part of a page. */
export function Section({ title, children, actions, hint }: { title: ReactNode; children: ReactNode; actions?: ReactNode; hint?: ReactNode }) {
  return (
    <Box component="section" mb="xl">
      <Group justify="space-between" align="flex-end" mb={hint ? 2 : 'xs'} gap="xs">
        <Title order={2}>{title}</Title>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {hint && <Text size="xs" c="dimmed" mb="xs" maw={720} component="div">{hint}</Text>}
      {children}
    </Box>
  );
}
