/**
 * Figures of classification with localization. Over the images with one object: `top1`, the share whose class is right; `meanIoU` of
 * the boxes (0 where none is predicted); `iou50`, the share with an IoU of at least 0.5; `correct`, both right. Over all images
 * with one object or none: `presence`, the share where a score of at least 0.5 agrees with there being an object.
 */
import { boxIou } from '@/lib/core/geometry';
import { type ModelDesign } from '../../runtime/card';
import { type Evaluator } from '../types';
import { boxLabels } from './plan';

const PRESENT = 0.5;
const CORRECT_IOU = 0.5;

interface Sums {
  objects: number;
  right: number;
  iou: number;
  iou50: number;
  correct: number;
}
const nothing = (): Sums => ({ objects: 0, right: 0, iou: 0, iou50: 0, correct: 0 });

export function objectEvaluator({ classes }: Pick<ModelDesign<unknown>, 'classes'>): Evaluator {
  const byClass = new Map(classes.map(({ id }) => [id, nothing()]));
  let images = 0;
  let agreed = 0;
  return {
    add(truth, predicted) {
      const objects = boxLabels(truth);
      const [object] = objects;
      if (objects.length > 1 || objects.some(({ crowd }) => crowd)) return;
      images++;
      const box = predicted.find((label) => label.kind === 'box');
      if ((box !== undefined && box.score >= PRESENT) === (object !== undefined)) agreed++;
      const sums = object && byClass.get(object.classId);
      if (!sums) return;
      const iou = box ? boxIou(object, box) : 0;
      const right = box?.classId === object.classId;
      sums.objects++;
      sums.iou += iou;
      if (right) sums.right++;
      if (iou >= CORRECT_IOU) sums.iou50++;
      if (right && iou >= CORRECT_IOU) sums.correct++;
    },
    result() {
      const all = [...byClass.values()].reduce((a, b) => ({
        objects: a.objects + b.objects, right: a.right + b.right, iou: a.iou + b.iou, iou50: a.iou50 + b.iou50, correct: a.correct + b.correct,
      }), nothing());
      const share = (sums: Sums, of: keyof Sums) => (sums.objects === 0 ? null : sums[of] / sums.objects);
      const by = (of: (sums: Sums) => number | null) => Object.fromEntries([...byClass].map(([id, sums]) => [id, of(sums)]));
      return {
        images,
        values: {
          top1: share(all, 'right'), meanIoU: share(all, 'iou'), iou50: share(all, 'iou50'), correct: share(all, 'correct'),
          presence: images === 0 ? null : agreed / images,
        },
        byClass: {
          accuracy: by((s) => share(s, 'right')), meanIoU: by((s) => share(s, 'iou')), iou50: by((s) => share(s, 'iou50')), groundTruth: by((s) => s.objects),
        },
      };
    },
  };
}
