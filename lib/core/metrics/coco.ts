/**
 * Average precision and recall by COCO's definition, number for number as the reference code computes them.
 * Source: cocodataset.org, "Detection evaluation" and "Keypoint evaluation"; behaviour checked against pycocotools.
 *
 * Images are added one by one, and what is kept of each is a score and two bit sets per detection; so memory grows with the
 * number of detections only, never with shapes or masks.
 */
import { COCO_PERSON_SIGMAS } from '../geometry/landmarks';
import { interpolatedPrecision, mean, precisionRecall, RECALL_POINTS, type PrecisionRecall } from './curve';
import { shapeArea, similarityMatrix, type IouType, type Shape, type TruthShape } from './similarity';

export type ClassId = string | number;

export interface CocoGroundTruth extends TruthShape {
  id?: string | number;
  classId: ClassId;
  /** Neither finding nor missing this object counts. Crowds are always ignored. */
  ignore?: boolean;
}

export interface CocoDetection extends Shape {
  id?: string | number;
  classId: ClassId;
  score: number;
}

export interface CocoImage {
  id: string | number;
  groundTruth: readonly CocoGroundTruth[];
  detections: readonly CocoDetection[];
}

/** Objects whose area in square pixels lies in [min, max]. */
export interface AreaRange {
  name: string;
  min: number;
  max: number;
}

export interface CocoOptions {
  /** What similarity is measured by. Default 'bbox'. */
  iouType?: IouType;
  /** At most 30, ascending. Default 0.50, 0.55 … 0.95. */
  iouThresholds?: readonly number[];
  /** The first must hold every object. Default all, small (< 32²), medium, large (≥ 96²); without small for keypoints. */
  areas?: readonly AreaRange[];
  /** Detections per image and class, ascending; AP uses the last. Default 1, 10, 100; 20 for keypoints. */
  maxDets?: readonly number[];
  /** Keypoint falloffs, one a point. Default COCO's 17. */
  sigmas?: readonly number[];
  /** Classes to average over; objects of others are left out. Default: every class met, in the order met. */
  classes?: readonly ClassId[];
  /** Keep which detection matched which truth (first area, last maxDets). Default false. */
  keepMatches?: boolean;
}

/** What became of the detections of one class in one image. Arrays run by falling score. */
export interface ImageMatches {
  imageId: string | number;
  classId: ClassId;
  detectionIds: (string | number)[];
  scores: number[];
  groundTruthIds: (string | number)[];
  groundTruthIgnored: boolean[];
  /** [threshold][detection] → index into `groundTruthIds`, or −1. */
  matches: Int32Array[];
  /** [threshold][detection] → the detection counts neither as right nor as wrong. */
  ignored: boolean[][];
}

export interface PrecisionRecallCurve {
  /** Precision at recall 0, 0.01 … 1, made non-increasing. */
  precision: Float64Array;
  /** The score at which each recall is reached; 0 where it is not. */
  scores: Float64Array;
}

export interface ClassEvaluation {
  classId: ClassId;
  /** True objects that count (neither crowd nor ignored), of any size. */
  groundTruth: number;
  detections: number;
  /** Null where the class has no true object. Mean over the thresholds, and at 0.5 and 0.75 where those are among them. */
  ap: number | null;
  ap50: number | null;
  ap75: number | null;
  ar: number | null;
  /** One curve a threshold (first area, last maxDets); empty when there is no true object. */
  curves: PrecisionRecallCurve[];
}

export interface CocoEvaluation {
  /** Mean over classes and thresholds; null when no class has a true object. */
  ap: number | null;
  ap50: number | null;
  ap75: number | null;
  /** By name of the area range. */
  apByArea: Record<string, number | null>;
  /** By maximum of detections. */
  arByMaxDets: Record<number, number | null>;
  arByArea: Record<string, number | null>;
  ar50: number | null;
  ar75: number | null;
  perClass: ClassEvaluation[];
  iouThresholds: readonly number[];
  recallPoints: readonly number[];
  matches: ImageMatches[];
}

/** COCO's thresholds, with the rounding of `numpy.linspace(.5, .95, 10)`. */
export const COCO_IOU_THRESHOLDS: readonly number[] = Array.from({ length: 10 }, (_, i) => (i === 9 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / 9)));

