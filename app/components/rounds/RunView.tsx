'use client';
import { useMemo } from 'react';
import Link from 'next/link';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Anchor, List, Paper, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { LineChart } from '@mantine/charts';
import { z } from 'zod';
import { api } from '../../lib/api';
import { mergePoints, rowsOfCurves, smoothed, thinned, type CurvePoint } from '../../lib/curves';
import { formatDuration, formatFigure } from '../../lib/format';
import { figureText } from '../../lib/metrics';
import { isActive, useJob, usePollMs } from '../../lib/jobs';
import { q, type Job } from '../../lib/queries';
import { JobView } from '../common/JobView';
import { Section } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { Figure, Figures } from './Figures';
import { MetricsTable } from './MetricsTable';

/** What a training job says of itself while it runs; every part may be absent. */
const facts = z.looseObject({
  phase: z.string().optional().catch(undefined), step: z.number().optional().catch(undefined), steps: z.number().optional().catch(undefined), epoch: z.number().optional().catch(undefined),
  loss: z.number().optional().catch(undefined), imagesPerSecond: z.number().optional().catch(undefined), etaSeconds: z.number().optional().catch(undefined),
  curveOf: z.string().optional().catch(undefined), best: z.object({ value: z.number(), step: z.number() }).nullish().catch(undefined),
  headline: z.object({ metric: z.string(), title: z.string() }).optional().catch(undefined), stage: z.string().optional().catch(undefined),
  notes: z.array(z.string()).optional().catch(undefined), model: z.string().optional().catch(undefined),
});

/** The curves so far; asks only for what came since. */
function useSeries(job: Job): { points: CurvePoint[]; pending: boolean } {
  const client = useQueryClient();
  const poll = usePollMs();
  // A run that starts again draws anew what came after its checkpoint: its curves are read from the beginning.
  const queryKey = useMemo(() => ['job', job.id, 'series', job.attempt], [job.id, job.attempt]);
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      let points = client.getQueryData<CurvePoint[]>(queryKey) ?? [];
      for (;;) {
        const page = await api.jobSeries({ params: { id: job.id }, query: { after: points.at(-1)?.n ?? 0 } }, { signal });
        if (page.points.length === 0) return points;
        points = mergePoints(points, page.points);
        if (page.points.length < 500) return points;
      }
    },
    refetchInterval: isActive(job) ? Math.min(poll, 3_000) : false,
    structuralSharing: false,
  });
  return { points: query.data ?? [], pending: query.isPending };
}

const MOST_ROWS = 400;

