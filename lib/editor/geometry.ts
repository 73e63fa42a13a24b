/** Geometry as hands move it: translating, clamping to the image, and the precision a pointer has. */
import { boxHandlePoint, type BoxHandle, type Point, type Size, unionBounds } from '@/lib/core/geometry';
import type { Bounds, BoxGeometry, Geometry } from '@/lib/core/labels';
import { maskToString, translateMask } from '@/lib/core/masks';
import { maskOf, rememberMask } from './maskCache';
import { boundsOf } from './spatialIndex';

/** A box is at least so wide and high, in pixels. */
export const MIN_BOX = 1;
/** The eight handles of a box. */
export const BOX_HANDLES: readonly BoxHandle[] = ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w'];

/** Rounds to what a pointer can mean at this scale: whole pixels up to 1:1, tenths up to 10:1, hundredths beyond. */
export function quantise(value: number, scale: number): number {
  const unit = scale <= 1 ? 1 : scale <= 10 ? 10 : 100;
  // `+ 0` makes −0 a 0, which JSON would make of it anyway.
  return Math.round(value * unit) / unit + 0;
}

/** A pointer's place: inside the image, on its edge when within `snap` pixels of it, and not finer than a pointer is. */
export function snapPoint(p: Point, image: Size, scale: number, snap: number): Point {
  return { x: snapTo(p.x, image.width, scale, snap), y: snapTo(p.y, image.height, scale, snap) };
}
function snapTo(value: number, side: number, scale: number, snap: number): number {
  const q = Math.min(side, Math.max(0, quantise(value, scale)));
  // Only a pull, never a trap: in small images the edges would otherwise swallow everything.
  const reach = Math.min(snap, side / 8);
  return q <= reach ? 0 : q >= side - reach ? side : q;
}

/** How far these bounds may be moved so that they stay in the image; what lies beyond it may come back, not go further. */
export function clampDelta(b: Bounds, delta: Point, image: Size): Point {
  return { x: clampAxis(b.x0, b.x1, delta.x, image.width), y: clampAxis(b.y0, b.y1, delta.y, image.height) };
}
function clampAxis(low: number, high: number, delta: number, side: number): number {
  return Math.min(Math.max(delta, Math.min(0, -low)), Math.max(0, side - high));
}

export function boundsOfAll(geometries: Iterable<Geometry>): Bounds | null {
  return unionBounds([...geometries].map(boundsOf));
}

/** The geometry moved by so many pixels; masks by whole ones. */
export function translateGeometry(g: Geometry, dx: number, dy: number): Geometry {
  if (g.kind === 'box') return { ...g, x0: g.x0 + dx, y0: g.y0 + dy, x1: g.x1 + dx, y1: g.y1 + dy };
  if (g.kind === 'landmarks') return { ...g, points: g.points.map((p) => (p.v === 0 ? p : { ...p, x: p.x + dx, y: p.y + dy })) };
  const moved = translateMask(maskOf(g), Math.round(dx), Math.round(dy));
  return rememberMask({ kind: 'mask', v: 1, mask: maskToString(moved) }, moved);
}

/** Where a box's handles are, in image coordinates. */
export function handlesOf(g: BoxGeometry): { handle: BoxHandle; at: Point }[] {
  return BOX_HANDLES.map((handle) => ({ handle, at: boxHandlePoint(g, handle) }));
}

export function boxGeometryOf(b: Bounds): BoxGeometry {
  return { kind: 'box', v: 1, x0: b.x0, y0: b.y0, x1: b.x1, y1: b.y1 };
}
