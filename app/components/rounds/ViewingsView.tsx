'use client';
import { useEffect, useState } from 'react';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Group, Skeleton, Table, Text } from '@mantine/core';
import { IconEyeCheck } from '@tabler/icons-react';
import type { Contract } from '@/lib/api/contract';
import type { CallInput } from '@/lib/api/route';
import type { ViewingReport } from '@/lib/api/routes/viewings';
import type { Viewing } from '@/lib/core/labels';
import { api } from '../../lib/api';
import { countOf, formatFigure } from '../../lib/format';
import { isActive, useJob } from '../../lib/jobs';
import { headlineFigure } from '../../lib/metrics';
import { q, rowsOf, type Model } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { effectOf, rowOf, viewingTitles, type Effect } from '../../lib/viewings';
import { ActionButton } from '../common/ActionButton';
import { JobStrip } from '../common/JobView';
import { Loaded } from '../common/States';

type Body = CallInput<Contract['measureViewings']>['body'];

/** Asks a worker to measure ways of looking, and follows it. */
function useMeasuring(model: string) {
  const client = useQueryClient();
  const [job, setJob] = useState<string | null>(null);
  const state = useJob(job).data?.state;
  const start = useAction<Body, { job: string }>({ run: (body) => api.measureViewings({ params: { id: model }, body }), failed: 'Measuring did not begin', onDone: (r) => setJob(r.job) });
  useEffect(() => {
    if (state === 'done') void client.invalidateQueries({ queryKey: ['model', model, 'viewings'] });
  }, [state, client, model]);
  return { job, start, busy: start.isPending || (state !== undefined && isActive({ state })) };
}

const colors: Record<Effect['verdict'], string | undefined> = { better: 'teal', worse: 'red', same: undefined };

/** What looking more than once, or voting, gained and cost with a model. */
export function ViewingsView({ model, project }: { model: Model; project: string }) {
  const query = useQuery(q.viewings(model.id));
  const { job, start, busy } = useMeasuring(model.id);
  const report = query.data?.report;
  return (
    <div>
      <Group gap="sm" mb={4}>
        <Text size="xs" fw={600}>Looking more than once{report ? `, on ${countOf(report.images, `${report.split} image`)} of version ${report.versionNumber}` : ''}</Text>
        {query.data && <ActionButton size="compact-sm" permission="train" leftSection={<IconEyeCheck size={15} aria-hidden />} loading={busy} onClick={() => start.mutate({})}>{report ? 'Measure again' : 'Measure'}</ActionButton>}
      </Group>
      <JobStrip id={job} />
      <Loaded query={query} what="What looking more than once gains" skeleton={<Skeleton h={40} />}>
        {({ report }) => report
          ? <Rows report={report} model={model} project={project} />
          : <Text size="xs" c="dimmed">Not measured yet: what also looking at mirrored images, or at ten crops, gains on images the model did not learn from, and how long it takes.</Text>}
      </Loaded>
    </div>
  );
}

function Rows({ report, model, project }: { report: ViewingReport; model: Model; project: string }) {
  const models = rowsOf(useInfiniteQuery(q.models(project)).data);
  const nameOf = (id: string) => {
    const found = models.find((m) => m.id === id);
    return found ? `model ${found.number}` : 'a model that is gone';
  };
  return (
    <Table w="auto" aria-label="What looking more than once gains and costs">
      <Table.Thead><Table.Tr><Table.Th>Way of looking</Table.Th><Table.Th className="fm-num">{headlineFigure(model.task).text.title}</Table.Th><Table.Th className="fm-num">Gain</Table.Th><Table.Th className="fm-num">ms an image</Table.Th><Table.Th className="fm-num">Cost</Table.Th></Table.Tr></Table.Thead>
      <Table.Tbody>
        {report.rows.map((r) => {
          const { value, gain, verdict, cost } = effectOf(report, model.task, r);
          return (
            <Table.Tr key={[r.viewing, ...r.vote].join()}>
              <Table.Td>{viewingTitles[r.viewing]}{r.vote.length > 0 && `, voting with ${r.vote.map(nameOf).join(', ')}`}</Table.Td>
              <Table.Td className="fm-num">{value}</Table.Td>
              <Table.Td className="fm-num"><Text span size="sm" c={colors[verdict]}>{gain ?? '–'}</Text></Table.Td>
              <Table.Td className="fm-num">{formatFigure(r.milliseconds, r.milliseconds < 100 ? 1 : 0)}</Table.Td>
              <Table.Td className="fm-num">{cost}</Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}

/** In one line: what the chosen way of looking gains and costs with this model, or a way to find out. */
export function ViewingEffect({ model, viewing, vote }: { model: Model; viewing: Viewing; vote: readonly string[] }) {
  const query = useQuery(q.viewings(model.id));
  const { job, start, busy } = useMeasuring(model.id);
  if (viewing === 'once' && vote.length === 0) return null;
  return (
    <Loaded query={query} what="What that gains" skeleton={<Skeleton h={18} mt={4} />}>
      {({ report }) => {
        const row = report && rowOf(report, viewing, vote);
        if (report && row) {
          const { title, value, gain, verdict, cost } = effectOf(report, model.task, row);
          return <Text size="xs" mt={4} role="status">Measured on {countOf(report.images, `${report.split} image`)}: <Text span size="xs" fw={600} c={colors[verdict]}>{gain ?? '–'}</Text> {title} (now {value}), {cost} of one look.</Text>;
        }
        return (
          <>
            <Group gap="xs" mt={4}>
              <Text size="xs" c="dimmed" role="status">What that gains with this model has not been measured.</Text>
              <ActionButton size="compact-xs" variant="subtle" permission="train" loading={busy} onClick={() => start.mutate({ viewings: [viewing], vote: [...vote] })}>Measure it</ActionButton>
            </Group>
            <JobStrip id={job} />
          </>
        );
      }}
    </Loaded>
  );
}