/** A training run: live while it goes on, its result afterwards. */
export function RunView({ job: listed, project }: { job: Job; project: string }) {
  const job = useJob(listed.id).data ?? listed;
  const f = facts.parse(job.data);
  const { points, pending } = useSeries(job);
  const loss = useMemo(() => thinned(smoothed(rowsOfCurves(points, ['loss']), 'loss', 0.9), MOST_ROWS), [points]);
  const split = f.curveOf ?? (points.some((p) => p.name.startsWith('train.')) && !points.some((p) => p.name.startsWith('val.')) ? 'train' : 'val');
  const metric = f.headline?.metric ?? 'mAP50';
  const text = figureText(metric);
  // Detectors have a second, stricter figure.
  const figures = useMemo(() => [metric, ...(metric === 'mAP50' ? ['mAP'] : [])], [metric]);
  const precision = useMemo(() => thinned(rowsOfCurves(points, figures.map((name) => `${split}.${name}`)), MOST_ROWS), [points, split, figures]);
  const active = isActive(job);
  const splitName = split === 'val' ? 'Validation' : 'Training images';
  return (
    <Section title={active ? 'This run' : 'Result'} hint={<>{job.title}, begun <RelativeTime at={job.createdAt} />{job.by ? ` by ${job.by}` : ''}{job.startedAt && job.finishedAt ? `, took ${formatDuration((Date.parse(job.finishedAt) - Date.parse(job.startedAt)) / 1000)}` : ''}.</>}>
      <Paper p="md">
        <Stack gap="md">
          <JobView job={job} />
          {active && job.state === 'running' && (
            <Figures>
              {f.stage && <Figure label="Training" value={f.stage} />}
              <Figure label="Step" value={f.step === undefined ? '–' : `${f.step}${f.steps ? ` of ${f.steps}` : ''}`} />
              <Figure label="Passes over the images" value={formatFigure(f.epoch, 1)} />
              <Figure label="Loss" value={formatFigure(f.loss)} />
              <Figure label="Images per second" value={formatFigure(f.imagesPerSecond, 1)} />
              <Figure label={`Best ${text.title}`} value={f.best ? text.format(f.best.value) : '–'} hint={f.best ? `at step ${f.best.step}` : undefined} />
              <Figure label="Time left" value={f.etaSeconds === undefined || !Number.isFinite(f.etaSeconds) ? '–' : formatDuration(f.etaSeconds)} />
            </Figures>
          )}
          {(active || points.length > 0) && (
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
              <Chart title="Loss" hint="On the training images, smoothed; it should fall." rows={loss} pending={pending} waiting="The first figures come after the images are prepared.">
                <LineChart h={220} data={loss} dataKey="step" series={[{ name: 'loss', color: 'gray.4', label: 'Loss' }, { name: 'loss.smooth', color: 'field.6', label: 'Loss, smoothed' }]} withDots={false} curveType="linear" valueFormatter={(v) => v.toFixed(2)} lineProps={(s) => ({ isAnimationActive: false, strokeWidth: s.name === 'loss' ? 1 : 2 })} xAxisProps={{ type: 'number', domain: [0, 'dataMax'] }} yAxisProps={{ domain: [0, 'auto'] }} tooltipAnimationDuration={0} />
              </Chart>
              <Chart title={`${text.title}, ${splitName.toLowerCase()}`} hint={`${text.help ? `${text.help[0]!.toUpperCase()}${text.help.slice(1)}; the` : 'The'} best weights by it are kept.`} rows={precision} pending={pending} waiting="The first measurement comes after some passes over the images.">
                <LineChart h={220} data={precision} dataKey="step" series={figures.map((name, i) => ({ name: `${split}.${name}`, color: i === 0 ? 'field.6' : 'orange.6', label: figureText(name).title, ...(i > 0 && { strokeDasharray: '5 3' }) }))} curveType="linear" withLegend valueFormatter={(v) => v.toFixed(2)} lineProps={{ isAnimationActive: false }} xAxisProps={{ type: 'number', domain: [0, 'dataMax'] }} yAxisProps={{ domain: [0, metric === 'nme' ? 'auto' : 1] }} tooltipAnimationDuration={0} dotProps={{ r: 2.5 }} connectNulls />
              </Chart>
            </SimpleGrid>
          )}
          {!!f.notes?.length && <Alert color="gray" p="xs" title="Notes of the run"><List size="xs">{f.notes.map((n, i) => <List.Item key={i}>{n}</List.Item>)}</List></Alert>}
          {job.state === 'done' && f.model && <Made id={f.model} project={project} />}
        </Stack>
      </Paper>
    </Section>
  );
}

function Chart({ title, hint, rows, pending, waiting, children }: { title: string; hint: string; rows: unknown[]; pending: boolean; waiting: string; children: React.ReactNode }) {
  return (
    <div>
      <Text size="sm" fw={600}>{title}</Text>
      <Text size="xs" c="dimmed" mb="xs">{hint}</Text>
      {rows.length > 0 ? children : pending ? <Skeleton h={220} /> : <Text size="sm" c="dimmed" h={220} ta="center" pt={90}>{waiting}</Text>}
    </div>
  );
}

function Made({ id, project }: { id: string; project: string }) {
  const model = useQuery(q.model(id)).data;
  if (!model) return null;
  return (
    <Stack gap="xs">
      <Text size="sm">It became model {model.number}{model.name === `Model ${model.number}` ? '' : `, “${model.name}”`}{model.current ? ', which is the current one' : ''}. <Anchor component={Link} href={`/projects/${project}/models`} size="sm">To the models</Anchor>, to pre-label with it.</Text>
      <MetricsTable model={model} project={project} />
    </Stack>
  );
}
