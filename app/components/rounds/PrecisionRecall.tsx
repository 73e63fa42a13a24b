'use client';
import { useMemo } from 'react';
import { LineChart } from '@mantine/charts';
import { Paper, Table, Text } from '@mantine/core';
import { ReferenceDot } from 'recharts';
import { formatFigure } from '../../lib/format';
import { bestF1, suggestedThreshold, type ScoreCurve } from '../../lib/scores';

interface Props {
  split: string;
  /** Those that are drawn, with their curves. */
  classes: { id: string; name: string; color: string; curve: ScoreCurve }[];
  /** Of all classes, drawn or not. */
  all: readonly ScoreCurve[];
  /** The most that are drawn, where there are more. */
  most: number | null;
}

/** Precision over recall of each class, with the score that reaches it and the point of the best F1. */
export function PrecisionRecall({ split, classes, all, most }: Props) {
  const rows = useMemo(() => Array.from({ length: 101 }, (_, i) => ({ recall: i / 100, ...Object.fromEntries(classes.map((c) => [c.id, c.curve.precision[i]])) })), [classes]);
  const best = useMemo(() => classes.flatMap((c) => {
    const point = bestF1(c.curve);
    return point ? [{ ...c, point }] : [];
  }), [classes]);
  const suggested = useMemo(() => suggestedThreshold(all), [all]);
  return (
    <div>
      <Text size="xs" fw={600}>Precision over recall, on {split}</Text>
      <Text size="xs" c="dimmed" mb={6}>At IoU 0.5. A higher threshold lies further left: fewer are found, and more of them are right. A dot marks where F1, the harmonic mean of both, is best.</Text>
      <LineChart
        h={220} data={rows} dataKey="recall" withDots={false} withLegend curveType="linear" series={classes.map((c) => ({ name: c.id, label: c.name, color: c.color }))}
        lineProps={{ isAnimationActive: false }} tooltipAnimationDuration={0} xAxisProps={{ type: 'number', domain: [0, 1] }} yAxisProps={{ domain: [0, 1] }} xAxisLabel="Recall" yAxisLabel="Precision"
        tooltipProps={{ content: ({ label }) => (typeof label === 'number' ? <At recall={label} classes={classes} /> : null) }}
      >
        {best.map(({ id, color, point }) => <ReferenceDot key={id} x={point.recall} y={point.precision} r={4} fill={color} stroke="var(--mantine-color-body)" ifOverflow="visible" />)}
      </LineChart>
      {most !== null && <Text size="xs" c="dimmed">The {most} classes with the most objects.</Text>}
      {suggested && <Text size="xs" mt={4}>Suggested threshold: <b>{suggested.score.toFixed(2)}</b>{all.length > 1 ? `, where the mean F1 of the classes is best (${formatFigure(suggested.f1, 2)})` : ''}.</Text>}
      {best.length > 0 && (
        <Table w="auto" mt={4} aria-label="The score with the best F1 of each class">
          <Table.Thead><Table.Tr><Table.Th>Best F1</Table.Th><Table.Th className="fm-num">From score</Table.Th><Table.Th className="fm-num">F1</Table.Th><Table.Th className="fm-num">Precision</Table.Th><Table.Th className="fm-num">Recall</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{best.map(({ id, name, point }) => <Table.Tr key={id}><Table.Td>{name}</Table.Td>{[point.score, point.f1, point.precision, point.recall].map((v, i) => <Table.Td key={i} className="fm-num">{v.toFixed(2)}</Table.Td>)}</Table.Tr>)}</Table.Tbody>
        </Table>
      )}
    </div>
  );
}

/** What the curves are at a recall. */
function At({ recall, classes }: { recall: number; classes: Props['classes'] }) {
  const i = Math.round(recall * 100);
  return (
    <Paper withBorder shadow="sm" px="xs" py={6}>
      <Text size="xs" fw={600}>Recall {recall.toFixed(2)}</Text>
      {classes.map(({ id, name, color, curve }) => (
        <Text key={id} size="xs" className="fm-tabular"><span aria-hidden style={{ display: 'inline-block', width: 8, height: 8, borderRadius: 4, background: color, marginRight: 6 }} />{name}: {curve.precision[i]! > 0 ? `precision ${curve.precision[i]!.toFixed(2)}, from score ${curve.score[i]!.toFixed(2)}` : 'never reached'}</Text>
      ))}
    </Paper>
  );
}
