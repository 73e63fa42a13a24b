/**
 * Figures of classification: the share of images whose class is the first prediction (`top1`), or among the first five (`top5`),
 * the mean of the classes' accuracies, and by class the accuracy and the precision; which class was taken for which.
 */
import { ConfusionMatrix } from '@/lib/core/metrics';
import { type ModelDesign } from '../../runtime/card';
import { type Evaluator } from '../types';
import { confusionOf } from '../details';
import { classLabels } from './plan';

const TOP = 5;

export function classEvaluator({ classes }: Pick<ModelDesign<unknown>, 'classes'>): Evaluator {
  const indexOf = new Map(classes.map(({ id }, k) => [id, k]));
  // The column behind the classes: no prediction at all.
  const confusion = new ConfusionMatrix(classes.length + 1);
  let images = 0;
  let first = 0;
  let amongFirst = 0;
  return {
    add(truth, predicted) {
      const label = classLabels(truth)[0];
      const k = label && indexOf.get(label.classId);
      if (label === undefined || k === undefined) return;
      const ranked = predicted.filter(({ kind }) => kind === 'class').map(({ classId }) => classId);
      images++;
      if (ranked[0] === label.classId) first++;
      if (ranked.slice(0, TOP).includes(label.classId)) amongFirst++;
      confusion.add([k], [indexOf.get(ranked[0] ?? '') ?? classes.length]);
    },
    result() {
      const share = (n: number) => (images === 0 ? null : n / images);
      const [accuracy, precision] = [confusion.recall(), confusion.precision()];
      const by = (of: (k: number) => number | null) => Object.fromEntries(classes.map(({ id }, k) => [id, of(k)]));
      const present = accuracy.slice(0, classes.length).filter((value) => value !== null);
      const byClass: Record<string, Record<string, number | null>> = {
        accuracy: by((k) => accuracy[k]!), precision: by((k) => precision[k]!),
        groundTruth: by((k) => Array.from({ length: classes.length + 1 }, (_, p) => confusion.at(k, p)).reduce((a, b) => a + b, 0)),
      };
      return {
        images,
        values: {
          top1: share(first),
          // Among five classes or fewer the true one always is.
          top5: classes.length > TOP ? share(amongFirst) : null,
          meanAccuracy: present.length === 0 ? null : present.reduce((a, b) => a + b, 0) / present.length,
        },
        byClass,
        details: { confusion: confusionOf(confusion, [...classes.map(({ id }) => id), null]) },
      };
    },
  };
}
