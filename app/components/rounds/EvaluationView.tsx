'use client';
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { LineChart } from '@mantine/charts';
import { Alert, Group, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { splitOrder } from '../../lib/metrics';
import { q, type Model } from '../../lib/queries';
import { ConfusionTable } from './ConfusionTable';
import { ViewingsView } from './ViewingsView';

/** Curves of more classes than this cannot be told apart: the ones with the most objects are drawn. */
const MOST_CURVES = 8;

/** What a model was measured at, drawn, and what looking more than once would add. */
export function EvaluationView(props: { model: Model; project: string }) {
  return (
    <Stack gap="md">
      <Drawn {...props} />
      <ViewingsView {...props} />
    </Stack>
  );
}

/** Precision over recall, and which class it takes for which. */
function Drawn({ model, project }: { model: Model; project: string }) {
  const { data, isPending, error } = useQuery(q.evaluation(model.id));
  const schema = useQuery(q.schema(project)).data?.schema;
  const split = splitOrder.find((s) => data?.splits[s]);
  const measured = split && data?.splits[split];
  const known = useMemo(() => model.perClass.toSorted((a, b) => (b.values['groundTruth'] ?? 0) - (a.values['groundTruth'] ?? 0)), [model.perClass]);
  const drawn = known.filter((c) => measured?.curves?.[c.classId]).slice(0, MOST_CURVES);
  const rows = useMemo(() => Array.from({ length: 101 }, (_, i) => ({ recall: i / 100, ...Object.fromEntries(drawn.map((c) => [c.classId, measured!.curves![c.classId]!.precision[i]])) })), [drawn, measured]);
  const color = (id: string) => schema?.classes.find((c) => c.id === id)?.color ?? '#868e96';
  if (isPending) return <Skeleton h={180} />;
  if (error) return <Alert color="red" p="xs">{error.message}</Alert>;
  if (!measured) return null;
  const { confusion } = measured;
  const index = new Map(confusion?.classes.map((id, i) => [id, i]));
  const count = (a: string | null, b: string | null) => confusion?.counts[index.get(a) ?? -1]?.[index.get(b) ?? -1] ?? 0;
  const pixels = model.task === 'segment';
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
      {drawn.length > 0 && (
        <div>
          <Text size="xs" fw={600}>Precision over recall, on {split}</Text>
          <Text size="xs" c="dimmed" mb={6}>At IoU 0.5. A higher threshold lies further left: fewer are found, and more of them are right.</Text>
          <LineChart
            h={220} data={rows} dataKey="recall" withDots={false} withLegend curveType="linear" series={drawn.map((c) => ({ name: c.classId, label: c.name, color: color(c.classId) }))}
            valueFormatter={(v) => v.toFixed(2)} lineProps={{ isAnimationActive: false }} tooltipAnimationDuration={0} xAxisProps={{ type: 'number', domain: [0, 1] }} yAxisProps={{ domain: [0, 1] }} xAxisLabel="Recall" yAxisLabel="Precision"
          />
          {known.length > drawn.length && drawn.length === MOST_CURVES && <Text size="xs" c="dimmed">The {MOST_CURVES} classes with the most objects.</Text>}
        </div>
      )}
      {confusion && (
        <Group align="flex-start">
          <ConfusionTable
            classes={known.map((c) => ({ id: c.classId, name: c.name }))} color={color} count={count} none={{ row: 'nothing', column: pixels ? 'nothing' : 'not found' }}
            caption={pixels ? 'Pixels. Rows: the truth. Columns: the model.' : `Rows: the truth. Columns: the model${model.task === 'detect' ? ', from score 0.25 up, at IoU 0.5' : ''}.`}
            cell={(a, b, n, share) => `${a} in truth, ${b} by the model: ${n}, ${share} of the row`}
          />
        </Group>
      )}
    </SimpleGrid>
  );
}
