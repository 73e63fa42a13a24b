'use client';
import { useState } from 'react';
import Link from 'next/link';
import { useQuery } from '@tanstack/react-query';
import { Alert, Anchor, Box, Button, Group, Popover, SimpleGrid, Skeleton, Stack, Table, Text } from '@mantine/core';
import { LineChart } from '@mantine/charts';
import { IconAnchor, IconRefresh } from '@tabler/icons-react';
import { api } from '../../lib/api';
import { countOf, formatCount, formatFigure } from '../../lib/format';
import { isActive, useJob } from '../../lib/jobs';
import { q, type AnchorReport } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { useProjectId } from '../../lib/useProjectId';
import { ActionButton } from '../common/ActionButton';
import { JobStrip } from '../common/JobView';
import { NumberField } from '../common/NumberField';
import { PageHeader, Section } from '../common/PageHeader';
import { RelativeTime } from '../common/RelativeTime';
import { EmptyState, Loaded } from '../common/States';

export function AnchorsPage() {
  const project = useProjectId();
  const query = useQuery(q.anchors(project));
  const counts = useQuery(q.project(project)).data?.counts;
  const [maxK, setMaxK] = useState(9);
  const [seed, setSeed] = useState(1);
  const compute = useAction<void, { job: string }>({
    run: () => api.computeAnchors({ params: { project }, body: { maxK, seed } }), failed: 'The anchors were not computed',
    invalidates: () => [['project', project, 'anchors'], ['job', 'list', project]],
  });
  const jobId = compute.data?.job ?? query.data?.job;
  const job = useJob(jobId).data;
  const busy = compute.isPending || (!!job && isActive(job));
  const none = counts?.done === 0 && 'No image is done yet: only boxes of done images count.';
  const run = (label: string, filled: boolean) => (
    <ActionButton permission="train" variant={filled ? 'filled' : 'default'} leftSection={<IconRefresh size={15} aria-hidden />} blocked={none} loading={busy} onClick={() => compute.mutate()}>{label}</ActionButton>
  );
  return (
    <>
      <PageHeader
        title="Anchors"
        actions={query.data?.report && <>
          <Popover width={260} position="bottom-end">
            <Popover.Target><Button variant="subtle" color="gray">Settings</Button></Popover.Target>
            <Popover.Dropdown><Stack gap="xs">
              <NumberField label="Largest k" description="k = 1 up to this is tried" min={1} max={20} allowDecimal={false} value={maxK} onChange={setMaxK} />
              <NumberField label="Seed" description="The same seed and boxes give the same anchors" min={0} allowDecimal={false} value={seed} onChange={setSeed} />
            </Stack></Popover.Dropdown>
          </Popover>
          {run('Compute again', query.data.stale)}
        </>}
      >
        Typical box shapes, found by K-means on the boxes of done images with distance 1 − IoU. A detector begins from these shapes; training chooses its own by the same method.
      </PageHeader>
      {busy && <JobStrip id={jobId} />}
      {job?.state === 'failed' && <JobStrip id={jobId} />}
      <Loaded query={query} what="The anchors" skeleton={<Skeleton h={320} />}>
        {({ report, stale }) => report ? (
          <>
            {stale && !busy && <Alert color="yellow" mb="md" p="xs"><Text size="sm">Boxes of done images have changed since this was computed. Compute it again to see today's shapes.</Text></Alert>}
            <Report key={report.computedAt} report={report} />
          </>
        ) : (
          <EmptyState icon={<IconAnchor size={44} stroke={1.2} />} title="Not computed yet" actions={run('Compute anchors', true)}>
            {none ? <>Label some images and mark them done, on the <Anchor component={Link} href={`/projects/${project}`} size="sm">images page</Anchor>.</> : 'It takes seconds. You see how well k shapes fit your boxes, for k from 1 to 9, and the shapes themselves.'}
          </EmptyState>
        )}
      </Loaded>
    </>
  );
}

/** The k after which another anchor adds less than this to the mean best IoU. */
const WORTH = 0.015;
function suggested(report: AnchorReport): number {
  const { curve } = report;
  for (let i = 0; i + 1 < curve.length; i++) if (curve[i + 1]!.meanBestIou - curve[i]!.meanBestIou < WORTH) return curve[i]!.k;
  return curve.at(-1)?.k ?? 1;
}

function Report({ report }: { report: AnchorReport }) {
  const proposal = suggested(report);
  const [k, setK] = useState(proposal);
  const chosen = report.curve.find((c) => c.k === k) ?? report.curve[0];
  if (!chosen) return <Alert color="gray">There were no boxes on done images.</Alert>;
  return (
    <>
      <Text size="xs" c="dimmed" mb="md">From {countOf(report.boxes, 'box', 'boxes')} on {countOf(report.items, 'done image')}, computed <RelativeTime at={report.computedAt} />, seed {report.seed}. Sizes are pixels of the full-resolution images.</Text>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
        <Section title="How well k anchors fit" hint={`The mean, over all boxes, of the IoU with the best anchor. After k = ${proposal}, one more adds less than ${WORTH}.`}>
          <LineChart
            h={260} data={report.curve.map((c) => ({ k: c.k, meanBestIou: Number(c.meanBestIou.toFixed(4)) }))} dataKey="k" series={[{ name: 'meanBestIou', label: 'Mean best IoU', color: 'field.6' }]}
            yAxisProps={{ domain: [(min: number) => Math.max(0, Math.floor(min * 10 - 0.5) / 10), 1] }} xAxisLabel="k" curveType="linear" referenceLines={[{ x: k, label: `k = ${k}`, color: 'gray.6' }]} gridAxis="xy" valueFormatter={(v) => v.toFixed(3)}
            tooltipAnimationDuration={0} lineChartProps={{ accessibilityLayer: true }}
          />
          <Group gap={4} mt="xs" role="radiogroup" aria-label="Number of anchors">
            {report.curve.map((c) => <Button key={c.k} size="compact-xs" variant={c.k === k ? 'filled' : 'default'} role="radio" aria-checked={c.k === k} onClick={() => setK(c.k)} title={`Mean best IoU ${formatFigure(c.meanBestIou)}`}>{c.k}</Button>)}
          </Group>
        </Section>
        <Section title={`The ${countOf(k, 'anchor')}`} hint="Drawn to scale around one centre. The count is of the boxes that are nearest to each.">
          <Shapes anchors={chosen.anchors} total={report.boxes} />
        </Section>
      </SimpleGrid>
    </>
  );
}

const COLORS = ['#1c7ed6', '#e8590c', '#2f9e44', '#9c36b5', '#c2255c', '#0c8599', '#f08c00', '#6741d9', '#66a80f'];

function Shapes({ anchors, total }: { anchors: AnchorReport['curve'][number]['anchors']; total: number }) {
  const sorted = [...anchors].sort((a, b) => b.w * b.h - a.w * a.h);
  const side = Math.max(...sorted.flatMap((a) => [a.w, a.h])) * 1.08;
  return (
    <Group align="flex-start" gap="md" wrap="nowrap">
      <Box w={180} style={{ flexShrink: 0 }}>
        <svg viewBox={`${-side / 2} ${-side / 2} ${side} ${side}`} width="100%" role="img" aria-label={`Anchors: ${sorted.map((a) => `${Math.round(a.w)} by ${Math.round(a.h)}`).join(', ')} pixels`} style={{ background: 'var(--fm-well)', border: '1px solid var(--fm-line)', borderRadius: 5, display: 'block' }}>
          {sorted.map((a, i) => <rect key={i} x={-a.w / 2} y={-a.h / 2} width={a.w} height={a.h} fill={COLORS[i % COLORS.length]} fillOpacity={0.08} stroke={COLORS[i % COLORS.length]} strokeWidth={2} vectorEffect="non-scaling-stroke" />)}
        </svg>
      </Box>
      <Table flex={1} horizontalSpacing={6}>
        <Table.Thead><Table.Tr><Table.Th /><Table.Th className="fm-num">Width × height</Table.Th><Table.Th className="fm-num">Ratio</Table.Th><Table.Th className="fm-num">Boxes</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {sorted.map((a, i) => (
            <Table.Tr key={i}>
              <Table.Td w={24}><span aria-hidden style={{ display: 'inline-block', width: 12, height: 12, borderRadius: 2, border: `2px solid ${COLORS[i % COLORS.length]}` }} /></Table.Td>
              <Table.Td className="fm-num">{a.w.toFixed(0)} × {a.h.toFixed(0)}</Table.Td>
              <Table.Td className="fm-num">{(a.w / a.h).toFixed(2)}</Table.Td>
              <Table.Td className="fm-num" title={`${formatFigure((100 * a.count) / Math.max(1, total), 1)} %`}>{formatCount(a.count)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Group>
  );
}
