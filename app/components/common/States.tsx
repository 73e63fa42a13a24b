'use client';
import type { ReactNode } from 'react';
import { Alert, Box, Button, Center, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import { describeError, isCode } from '../../lib/api';

/** Nothing here yet: says what this is for and what to do. */
export function EmptyState({ icon, title, children, actions }: { icon: ReactNode; title: string; children: ReactNode; actions?: ReactNode }) {
  return (
    <Center py={56} px="md">
      <Stack align="center" gap="sm" maw={460} ta="center">
        <Box c="dimmed" aria-hidden="true">{icon}</Box>
        <Title order={2}>{title}</Title>
        <Text c="dimmed" size="sm" component="div">{children}</Text>
        {actions && <Group justify="center" gap="xs" mt={4}>{actions}</Group>}
      </Stack>
    </Center>
  );
}

/** Could not be read: why, and a way to try again. */
export function ErrorState({ error, what, onRetry }: { error: unknown; what: string; onRetry?: () => void }) {
  const gone = isCode(error, 'not-found') || isCode(error, 'gone');
  return (
    <Alert color={gone ? 'gray' : 'red'} variant="light" icon={<IconAlertTriangle size={18} aria-hidden />} title={`${what} could not be loaded`} role="alert" maw={720} my="sm">
      <Text size="sm">{describeError(error)}</Text>
      {onRetry && !gone && <Button mt="xs" leftSection={<IconRefresh size={15} aria-hidden />} onClick={onRetry}>Try again</Button>}
    </Alert>
  );
}

export function RowsSkeleton({ rows = 6, height = 30 }: { rows?: number; height?: number }) {
  return (
    <Stack gap={8} aria-busy="true" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => <Skeleton key={i} height={height} radius={4} />)}
    </Stack>
  );
}

interface Readable<T> { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown }
/** Loading, failed or there. What is there stays on screen when a later refresh fails. */
export function Loaded<T>({ query, what, skeleton, children }: { query: Readable<T>; what: string; skeleton?: ReactNode; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <ErrorState error={query.error} what={what} onRetry={() => void query.refetch()} />;
  return <>{skeleton ?? <RowsSkeleton />}</>;
}
