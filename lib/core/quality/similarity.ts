/** How alike two annotations are, 0 to 1: box IoU, mask IoU, or landmark similarity. Symmetric. */
import { boxArea, boxIntersectionArea, boxIou, pointBounds, type Box } from '../geometry/box';
import { DEFAULT_SIGMA } from '../geometry/landmarks';
import type { Annotation, AnnotationKind, Geometry } from '../labels';
import { intersectionArea, maskArea, maskFromString, maskIou, type Mask } from '../masks';

/** What quality needs of an annotation; `lib/core/labels`' `Annotation` has it all. */
export type Comparable = Pick<Annotation, 'id' | 'classId' | 'geometry'> & { crowd?: boolean };

export interface LandmarkOptions {
  /** Falloff σ of each landmark by class id; 0.05 for every point where a class is not named. */
  sigmas?: Readonly<Record<string, readonly number[]>>;
  /** Objects smaller than this (square pixels of the placed points' box) count as this large. Default 32². */
  minLandmarkArea?: number;
}

/** An annotation made ready: its bounds measured and its mask decoded, once. */
export interface Prepared {
  source: Comparable;
  index: number;
  kind: AnnotationKind;
  box: Box;
  mask: Mask | null;
}

/** Throws the mask's own error when a mask cannot be read. */
export function prepare(annotations: readonly Comparable[], kinds: readonly AnnotationKind[] | undefined): Prepared[] {
  const out: Prepared[] = [];
  annotations.forEach((source, index) => {
    const g = source.geometry;
    if (kinds && !kinds.includes(g.kind)) return;
    const mask = g.kind === 'mask' ? maskFromString(g.mask) : null;
    const box: Box =
      g.kind === 'box' ? { x0: g.x0, y0: g.y0, x1: g.x1, y1: g.y1 }
      : g.kind === 'landmarks' ? (pointBounds(g.points.filter((p) => p.v > 0)) ?? { x0: 0, y0: 0, x1: 0, y1: 0 })
      : { x0: mask!.x, y0: mask!.y, x1: mask!.x + mask!.width, y1: mask!.y + mask!.height };
    out.push({ source, index, kind: g.kind, box, mask });
  });
  return out;
}

/** Similarity of two geometries; 0 for different kinds. Masks are decoded first, where their boxes meet. */
export function similarGeometries(a: Geometry, b: Geometry, options: LandmarkOptions = {}): number {
  if (a.kind !== b.kind) return 0;
  const [first, second] = [a, b].map((geometry) => prepare([{ id: '', classId: '', geometry }], undefined)[0]!) as [Prepared, Prepared];
  return similarity(first, second, options);
}

/** Similarity of two annotations of one kind; 0 for different kinds. */
export function similarity(a: Prepared, b: Prepared, options: LandmarkOptions = {}): number {
  if (a.kind !== b.kind) return 0;
  if (a.kind === 'box') return boxIou(a.box, b.box);
  if (a.kind === 'mask') return boxIntersectionArea(a.box, b.box) === 0 ? 0 : maskIou(a.mask!, b.mask!);
  return landmarkSimilarity(a, b, options);
}

/**
 * OKS made symmetric: the mean over the points placed in either of exp(−d² / (2 · area · (2σ)²)), where a point that only one
 * of them places gives 0, and the area is the mean of both. 0 when they have different numbers of points.
 */
function landmarkSimilarity(a: Prepared, b: Prepared, options: LandmarkOptions): number {
  if (a.source.geometry.kind !== 'landmarks' || b.source.geometry.kind !== 'landmarks') return 0;
  const p = a.source.geometry.points;
  const q = b.source.geometry.points;
  if (p.length !== q.length) return 0;
  const least = options.minLandmarkArea ?? 32 ** 2;
  const area = (Math.max(least, boxArea(a.box)) + Math.max(least, boxArea(b.box))) / 2;
  const sigmas = options.sigmas?.[a.source.classId];
  let sum = 0;
  let placed = 0;
  for (let k = 0; k < p.length; k++) {
    const [s, t] = [p[k]!, q[k]!];
    if (s.v === 0 && t.v === 0) continue;
    placed++;
    if (s.v === 0 || t.v === 0) continue;
    const falloff = 2 * (sigmas?.[k] ?? DEFAULT_SIGMA);
    sum += Math.exp(-((s.x - t.x) ** 2 + (s.y - t.y) ** 2) / (2 * area * falloff * falloff));
  }
  return placed === 0 ? 0 : sum / placed;
}

/** How much of an annotation lies inside another, 0 to 1: by pixels where both are masks, else by bounds. */
export function shareInside(inner: Prepared, outer: Prepared): number {
  if (inner.mask && outer.mask) {
    const own = maskArea(inner.mask);
    return own === 0 ? 0 : intersectionArea(inner.mask, outer.mask) / own;
  }
  const own = boxArea(inner.box);
  return own === 0 ? 0 : boxIntersectionArea(inner.box, outer.box) / own;
}
