/**
 * Anchor shapes by K-means with distance 1 − IoU of (width, height), boxes set on one centre.
 * Source: Redmon and Farhadi, "YOLO9000: Better, Faster, Stronger", 2017, section 2, "Dimension Clusters".
 *
 * What is maximised is the mean over boxes of the IoU with the best anchor. The plain update (mean width, mean height of a
 * cluster) does not always raise it; so plain K-means from several K-means++ starts finds the clusters, and a search in
 * (log w, log h) then moves each anchor uphill for as long as the mean best IoU grows.
 */
import { Random } from '../random';
import { distinctShapes, type Shape, type Shapes, type WeightedShapes } from './shapes';

export interface KmeansOptions {
  /** Default 1. The same shapes, k and seed give the same anchors. */
  seed?: number;
  /** Random starts. Default 10. */
  restarts?: number;
  /** At most so many updates a start. Default 100. */
  iterations?: number;
  /** A further start from given anchors, filled up with the worst-fitted shapes when there are fewer than k. */
  initial?: readonly Shape[];
}

export interface KmeansAnchors {
  /** By rising area. Fewer than k when there are fewer distinct shapes. */
  anchors: Shape[];
  /** Mean over all shapes of the IoU with the best anchor, 0 to 1; 0 of nothing. */
  meanBestIou: number;
  /** How many shapes each anchor is the best of. */
  counts: number[];
  /** Number of shapes, and of different ones. */
  shapes: number;
  distinct: number;
}

/** More different shapes than this are sampled to find the clusters; figures are always over all of them. */
const SEARCH_SAMPLE = 8_000;
/** And to fit the anchors of the best clusters in the end. */
const FIT_SAMPLE = 50_000;

/** Anchors as flat arrays, for the inner loops. */
interface Centers {
  w: Float64Array;
  h: Float64Array;
}

/**
 * The k anchor shapes that fit best, found deterministically for a seed.
 * @param shapes widths and heights in pixels of any one frame.
 * @throws RangeError when k is not a whole number from 1, or a shape is without area.
 */
export function kmeansAnchors(shapes: Shapes, k: number, options: KmeansOptions = {}): KmeansAnchors {
  return cluster(distinctShapes(shapes), k, options);
}

/** Mean over shapes of the IoU with the best anchor, 0 to 1; 0 when there are no shapes or no anchors. */
export function meanBestIou(shapes: Shapes, anchors: readonly Shape[]): number {
  return assign(distinctShapes(shapes), centersOf(anchors)).mean;
}

/**
 * The best anchors for 1, 2 … maxK. Each k also starts from the anchors of the one before, so that the curve never falls
 * (beyond what sampling does to very many shapes).
 */
export function anchorCurve(shapes: Shapes, maxK: number, options: Omit<KmeansOptions, 'initial'> = {}): (KmeansAnchors & { k: number })[] {
  const data = distinctShapes(shapes);
  const curve: (KmeansAnchors & { k: number })[] = [];
  for (let k = 1; k <= maxK; k++) curve.push({ k, ...cluster(data, k, { ...options, initial: curve.at(-1)?.anchors }) });
  return curve;
}

function cluster(data: WeightedShapes, k: number, options: KmeansOptions): KmeansAnchors {
  const { seed = 1, restarts = 10, iterations = 100, initial } = options;
  if (!(Number.isInteger(k) && k >= 1)) throw new RangeError(`the number of anchors is a whole number from 1, not ${k}`);
  const distinct = data.w.length;
  if (distinct <= k) return summary(data, { w: data.w.slice(), h: data.h.slice() });

  const random = new Random(seed).fork(k);
  const work = sample(data, SEARCH_SAMPLE, random.fork('search'));
  const found: { centers: Centers; mean: number }[] = [];
  const start = (centers: Centers) => found.push(lloyd(work, centers, iterations));
  if (initial && initial.length > 0) {
    const given = fillUp(work, centersOf(initial.slice(0, k)), k);
    found.push({ centers: given, mean: assign(work, given).mean });
    start(given);
  }
  for (let r = 0; r < Math.max(1, restarts); r++) start(plusPlus(work, k, random.fork(`start ${r}`)));
  // Uphill from every start where that costs nothing, else from the best few.
  found.sort((a, b) => b.mean - a.mean);
  const climbs = work.w.length * found.length <= 20_000 ? found.length : 2;
  let best = found[0]!;
  for (const candidate of found.slice(0, climbs)) {
    const climbed = climb(work, candidate.centers);
    if (climbed.mean > best.mean) best = climbed;
  }
  const fit = sample(data, FIT_SAMPLE, random.fork('fit'));
  return summary(data, fit === work ? best.centers : climb(fit, best.centers).centers);
}

