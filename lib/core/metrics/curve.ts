/** Curves that rank detections by score: precision over recall, and what is read from them. */

/** Recall 0, 0.01 … 1, at which COCO reads precision (with the rounding of `numpy.linspace(0, 1, 101)`). */
export const RECALL_POINTS: readonly number[] = Array.from({ length: 101 }, (_, i) => (i === 100 ? 1 : i * 0.01));

/** Arithmetic mean; null of nothing. */
export function mean(values: ArrayLike<number>): number | null {
  if (values.length === 0) return null;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/**
 * COCO's curve: precision at 101 recalls, each the highest precision at that recall or beyond, 0 where it is never reached.
 * @param hits by falling score: whether each detection is right.
 * @param positives true objects, at least 1.
 */
export function interpolatedPrecision(hits: readonly boolean[], scores: readonly number[], positives: number): { precision: Float64Array; scores: Float64Array; recall: number } {
  const n = hits.length;
  const recall = new Float64Array(n);
  const precision = new Float64Array(n);
  let right = 0;
  for (let i = 0; i < n; i++) {
    if (hits[i]) right++;
    recall[i] = right / positives;
    precision[i] = right / (i + 1 + 2 ** -52);
  }
  for (let i = n - 1; i > 0; i--) if (precision[i]! > precision[i - 1]!) precision[i - 1] = precision[i]!;
  const out = { precision: new Float64Array(RECALL_POINTS.length), scores: new Float64Array(RECALL_POINTS.length), recall: n > 0 ? recall[n - 1]! : 0 };
  let i = 0;
  for (let r = 0; r < RECALL_POINTS.length; r++) {
    while (i < n && recall[i]! < RECALL_POINTS[r]!) i++;
    if (i === n) break;
    out.precision[r] = precision[i]!;
    out.scores[r] = scores[i]!;
  }
  return out;
}

/** Receiver operating characteristic: by falling threshold, the rates of false and true positives. */
export interface RocCurve {
  /** First is +∞: nothing is accepted. */
  thresholds: number[];
  falsePositiveRate: number[];
  truePositiveRate: number[];
  /** Area under the curve: the chance that a positive scores above a negative (a tie counts half). */
  auc: number;
}

/**
 * The ROC of scores against truth; one point a distinct score.
 * @throws RangeError unless both kinds occur and lengths agree.
 */
export function rocCurve(scores: ArrayLike<number>, positive: ArrayLike<boolean | number>): RocCurve {
  if (scores.length !== positive.length) throw new RangeError(`${scores.length} scores, but ${positive.length} truths`);
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((i, j) => scores[j]! - scores[i]!);
  const positives = order.filter((i) => positive[i]).length;
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) throw new RangeError('a ROC needs both positives and negatives');
  const curve: RocCurve = { thresholds: [Infinity], falsePositiveRate: [0], truePositiveRate: [0], auc: 0 };
  let tp = 0;
  let fp = 0;
  for (let k = 0; k < order.length; ) {
    const score = scores[order[k]!]!;
    const [tp0, fp0] = [tp, fp];
    for (; k < order.length && scores[order[k]!] === score; k++) if (positive[order[k]!]) tp++; else fp++;
    curve.auc += ((fp - fp0) / negatives) * ((tp + tp0) / 2 / positives);
    curve.thresholds.push(score);
    curve.falsePositiveRate.push(fp / negatives);
    curve.truePositiveRate.push(tp / positives);
  }
  return curve;
}

/** Counts and what follows from them; a ratio of nothing to nothing is null. */
export interface PrecisionRecall {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  precision: number | null;
  recall: number | null;
  f1: number | null;
}

export function precisionRecall(truePositives: number, falsePositives: number, falseNegatives: number): PrecisionRecall {
  const ratio = (a: number, b: number) => (b === 0 ? null : a / b);
  return {
    truePositives,
    falsePositives,
    falseNegatives,
    precision: ratio(truePositives, truePositives + falsePositives),
    recall: ratio(truePositives, truePositives + falseNegatives),
    f1: ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
  };
}
