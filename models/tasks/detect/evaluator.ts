/** COCO's average precision of boxes (score at least 0.001, at most 100 an image). Crowd boxes are ignored where matched. */
import { DetectionAccumulator, DetectionConfusion } from '@/lib/core/metrics';
import { type ModelDesign } from '../../runtime/card';
import { confusionOf } from '../details';
import { type Evaluator } from '../types';

/** The confusion is of what a person would be shown: boxes from this score up. */
const SHOWN_SCORE = 0.25;

export function boxEvaluator({ classes }: Pick<ModelDesign<unknown>, 'classes'>): Evaluator {
  const ids = classes.map(({ id }) => id);
  const accumulator = new DetectionAccumulator<string>({ classes: ids });
  const confusion = new DetectionConfusion<string>(ids, { score: SHOWN_SCORE });
  return {
    add(truth, predicted) {
      const gt = truth.labels.flatMap((label) => (label.kind === 'box' ? [{ classId: label.classId, crowd: label.crowd, box: label }] : []));
      const dt = predicted.flatMap((label) => (label.kind === 'box' ? [{ classId: label.classId, score: label.score, box: label }] : []));
      accumulator.add({ gt, dt });
      confusion.add(gt, dt);
    },
    result() {
      const { mAP, mAP50, mAP75, recall, images, perClass } = accumulator.result();
      const by = (of: (c: (typeof perClass)[number]) => number | null) => Object.fromEntries(perClass.map((c) => [c.classId, of(c)]));
      const curves = Object.fromEntries(perClass.flatMap(({ classId, curve50 }) => (curve50 ? [[classId, { precision: [...curve50.precision], score: [...curve50.scores] }]] : [])));
      return {
        images, values: { mAP, mAP50, mAP75, recall }, byClass: { ap50: by((c) => c.ap50), ap: by((c) => c.ap), groundTruth: by((c) => c.groundTruth) },
        details: { curves, confusion: confusionOf(confusion.matrix, [...ids, null]) },
      };
    },
  };
}
