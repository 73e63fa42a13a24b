/** Figures of segmentation: one confusion matrix over all pixels of all images, at the size of the images; of objects that are told apart, average precision. */
import { CocoEvaluator, ConfusionMatrix } from '@/lib/core/metrics';
import { labelMapOf } from '../../data/labelMap';
import { confusionOf } from '../details';
import { IGNORED, type Evaluator, type Example, type PredictedLabel } from '../types';
import { type SegmentDesign } from './head';

/**
 * `mIoU` (mean IoU over the classes that occur, background being one where there is one), `dice` (mean over the classes of
 * their Dice, each pooled over all pixels; background not counted), `pixelAccuracy`. Ignored pixels do not count, nor, where
 * classes cover images completely, do pixels without a class in the truth. By class: `iou`, `dice`, `precision`, `recall`.
 * Of countable classes: `mAP`, `mAP50` of their masks (COCO's, but with all objects of an image counted), by class `ap50`.
 */
export function segmentEvaluator(design: SegmentDesign): Evaluator {
  const { classes, head } = design;
  // Value 0 of a label map is no class: background, or (without one) a prediction that is wrong wherever a class is true.
  const matrix = new ConfusionMatrix(classes.length + 1);
  const objects = head.instances.length > 0 ? new CocoEvaluator({ iouType: 'segm', classes: head.instances, maxDets: [MOST_OBJECTS], areas: [{ name: 'all', min: 0, max: Infinity }] }) : null;
  let images = 0;
  return {
    add({ width, height, labels }, predicted) {
      objects?.add({ id: images, groundTruth: masksOf(labels), detections: masksOf(predicted) });
      const size = { width, height };
      const truth = labelMapOf(labels, classes, size, size).data;
      if (!head.background) for (let i = 0; i < truth.length; i++) if (truth[i] === 0) truth[i] = IGNORED;
      matrix.add(truth, labelMapOf(byRisingScore(predicted), classes, size, size).data, IGNORED);
      images++;
    },
    result() {
      const ofClasses = (values: (number | null)[]) => Object.fromEntries(classes.map(({ id }, k) => [id, values[k + 1]!]));
      const [iou, dice] = [matrix.iou(), matrix.dice()];
      const counted = head.background ? iou : iou.slice(1);
      const found = objects?.evaluate();
      return {
        images,
        values: { mIoU: mean(counted), dice: mean(dice.slice(1)), pixelAccuracy: matrix.accuracy(), ...(found && { mAP: found.ap, mAP50: found.ap50 }) },
        byClass: {
          iou: ofClasses(iou), dice: ofClasses(dice), precision: ofClasses(matrix.precision()), recall: ofClasses(matrix.recall()),
          ...(found && { ap50: Object.fromEntries(found.perClass.map(({ classId, ap50 }) => [String(classId), ap50])) }),
        },
        details: { confusion: confusionOf(matrix, [null, ...classes.map(({ id }) => id)]) },
      };
    },
  };
}

/** More objects of an image than this are left out, the least sure first. */
const MOST_OBJECTS = 5000;

const masksOf = <T extends Example['labels'][number]>(labels: readonly T[]) => labels.filter((label): label is Extract<T, { kind: 'mask' }> => label.kind === 'mask');

/** Where proposals of other models overlap, the surer one is drawn later. */
const byRisingScore = (labels: readonly PredictedLabel[]): PredictedLabel[] => [...labels].sort((a, b) => a.score - b.score);

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length;
}
