/** Brush strokes → masks. */
import type { Point, Size } from '../geometry/box';
import { emptyMask, maskFromToggles, MaskError, type Mask } from './mask';

/** With this radius a brush always takes at least the pixel it is over: no point of a pixel is farther from its centre. */
export const MIN_BRUSH_RADIUS = Math.SQRT1_2;

/**
 * The pixels whose centre lies within `radius` of a polyline: a disc swept along it. One point makes a disc.
 * @param points in continuous pixel coordinates: the centre of pixel (0, 0) is (0.5, 0.5).
 * @param radius in pixels.
 * @param image clips the stroke to an image of this size.
 */
export function strokeMask(points: readonly Point[], radius: number, image: Size): Mask {
  if (points.length === 0) return emptyMask();
  if (!(radius >= 0 && radius <= 1e6)) throw new MaskError(`a brush has a radius from 0 to 1,000,000 pixels, not ${radius}`);
  if (!points.every((p) => Math.abs(p.x) <= 1e8 && Math.abs(p.y) <= 1e8)) throw new MaskError('a stroke needs numbers for its points, within 1e8 of the image');
  const rows = new Map<number, number[]>();
  const path = points.filter((p, i) => i === 0 || p.x !== points[i - 1]!.x || p.y !== points[i - 1]!.y);
  addCapsule(rows, path[0]!, path[1] ?? path[0]!, radius, image);
  for (let i = 2; i < path.length; i++) addCapsule(rows, path[i - 1]!, path[i]!, radius, image);
  return maskFromRowSpans(rows, image);
}

/** Adds to each row the span [x0, x1) of pixels whose centre lies within `radius` of the segment a–b. */
function addCapsule(rows: Map<number, number[]>, a: Point, b: Point, radius: number, image: Size): void {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length2 = dx * dx + dy * dy;
  const length = Math.sqrt(length2);
  const r2 = radius * radius;
  const within = (x: number, y: number): boolean => {
    const t = length2 === 0 ? 0 : Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / length2));
    const ex = x - a.x - t * dx;
    const ey = y - a.y - t * dy;
    return ex * ex + ey * ey <= r2;
  };
  const firstRow = Math.max(0, Math.ceil(Math.min(a.y, b.y) - radius - 0.5));
  const lastRow = Math.min(image.height - 1, Math.floor(Math.max(a.y, b.y) + radius - 0.5));
  for (let row = firstRow; row <= lastRow; row++) {
    const y = row + 0.5;
    let left = Infinity;
    let right = -Infinity;
    // The discs at both ends …
    for (const p of [a, b]) {
      const reach2 = r2 - (y - p.y) ** 2;
      if (reach2 < 0) continue;
      const reach = Math.sqrt(reach2);
      left = Math.min(left, p.x - reach);
      right = Math.max(right, p.x + reach);
    }
    // … and the sides of the rectangle between them, where this row meets them.
    if (length > 0 && dy !== 0) {
      for (const side of [-radius, radius]) {
        const sx = a.x - (side * dy) / length;
        const sy = a.y + (side * dx) / length;
        const t = (y - sy) / dy;
        if (t < 0 || t > 1) continue;
        left = Math.min(left, sx + t * dx);
        right = Math.max(right, sx + t * dx);
      }
    }
    if (left > right) continue;
    // The ends come from square roots; the definition itself decides about the pixels next to them.
    let x0 = Math.ceil(left - 0.5);
    let x1 = Math.floor(right - 0.5);
    if (within(x0 - 0.5, y)) x0--;
    while (x0 <= x1 && !within(x0 + 0.5, y)) x0++;
    if (within(x1 + 1.5, y)) x1++;
    while (x1 >= x0 && !within(x1 + 0.5, y)) x1--;
    x0 = Math.max(0, x0);
    x1 = Math.min(image.width - 1, x1);
    if (x0 > x1) continue;
    const spans = rows.get(row);
    if (spans) spans.push(x0, x1 + 1);
    else rows.set(row, [x0, x1 + 1]);
  }
}

/** The mask of spans [x0, x1, …) a row, in any order, overlapping or not, inside the image. */
function maskFromRowSpans(rows: Map<number, number[]>, image: Size): Mask {
  const toggles: number[] = [];
  for (const row of [...rows.keys()].sort((a, b) => a - b)) {
    const spans = rows.get(row)!;
    const order = Array.from({ length: spans.length / 2 }, (_, i) => 2 * i).sort((i, j) => spans[i]! - spans[j]!);
    const base = row * image.width;
    let start = spans[order[0]!]!;
    let end = spans[order[0]! + 1]!;
    for (const i of order) {
      if (spans[i]! > end) {
        toggles.push(base + start, base + end);
        start = spans[i]!;
      }
      end = Math.max(end, spans[i + 1]!);
    }
    toggles.push(base + start, base + end);
  }
  return maskFromToggles({ x: 0, y: 0, width: image.width, height: image.height }, Float64Array.from(toggles));
}
