'use client';
import { Alert, Box, Group, Progress, Stack, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { api } from '../../lib/api';
import { formatShare } from '../../lib/format';
import { isActive, useJob } from '../../lib/jobs';
import { useAction } from '../../lib/useAction';
import type { Job } from '../../lib/queries';
import { ActionButton } from './ActionButton';
import { StateBadge } from './badges';
import { RelativeTime } from './RelativeTime';

export function useCancelJob() {
  return useAction<Job>({ run: (job) => api.cancelJob({ params: { id: job.id } }), failed: 'The job was not stopped', invalidates: (_, job) => [['job', job.id], ['job', 'list', ...(job.project ? [job.project] : [])]] });
}

/** One job: what it does, how far it is, and a way to stop it. */
export function JobView({ job, compact = false }: { job: Job; compact?: boolean }) {
  const cancel = useCancelJob();
  const active = isActive(job);
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Group gap="xs" wrap="nowrap" miw={0}>
          <StateBadge state={job.state} />
          <Text size="sm" fw={500} truncate title={job.title}>{job.title}</Text>
        </Group>
        {active ? (
          <ActionButton size="compact-xs" variant="subtle" color="gray" permission="train" leftSection={<IconX size={14} aria-hidden />} loading={cancel.isPending} blocked={job.cancelRequested && 'Stopping: the worker has been told.'} onClick={() => cancel.mutate(job)} aria-label={`Cancel: ${job.title}`}>
            {job.cancelRequested ? 'Stopping…' : 'Cancel'}
          </ActionButton>
        ) : (
          <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>{job.finishedAt && <RelativeTime at={job.finishedAt} />}</Text>
        )}
      </Group>
      {active && (
        <Group gap="xs" wrap="nowrap">
          <Progress value={job.progress * 100} animated={job.state === 'running'} flex={1} size="sm" aria-label={`Progress of ${job.title}`} />
          <Text size="xs" c="dimmed" className="fm-tabular" w={42} ta="right">{formatShare(job.progress, 0)}</Text>
        </Group>
      )}
      {active && <Text size="xs" c="dimmed">{job.state === 'queued' ? 'Waiting for a free worker' : job.message}{job.attempt > 1 ? ` · run ${job.attempt}, after the one before it broke off` : ''}</Text>}
      {job.error && (compact ? <Text size="xs" c="red">{job.error}</Text> : <Alert color="red" mt={4} p="xs"><Text size="xs" style={{ whiteSpace: 'pre-wrap' }}>{job.error}</Text></Alert>)}
    </Stack>
  );
}

/** A job by its id, while it runs or when it failed; nothing once it is done. */
export function JobStrip({ id }: { id: string | null | undefined }) {
  const { data: job } = useJob(id);
  if (!job || job.state === 'done') return null;
  return <Box p="sm" mb="md" bd="1px solid var(--fm-line)" style={{ borderRadius: 4 }} role="status"><JobView job={job} /></Box>;
}
