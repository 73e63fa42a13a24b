/**
 * The run-length mask: a set of pixels as a tight bounding box and row-major runs inside it.
 *
 * Pixel (x, y) covers [x, x+1) × [y, y+1) of the image. `runs` alternate between "not set" and "set", beginning with
 * "not set", row after row through the box without a break at row ends. A mask is immutable and always canonical:
 *  - the box is tight (its first and last row and column each hold a set pixel),
 *  - only the first run may be 0, and the runs sum to width × height,
 *  - nothing set is { x: 0, y: 0, width: 0, height: 0, runs: [] }.
 * So two masks are equal exactly when their fields are.
 */

/** An integer rectangle in pixels. */
export interface PixelRect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Mask extends PixelRect {
  readonly runs: Uint32Array;
}

/** Widest and highest box of a mask, in pixels. */
export const MAX_MASK_SIDE = 1 << 20;
/** Farthest corner of a mask's box from the origin, in pixels. */
export const MAX_MASK_OFFSET = 1 << 24;
/** Pixels in a mask's box: a run's length is an unsigned 32-bit number. */
export const MAX_MASK_BOX = 2 ** 32 - 1;

/** Something is not a mask, or would not fit in one. */
export class MaskError extends Error {
  override readonly name = 'MaskError';
}

const EMPTY: Mask = Object.freeze({ x: 0, y: 0, width: 0, height: 0, runs: new Uint32Array(0) });

/** The mask without a pixel. */
export function emptyMask(): Mask {
  return EMPTY;
}

export function isEmptyMask(mask: Mask): boolean {
  return mask.width === 0;
}

/** The tight bounding box of the set pixels; zero-sized at the origin when nothing is set. */
export function maskBounds(mask: Mask): { x: number; y: number; width: number; height: number } {
  return { x: mask.x, y: mask.y, width: mask.width, height: mask.height };
}

/** How many pixels are set. */
export function maskArea(mask: Mask): number {
  let area = 0;
  for (let i = 1; i < mask.runs.length; i += 2) area += mask.runs[i]!;
  return area;
}

export function masksEqual(a: Mask, b: Mask): boolean {
  if (a === b) return true;
  if (a.x !== b.x || a.y !== b.y || a.width !== b.width || a.height !== b.height || a.runs.length !== b.runs.length) return false;
  for (let i = 0; i < a.runs.length; i++) if (a.runs[i] !== b.runs[i]) return false;
  return true;
}

/** The mask moved by whole pixels. Shares its runs with the original. */
export function translateMask(mask: Mask, dx: number, dy: number): Mask {
  if (!Number.isInteger(dx) || !Number.isInteger(dy)) throw new MaskError(`a mask moves by whole pixels, not by (${dx}, ${dy})`);
  if (isEmptyMask(mask)) return mask;
  const moved = { ...mask, x: mask.x + dx, y: mask.y + dy };
  checkBox(moved);
  return moved;
}

/** Every pixel of a rectangle; empty when the rectangle is. */
export function rectMask(rect: PixelRect): Mask {
  if (rect.width <= 0 || rect.height <= 0) return EMPTY;
  checkBox(rect);
  return { x: rect.x, y: rect.y, width: rect.width, height: rect.height, runs: Uint32Array.of(0, rect.width * rect.height) };
}

/** Throws a MaskError unless the rectangle can be a mask's box. */
export function checkBox(box: PixelRect): void {
  const { x, y, width, height } = box;
  if (![x, y, width, height].every(Number.isInteger)) throw new MaskError(`a mask's box has whole numbers, not ${x}, ${y}, ${width} × ${height}`);
  if (Math.max(Math.abs(x), Math.abs(y), Math.abs(x + width), Math.abs(y + height)) > MAX_MASK_OFFSET) throw new MaskError(`a mask at (${x}, ${y}) is too far from the image`);
  if (width < 0 || height < 0 || width > MAX_MASK_SIDE || height > MAX_MASK_SIDE || width * height > MAX_MASK_BOX) throw new MaskError(`a mask of ${width} × ${height} pixels is too large`);
}

