'use client';
import { useState } from 'react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { SegmentedControl } from '@mantine/core';
import { IconChecklist } from '@tabler/icons-react';
import { isActive, usePollMs } from '../../lib/jobs';
import { q, rowsOf, type Job } from '../../lib/queries';
import { useProjectId } from '../../lib/useProjectId';
import { JobList } from '../common/JobList';
import { LoadMore } from '../common/LoadMore';
import { PageHeader } from '../common/PageHeader';
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
            <JobList jobs={rows} />
            <LoadMore query={list} />
          </>
        )}
      </Loaded>
    </>
  );
}
