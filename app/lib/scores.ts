/** What score to show proposals from, read from precision-recall curves. */

/** Precision at recall 0, 0.01 … 1 and the score that reaches it; 0 beyond the reach. */
export interface ScoreCurve {
  precision: readonly number[];
  score: readonly number[];
}
/** A point of a curve. */
export interface ScorePoint {
  recall: number;
  precision: number;
  score: number;
  f1: number;
}

const recallAt = (i: number, { precision }: ScoreCurve) => i / Math.max(1, precision.length - 1);

function pointAt(curve: ScoreCurve, i: number): ScorePoint {
  const precision = curve.precision[i] ?? 0;
  const recall = precision > 0 ? recallAt(i, curve) : 0;
  return { recall, precision, score: curve.score[i] ?? 0, f1: precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0 };
}

/** Where the harmonic mean of precision and recall is highest; of equals the highest score. Null when nothing is ever found. */
export function bestF1(curve: ScoreCurve): ScorePoint | null {
  let best: ScorePoint | null = null;
  for (let i = 0; i < curve.precision.length; i++) {
    const point = pointAt(curve, i);
    if (point.f1 > (best?.f1 ?? 0)) best = point;
  }
  return best;
}

/** What is found from a score up: the farthest point of the curve that a score at least as high reaches. */
function pointFrom(curve: ScoreCurve, score: number): ScorePoint {
  let last = -1;
  for (let i = 0; i < curve.precision.length && curve.precision[i]! > 0 && curve.score[i]! >= score; i++) last = i;
  return last < 0 ? { recall: 0, precision: 0, score, f1: 0 } : pointAt(curve, last);
}

/** The one score for all classes with the highest mean of their F1, rounded down to hundredths as the slider has them. Null when nothing is ever found. */
export function suggestedThreshold(curves: readonly ScoreCurve[]): { score: number; f1: number } | null {
  let best: { score: number; f1: number } | null = null;
  // Between the scores of points nothing changes, so that these are all there are to try.
  const scores = new Set(curves.flatMap(({ precision, score }) => score.filter((_, i) => precision[i]! > 0)));
  for (const score of [...scores].sort((a, b) => b - a)) {
    const f1 = curves.reduce((sum, curve) => sum + pointFrom(curve, score).f1, 0) / curves.length;
    if (f1 > (best?.f1 ?? 0)) best = { score, f1 };
  }
  return best && { ...best, score: Math.floor(best.score * 100) / 100 };
}
