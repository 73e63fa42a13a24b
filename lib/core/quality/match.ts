/**
 * Compares two documents of one item: which annotations mean the same object, and where the two differ.
 *
 * `a` is the reference. Pairs are sought among annotations of one kind, in three passes, each an optimal one-to-one matching
 * of greatest total similarity over what the passes before left:
 *  1. same class, similarity at or above `iou`: they agree;
 *  2. other class, similarity at or above `iou`: same place, another class;
 *  3. same class, similarity from `near` up to `iou`: same object, another place.
 * What is left is missing in b, or extra in b. Agreement comes first so that two classes on one spot are not crossed.
 */
import type { Box } from '../geometry/box';
import type { AnnotationKind } from '../labels';
import { matchOptimally, type Candidate } from './assignment';
import { prepare, shareInside, similarity, type Comparable, type LandmarkOptions, type Prepared } from './similarity';

export interface MatchOptions extends LandmarkOptions {
  /** Similarity from which two annotations are the same object. Default 0.5. */
  iou?: number;
  /** Similarity from which they are at least near: pass 3. Default 0.1. */
  near?: number;
  /** False: class does not matter; a pair of two classes counts as agreeing (and is still listed as a confusion). Default true. */
  sameClass?: boolean;
  /** Compare only these kinds. Default all. */
  kinds?: readonly AnnotationKind[];
}

/** Two annotations that were put together. */
export interface MatchedPair {
  a: Comparable;
  b: Comparable;
  kind: AnnotationKind;
  /** Box or mask IoU, or landmark similarity. */
  iou: number;
  /** Bounds of both together. */
  box: Box;
}

/** An annotation without a partner. */
export interface Unmatched {
  annotation: Comparable;
  kind: AnnotationKind;
  box: Box;
}

export interface MatchResult {
  /** Same object (and class, unless class does not matter). */
  matches: MatchedPair[];
  /** Same place, another class. */
  confusions: MatchedPair[];
  /** Same class, another place. */
  displaced: MatchedPair[];
  /** Only in a. */
  missing: Unmatched[];
  /** Only in b. */
  extra: Unmatched[];
  /** Annotations that count neither way: crowds, and what lies in a crowd of the other document. */
  ignored: number;
}

/** See the head of this file. Order of the lists: by place in `a`, for `extra` in `b`. */
export function matchAnnotations(a: readonly Comparable[], b: readonly Comparable[], options: MatchOptions = {}): MatchResult {
  const { iou = 0.5, sameClass = true, kinds } = options;
  if (!(iou > 0 && iou <= 1)) throw new RangeError(`the IoU from which annotations match is above 0 and at most 1, not ${iou}`);
  const near = Math.min(options.near ?? 0.1, iou);
  const allA = prepare(a, kinds);
  const allB = prepare(b, kinds);
  let restA = allA.filter((p) => !p.source.crowd);
  let restB = allB.filter((p) => !p.source.crowd);
  const crowdsA = allA.filter((p) => p.source.crowd);
  const crowdsB = allB.filter((p) => p.source.crowd);

  const pairs = candidatesOf(restA, restB, Math.max(near, Number.MIN_VALUE), options);
  const pass = (wanted: (c: Candidate) => boolean): MatchedPair[] => {
    const freeA = new Set(restA.map((p) => p.index));
    const freeB = new Set(restB.map((p) => p.index));
    const byA = new Map(restA.map((p) => [p.index, p]));
    const byB = new Map(restB.map((p) => [p.index, p]));
    const chosen = matchOptimally(pairs.filter((c) => freeA.has(c.a) && freeB.has(c.b) && wanted(c)));
    const takenA = new Set(chosen.map((c) => c.a));
    const takenB = new Set(chosen.map((c) => c.b));
    restA = restA.filter((p) => !takenA.has(p.index));
    restB = restB.filter((p) => !takenB.has(p.index));
    return chosen.map((c) => pairOf(byA.get(c.a)!, byB.get(c.b)!, c.weight));
  };
  const classesEqual = (c: Candidate) => a[c.a]!.classId === b[c.b]!.classId;

  const matches = pass((c) => c.weight >= iou && (!sameClass || classesEqual(c)));
  const confusions = sameClass ? pass((c) => c.weight >= iou && !classesEqual(c)) : matches.filter((m) => m.a.classId !== m.b.classId);
  const displaced = pass((c) => c.weight < iou && (!sameClass || classesEqual(c)));

  const inCrowd = (p: Prepared, crowds: Prepared[]) => crowds.some((c) => c.source.classId === p.source.classId && shareInside(p, c) >= iou);
  const missing = restA.filter((p) => !inCrowd(p, crowdsB));
  const extra = restB.filter((p) => !inCrowd(p, crowdsA));
  return {
    matches,
    confusions,
    displaced,
    missing: missing.map(unmatched),
    extra: extra.map(unmatched),
    ignored: crowdsA.length + crowdsB.length + (restA.length - missing.length) + (restB.length - extra.length),
  };
}

