'use client';
import { useEffect, useState } from 'react';
import Link from 'next/link';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button } from '@mantine/core';
import { IconStopwatch } from '@tabler/icons-react';
import { networkReportSchema } from '@/models/browser';
import { api } from '../../lib/api';
import { isActive, useJob } from '../../lib/jobs';
import { q } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { useProjectId } from '../../lib/useProjectId';
import { ActionButton } from '../common/ActionButton';
import { JobStrip } from '../common/JobView';
import { PageHeader } from '../common/PageHeader';
import { EmptyState, Loaded } from '../common/States';
import { NetworkReportView } from './NetworkReportView';

/** The network inspector: a model layer by layer. */
export function NetworkPage({ model: id }: { model: string }) {
  const project = useProjectId();
  const client = useQueryClient();
  const model = useQuery(q.model(id)).data;
  const network = useQuery(q.network(id));
  const [job, setJob] = useState<string | null>(null);
  const looking = useJob(job).data;
  const look = useAction<void, { job: string }>({ run: () => api.inspectNetwork({ params: { id } }), failed: 'The network was not looked at', onDone: (r) => setJob(r.job) });
  const state = looking?.state;
  useEffect(() => {
    if (state === 'done') void client.invalidateQueries({ queryKey: ['model', id, 'network'] });
  }, [state, client, id]);
  const busy = look.isPending || (looking ? isActive(looking) : false);
  const report = network.data?.report ? networkReportSchema.safeParse(network.data.report) : null;
  const action = <ActionButton permission="train" variant={report ? 'default' : 'filled'} leftSection={<IconStopwatch size={15} aria-hidden />} loading={busy} onClick={() => look.mutate()}>{report ? 'Time again' : 'Look at the layers'}</ActionButton>;
  return (
    <>
      <PageHeader title={model ? `Network of ${model.name}` : 'Network'} actions={<><Button component={Link} href={`/projects/${project}/models`} variant="subtle" color="gray">All models</Button>{report && action}</>}>
        What the model computes for one image, layer by layer.
      </PageHeader>
      <JobStrip id={job} />
      <Loaded query={network} what="The network">
        {() => report?.success ? <NetworkReportView report={report.data} /> : report ? <Alert color="yellow">The report is of another version of Fieldmark. Make a new one.</Alert> : (
          <EmptyState icon={<IconStopwatch size={44} stroke={1.2} />} title={state === 'running' ? 'Timing the layers' : busy ? 'Waiting for a worker' : 'Not looked at yet'} actions={action}>
            A worker lists every layer with its shape, parameters and multiplications, and times it on its own machine. That takes some seconds.
          </EmptyState>
        )}
      </Loaded>
    </>
  );
}
