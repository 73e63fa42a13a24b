/** What a model was measured at, as it is kept: figures in its row, curves and confusion beside its files. */
import type { ModelEvaluation, ModelRow } from '@/lib/api/routes/rounds';
import { evaluationKey } from '@/lib/server/services/models';
import type { TaskMetrics } from '@/models/node';
import type { JobContext } from '../../runtime/defineJob';

export type Measured = Partial<Record<'train' | 'val' | 'test', TaskMetrics>>;

/** Figures by name, such as `val.mAP50`. */
export function metricsOf(measured: Measured): Record<string, number> {
  const metrics: Record<string, number> = {};
  for (const [split, { images, values }] of Object.entries(measured)) {
    metrics[`${split}.images`] = images;
    for (const [name, value] of Object.entries(values)) if (value !== null) metrics[`${split}.${name}`] = value;
  }
  return metrics;
}

/** By class on the test split, or on the best there is. */
export function perClassOf(measured: Measured, classes: readonly { id: string; name: string }[]): ModelRow['perClass'] {
  const best = measured.test ?? measured.val ?? measured.train;
  return classes.map((c) => {
    const values = Object.entries(best?.byClass ?? {}).flatMap(([figure, byId]) => (c.id in byId ? [[figure, byId[c.id]!] as const] : []));
    return { classId: c.id, name: c.name, values: Object.fromEntries(values) };
  });
}

/** Curves and confusion, in the place of those of before. */
export async function storeEvaluation({ store }: Pick<JobContext, 'store'>, objectPrefix: string, measured: Measured): Promise<void> {
  const drawn: ModelEvaluation = { splits: Object.fromEntries(Object.entries(measured).flatMap(([split, { details }]) => (details ? [[split, details]] : []))) };
  const bytes = Buffer.from(JSON.stringify(drawn));
  await store.put(evaluationKey(objectPrefix), bytes, { size: bytes.length, contentType: 'application/json' });
}
