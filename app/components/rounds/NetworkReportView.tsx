'use client';
import { useRef, useState } from 'react';
import { Box, Group, Progress, SegmentedControl, Table, Text, Tooltip, VisuallyHidden } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { lanesOf, type LayerReport, type NetworkReport } from '@/models/browser';
import { formatBytes, formatCount, formatFigure } from '../../lib/format';
import { engineTitle } from '../../lib/metrics';
import { Figure, Figures } from './Figures';
import { laneColumn, LaneCell } from './LaneCell';
import classes from './Network.module.css';

const orders = { network: 'In order', time: 'By time', multiplications: 'By work', parameters: 'By parameters' } as const;
type Order = keyof typeof orders;
const keyOf: Record<Exclude<Order, 'network'>, (l: LayerReport) => number> = { time: (l) => l.milliseconds ?? 0, multiplications: (l) => l.multiplications, parameters: (l) => l.parameters };

/** Pixels of a row: all are alike, so that only those in view are made. */
const ROW = 30;

const side = (v: { height: number; width: number } | null) => (v ? (v.height === v.width ? formatFigure(v.width, 0) : `${formatFigure(v.height, 0)} × ${formatFigure(v.width, 0)}`) : '–');

/** A network layer by layer, with its branches drawn beside the list. */
export function NetworkReportView({ report }: { report: NetworkReport }) {
  const [chosen, setOrder] = useState<Order>('network');
  const { totals, timing } = report;
  const order = chosen === 'time' && !timing ? 'network' : chosen;
  const layers = order === 'network' ? report.layers : report.layers.toSorted((a, b) => keyOf[order](b) - keyOf[order](a));
  const lanes = order === 'network' ? lanesOf(report) : null;
  const slowest = Math.max(...report.layers.map((l) => l.milliseconds ?? 0), 0);
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: layers.length, getScrollElement: () => scroll.current, estimateSize: () => ROW, overscan: 15, initialRect: { width: 1000, height: 600 } });
  const shown = rows.getVirtualItems();
  const above = shown[0]?.start ?? 0;
  const below = rows.getTotalSize() - (shown.at(-1)?.end ?? 0);
  const columns = (lanes ? 10 : 9) - (timing ? 0 : 2);
  return (
    <>
      <Figures>
        <Figure label="Parameters" value={formatCount(totals.parameters)} hint={totals.trainable < totals.parameters ? `${formatCount(totals.trainable)} trainable` : undefined} />
        <Figure label="Multiplications" value={formatCount(totals.multiplications)} hint="for one image" />
        <Figure label="Weights" value={formatBytes(totals.weightBytes)} />
        {totals.peakBytes !== null && <Figure label="Working memory" value={formatBytes(totals.peakBytes)} hint="for one image, beside the weights" />}
        {timing && <Figure label="Time for one image" value={`${formatFigure(timing.total, 1)} ms`} hint={`${engineTitle(timing.engine)}, ${timing.threads === 1 ? 'one thread' : `${timing.threads} threads`}`} />}
        <Figure label="Input" value={report.inputs.map((i) => i.shape.join(' × ')).join('; ')} />
      </Figures>
      <Group justify="space-between" mt="md" mb={6}>
        <Text size="xs" c="dimmed">{formatCount(report.layers.length)} layers.{timing && ' A time of “–” belongs to the layer after it: the engine computes both at once.'}</Text>
        <SegmentedControl aria-label="Order of the layers" value={order} onChange={(v) => { setOrder(v as Order); scroll.current?.scrollTo({ top: 0 }); }} data={Object.entries(orders).filter(([value]) => timing || value !== 'time').map(([value, label]) => ({ value, label }))} />
      </Group>
      <Box ref={scroll} className={classes.scroll} tabIndex={0} role="region" aria-label="Layers">
        <Table highlightOnHover className={classes.table} aria-rowcount={layers.length + 1}>
          <colgroup>
            {lanes && <col style={{ width: laneColumn(lanes.width) }} />}
            <col /><col style={{ width: 130 }} /><col style={{ width: 160 }} /><col style={{ width: 115 }} /><col style={{ width: 100 }} /><col style={{ width: 120 }} /><col style={{ width: 70 }} /><col style={{ width: 65 }} />
            {timing && <><col style={{ width: 65 }} /><col style={{ width: 80 }} /></>}
          </colgroup>
          <Table.Thead className={classes.head}>
            <Table.Tr aria-rowindex={1}>
              {lanes && <Table.Th><VisuallyHidden>Branches</VisuallyHidden></Table.Th>}
              <Table.Th>Layer</Table.Th><Table.Th>Kind</Table.Th><Table.Th>Reads</Table.Th><Table.Th className="fm-num">Shape</Table.Th><Table.Th className="fm-num">Parameters</Table.Th><Table.Th className="fm-num">Multiplications</Table.Th>
              <Table.Th className="fm-num"><Tooltip label="Input pixels that one number of the result sees, along each side"><span>Sees</span></Tooltip></Table.Th><Table.Th className="fm-num">Stride</Table.Th>
              {timing && <><Table.Th className="fm-num">ms</Table.Th><Table.Th><VisuallyHidden>Share of the slowest</VisuallyHidden></Table.Th></>}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {above > 0 && <tr aria-hidden><td colSpan={columns + 1} style={{ height: above, padding: 0, border: 0 }} /></tr>}
            {shown.map(({ index }) => {
              const l = layers[index]!;
              const before = lanes && index > 0 ? layers[index - 1]!.name : null;
              const reads = l.inputs.join(', ');
              return (
                <Table.Tr key={l.name} aria-rowindex={index + 2} style={{ height: ROW }}>
                  {lanes && <Table.Td className={classes.lanes}><LaneCell row={lanes.rows[index]!} width={lanes.width} height={ROW} /></Table.Td>}
                  <Table.Td><Text size="xs" ff="monospace" truncate title={l.name}>{l.name}</Text></Table.Td>
                  <Table.Td><Text size="xs" truncate title={l.className}>{l.className}</Text></Table.Td>
                  <Table.Td><Text size="xs" c="dimmed" truncate title={reads}>{reads === before ? '↑' : reads}{reads === before && <VisuallyHidden>{reads}</VisuallyHidden>}</Text></Table.Td>
                  <Table.Td className="fm-num">{l.outputShape.join(' × ')}</Table.Td>
                  <Table.Td className="fm-num">{l.parameters ? formatCount(l.parameters) : '·'}</Table.Td>
                  <Table.Td className="fm-num">{l.multiplications ? formatCount(l.multiplications) : '·'}</Table.Td>
                  <Table.Td className="fm-num">{side(l.receptiveField)}</Table.Td>
                  <Table.Td className="fm-num">{side(l.stride)}</Table.Td>
                  {timing && <Table.Td className="fm-num">{formatFigure(l.milliseconds, 2)}</Table.Td>}
                  {timing && <Table.Td>{l.milliseconds !== null && slowest > 0 && <Progress value={(100 * l.milliseconds) / slowest} size="sm" aria-label={`Time of ${l.name}`} />}</Table.Td>}
                </Table.Tr>
              );
            })}
            {below > 0 && <tr aria-hidden><td colSpan={columns + 1} style={{ height: below, padding: 0, border: 0 }} /></tr>}
          </Table.Tbody>
        </Table>
      </Box>
      {timing && timing.rest > 0.05 * timing.total && <Text size="xs" c="dimmed" mt={4}>{formatFigure(timing.rest, 1)} ms are no layer’s own, such as changing the order of numbers in memory.</Text>}
    </>
  );
}