const LARGEST = 1e5 ** 2;
export const COCO_AREAS: readonly AreaRange[] = [
  { name: 'all', min: 0, max: LARGEST },
  { name: 'small', min: 0, max: 32 ** 2 },
  { name: 'medium', min: 32 ** 2, max: 96 ** 2 },
  { name: 'large', min: 96 ** 2, max: LARGEST },
];

/** What is kept of one class. Parallel arrays over detections, in the order of images, within an image by falling score. */
interface ClassRecord {
  scores: number[];
  /** Rank within its image, from 0. */
  ranks: number[];
  /** [area] bit t: matched, or ignored, at threshold t. */
  matched: number[][];
  ignored: number[][];
  /** [area] true objects that count. */
  positives: number[];
}

/** Streaming form of `cocoEvaluate`: `add` every image, then `evaluate`. The order of images breaks ties between scores. */
export class CocoEvaluator {
  private readonly type: IouType;
  private readonly thresholds: readonly number[];
  private readonly areas: readonly AreaRange[];
  private readonly maxDets: readonly number[];
  private readonly sigmas: readonly number[];
  private readonly only: ReadonlySet<ClassId> | null;
  private readonly keepMatches: boolean;
  private readonly records = new Map<ClassId, ClassRecord>();
  private readonly matches: ImageMatches[] = [];

  constructor(options: CocoOptions = {}) {
    this.type = options.iouType ?? 'bbox';
    this.thresholds = options.iouThresholds ?? COCO_IOU_THRESHOLDS;
    this.areas = options.areas ?? (this.type === 'keypoints' ? COCO_AREAS.filter((a) => a.name !== 'small') : COCO_AREAS);
    this.maxDets = options.maxDets ?? (this.type === 'keypoints' ? [20] : [1, 10, 100]);
    this.sigmas = options.sigmas ?? COCO_PERSON_SIGMAS;
    this.only = options.classes ? new Set(options.classes) : null;
    this.keepMatches = options.keepMatches ?? false;
    if (this.thresholds.length < 1 || this.thresholds.length > 30) throw new RangeError(`between 1 and 30 IoU thresholds, not ${this.thresholds.length}`);
    if (this.maxDets.length < 1 || this.areas.length < 1) throw new RangeError('at least one area range and one maximum of detections');
    for (const id of options.classes ?? []) this.recordOf(id);
  }

  /** Matches the detections of one image with its ground truth. Each image once. */
  add(image: CocoImage): void {
    const truths = groupByClass(image.groundTruth);
    const detections = groupByClass(image.detections);
    for (const classId of new Set([...truths.keys(), ...detections.keys()])) {
      if (this.only && !this.only.has(classId)) continue;
      this.addClass(image.id, classId, truths.get(classId) ?? [], detections.get(classId) ?? []);
    }
  }

  private recordOf(classId: ClassId): ClassRecord {
    let record = this.records.get(classId);
    if (!record) {
      record = { scores: [], ranks: [], matched: this.areas.map(() => []), ignored: this.areas.map(() => []), positives: this.areas.map(() => 0) };
      this.records.set(classId, record);
    }
    return record;
  }

