'use client';
import Link from 'next/link';
import { useInfiniteQuery } from '@tanstack/react-query';
import { ActionIcon, Anchor, Divider, Indicator, Popover, RingProgress, ScrollArea, Stack, Text, Tooltip } from '@mantine/core';
import { IconChecklist } from '@tabler/icons-react';
import { countOf } from '../../lib/format';
import { useEndings } from '../../lib/jobEndings';
import { isActive, usePollMs } from '../../lib/jobs';
import { q, rowsOf, type Job } from '../../lib/queries';
import { JobView } from '../common/JobView';

/** Jobs that run, of the project in view and those of no project; says when one ends. */
export function JobsIndicator({ project }: { project: string | null }) {
  const poll = usePollMs();
  const refetchInterval = (query: { state: { data?: Parameters<typeof rowsOf<Job>>[0] } }) => (rowsOf(query.state.data).some(isActive) ? poll : (false as const));
  const ofProject = useInfiniteQuery({ ...q.jobs(project ?? ''), enabled: !!project, refetchInterval });
  const ofWorkspace = useInfiniteQuery({ ...q.workspaceJobs(), refetchInterval });
  const all = [...(project ? rowsOf(ofProject.data) : []), ...rowsOf(ofWorkspace.data)].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
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
            <Anchor component={Link} href={project ? `/projects/${project}/jobs` : '/system'} size="xs">{project ? 'All jobs of this project' : 'All jobs of the workspace'}</Anchor>
          </Stack>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}
