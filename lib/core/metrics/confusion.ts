/** Which class detectors take for which: the confusion matrix of detections, with a row and a column for "nothing". */
import { similarityMatrix, type IouType, type Shape, type TruthShape } from './similarity';
import type { ClassId } from './coco';
import { ConfusionMatrix } from './segmentation';

export interface DetectionConfusionOptions {
  /** Default 'bbox'. */
  iouType?: IouType;
  /** Least similarity of a match. Default 0.5. */
  iou?: number;
  /** Detections below this score are left out. Default 0.5. */
  score?: number;
  /** Keypoint falloffs, one a point. */
  sigmas?: readonly number[];
}

/**
 * Counts [truth][detection] over classes and, last, background: an object that nobody found counts in its class's background
 * column, a detection of nothing in the background row. Objects and detections of other classes are left out.
 *
 * Detections go by falling score. Each takes, in a first round, the free object of its own class that it is most similar to,
 * so that the diagonal is the number of right detections that average precision counts; what is left is then matched across
 * classes in the same way. Detections that match only a crowd (or an ignored object) count nowhere.
 */
export class DetectionConfusion<C extends ClassId = ClassId> {
  readonly matrix: ConfusionMatrix;
  private readonly index: ReadonlyMap<ClassId, number>;
  private readonly type: IouType;
  private readonly iou: number;
  private readonly score: number;
  private readonly sigmas: readonly number[];

  constructor(readonly classes: readonly C[], options: DetectionConfusionOptions = {}) {
    this.matrix = new ConfusionMatrix(classes.length + 1);
    this.index = new Map(classes.map((c, i) => [c, i]));
    this.type = options.iouType ?? 'bbox';
    this.iou = options.iou ?? 0.5;
    this.score = options.score ?? 0.5;
    this.sigmas = options.sigmas ?? [];
  }

  add(groundTruth: readonly (TruthShape & { classId: ClassId; ignore?: boolean })[], detections: readonly (Shape & { classId: ClassId; score: number })[]): void {
    const truths = groundTruth.filter((t) => this.index.has(t.classId));
    const found = detections.filter((d) => d.score >= this.score && this.index.has(d.classId)).sort((a, b) => b.score - a.score);
    const similarities = similarityMatrix(this.type, found, truths, this.sigmas);
    const taken = new Uint8Array(truths.length);
    const match = new Int32Array(found.length).fill(-1);
    const round = (allowed: (i: number, j: number) => boolean) => {
      for (let i = 0; i < found.length; i++) {
        if (match[i]! >= 0) continue;
        let best = this.iou;
        for (let j = 0; j < truths.length; j++) {
          const free = !taken[j] || truths[j]!.crowd === true;
          if (!free || !allowed(i, j) || similarities[i * truths.length + j]! < best) continue;
          best = similarities[i * truths.length + j]!;
          match[i] = j;
        }
        if (match[i]! >= 0) taken[match[i]!] = 1;
      }
    };
    const ignored = (j: number) => truths[j]!.crowd === true || truths[j]!.ignore === true;
    const same = (i: number, j: number) => truths[j]!.classId === found[i]!.classId;
    round((i, j) => same(i, j) && !ignored(j));
    round((i, j) => same(i, j) && ignored(j));
    round((i, j) => !same(i, j) && !ignored(j));
    const background = this.classes.length;
    const count = (t: number, d: number) => this.matrix.add([t], [d]);
    found.forEach((d, i) => {
      const j = match[i]!;
      if (j < 0) count(background, this.index.get(d.classId)!);
      else if (!ignored(j)) count(this.index.get(truths[j]!.classId)!, this.index.get(d.classId)!);
    });
    truths.forEach((t, j) => {
      if (!taken[j] && !ignored(j)) count(this.index.get(t.classId)!, background);
    });
  }

  /** The counts as rows, truth by detection, background last. */
  rows(): number[][] {
    const n = this.classes.length + 1;
    return Array.from({ length: n }, (_, t) => Array.from({ length: n }, (_, d) => this.matrix.at(t, d)));
  }
}
