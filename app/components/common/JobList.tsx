'use client';
import { Accordion, Code, Group, Stack, Text } from '@mantine/core';
import { formatAbsolute, formatDuration } from '../../lib/format';
import { isActive, outcomeOf } from '../../lib/jobs';
import type { Job } from '../../lib/queries';
import { StateBadge } from './badges';
import { JobView } from './JobView';
import { RelativeTime } from './RelativeTime';

/** Jobs in their order; opened, each tells when it ran and what came of it. */
export function JobList({ jobs }: { jobs: Job[] }) {
  return (
    <Accordion variant="separated" multiple>
      {jobs.map((j) => (
        <Accordion.Item key={j.id} value={j.id}>
          <Accordion.Control>
            <Group gap="sm" wrap="nowrap" pr="md">
              <StateBadge state={j.state} />
              <Text size="sm" fw={500} truncate flex={1}>{j.title}</Text>
              <Text size="xs" c="dimmed" truncate maw={360}>{isActive(j) ? j.message : outcomeOf(j)}</Text>
              <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}><RelativeTime at={j.createdAt} /></Text>
            </Group>
          </Accordion.Control>
          <Accordion.Panel>
            <Stack gap="xs">
              {(isActive(j) || j.error) && <JobView job={j} />}
              <Text size="xs" c="dimmed">
                Kind {j.kind}{j.by ? ` · asked for by ${j.by}` : ''} · asked {formatAbsolute(j.createdAt)}{j.startedAt ? ` · begun ${formatAbsolute(j.startedAt)}` : ''}{j.finishedAt ? ` · ended ${formatAbsolute(j.finishedAt)}` : ''}
                {j.startedAt && j.finishedAt ? ` · took ${formatDuration((Date.parse(j.finishedAt) - Date.parse(j.startedAt)) / 1000)}` : ''}{j.attempt > 1 ? ` · run ${j.attempt}` : ''}
              </Text>
              {Object.keys(j.data).length > 0 && <Code block mah={260} style={{ overflow: 'auto' }}>{JSON.stringify(j.data, null, 2)}</Code>}
            </Stack>
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}