  private addClass(imageId: string | number, classId: ClassId, truths: CocoGroundTruth[], all: CocoDetection[]): void {
    const record = this.recordOf(classId);
    const limit = this.maxDets[this.maxDets.length - 1]!;
    // Array.prototype.sort is stable, like the merge sort of the reference.
    const detections = [...all].sort((a, b) => b.score - a.score).slice(0, limit);
    const similarities = similarityMatrix(this.type, detections, truths, this.sigmas);
    const truthAreas = truths.map((t) => shapeArea(t, this.type));
    const detectionAreas = detections.map((d) => shapeArea(d, this.type));
    const crowd = truths.map((t) => t.crowd === true);
    detections.forEach((d, i) => {
      record.scores.push(d.score);
      record.ranks.push(i);
    });

    this.areas.forEach((area, a) => {
      const outside = (value: number) => value < area.min || value > area.max;
      const ignore = truths.map((t, j) => t.crowd === true || t.ignore === true || this.hasNothingPlaced(t) || outside(truthAreas[j]!));
      record.positives[a]! += ignore.filter((i) => !i).length;
      const order = truths.map((_, j) => j).sort((i, j) => Number(ignore[i]) - Number(ignore[j]));
      const matchedBits = new Int32Array(detections.length);
      const ignoredBits = new Int32Array(detections.length);
      const kept: Int32Array[] = [];
      this.thresholds.forEach((threshold, t) => {
        const match = matchGreedily(similarities, detections.length, order, ignore, crowd, threshold);
        for (let i = 0; i < detections.length; i++) {
          if (match[i]! >= 0) matchedBits[i]! |= 1 << t;
          if (match[i]! >= 0 ? ignore[match[i]!] : outside(detectionAreas[i]!)) ignoredBits[i]! |= 1 << t;
        }
        kept.push(match);
      });
      for (let i = 0; i < detections.length; i++) {
        record.matched[a]!.push(matchedBits[i]!);
        record.ignored[a]!.push(ignoredBits[i]!);
      }
      if (a === 0 && this.keepMatches)
        this.matches.push({
          imageId,
          classId,
          detectionIds: detections.map((d, i) => d.id ?? i),
          scores: detections.map((d) => d.score),
          groundTruthIds: truths.map((t, j) => t.id ?? j),
          groundTruthIgnored: ignore,
          matches: kept,
          ignored: this.thresholds.map((_, t) => [...ignoredBits].map((bits) => ((bits >> t) & 1) === 1)),
        });
    });
  }

  private hasNothingPlaced(truth: CocoGroundTruth): boolean {
    return this.type === 'keypoints' && !truth.keypoints?.some((p) => p.v > 0);
  }

  /** The figures over all images added so far. May be called more than once. */
  evaluate(): CocoEvaluation {
    const last = this.maxDets[this.maxDets.length - 1]!;
    const at = (value: number) => this.thresholds.findIndex((t) => Math.abs(t - value) < 1e-9);
    const t50 = at(0.5);
    const t75 = at(0.75);
    /** Per area: average precisions and recalls [class][threshold] of the classes that have true objects there. */
    const ap: number[][][] = this.areas.map(() => []);
    const ar: number[][][] = this.areas.map(() => []);
    const arByMaxDets: Record<number, number | null> = {};
    const perClass: ClassEvaluation[] = [];

    for (const [classId, record] of this.records) {
      const order = record.scores.map((_, i) => i).sort((i, j) => record.scores[j]! - record.scores[i]!);
      const entry: ClassEvaluation = { classId, groundTruth: record.positives[0]!, detections: record.scores.length, ap: null, ap50: null, ap75: null, ar: null, curves: [] };
      this.areas.forEach((_, a) => {
        if (record.positives[a] === 0) return;
        const curves = this.thresholds.map((_, t) => this.curve(record, order, a, t, last));
        const precisions = curves.map((c) => mean(c.precision)!);
        const recalls = curves.map((c) => c.recall);
        ap[a]!.push(precisions);
        ar[a]!.push(recalls);
        if (a > 0) return;
        entry.curves = curves.map(({ precision, scores }) => ({ precision, scores }));
        entry.ap = mean(precisions);
        entry.ap50 = precisions[t50] ?? null;
        entry.ap75 = precisions[t75] ?? null;
        entry.ar = mean(recalls);
      });
      perClass.push(entry);
    }
    for (const limit of this.maxDets)
      arByMaxDets[limit] = mean([...this.records.values()].filter((r) => r.positives[0]! > 0).flatMap((r) => this.thresholds.map((_, t) => this.recallWithin(r, t, limit))));

    const named = (values: number[][][]) => Object.fromEntries(this.areas.map((area, a) => [area.name, mean(values[a]!.flat())]));
    const column = (values: number[][], t: number) => (t < 0 ? null : mean(values.map((row) => row[t]!)));
    return {
      ap: mean(ap[0]!.flat()),
      ap50: column(ap[0]!, t50),
      ap75: column(ap[0]!, t75),
      apByArea: named(ap),
      arByMaxDets,
      arByArea: named(ar),
      ar50: column(ar[0]!, t50),
      ar75: column(ar[0]!, t75),
      perClass,
      iouThresholds: this.thresholds,
      recallPoints: RECALL_POINTS,
      matches: this.matches,
    };
  }

