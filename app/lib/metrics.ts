/** Metrics of a model come as `split.figure`; these read them. */
export const splitOrder = ['test', 'val', 'train'] as const;

export interface SplitMetrics { split: (typeof splitOrder)[number]; mAP50: number; mAP?: number; mAP75?: number; recall?: number; images?: number }

export function metricsBySplit(metrics: Record<string, number>): SplitMetrics[] {
  return splitOrder.flatMap((split) => {
    const mAP50 = metrics[`${split}.mAP50`];
    return mAP50 === undefined ? [] : [{ split, mAP50, mAP: metrics[`${split}.mAP`], mAP75: metrics[`${split}.mAP75`], recall: metrics[`${split}.recall`], images: metrics[`${split}.images`] }];
  });
}
/** The most telling figure there is: on test, else on validation, else on the training images. */
export function headline(metrics: Record<string, number>): SplitMetrics | null {
  return metricsBySplit(metrics)[0] ?? null;
}
