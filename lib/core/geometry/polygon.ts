/** Polygons as rings of points (the last joins the first), and rotated boxes as polygons of four points. */
import type { Box, Point } from './box';

/** Signed area: positive when the ring runs clockwise on screen (x right, y down). */
export function signedArea(ring: readonly Point[]): number {
  let twice = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) twice += ring[j]!.x * ring[i]!.y - ring[i]!.x * ring[j]!.y;
  return twice / 2;
}

/** Area of a simple polygon in square pixels, whichever way it runs. */
export function polygonArea(ring: readonly Point[]): number {
  return Math.abs(signedArea(ring));
}

/** Whether the point lies in the polygon, by the even-odd rule. A point on an edge may count either way. */
export function polygonContains(ring: readonly Point[], p: Point): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const a = ring[i]!;
    const b = ring[j]!;
    if (a.y > p.y !== b.y > p.y && p.x < ((b.x - a.x) * (p.y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

/**
 * The part of a polygon inside a convex ring (Sutherland and Hodgman 1974). A concave polygon may come back with pieces
 * joined by edges of no area; its area is right nevertheless.
 */
export function clipToConvex(ring: readonly Point[], convex: readonly Point[]): Point[] {
  const turn = Math.sign(signedArea(convex));
  if (turn === 0) return [];
  let points: readonly Point[] = ring;
  for (let i = 0; i < convex.length && points.length > 0; i++) {
    const a = convex[i]!;
    const b = convex[(i + 1) % convex.length]!;
    const side = (p: Point) => turn * ((b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x));
    const next: Point[] = [];
    for (let k = 0; k < points.length; k++) {
      const from = points[k]!;
      const to = points[(k + 1) % points.length]!;
      const s = side(from);
      const t = side(to);
      if (s >= 0) next.push(from);
      if (s * t < 0) next.push({ x: from.x + ((to.x - from.x) * s) / (s - t), y: from.y + ((to.y - from.y) * s) / (s - t) });
    }
    points = next;
  }
  return [...points];
}

/** The part of a polygon inside a box. */
export function clipPolygonToBox(ring: readonly Point[], box: Box): Point[] {
  return clipToConvex(ring, [{ x: box.x0, y: box.y0 }, { x: box.x1, y: box.y0 }, { x: box.x1, y: box.y1 }, { x: box.x0, y: box.y1 }]);
}

/**
 * Area that two simple polygons share, convex or not: each polygon is the signed sum of the triangles from one fixed point
 * to its edges, so the shared area is the signed sum over pairs of triangles. O(n·m).
 */
export function polygonIntersectionArea(a: readonly Point[], b: readonly Point[]): number {
  if (a.length < 3 || b.length < 3) return 0;
  const apexA = a[0]!;
  const apexB = b[0]!;
  let area = 0;
  for (let i = 1; i + 1 < a.length; i++) {
    const t = [apexA, a[i]!, a[i + 1]!];
    const signT = Math.sign(signedArea(t));
    if (signT === 0) continue;
    for (let j = 1; j + 1 < b.length; j++) {
      const u = [apexB, b[j]!, b[j + 1]!];
      const signU = Math.sign(signedArea(u));
      if (signU !== 0) area += signT * signU * polygonArea(clipToConvex(t, u));
    }
  }
  return Math.abs(area);
}

/** Intersection over union of two simple polygons, 0 to 1. */
export function polygonIou(a: readonly Point[], b: readonly Point[]): number {
  const shared = polygonIntersectionArea(a, b);
  return shared === 0 ? 0 : Math.min(1, shared / (polygonArea(a) + polygonArea(b) - shared));
}

/** A box turned about its centre by `angle` radians, clockwise on screen. */
export interface RotatedBox {
  cx: number;
  cy: number;
  width: number;
  height: number;
  angle: number;
}

/** The four corners, clockwise from the one that is the upper left before turning. */
export function rotatedBoxCorners(box: RotatedBox): Point[] {
  const cos = Math.cos(box.angle);
  const sin = Math.sin(box.angle);
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([sx, sy]) => {
    const dx = (sx! * box.width) / 2;
    const dy = (sy! * box.height) / 2;
    return { x: box.cx + dx * cos - dy * sin, y: box.cy + dx * sin + dy * cos };
  });
}

/** Intersection over union of two rotated boxes, 0 to 1. */
export function rotatedIou(a: RotatedBox, b: RotatedBox): number {
  const shared = polygonArea(clipToConvex(rotatedBoxCorners(a), rotatedBoxCorners(b)));
  const areas = Math.abs(a.width * a.height) + Math.abs(b.width * b.height);
  return shared === 0 ? 0 : Math.min(1, shared / (areas - shared));
}
