/** COCO's average precision of boxes (score at least 0.001, at most 100 an image). Crowd boxes are ignored where matched. */
import { DetectionAccumulator } from '@/lib/core/metrics';
import { type ModelDesign } from '../../runtime/card';
import { type Evaluator } from '../types';

export function boxEvaluator({ classes }: Pick<ModelDesign<unknown>, 'classes'>): Evaluator {
  const accumulator = new DetectionAccumulator<string>({ classes: classes.map(({ id }) => id) });
  return {
    add(truth, predicted) {
      accumulator.add({
        gt: truth.labels.flatMap((label) => (label.kind === 'box' ? [{ classId: label.classId, crowd: label.crowd, box: label }] : [])),
        dt: predicted.flatMap((label) => (label.kind === 'box' ? [{ classId: label.classId, score: label.score, box: label }] : [])),
      });
    },
    result() {
      const { mAP, mAP50, mAP75, recall, images, perClass } = accumulator.result();
      const by = (of: (c: (typeof perClass)[number]) => number | null) => Object.fromEntries(perClass.map((c) => [c.classId, of(c)]));
      return { images, values: { mAP, mAP50, mAP75, recall }, byClass: { ap50: by((c) => c.ap50), ap: by((c) => c.ap), groundTruth: by((c) => c.groundTruth) } };
    },
  };
}
