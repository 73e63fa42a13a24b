/** Distances for hit tests: what a pointer is near. All in the unit of the coordinates. */
import type { Box, Point } from './box';

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** Distance from a point to the segment a–b. */
export function distanceToSegment(p: Point, a: Point, b: Point): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : Math.min(1, Math.max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2));
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/** Distance from a point to a box's outline, from inside as from outside. */
export function distanceToBoxEdge(p: Point, box: Box): number {
  const dx = Math.max(box.x0 - p.x, p.x - box.x1);
  const dy = Math.max(box.y0 - p.y, p.y - box.y1);
  return dx <= 0 && dy <= 0 ? -Math.max(dx, dy) : Math.hypot(Math.max(0, dx), Math.max(0, dy));
}

/** Distance from a point to a polyline, or to a ring's outline when `closed`. Infinity when there are no points. */
export function distanceToPath(p: Point, path: readonly Point[], closed: boolean): number {
  if (path.length === 0) return Infinity;
  let best = distance(p, path[0]!);
  for (let i = 1; i < path.length; i++) best = Math.min(best, distanceToSegment(p, path[i - 1]!, path[i]!));
  if (closed && path.length > 2) best = Math.min(best, distanceToSegment(p, path[path.length - 1]!, path[0]!));
  return best;
}

/** The eight places a box is held by: corners and the middles of its edges, named by compass. */
export type BoxHandle = 'nw' | 'n' | 'ne' | 'e' | 'se' | 's' | 'sw' | 'w';

export function boxHandlePoint(box: Box, handle: BoxHandle): Point {
  const x = handle.includes('w') ? box.x0 : handle.includes('e') ? box.x1 : (box.x0 + box.x1) / 2;
  const y = handle.startsWith('n') ? box.y0 : handle.startsWith('s') ? box.y1 : (box.y0 + box.y1) / 2;
  return { x, y };
}

/**
 * The handle under a point: a corner within `tolerance`, else an edge within `tolerance` along its whole length; null when
 * neither. Corners win, the nearest first.
 */
export function boxHandleAt(p: Point, box: Box, tolerance: number): BoxHandle | null {
  const corners: BoxHandle[] = ['nw', 'ne', 'se', 'sw'];
  let best: BoxHandle | null = null;
  let bestDistance = tolerance;
  for (const handle of corners) {
    const d = distance(p, boxHandlePoint(box, handle));
    if (d <= bestDistance) [best, bestDistance] = [handle, d];
  }
  if (best) return best;
  const [nw, ne, se, sw] = corners.map((c) => boxHandlePoint(box, c)) as [Point, Point, Point, Point];
  const edges: [BoxHandle, Point, Point][] = [['n', nw, ne], ['e', ne, se], ['s', sw, se], ['w', nw, sw]];
  bestDistance = tolerance;
  for (const [handle, a, b] of edges) {
    const d = distanceToSegment(p, a, b);
    if (d <= bestDistance) [best, bestDistance] = [handle, d];
  }
  return best;
}

/** The box with one handle moved to a point; dragged across the opposite edge, it turns over. */
export function resizeBox(box: Box, handle: BoxHandle, to: Point): Box {
  const x0 = handle.includes('w') ? to.x : box.x0;
  const x1 = handle.includes('e') ? to.x : box.x1;
  const y0 = handle.startsWith('n') ? to.y : box.y0;
  const y1 = handle.startsWith('s') ? to.y : box.y1;
  return { x0: Math.min(x0, x1), y0: Math.min(y0, y1), x1: Math.max(x0, x1), y1: Math.max(y0, y1) };
}