function summary(data: WeightedShapes, centers: Centers): KmeansAnchors {
  const order = Array.from(centers.w, (_, i) => i).sort((i, j) => centers.w[i]! * centers.h[i]! - centers.w[j]! * centers.h[j]! || centers.w[i]! - centers.w[j]!);
  const anchors = order.map((i) => ({ w: centers.w[i]!, h: centers.h[i]! }));
  const { best, mean } = assign(data, centersOf(anchors));
  const counts = new Array<number>(anchors.length).fill(0);
  best.forEach((c, i) => (counts[c]! += data.weight[i]!));
  return { anchors, meanBestIou: mean, counts, shapes: data.total, distinct: data.w.length };
}

function centersOf(anchors: readonly Shape[]): Centers {
  return { w: Float64Array.from(anchors, (a) => a.w), h: Float64Array.from(anchors, (a) => a.h) };
}

/** For each shape the center of highest IoU and that IoU; and the weighted mean of those. */
function assign(data: WeightedShapes, centers: Centers): { best: Int32Array; iou: Float64Array; mean: number } {
  const n = data.w.length;
  const k = centers.w.length;
  const { w: cws, h: chs } = centers;
  const areas = cws.map((cw, c) => cw * chs[c]!);
  const best = new Int32Array(n);
  const iou = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const w = data.w[i]!;
    const h = data.h[i]!;
    const area = w * h;
    let highest = 0;
    let at = 0;
    for (let c = 0; c < k; c++) {
      const cw = cws[c]!;
      const ch = chs[c]!;
      const shared = (w < cw ? w : cw) * (h < ch ? h : ch);
      const value = shared / (area + areas[c]! - shared);
      if (value > highest) {
        highest = value;
        at = c;
      }
    }
    best[i] = at;
    iou[i] = highest;
    sum += highest * data.weight[i]!;
  }
  return { best, iou, mean: data.total === 0 ? 0 : sum / data.total };
}

/** A sample of `size` draws with the weights as chances; what is drawn twice weighs twice. All, when there are no more shapes than that. */
function sample(data: WeightedShapes, size: number, random: Random): WeightedShapes {
  if (data.w.length <= size) return data;
  // Systematic sampling: one random offset, then even steps through the weights.
  const step = data.total / size;
  const offset = random.next() * step;
  const w: number[] = [];
  const h: number[] = [];
  const weight: number[] = [];
  let reached = 0;
  let drawn = 0;
  for (let i = 0; i < data.w.length; i++) {
    reached += data.weight[i]!;
    let times = 0;
    while (drawn < size && offset + drawn * step < reached) {
      times++;
      drawn++;
    }
    if (times === 0) continue;
    w.push(data.w[i]!);
    h.push(data.h[i]!);
    weight.push(times);
  }
  return { w: Float64Array.from(w), h: Float64Array.from(h), weight: Float64Array.from(weight), total: drawn };
}

/** K-means++ (Arthur and Vassilvitskii 2007): each further center is drawn with chance ∝ weight · distance². */
function plusPlus(data: WeightedShapes, k: number, random: Random): Centers {
  const n = data.w.length;
  const centers: Centers = { w: new Float64Array(k), h: new Float64Array(k) };
  const nearest = new Float64Array(n).fill(1);
  for (let c = 0; c < k; c++) {
    let total = 0;
    for (let i = 0; i < n; i++) total += data.weight[i]! * nearest[i]! ** 2;
    let left = random.next() * total;
    let pick = 0;
    for (let i = 0; i < n; i++) {
      const chance = data.weight[i]! * nearest[i]! ** 2;
      if (chance > 0) pick = i;
      if ((left -= chance) < 0) break;
    }
    centers.w[c] = data.w[pick]!;
    centers.h[c] = data.h[pick]!;
    for (let i = 0; i < n; i++) nearest[i] = Math.min(nearest[i]!, 1 - iouOf(data.w[i]!, data.h[i]!, centers.w[c]!, centers.h[c]!));
  }
  return centers;
}

function iouOf(w: number, h: number, cw: number, ch: number): number {
  const shared = Math.min(w, cw) * Math.min(h, ch);
  return shared / (w * h + cw * ch - shared);
}

/** Adds the shape that is fitted worst until there are k centers. */
function fillUp(data: WeightedShapes, centers: Centers, k: number): Centers {
  let all = centers;
  while (all.w.length < k) {
    const { iou } = assign(data, all);
    let worst = 0;
    for (let i = 1; i < iou.length; i++) if (iou[i]! < iou[worst]!) worst = i;
    all = { w: Float64Array.of(...all.w, data.w[worst]!), h: Float64Array.of(...all.h, data.h[worst]!) };
  }
  return all;
}

/** Plain K-means has found its clusters when so few shapes, as a share, still change sides: the search uphill does the rest. */
const SETTLED = 1e-3;

