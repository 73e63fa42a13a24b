/**
 * Axis-aligned boxes in continuous pixel coordinates: origin at the image's upper-left corner, x right, y down; pixel (0,0)
 * covers [0,1) × [0,1). A box is its edges, so its area is (x1 − x0)(y1 − y0), with no pixel added.
 */

export interface Point {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

/** Edges, x0 ≤ x1 and y0 ≤ y1. */
export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** Area in square pixels; 0 for a box without width or height, or turned inside out. */
export function boxArea(box: Box): number {
  return Math.max(0, box.x1 - box.x0) * Math.max(0, box.y1 - box.y0);
}

/** Area that two boxes share, in square pixels. */
export function boxIntersectionArea(a: Box, b: Box): number {
  const width = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0);
  const height = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Intersection over union, 0 to 1; 0 when both boxes are without area. */
export function boxIou(a: Box, b: Box): number {
  const shared = boxIntersectionArea(a, b);
  return shared === 0 ? 0 : shared / (boxArea(a) + boxArea(b) - shared);
}

/** IoU of two shapes set on the same centre: how alike they are in size and aspect alone. */
export function shapeIou(a: { w: number; h: number }, b: { w: number; h: number }): number {
  const shared = Math.min(a.w, b.w) * Math.min(a.h, b.h);
  return shared === 0 ? 0 : shared / (a.w * a.h + b.w * b.h - shared);
}

/** The part that two boxes share, or null when that has no area. */
export function intersectBoxes(a: Box, b: Box): Box | null {
  const box = { x0: Math.max(a.x0, b.x0), y0: Math.max(a.y0, b.y0), x1: Math.min(a.x1, b.x1), y1: Math.min(a.y1, b.y1) };
  return box.x1 > box.x0 && box.y1 > box.y0 ? box : null;
}

/** The part of the box inside an image of this size, or null when nothing of it is. */
export function clipBox(box: Box, image: Size): Box | null {
  return intersectBoxes(box, { x0: 0, y0: 0, x1: image.width, y1: image.height });
}

/** The smallest box around all the boxes, or null when there are none. */
export function unionBounds(boxes: Iterable<Box>): Box | null {
  let bounds: Box | null = null;
  for (const b of boxes) {
    if (!bounds) bounds = { x0: b.x0, y0: b.y0, x1: b.x1, y1: b.y1 };
    else {
      bounds.x0 = Math.min(bounds.x0, b.x0);
      bounds.y0 = Math.min(bounds.y0, b.y0);
      bounds.x1 = Math.max(bounds.x1, b.x1);
      bounds.y1 = Math.max(bounds.y1, b.y1);
    }
  }
  return bounds;
}

/** The smallest box around all the points, or null when there are none. */
export function pointBounds(points: Iterable<Point>): Box | null {
  let bounds: Box | null = null;
  for (const p of points) {
    if (!bounds) bounds = { x0: p.x, y0: p.y, x1: p.x, y1: p.y };
    else {
      bounds.x0 = Math.min(bounds.x0, p.x);
      bounds.y0 = Math.min(bounds.y0, p.y);
      bounds.x1 = Math.max(bounds.x1, p.x);
      bounds.y1 = Math.max(bounds.y1, p.y);
    }
  }
  return bounds;
}

/** The box spanned by any two opposite corners, as a pointer draws it. */
export function boxFromCorners(a: Point, b: Point): Box {
  return { x0: Math.min(a.x, b.x), y0: Math.min(a.y, b.y), x1: Math.max(a.x, b.x), y1: Math.max(a.y, b.y) };
}

/** From COCO's [x, y, width, height]. */
export function boxFromXywh(x: number, y: number, width: number, height: number): Box {
  return { x0: x, y0: y, x1: x + width, y1: y + height };
}

/** To COCO's [x, y, width, height]. */
export function boxToXywh(box: Box): [x: number, y: number, width: number, height: number] {
  return [box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0];
}

export function boxCenter(box: Box): Point {
  return { x: (box.x0 + box.x1) / 2, y: (box.y0 + box.y1) / 2 };
}

export function translateBox(box: Box, dx: number, dy: number): Box {
  return { x0: box.x0 + dx, y0: box.y0 + dy, x1: box.x1 + dx, y1: box.y1 + dy };
}

/** Whether the point lies in the box; edges at x0 and y0 belong to it, those at x1 and y1 do not. */
export function boxContains(box: Box, p: Point): boolean {
  return p.x >= box.x0 && p.x < box.x1 && p.y >= box.y0 && p.y < box.y1;
}

/** The four corners in the order upper left, upper right, lower right, lower left. */
export function boxCorners(box: Box): [Point, Point, Point, Point] {
  return [{ x: box.x0, y: box.y0 }, { x: box.x1, y: box.y0 }, { x: box.x1, y: box.y1 }, { x: box.x0, y: box.y1 }];
}
