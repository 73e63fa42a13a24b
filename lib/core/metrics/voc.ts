/**
 * Average precision by Pascal VOC's definitions: 11-point (VOC 2007) and every-point (VOC 2010 and later).
 * Source: Everingham et al., "The Pascal Visual Object Classes Challenge", IJCV 2010, section 4.2; and the devkit's VOCevaldet.
 *
 * Differences to COCO: each detection looks only at the true object it overlaps most, and is wrong when that one is taken;
 * and the devkit counts pixels inclusively, so a box has one pixel more each way.
 */
import type { Box } from '../geometry/box';
import type { ClassId } from './coco';

export interface VocImage {
  gt: readonly { classId: ClassId; box: Box; difficult?: boolean }[];
  dt: readonly { classId: ClassId; box: Box; score: number }[];
}

export interface VocOptions {
  /** Default 0.5; a detection needs at least this much. */
  iouThreshold?: number;
  /** 'every' (default) or 'eleven' recall points. */
  points?: 'eleven' | 'every';
  /** Boxes hold the pixels from x0 to x1 inclusive, as in the devkit. Default true. */
  inclusivePixels?: boolean;
}

export interface VocClass {
  classId: ClassId;
  /** Null without a true object that is not difficult. */
  ap: number | null;
  groundTruth: number;
  truePositives: number;
  falsePositives: number;
}

/** Mean over the classes that have true objects (null when none has), and each class. */
export function vocAveragePrecision(images: readonly VocImage[], options: VocOptions = {}): { mAP: number | null; perClass: VocClass[] } {
  const { iouThreshold = 0.5, points = 'every', inclusivePixels = true } = options;
  const classes = new Set(images.flatMap((image) => [...image.gt, ...image.dt].map((o) => o.classId)));
  const perClass = [...classes].map((classId): VocClass => {
    const truths = images.map((image) => image.gt.filter((g) => g.classId === classId).map((g) => ({ ...g, taken: false })));
    const groundTruth = truths.flat().filter((t) => !t.difficult).length;
    const detections = images.flatMap((image, i) => image.dt.filter((d) => d.classId === classId).map((d) => ({ ...d, i }))).sort((a, b) => b.score - a.score);
    const hits: boolean[] = [];
    for (const d of detections) {
      let best = -Infinity;
      let found: (typeof truths)[number][number] | undefined;
      for (const t of truths[d.i]!) {
        const iou = vocIou(d.box, t.box, inclusivePixels ? 1 : 0);
        if (iou > best) [best, found] = [iou, t];
      }
      if (!found || best < iouThreshold) hits.push(false);
      else if (!found.difficult) {
        hits.push(!found.taken);
        found.taken = true;
      }
    }
    const truePositives = hits.filter(Boolean).length;
    const ap = groundTruth === 0 ? null : points === 'eleven' ? elevenPoint(hits, groundTruth) : everyPoint(hits, groundTruth);
    return { classId, ap, groundTruth, truePositives, falsePositives: hits.length - truePositives };
  });
  const aps = perClass.flatMap((c) => (c.ap === null ? [] : [c.ap]));
  return { mAP: aps.length === 0 ? null : aps.reduce((a, b) => a + b, 0) / aps.length, perClass };
}

function vocIou(a: Box, b: Box, extra: number): number {
  const width = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0) + extra;
  const height = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0) + extra;
  if (width <= 0 || height <= 0) return 0;
  const area = (box: Box) => (box.x1 - box.x0 + extra) * (box.y1 - box.y0 + extra);
  return (width * height) / (area(a) + area(b) - width * height);
}

/** Recall and precision after each detection. */
function ranked(hits: readonly boolean[], positives: number): { recall: number; precision: number }[] {
  let right = 0;
  return hits.map((hit, i) => {
    if (hit) right++;
    return { recall: right / positives, precision: right / (i + 1) };
  });
}

/**
 * Mean over recall 0, 0.1 … 1 of the highest precision at that recall or beyond. The recalls are multiples of 0.1 as the
 * devkit and the published figures have them: 6 · 0.1 is a little above 0.6, so that a recall of 9/15 does not reach it.
 */
function elevenPoint(hits: readonly boolean[], positives: number): number {
  const curve = ranked(hits, positives);
  let sum = 0;
  for (let r = 0; r <= 10; r++) {
    let best = 0;
    for (const p of curve) if (p.recall >= r * 0.1 && p.precision > best) best = p.precision;
    sum += best;
  }
  return sum / 11;
}

/** Area under the precision made non-increasing. */
function everyPoint(hits: readonly boolean[], positives: number): number {
  const curve = ranked(hits, positives);
  let area = 0;
  let best = 0;
  for (let i = curve.length - 1; i >= 0; i--) {
    best = Math.max(best, curve[i]!.precision);
    area += (curve[i]!.recall - (i > 0 ? curve[i - 1]!.recall : 0)) * best;
  }
  return area;
}
