/** Mean average precision of a detector, as training and evaluation report it. */
import type { Box } from '../geometry/box';
import { CocoEvaluator, type ClassId, type PrecisionRecallCurve } from './coco';
import { precisionRecall, type PrecisionRecall } from './curve';

export interface DetectionImage<C extends ClassId = ClassId> {
  gt: readonly { classId: C; box: Box; crowd?: boolean; ignore?: boolean }[];
  dt: readonly { classId: C; box: Box; score: number }[];
}

export interface MeanAveragePrecisionOptions<C extends ClassId = ClassId> {
  /** Detections below this score are left out. Default 0.001. */
  scoreThreshold?: number;
  /** Best detections of an image that count, over all classes. Default 100. */
  maxDetections?: number;
  /** Classes to report, in this order; objects of others are left out. Default: every class met. */
  classes?: readonly C[];
}

export interface MeanAveragePrecision<C extends ClassId = ClassId> {
  /** Mean over the classes that have true objects and over IoU 0.50, 0.55 … 0.95; 0 when no class has any. */
  mAP: number;
  mAP50: number;
  mAP75: number;
  /** Mean over classes of the highest recall reached, over the same thresholds. */
  recall: number;
  images: number;
  perClass: {
    classId: C;
    /** Null when the class has no true object. */
    ap: number | null;
    ap50: number | null;
    ap75: number | null;
    groundTruth: number;
    detections: number;
    /** Precision over recall at IoU 0.5; null when the class has no true object. */
    curve50: PrecisionRecallCurve | null;
  }[];
}

/** Takes images one by one; keeps only scores and matches. See `meanAveragePrecision`. */
export class DetectionAccumulator<C extends ClassId = ClassId> {
  private readonly evaluator: CocoEvaluator;
  private readonly scoreThreshold: number;
  private readonly maxDetections: number;
  private images = 0;

  constructor(options: MeanAveragePrecisionOptions<C> = {}) {
    this.scoreThreshold = options.scoreThreshold ?? 0.001;
    this.maxDetections = options.maxDetections ?? 100;
    this.evaluator = new CocoEvaluator({
      classes: options.classes,
      maxDets: [this.maxDetections],
      areas: [{ name: 'all', min: 0, max: Infinity }],
    });
  }

  add(image: DetectionImage<C>): void {
    const detections = image.dt
      .filter((d) => d.score >= this.scoreThreshold)
      .sort((a, b) => b.score - a.score)
      .slice(0, this.maxDetections);
    this.evaluator.add({ id: this.images++, groundTruth: image.gt, detections });
  }

  result(): MeanAveragePrecision<C> {
    const { ap, ap50, ap75, arByMaxDets, perClass, iouThresholds } = this.evaluator.evaluate();
    const half = iouThresholds.indexOf(0.5);
    return {
      mAP: ap ?? 0,
      mAP50: ap50 ?? 0,
      mAP75: ap75 ?? 0,
      recall: arByMaxDets[this.maxDetections] ?? 0,
      images: this.images,
      perClass: perClass.map((c) => ({ classId: c.classId as C, ap: c.ap, ap50: c.ap50, ap75: c.ap75, groundTruth: c.groundTruth, detections: c.detections, curve50: c.curves[half] ?? null })),
    };
  }
}

export interface DetectorAtScore<C extends ClassId = ClassId> extends PrecisionRecall {
  score: number;
  perClass: (PrecisionRecall & { classId: C })[];
}

/**
 * What a person meets who shows detections from one score up: counts, precision, recall and F1, over all and by class.
 * Detections are matched by falling score, each with the true object of its class it overlaps most.
 * @param options.iou one of 0.5, 0.55 … 0.95. Default 0.5.
 */
export function precisionRecallAt<C extends ClassId>(images: Iterable<DetectionImage<C>>, score: number, options: { iou?: number; classes?: readonly C[] } = {}): DetectorAtScore<C> {
  const evaluator = new CocoEvaluator({ classes: options.classes, maxDets: [Infinity], areas: [{ name: 'all', min: 0, max: Infinity }] });
  let id = 0;
  for (const image of images) evaluator.add({ id: id++, groundTruth: image.gt, detections: image.dt });
  const perClass = evaluator.atScore(score, options.iou) as (PrecisionRecall & { classId: C })[];
  const sum = (key: 'truePositives' | 'falsePositives' | 'falseNegatives') => perClass.reduce((total, c) => total + c[key], 0);
  return { score, ...precisionRecall(sum('truePositives'), sum('falsePositives'), sum('falseNegatives')), perClass };
}

/**
 * COCO's box average precision of detections (score ≥ 0.001, at most the best 100 of an image) against ground truth.
 * Boxes are edges in pixels.
 */
export function meanAveragePrecision<C extends ClassId>(images: Iterable<DetectionImage<C>>, options: MeanAveragePrecisionOptions<C> = {}): MeanAveragePrecision<C> {
  const accumulator = new DetectionAccumulator<C>(options);
  for (const image of images) accumulator.add(image);
  return accumulator.result();
}