/* ---- toggles: the working form of the boolean operations ------------------------------------------------------- */

/**
 * The places at which the mask changes between not set and set, as ascending row-major positions in `frame`, which must
 * contain the mask's box. Runs, boolean operations and bitmaps all meet in this form. Even length.
 */
export function maskToggles(mask: Mask, frame: PixelRect): Float64Array {
  const { runs, width } = mask;
  const base = (mask.y - frame.y) * frame.width + (mask.x - frame.x);
  const sets = runs.length >> 1;
  if (frame.width === width) {
    const out = new Float64Array(sets * 2);
    let position = base;
    for (let i = 0; i < out.length; i++) out[i] = position += runs[i]!;
    return out;
  }
  // A run that reaches over a row's end falls apart in a wider frame.
  let pieces = 0;
  let start = 0;
  for (let i = 0; i + 1 < runs.length; i += 2) {
    start += runs[i]!;
    const end = start + runs[i + 1]!;
    pieces += Math.floor((end - 1) / width) - Math.floor(start / width) + 1;
    start = end;
  }
  const out = new Float64Array(pieces * 2);
  let n = 0;
  start = 0;
  for (let i = 0; i + 1 < runs.length; i += 2) {
    start += runs[i]!;
    const end = start + runs[i + 1]!;
    let row = Math.floor(start / width);
    let from = start;
    while (from < end) {
      const to = Math.min(end, (row + 1) * width);
      const shift = base + row * (frame.width - width);
      out[n++] = from + shift;
      out[n++] = to + shift;
      from = to;
      row++;
    }
    start = end;
  }
  return out;
}

/**
 * The canonical mask of ascending, strictly increasing toggle positions in `frame`: the first `length` of `toggles`.
 * Consecutive intervals may touch at a row's end.
 */
export function maskFromToggles(frame: PixelRect, toggles: Float64Array, length: number = toggles.length): Mask {
  if (length === 0) return EMPTY;
  const W = frame.width;
  const minY = Math.floor(toggles[0]! / W);
  const maxY = Math.floor((toggles[length - 1]! - 1) / W);
  let minX = W;
  let maxX = 0;
  for (let i = 0; i < length && (minX > 0 || maxX < W); i += 2) {
    const x0 = toggles[i]! % W;
    const x1 = x0 + toggles[i + 1]! - toggles[i]!;
    if (x1 > W) {
      minX = 0;
      maxX = W;
    } else {
      if (x0 < minX) minX = x0;
      if (x1 > maxX) maxX = x1;
    }
  }
  const width = maxX - minX;
  const height = maxY - minY + 1;
  const box = { x: frame.x + minX, y: frame.y + minY, width, height };
  checkBox(box);

  const runs = new Uint32Array(length + 1);
  let n = 0;
  let reached = 0;
  const origin = minY * W;
  for (let i = 0; i < length; i += 2) {
    let from = toggles[i]! - origin;
    let to = toggles[i + 1]! - origin;
    if (width !== W) {
      // In a narrower frame no interval wraps (one that wraps makes the box as wide as the frame).
      const row = Math.floor(from / W);
      const shift = minX + row * (W - width);
      from -= shift;
      to -= shift;
    }
    if (n > 0 && from === reached) runs[n - 1]! += to - from;
    else {
      runs[n++] = from - reached;
      runs[n++] = to - from;
    }
    reached = to;
  }
  const rest = width * height - reached;
  if (rest > 0) runs[n++] = rest;
  return { ...box, runs: n === runs.length ? runs : runs.slice(0, n) };
}

/** The smallest rectangle around both; an empty one counts for nothing. */
export function unionRect(a: PixelRect, b: PixelRect): PixelRect {
  if (a.width === 0 || a.height === 0) return b;
  if (b.width === 0 || b.height === 0) return a;
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}

/** Whether the rectangles share a pixel. */
export function rectsOverlap(a: PixelRect, b: PixelRect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
