'use client';
import { useCallback, useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Group, SimpleGrid, Skeleton, Stack } from '@mantine/core';
import type { Contract } from '@/lib/api/contract';
import type { CallOutput } from '@/lib/api/route';
import { splitOrder } from '../../lib/metrics';
import { q, type Model } from '../../lib/queries';
import { Loaded } from '../common/States';
import { ConfusionTable } from './ConfusionTable';
import { PrecisionRecall } from './PrecisionRecall';
import { ViewingsView } from './ViewingsView';

/** Curves of more classes than this cannot be told apart: the ones with the most objects are drawn. */
const MOST_CURVES = 8;

interface Props { model: Model; project: string }
type Splits = CallOutput<Contract['modelEvaluation']>['splits'];

/** What a model was measured at, drawn, and what looking more than once would add. */
export function EvaluationView(props: Props) {
  const query = useQuery(q.evaluation(props.model.id));
  return (
    <Stack gap="md">
      <Loaded query={query} what="Curves and confusion" skeleton={<Skeleton h={180} />}>{({ splits }) => <Drawn {...props} splits={splits} />}</Loaded>
      <ViewingsView {...props} />
    </Stack>
  );
}

/** Precision over recall, and which class it takes for which. */
function Drawn({ model, project, splits }: Props & { splits: Splits }) {
  const schema = useQuery(q.schema(project)).data?.schema;
  const split = splitOrder.find((s) => splits[s]);
  const measured = split && splits[split];
  const known = useMemo(() => model.perClass.toSorted((a, b) => (b.values['groundTruth'] ?? 0) - (a.values['groundTruth'] ?? 0)), [model.perClass]);
  const color = useCallback((id: string) => schema?.classes.find((c) => c.id === id)?.color ?? '#868e96', [schema]);
  const curves = useMemo(() => known.flatMap(({ classId: id, name }) => {
    const curve = measured?.curves?.[id];
    return curve ? [{ id, name, color: color(id), curve }] : [];
  }), [known, measured, color]);
  const drawn = useMemo(() => curves.slice(0, MOST_CURVES), [curves]);
  const all = useMemo(() => curves.map((c) => c.curve), [curves]);
  if (!measured || !split) return null;
  const { confusion } = measured;
  const index = new Map(confusion?.classes.map((id, i) => [id, i]));
  const count = (a: string | null, b: string | null) => confusion?.counts[index.get(a) ?? -1]?.[index.get(b) ?? -1] ?? 0;
  const pixels = model.task === 'segment';
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
      {drawn.length > 0 && <PrecisionRecall split={split} classes={drawn} all={all} most={curves.length > drawn.length ? MOST_CURVES : null} />}
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