  /**
   * Counts, precision and recall of each class when only detections of at least this score are shown. Exact for any score:
   * matching goes by falling score, so leaving out the lower ones changes nothing above.
   * @param iou one of the evaluator's thresholds. Default 0.5.
   */
  atScore(score: number, iou = 0.5): (PrecisionRecall & { classId: ClassId })[] {
    const t = this.thresholds.findIndex((threshold) => Math.abs(threshold - iou) < 1e-9);
    if (t < 0) throw new RangeError(`IoU ${iou} is not one of the thresholds ${this.thresholds.join(', ')}`);
    return [...this.records].map(([classId, record]) => {
      let right = 0;
      let wrong = 0;
      record.scores.forEach((s, i) => {
        if (s < score || (record.ignored[0]![i]! >> t) & 1) return;
        if ((record.matched[0]![i]! >> t) & 1) right++;
        else wrong++;
      });
      return { classId, ...precisionRecall(right, wrong, record.positives[0]! - right) };
    });
  }

  /** Precision over recall of one class, area and threshold; `order` are its detections by falling score. */
  private curve(record: ClassRecord, order: number[], area: number, t: number, limit: number): PrecisionRecallCurve & { recall: number } {
    const matched = record.matched[area]!;
    const ignored = record.ignored[area]!;
    const hits: boolean[] = [];
    const scores: number[] = [];
    for (const i of order) {
      if (record.ranks[i]! >= limit || (ignored[i]! >> t) & 1) continue;
      hits.push(((matched[i]! >> t) & 1) === 1);
      scores.push(record.scores[i]!);
    }
    return interpolatedPrecision(hits, scores, record.positives[area]!);
  }

  /** Recall of one class when only the first `limit` detections of each image count. */
  private recallWithin(record: ClassRecord, t: number, limit: number): number {
    let found = 0;
    record.matched[0]!.forEach((bits, i) => {
      if (record.ranks[i]! < limit && (bits >> t) & 1 && !((record.ignored[0]![i]! >> t) & 1)) found++;
    });
    return found / record.positives[0]!;
  }
}

/**
 * Each detection in turn (by falling score) takes the unmatched true object it is most similar to, if at or above the
 * threshold; one that counts before one that is ignored; a crowd may be taken again and again.
 * @param similarities [detections, truths], row-major.
 * @param order indices of the truths, those that count first.
 * @returns for each detection the truth's index, or −1.
 */
function matchGreedily(similarities: Float64Array, detections: number, order: readonly number[], ignore: readonly boolean[], crowd: readonly boolean[], threshold: number): Int32Array {
  const match = new Int32Array(detections).fill(-1);
  const taken = new Uint8Array(order.length);
  for (let i = 0; i < detections; i++) {
    let best = Math.min(threshold, 1 - 1e-10);
    let found = -1;
    for (const j of order) {
      if (taken[j] && !crowd[j]) continue;
      if (found >= 0 && !ignore[found] && ignore[j]) break;
      const similarity = similarities[i * order.length + j]!;
      // On a tie the later true object wins, as in the reference.
      if (similarity < best) continue;
      best = similarity;
      found = j;
    }
    if (found < 0) continue;
    match[i] = found;
    taken[found] = 1;
  }
  return match;
}

function groupByClass<T extends { classId: ClassId }>(objects: readonly T[]): Map<ClassId, T[]> {
  const groups = new Map<ClassId, T[]>();
  for (const object of objects) {
    const group = groups.get(object.classId);
    if (group) group.push(object);
    else groups.set(object.classId, [object]);
  }
  return groups;
}

/**
 * COCO's figures over a set of images. Images are taken by rising id when ids are numbers (as the reference does: it breaks
 * ties between equal scores), else in the order given.
 */
export function cocoEvaluate(images: Iterable<CocoImage>, options: CocoOptions = {}): CocoEvaluation {
  const list = [...images];
  if (list.every((image) => typeof image.id === 'number')) list.sort((a, b) => (a.id as number) - (b.id as number));
  const evaluator = new CocoEvaluator(options);
  for (const image of list) evaluator.add(image);
  return evaluator.evaluate();
}
