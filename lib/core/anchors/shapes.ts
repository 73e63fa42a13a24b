/** Box shapes as typed arrays, equal ones counted once. */

export interface Shape {
  w: number;
  h: number;
}

/** Widths and heights in pixels: objects, or two arrays of equal length for very many. */
export type Shapes = readonly Shape[] | { w: ArrayLike<number>; h: ArrayLike<number> };

/** Distinct shapes and how often each occurs. */
export interface WeightedShapes {
  w: Float64Array;
  h: Float64Array;
  weight: Float64Array;
  /** Sum of the weights. */
  total: number;
}

/**
 * Counts equal shapes (a hash table over the exact numbers), in the order they first occur.
 * @throws RangeError when a width or height is not a number above 0.
 */
export function distinctShapes(shapes: Shapes): WeightedShapes {
  const list = 'w' in shapes ? null : shapes;
  const columns = 'w' in shapes ? shapes : null;
  const n = list ? list.length : columns!.w.length;
  if (columns && columns.h.length !== n) throw new RangeError(`${n} widths, but ${columns.h.length} heights`);
  let capacity = 16;
  while (capacity < 2 * n) capacity *= 2;
  const slots = new Int32Array(capacity).fill(-1);
  const w = new Float64Array(n);
  const h = new Float64Array(n);
  const weight = new Float64Array(n);
  const scratch = new Float64Array(2);
  const words = new Int32Array(scratch.buffer);
  let count = 0;
  for (let i = 0; i < n; i++) {
    const wi = list ? list[i]!.w : columns!.w[i]!;
    const hi = list ? list[i]!.h : columns!.h[i]!;
    if (!(wi > 0 && hi > 0 && wi < Infinity && hi < Infinity)) throw new RangeError(`box shape ${i} is ${wi} × ${hi}: width and height must be above 0`);
    scratch[0] = wi;
    scratch[1] = hi;
    let hash = Math.imul(words[0]! ^ Math.imul(words[1]!, 0x85ebca6b), 0x9e3779b1) ^ Math.imul(words[2]! ^ Math.imul(words[3]!, 0xc2b2ae35), 0x27d4eb2f);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let slot = (hash ^ (hash >>> 13)) & (capacity - 1);
    let at: number;
    while ((at = slots[slot]!) >= 0 && (w[at] !== wi || h[at] !== hi)) slot = (slot + 1) & (capacity - 1);
    if (at < 0) {
      at = slots[slot] = count++;
      w[at] = wi;
      h[at] = hi;
    }
    weight[at]!++;
  }
  return { w: w.slice(0, count), h: h.slice(0, count), weight: weight.slice(0, count), total: n };
}
