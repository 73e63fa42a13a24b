/** Figures of semantic segmentation and classification: the confusion matrix and what is read from it. */
import { intersectionArea, maskArea, type Mask } from '../masks';

/** Counts [truth][prediction]; grows image by image. */
export class ConfusionMatrix {
  readonly counts: Float64Array;

  /** @param classes number of classes; a truth or prediction is an index below it. */
  constructor(readonly classes: number) {
    if (!Number.isInteger(classes) || classes < 1) throw new RangeError(`a confusion matrix needs at least one class, not ${classes}`);
    this.counts = new Float64Array(classes * classes);
  }

  /**
   * Adds two index images (or lists of labels) of equal length. Places where the truth is not a class, such as `ignore`, are
   * left out; a prediction that is not a class is an error.
   */
  add(truth: ArrayLike<number>, prediction: ArrayLike<number>, ignore?: number): void {
    if (truth.length !== prediction.length) throw new RangeError(`${truth.length} true labels, but ${prediction.length} predictions`);
    for (let i = 0; i < truth.length; i++) {
      const t = truth[i]!;
      if (t === ignore || !(t >= 0 && t < this.classes)) continue;
      const p = prediction[i]!;
      if (!(p >= 0 && p < this.classes)) throw new RangeError(`prediction ${p} at ${i} is not one of ${this.classes} classes`);
      this.counts[t * this.classes + p]!++;
    }
  }

  /** Adds another matrix of the same classes. */
  merge(other: ConfusionMatrix): void {
    if (other.classes !== this.classes) throw new RangeError(`${other.classes} classes do not fit ${this.classes}`);
    for (let i = 0; i < this.counts.length; i++) this.counts[i]! += other.counts[i]!;
  }

  at(truth: number, prediction: number): number {
    return this.counts[truth * this.classes + prediction]!;
  }

  /** How often truth and prediction are class k: both, truth only, prediction only. */
  private of(k: number): { both: number; truth: number; prediction: number } {
    let truth = 0;
    let prediction = 0;
    for (let i = 0; i < this.classes; i++) {
      truth += this.at(k, i);
      prediction += this.at(i, k);
    }
    return { both: this.at(k, k), truth, prediction };
  }

  /** Intersection over union of each class; null where it occurs in neither. */
  iou(): (number | null)[] {
    return this.each(({ both, truth, prediction }) => [both, truth + prediction - both]);
  }

  /** Dice (F1) of each class; null where it occurs in neither. */
  dice(): (number | null)[] {
    return this.each(({ both, truth, prediction }) => [2 * both, truth + prediction]);
  }

  precision(): (number | null)[] {
    return this.each(({ both, prediction }) => [both, prediction]);
  }

  recall(): (number | null)[] {
    return this.each(({ both, truth }) => [both, truth]);
  }

  private each(ratio: (n: { both: number; truth: number; prediction: number }) => [number, number]): (number | null)[] {
    return Array.from({ length: this.classes }, (_, k) => {
      const [a, b] = ratio(this.of(k));
      return b === 0 ? null : a / b;
    });
  }

  /** Mean IoU over the classes that occur in truth or prediction; null when none does. */
  meanIou(): number | null {
    const values = this.iou().filter((v) => v !== null);
    return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
  }

  /** Share of places that are right; null when there are none. */
  accuracy(): number | null {
    let right = 0;
    let all = 0;
    for (let t = 0; t < this.classes; t++) for (let p = 0; p < this.classes; p++) {
      all += this.at(t, p);
      if (t === p) right += this.at(t, p);
    }
    return all === 0 ? null : right / all;
  }

  /** Cohen's kappa: agreement beyond chance, 1 at most; null when there is nothing or nothing to disagree about. */
  kappa(): number | null {
    const n = this.counts.reduce((a, b) => a + b, 0);
    if (n === 0) return null;
    let chance = 0;
    for (let k = 0; k < this.classes; k++) {
      const { truth, prediction } = this.of(k);
      chance += (truth / n) * (prediction / n);
    }
    return chance === 1 ? null : (this.accuracy()! - chance) / (1 - chance);
  }
}

/** Dice coefficient of two masks, 2|A ∩ B| / (|A| + |B|), 0 to 1; 1 when both are empty. */
export function maskDice(a: Mask, b: Mask): number {
  const areas = maskArea(a) + maskArea(b);
  return areas === 0 ? 1 : (2 * intersectionArea(a, b)) / areas;
}
