/** What lies under a pointer, the one that is meant first. */
import { distance, distanceToBoxEdge, distanceToSegment, type Point } from '@/lib/core/geometry';
import type { Geometry, LabelSchema } from '@/lib/core/labels';
import { findClass } from '@/lib/core/labels';
import { maskArea, maskHas } from '@/lib/core/masks';
import { maskOf } from './maskCache';
import type { SpatialIndex } from './spatialIndex';

export interface Hit {
  id: string;
  kind: 'annotation' | 'proposal';
}

export interface HitLayer {
  kind: Hit['kind'];
  index: SpatialIndex;
  geometry(id: string): { geometry: Geometry; classId: string } | null;
}

/**
 * What is under `p`, the smallest first: a small thing on a large one must be reachable, the large one is reachable beside
 * it. Edges and points count before insides.
 * @param tolerance in image pixels.
 */
export function hitTest(p: Point, layers: readonly HitLayer[], schema: LabelSchema, tolerance: number): Hit[] {
  const hits: { hit: Hit; near: boolean; area: number }[] = [];
  const around = { x0: p.x - tolerance, y0: p.y - tolerance, x1: p.x + tolerance, y1: p.y + tolerance };
  for (const layer of layers) {
    for (const id of layer.index.search(around)) {
      const a = layer.geometry(id);
      if (!a) continue;
      const found = meets(p, a.geometry, findClass(schema, a.classId)?.skeleton?.edges ?? [], tolerance);
      if (found) hits.push({ hit: { id, kind: layer.kind }, ...found });
    }
  }
  return hits
    .sort((a, b) => Number(b.near) - Number(a.near) || a.area - b.area || Number(a.hit.kind === 'proposal') - Number(b.hit.kind === 'proposal') || (a.hit.id < b.hit.id ? 1 : -1))
    .map((h) => h.hit);
}

function meets(p: Point, g: Geometry, edges: readonly (readonly [number, number])[], tolerance: number): { near: boolean; area: number } | null {
  if (g.kind === 'box') {
    const area = (g.x1 - g.x0) * (g.y1 - g.y0);
    if (distanceToBoxEdge(p, g) <= tolerance) return { near: true, area };
    return p.x >= g.x0 && p.x <= g.x1 && p.y >= g.y0 && p.y <= g.y1 ? { near: false, area } : null;
  }
  if (g.kind === 'mask') {
    const mask = maskOf(g);
    return maskHas(mask, p.x, p.y) ? { near: false, area: maskArea(mask) } : null;
  }
  if (landmarkAt(p, g.points, tolerance) !== null) return { near: true, area: 0 };
  const onEdge = edges.some(([a, b]) => {
    const pa = g.points[a];
    const pb = g.points[b];
    return pa && pb && pa.v > 0 && pb.v > 0 && distanceToSegment(p, pa, pb) <= tolerance;
  });
  return onEdge ? { near: true, area: 1 } : null;
}

/** The index of the placed point nearest to `p` within the tolerance, or null. */
export function landmarkAt(p: Point, points: readonly { x: number; y: number; v: number }[], tolerance: number): number | null {
  let best: number | null = null;
  let bestDistance = tolerance;
  points.forEach((q, i) => {
    if (q.v === 0) return;
    const d = distance(p, q);
    if (d <= bestDistance) [best, bestDistance] = [i, d];
  });
  return best;
}
