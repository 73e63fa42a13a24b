/**
 * EXIF orientation: between the stored image and the upright one, which every label is in.
 * Source: Exif 2.32, tag 0x0112 (JEITA CP-3451E): the number names the place of the stored row 0 and column 0.
 */
import type { Box, Point, Size } from './box';

/** 1 upright, 2 mirrored, 3 turned 180°, 4 flipped, 5 transposed, 6 to be turned 90° clockwise, 7 transversed, 8 to be turned 90° counter-clockwise. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export function isOrientation(value: number): value is Orientation {
  return Number.isInteger(value) && value >= 1 && value <= 8;
}

/** Whether stored width and height change places. */
export function swapsSides(orientation: Orientation): boolean {
  return orientation >= 5;
}

/** Size of the upright image. Applied to an upright size, it gives the stored one. */
export function orientedSize(size: Size, orientation: Orientation): Size {
  return swapsSides(orientation) ? { width: size.height, height: size.width } : { width: size.width, height: size.height };
}

/** The orientation that undoes this one. */
export function inverseOrientation(orientation: Orientation): Orientation {
  return orientation === 6 ? 8 : orientation === 8 ? 6 : orientation;
}

/** A point of the stored image (of size `stored`) in the upright image. Continuous pixel coordinates. */
export function orientPoint(p: Point, stored: Size, orientation: Orientation): Point {
  const { x, y } = p;
  const mx = stored.width - x;
  const my = stored.height - y;
  switch (orientation) {
    case 1: return { x, y };
    case 2: return { x: mx, y };
    case 3: return { x: mx, y: my };
    case 4: return { x, y: my };
    case 5: return { x: y, y: x };
    case 6: return { x: my, y: x };
    case 7: return { x: my, y: mx };
    case 8: return { x: y, y: mx };
  }
}

/** A point of the upright image in the stored image of size `stored`. */
export function unorientPoint(p: Point, stored: Size, orientation: Orientation): Point {
  return orientPoint(p, orientedSize(stored, orientation), inverseOrientation(orientation));
}

/** A box of the stored image in the upright image. */
export function orientBox(box: Box, stored: Size, orientation: Orientation): Box {
  const a = orientPoint({ x: box.x0, y: box.y0 }, stored, orientation);
  const b = orientPoint({ x: box.x1, y: box.y1 }, stored, orientation);
  return { x0: Math.min(a.x, b.x), y0: Math.min(a.y, b.y), x1: Math.max(a.x, b.x), y1: Math.max(a.y, b.y) };
}

/** A box of the upright image in the stored image of size `stored`. */
export function unorientBox(box: Box, stored: Size, orientation: Orientation): Box {
  return orientBox(box, orientedSize(stored, orientation), inverseOrientation(orientation));
}
