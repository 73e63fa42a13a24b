'use client';
import { useEffect, useState } from 'react';
import Link from 'next/link';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Group, Loader, Progress, SegmentedControl, Table, Text, Tooltip, VisuallyHidden } from '@mantine/core';
import { IconStopwatch } from '@tabler/icons-react';
import { networkReportSchema, type LayerReport, type NetworkReport } from '@/models/browser';
import { api } from '../../lib/api';
import { formatBytes, formatCount, formatFigure } from '../../lib/format';
import { engineTitle } from '../../lib/metrics';
import { isActive, outcomeOf, useJob } from '../../lib/jobs';
import { q } from '../../lib/queries';
import { useAction } from '../../lib/useAction';
import { useProjectId } from '../../lib/useProjectId';
import { ActionButton } from '../common/ActionButton';
import { PageHeader } from '../common/PageHeader';
import { EmptyState, Loaded } from '../common/States';
import { Figure, Figures } from './Figures';

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
      {looking?.state === 'failed' && <Alert color="red" mb="md" p="xs">{outcomeOf(looking)}</Alert>}
      <Loaded query={network} what="The network">
        {() => report?.success ? <Report report={report.data} /> : report ? <Alert color="yellow">The report is of another version of Fieldmark. Make a new one.</Alert> : (
          <EmptyState icon={busy ? <Loader aria-label="Timing the layers" /> : <IconStopwatch size={44} stroke={1.2} />} title={busy ? 'Timing the layers' : 'Not looked at yet'} actions={action}>
            A worker lists every layer with its shape, parameters and multiplications, and times it on its own machine. That takes some seconds.
          </EmptyState>
        )}
      </Loaded>
    </>
  );
}

const orders = { network: 'In order', time: 'By time', multiplications: 'By work', parameters: 'By parameters' } as const;
type Order = keyof typeof orders;
const keyOf: Record<Exclude<Order, 'network'>, (l: LayerReport) => number> = { time: (l) => l.milliseconds ?? 0, multiplications: (l) => l.multiplications, parameters: (l) => l.parameters };

function Report({ report }: { report: NetworkReport }) {
  const [order, setOrder] = useState<Order>('network');
  const layers = order === 'network' ? report.layers : report.layers.toSorted((a, b) => keyOf[order](b) - keyOf[order](a));
  const slowest = Math.max(...report.layers.map((l) => l.milliseconds ?? 0), 0);
  const { totals, timing } = report;
  const side = (v: { height: number; width: number } | null) => (v ? (v.height === v.width ? formatFigure(v.width, 0) : `${formatFigure(v.height, 0)} × ${formatFigure(v.width, 0)}`) : '–');
  return (
    <>
      <Figures>
        <Figure label="Parameters" value={formatCount(totals.parameters)} hint={totals.trainable < totals.parameters ? `${formatCount(totals.trainable)} trainable` : undefined} />
        <Figure label="Multiplications" value={formatCount(totals.multiplications)} hint="for one image" />
        <Figure label="Weights" value={formatBytes(totals.weightBytes)} />
        {totals.peakBytes !== null && <Figure label="Memory at its peak" value={formatBytes(totals.peakBytes)} hint="for one image" />}
        {timing && <Figure label="Time for one image" value={`${formatFigure(timing.total, 1)} ms`} hint={`${engineTitle(timing.engine)}, ${timing.threads === 1 ? 'one thread' : `${timing.threads} threads`}`} />}
        <Figure label="Input" value={report.inputs.map((i) => i.shape.join(' × ')).join('; ')} />
      </Figures>
      <Group justify="space-between" mt="md" mb={6}>
        <Text size="xs" c="dimmed">{formatCount(report.layers.length)} layers. A time of “–” belongs to the layer after it: the engine computes both at once.</Text>
        <SegmentedControl aria-label="Order of the layers" value={order} onChange={(v) => setOrder(v as Order)} data={Object.entries(orders).map(([value, label]) => ({ value, label }))} />
      </Group>
      <Table.ScrollContainer minWidth={900}>
        <Table stickyHeader highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Layer</Table.Th><Table.Th>Kind</Table.Th><Table.Th>Reads</Table.Th><Table.Th className="fm-num">Shape</Table.Th><Table.Th className="fm-num">Parameters</Table.Th><Table.Th className="fm-num">Multiplications</Table.Th>
              <Table.Th className="fm-num"><Tooltip label="Input pixels that one number of the result sees, along each side"><span>Sees</span></Tooltip></Table.Th><Table.Th className="fm-num">Stride</Table.Th><Table.Th className="fm-num">ms</Table.Th><Table.Th w={110}><VisuallyHidden>Share of the slowest</VisuallyHidden></Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {layers.map((l) => (
              <Table.Tr key={l.name}>
                <Table.Td><Text size="xs" ff="monospace">{l.name}</Text></Table.Td>
                <Table.Td><Text size="xs">{l.className}</Text></Table.Td>
                <Table.Td maw={180}><Text size="xs" c="dimmed" truncate title={l.inputs.join(', ')}>{l.inputs.join(', ')}</Text></Table.Td>
                <Table.Td className="fm-num" style={{ whiteSpace: 'nowrap' }}>{l.outputShape.join(' × ')}</Table.Td>
                <Table.Td className="fm-num">{l.parameters ? formatCount(l.parameters) : '·'}</Table.Td>
                <Table.Td className="fm-num">{l.multiplications ? formatCount(l.multiplications) : '·'}</Table.Td>
                <Table.Td className="fm-num">{side(l.receptiveField)}</Table.Td>
                <Table.Td className="fm-num">{side(l.stride)}</Table.Td>
                <Table.Td className="fm-num">{formatFigure(l.milliseconds, 2)}</Table.Td>
                <Table.Td>{l.milliseconds !== null && slowest > 0 && <Progress value={(100 * l.milliseconds) / slowest} size="sm" aria-label={`Time of ${l.name}`} />}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {timing && timing.rest > 0.05 * timing.total && <Text size="xs" c="dimmed" mt={4}>{formatFigure(timing.rest, 1)} ms are no layer’s own, such as changing the order of numbers in memory.</Text>}
    </>
  );
}
