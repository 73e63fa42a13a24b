'use client';
import { useState } from 'react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Accordion, Code, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconChecklist } from '@tabler/icons-react';
import { formatAbsolute, formatDuration } from '../../lib/format';
import { isActive, outcomeOf, usePollMs } from '../../lib/jobs';
import { q, rowsOf, type Job } from '../../lib/queries';
import { useProjectId } from '../../lib/useProjectId';
import { StateBadge } from '../common/badges';
import { JobView } from '../common/JobView';
import { LoadMore } from '../common/LoadMore';
import { PageHeader } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { EmptyState, Loaded } from '../common/States';

export function JobsPage() {
  const project = useProjectId();
  const poll = usePollMs();
  const [state, setState] = useState<Job['state'] | 'all'>('all');
  const list = useInfiniteQuery({ ...q.jobs(project, state === 'all' ? {} : { state }), refetchInterval: (x) => (rowsOf(x.state.data).some(isActive) ? poll : false) });
  const rows = rowsOf(list.data);
  return (
    <>
      <PageHeader title="Jobs" actions={<SegmentedControl aria-label="State" value={state} onChange={(v) => setState(v as typeof state)} data={[{ value: 'all', label: 'All' }, { value: 'running', label: 'Running' }, { value: 'queued', label: 'Waiting' }, { value: 'failed', label: 'Failed' }, { value: 'done', label: 'Done' }]} />}>
        Long work is done by workers: imports, training, pre-labels, reports, exports. A job whose worker dies is taken up again by itself.
      </PageHeader>
      <Loaded query={list} what="The jobs">
        {() => rows.length === 0 ? (
          <EmptyState icon={<IconChecklist size={44} stroke={1.2} />} title={state === 'all' ? 'No jobs yet' : 'No such job'}>{state === 'all' ? 'Import images or train a model, and the work shows up here.' : 'No job of this project is in this state.'}</EmptyState>
        ) : (
          <>
            <Accordion variant="separated" multiple>
              {rows.map((j) => (
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
            <LoadMore query={list} />
          </>
        )}
      </Loaded>
    </>
  );
}
