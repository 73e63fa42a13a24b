'use client';
import { useEffect, useRef } from 'react';
import Link from 'next/link';
import { useInfiniteQuery, useQueries, useQueryClient } from '@tanstack/react-query';
import { ActionIcon, Anchor, Divider, Indicator, Popover, RingProgress, ScrollArea, Stack, Text, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconChecklist } from '@tabler/icons-react';
import { countOf } from '../../lib/format';
import { keysOfProject } from '../../lib/invalidation';
import { isActive, outcomeOf, unwatchJob, usePollMs, useWatchedJobs } from '../../lib/jobs';
import { q, rowsOf, type Job } from '../../lib/queries';
import { JobView } from '../common/JobView';

/** Jobs that run, of the project in view and those this browser started; says when one ends. */
export function JobsIndicator({ project }: { project: string | null }) {
  const poll = usePollMs();
  const watched = useWatchedJobs();
  const list = useInfiniteQuery({ ...q.jobs(project ?? ''), enabled: !!project, refetchInterval: (query) => (rowsOf(query.state.data).some(isActive) ? poll : false) });
  const single = useQueries({ queries: watched.map((id) => ({ ...q.job(id), refetchInterval: (query: { state: { data?: Job } }) => (query.state.data && !isActive(query.state.data) ? (false as const) : poll) })) });
  const jobs = new Map<string, Job>();
  if (project) for (const job of rowsOf(list.data)) jobs.set(job.id, job);
  single.forEach((s, i) => {
    if (s.data) jobs.set(s.data.id, s.data);
    else if (s.isError && watched[i]) unwatchJob(watched[i]);
  });
  const all = [...jobs.values()];
  useEndings(all);

  const active = all.filter(isActive);
  const recent = all.filter((j) => !isActive(j)).slice(0, 4);
  const share = active.length ? active.reduce((sum, j) => sum + j.progress, 0) / active.length : 0;
  const label = active.length ? `${countOf(active.length, 'job')} running` : 'No jobs running';
  return (
    <Popover width={380} position="bottom-end" trapFocus>
      <Popover.Target>
        <Tooltip label={label}>
          <Indicator disabled={active.length === 0} label={active.length} size={15} offset={3} color="field">
            <ActionIcon aria-label={label} size={30}>
              {active.length ? <RingProgress size={24} thickness={3} sections={[{ value: Math.max(4, share * 100), color: 'field' }]} aria-hidden /> : <IconChecklist size={18} aria-hidden />}
            </ActionIcon>
          </Indicator>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p="sm">
        <ScrollArea.Autosize mah={420}>
          <Stack gap="sm">
            {active.length === 0 && <Text size="sm" c="dimmed">Nothing is running. Imports, training, pre-labels and exports show their progress here.</Text>}
            {active.map((job) => <JobView key={job.id} job={job} compact />)}
            {recent.length > 0 && <Divider label="Ended" labelPosition="left" />}
            {recent.map((job) => <JobView key={job.id} job={job} compact />)}
            {project && <Anchor component={Link} href={`/projects/${project}/jobs`} size="xs">All jobs of this project</Anchor>}
          </Stack>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}

/** Tells when a job that was seen running has ended, and makes what it may have changed old. */
function useEndings(jobs: Job[]): void {
  const client = useQueryClient();
  const seen = useRef(new Set<string>());
  useEffect(() => {
    for (const job of jobs) {
      if (isActive(job)) {
        seen.current.add(job.id);
        continue;
      }
      if (!seen.current.delete(job.id)) continue;
      const keys = job.project ? keysOfProject(job.project) : [['project', 'list'], ['item', 'list'], ['model', 'list'], ['storage']].map((queryKey) => ({ queryKey }));
      for (const key of keys) void client.invalidateQueries(key);
      const failed = job.state === 'failed';
      notifications.show({
        color: failed ? 'red' : job.state === 'done' ? 'teal' : 'gray', withBorder: true, autoClose: failed ? 12_000 : 5_000,
        title: job.title, message: outcomeOf(job),
      });
    }
  }, [jobs, client]);
}