function unmatched(p: Prepared): Unmatched {
  return { annotation: p.source, kind: p.kind, box: p.box };
}

function pairOf(a: Prepared, b: Prepared, iou: number): MatchedPair {
  const box = { x0: Math.min(a.box.x0, b.box.x0), y0: Math.min(a.box.y0, b.box.y0), x1: Math.max(a.box.x1, b.box.x1), y1: Math.max(a.box.y1, b.box.y1) };
  return { a: a.source, b: b.source, kind: a.kind, iou, box };
}

/** Every pair at least `near` alike. Boxes and masks must overlap for that, so b is swept by its left edges. */
function candidatesOf(a: readonly Prepared[], b: readonly Prepared[], near: number, options: LandmarkOptions): Candidate[] {
  const out: Candidate[] = [];
  const consider = (p: Prepared, q: Prepared) => {
    const weight = similarity(p, q, options);
    if (weight >= near) out.push({ a: p.index, b: q.index, weight });
  };
  const landmarks = b.filter((q) => q.kind === 'landmarks');
  const areas = b.filter((q) => q.kind !== 'landmarks').sort((p, q) => p.box.x0 - q.box.x0);
  const widest = areas.reduce((w, q) => Math.max(w, q.box.x1 - q.box.x0), 0);
  for (const p of a) {
    if (p.kind === 'landmarks') {
      for (const q of landmarks) consider(p, q);
      continue;
    }
    let low = 0;
    let high = areas.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (areas[middle]!.box.x0 < p.box.x0 - widest) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < areas.length && areas[i]!.box.x0 < p.box.x1; i++) consider(p, areas[i]!);
  }
  return out;
}

/** One difference between two documents, in the words of the quality report. */
export interface Disagreement {
  kind: 'missing' | 'extra' | 'class' | 'place';
  classA: string | null;
  classB: string | null;
  annotationA: string | null;
  annotationB: string | null;
  iou: number | null;
  /** Where to look, in pixels. */
  box: Box;
}

/** The differences of a comparison as one list: missing, extra, other class, other place; worst place first. */
export function disagreementsOf(result: MatchResult): Disagreement[] {
  const pair = (kind: 'class' | 'place') => (m: MatchedPair): Disagreement => ({ kind, classA: m.a.classId, classB: m.b.classId, annotationA: m.a.id, annotationB: m.b.id, iou: m.iou, box: m.box });
  return [
    ...result.missing.map((m): Disagreement => ({ kind: 'missing', classA: m.annotation.classId, classB: null, annotationA: m.annotation.id, annotationB: null, iou: null, box: m.box })),
    ...result.extra.map((m): Disagreement => ({ kind: 'extra', classA: null, classB: m.annotation.classId, annotationA: null, annotationB: m.annotation.id, iou: null, box: m.box })),
    ...result.confusions.map(pair('class')),
    ...[...result.displaced].sort((p, q) => p.iou - q.iou).map(pair('place')),
  ];
}
