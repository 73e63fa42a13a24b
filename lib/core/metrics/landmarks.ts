/** Figures of landmark detection: percentage of correct keypoints and normalised mean error. */
import type { Point } from '../geometry/box';
import type { Landmark } from '../geometry/landmarks';

/** One object: points in the same order; `scale` is the length in pixels that errors are divided by. */
export interface LandmarkPair {
  truth: readonly Landmark[];
  prediction: readonly Point[];
  /** Between the eyes (PCK of faces), the head (PCKh), the box's diagonal … */
  scale: number;
}

export interface LandmarkFigures {
  objects: number;
  /** Points placed in the truth: the others do not count. */
  points: number;
  /** Normalised mean error: mean over objects of the mean over their points of distance / scale; null without points. */
  nme: number | null;
  /** Mean distance / scale of each point over the objects that have it; null where none has. */
  nmePerPoint: (number | null)[];
  /** Share of points with distance ≤ threshold · scale; null without points. */
  pck: number | null;
  pckPerPoint: (number | null)[];
  /** Share of objects whose own mean error is above `failureThreshold`. */
  failureRate: number | null;
}

/** Takes objects one by one. All have the same number of points. */
export class LandmarkAccumulator {
  private objects = 0;
  private measured = 0;
  private failures = 0;
  private nmeSum = 0;
  private sums: Float64Array | null = null;
  private right: Float64Array | null = null;
  private counts: Float64Array | null = null;

  /**
   * @param threshold of PCK, in units of the scale. Default 0.1.
   * @param failureThreshold mean error in units of the scale above which an object counts as failed. Default 0.1.
   */
  constructor(private readonly threshold = 0.1, private readonly failureThreshold = 0.1) {}

  add({ truth, prediction, scale }: LandmarkPair): void {
    const n = truth.length;
    if (prediction.length !== n) throw new RangeError(`${n} true points, but ${prediction.length} predicted`);
    if (!(scale > 0)) throw new RangeError(`the scale of an object's errors must be above 0, not ${scale}`);
    this.sums ??= new Float64Array(n);
    this.right ??= new Float64Array(n);
    this.counts ??= new Float64Array(n);
    if (this.sums.length !== n) throw new RangeError(`an object has ${n} points, the others ${this.sums.length}`);
    this.objects++;
    let sum = 0;
    let placed = 0;
    for (let k = 0; k < n; k++) {
      const t = truth[k]!;
      if (!(t.v > 0)) continue;
      const error = Math.hypot(prediction[k]!.x - t.x, prediction[k]!.y - t.y) / scale;
      this.sums[k]! += error;
      this.counts[k]!++;
      if (error <= this.threshold) this.right[k]!++;
      sum += error;
      placed++;
    }
    if (placed === 0) return;
    this.measured++;
    this.nmeSum += sum / placed;
    if (sum / placed > this.failureThreshold) this.failures++;
  }

  result(): LandmarkFigures {
    const sums = this.sums ?? new Float64Array(0);
    const right = this.right ?? new Float64Array(0);
    const counts = this.counts ?? new Float64Array(0);
    const points = counts.reduce((a, b) => a + b, 0);
    const perPoint = (values: Float64Array) => Array.from(values, (v, k) => (counts[k] === 0 ? null : v / counts[k]!));
    return {
      objects: this.objects,
      points,
      nme: this.measured === 0 ? null : this.nmeSum / this.measured,
      nmePerPoint: perPoint(sums),
      pck: points === 0 ? null : right.reduce((a, b) => a + b, 0) / points,
      pckPerPoint: perPoint(right),
      failureRate: this.measured === 0 ? null : this.failures / this.measured,
    };
  }
}

/** PCK and NME of many objects at once; see `LandmarkAccumulator`. */
export function landmarkFigures(pairs: Iterable<LandmarkPair>, threshold?: number, failureThreshold?: number): LandmarkFigures {
  const accumulator = new LandmarkAccumulator(threshold, failureThreshold);
  for (const pair of pairs) accumulator.add(pair);
  return accumulator.result();
}