/** Plain K-means; returns the best centers it passed through. A cluster left empty moves to the shape that is fitted worst. */
function lloyd(data: WeightedShapes, from: Centers, iterations: number): { centers: Centers; mean: number } {
  const k = from.w.length;
  let centers = from;
  let top = { centers, mean: -1 };
  let last: Int32Array | null = null;
  for (let round = 0; round <= iterations; round++) {
    const { best, iou, mean } = assign(data, centers);
    if (mean > top.mean) top = { centers, mean };
    if (last && changes(best, last) <= SETTLED * best.length) break;
    last = best;
    const next: Centers = { w: new Float64Array(k), h: new Float64Array(k) };
    const weight = new Float64Array(k);
    for (let i = 0; i < best.length; i++) {
      const c = best[i]!;
      next.w[c]! += data.w[i]! * data.weight[i]!;
      next.h[c]! += data.h[i]! * data.weight[i]!;
      weight[c]! += data.weight[i]!;
    }
    for (let c = 0; c < k; c++) {
      if (weight[c]! > 0) {
        next.w[c]! /= weight[c]!;
        next.h[c]! /= weight[c]!;
        continue;
      }
      let worst = 0;
      for (let i = 1; i < iou.length; i++) if (iou[i]! < iou[worst]!) worst = i;
      iou[worst] = 1;
      next.w[c] = data.w[worst]!;
      next.h[c] = data.h[worst]!;
    }
    centers = next;
  }
  return top;
}

function changes(a: Int32Array, b: Int32Array): number {
  let n = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) n++;
  return n;
}

/** Moves of the compass search: along one axis, or both. */
const MOVES: readonly (readonly [number, number])[] = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1], [1, -1], [-1, 1]];

/** Steps of the compass search, as factors of width and height: where it begins, and how fine it ends. */
const FIRST_STEP = 0.1;
const LAST_STEP = 1e-4;
/** With very many shapes a finer fit says nothing of others of their kind. */
const LAST_STEP_OF_MANY = 5e-4;
/** Between two assignments a center's steps shrink to this share: clusters change while centers are far off. */
const SHRINK = 1 / 8;

/**
 * Moves each center, in factors of width and height, to where the mean IoU with its own cluster is highest; then assigns anew;
 * until nothing is gained. The mean best IoU never falls.
 */
function climb(data: WeightedShapes, from: Centers): { centers: Centers; mean: number } {
  const k = from.w.length;
  const centers: Centers = { w: from.w.slice(), h: from.h.slice() };
  const finest = data.w.length > SEARCH_SAMPLE ? LAST_STEP_OF_MANY : LAST_STEP;
  let { best, mean } = assign(data, centers);
  for (let round = 0, step = FIRST_STEP; round < 40; round++) {
    const until = Math.max(finest, step * SHRINK);
    const members = membersOf(data, best, k);
    for (let c = 0; c < k; c++) climbOne(members[c]!, centers, c, step, until);
    const next = assign(data, centers);
    const gain = next.mean - mean;
    ({ best, mean } = next);
    if (gain < 1e-9 && until <= finest) break;
    step = Math.max(finest * 8, step / 2);
  }
  return { centers, mean };
}

/** The shapes of each cluster, side by side in memory. */
function membersOf(data: WeightedShapes, best: Int32Array, k: number): WeightedShapes[] {
  const sizes = new Array<number>(k).fill(0);
  for (const c of best) sizes[c]!++;
  const members = sizes.map((n): WeightedShapes => ({ w: new Float64Array(n), h: new Float64Array(n), weight: new Float64Array(n), total: 0 }));
  for (let i = 0; i < best.length; i++) {
    const into = members[best[i]!]!;
    const at = into.w.length - sizes[best[i]!]!--;
    into.w[at] = data.w[i]!;
    into.h[at] = data.h[i]!;
    into.weight[at] = data.weight[i]!;
  }
  return members;
}

function climbOne(members: WeightedShapes, centers: Centers, c: number, firstStep: number, until: number): void {
  let value = fitOf(members, centers.w[c]!, centers.h[c]!);
  for (let step = firstStep; step >= until; ) {
    let moved = false;
    for (const [mw, mh] of MOVES) {
      const w = scaled(centers.w[c]!, 1 + step, mw);
      const h = scaled(centers.h[c]!, 1 + step, mh);
      const there = fitOf(members, w, h);
      if (there <= value + 1e-12) continue;
      centers.w[c] = w;
      centers.h[c] = h;
      value = there;
      moved = true;
      break;
    }
    if (!moved) step /= 2;
  }
}

/** Sum over shapes of weight · IoU with one anchor. */
function fitOf({ w, h, weight }: WeightedShapes, cw: number, ch: number): number {
  const area = cw * ch;
  let sum = 0;
  for (let i = 0; i < w.length; i++) {
    const wi = w[i]!;
    const hi = h[i]!;
    const shared = (wi < cw ? wi : cw) * (hi < ch ? hi : ch);
    sum += weight[i]! * (shared / (wi * hi + area - shared));
  }
  return sum;
}

/** Up by a factor, down by it, or unchanged. Products and quotients are the same on every machine; powers need not be. */
function scaled(value: number, factor: number, direction: number): number {
  return direction > 0 ? value * factor : direction < 0 ? value / factor : value;
}
