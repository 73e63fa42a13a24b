/** Boolean operations on masks in time linear in their runs: one sweep over the places where either changes. */
import { emptyMask, isEmptyMask, maskArea, maskFromToggles, maskToggles, rectMask, rectsOverlap, unionRect, type Mask, type PixelRect } from './mask';

/** Truth tables: bit (2·a + b) says whether a pixel is in the result. Bit 0 is never set. */
const UNION = 0b1110;
const INTERSECTION = 0b1000;
const DIFFERENCE = 0b0100;
const EXCLUSIVE_OR = 0b0110;

function combine(a: Mask, b: Mask, table: number): Mask {
  const frame = unionRect(a, b);
  const p = maskToggles(a, frame);
  const q = maskToggles(b, frame);
  const out = new Float64Array(p.length + q.length);
  let i = 0;
  let j = 0;
  let n = 0;
  let state = 0;
  let on = 0;
  while (i < p.length || j < q.length) {
    const at = i < p.length && (j >= q.length || p[i]! <= q[j]!) ? p[i]! : q[j]!;
    if (i < p.length && p[i] === at) {
      state ^= 2;
      i++;
    }
    if (j < q.length && q[j] === at) {
      state ^= 1;
      j++;
    }
    // Intervals that touch at a row's end toggle twice at one place; the second visit sees the same position again.
    if (((table >> state) & 1) !== on) {
      on ^= 1;
      if (n > 0 && out[n - 1] === at) n--;
      else out[n++] = at;
    }
  }
  return maskFromToggles(frame, out, n);
}

/** Pixels in `a` or in `b`. */
export function union(a: Mask, b: Mask): Mask {
  if (isEmptyMask(a)) return b;
  if (isEmptyMask(b)) return a;
  return combine(a, b, UNION);
}

/** Pixels in `a` and in `b`. */
export function intersect(a: Mask, b: Mask): Mask {
  return rectsOverlap(a, b) ? combine(a, b, INTERSECTION) : emptyMask();
}

/** Pixels in `a` that are not in `b`. */
export function subtract(a: Mask, b: Mask): Mask {
  return rectsOverlap(a, b) ? combine(a, b, DIFFERENCE) : a;
}

/** Pixels in exactly one of the two. */
export function xor(a: Mask, b: Mask): Mask {
  if (isEmptyMask(a)) return b;
  if (isEmptyMask(b)) return a;
  return combine(a, b, EXCLUSIVE_OR);
}

/** The union of many masks, pairwise in a tree, so that no mask is walked more than log n times. */
export function unionAll(masks: readonly Mask[]): Mask {
  if (masks.length === 0) return emptyMask();
  let level = [...masks];
  while (level.length > 1) {
    const next: Mask[] = [];
    for (let i = 0; i < level.length; i += 2) next.push(i + 1 < level.length ? union(level[i]!, level[i + 1]!) : level[i]!);
    level = next;
  }
  return level[0]!;
}

/** The part of the mask inside a rectangle of whole pixels. */
export function cropMask(mask: Mask, rect: PixelRect): Mask {
  const x = Math.max(mask.x, rect.x);
  const y = Math.max(mask.y, rect.y);
  const width = Math.min(mask.x + mask.width, rect.x + rect.width) - x;
  const height = Math.min(mask.y + mask.height, rect.y + rect.height) - y;
  if (width <= 0 || height <= 0) return emptyMask();
  if (width === mask.width && height === mask.height) return mask;
  return intersect(mask, rectMask({ x, y, width, height }));
}

/** How many pixels both have. */
export function intersectionArea(a: Mask, b: Mask): number {
  if (!rectsOverlap(a, b)) return 0;
  const frame = unionRect(a, b);
  const p = maskToggles(a, frame);
  const q = maskToggles(b, frame);
  let area = 0;
  for (let i = 0, j = 0; i < p.length && j < q.length; ) {
    const shared = Math.min(p[i + 1]!, q[j + 1]!) - Math.max(p[i]!, q[j]!);
    if (shared > 0) area += shared;
    if (p[i + 1]! < q[j + 1]!) i += 2;
    else j += 2;
  }
  return area;
}

/** Intersection over union of two masks, 0 to 1; 0 when both are empty. */
export function maskIou(a: Mask, b: Mask): number {
  const shared = intersectionArea(a, b);
  return shared === 0 ? 0 : shared / (maskArea(a) + maskArea(b) - shared);
}
