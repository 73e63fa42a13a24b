/** Walking a mask row by row: for drawing tiles, hit tests, contours and connected components. */
import type { Mask, PixelRect } from './mask';

/** Pixels [x0, x1) of row y, in the image's coordinates. */
export interface RowRun {
  y: number;
  x0: number;
  x1: number;
}

/** For each row of the box: the index of its first run, and how far into that run the row begins. */
interface RowIndex {
  run: Uint32Array;
  offset: Float64Array;
}

const indexes = new WeakMap<Mask, RowIndex>();

/** Masks never change, so the index is made once for each; it lets a tile begin in the middle of a large mask. */
function rowIndex(mask: Mask): RowIndex {
  let index = indexes.get(mask);
  if (index) return index;
  index = { run: new Uint32Array(mask.height), offset: new Float64Array(mask.height) };
  let end = 0;
  let row = 0;
  for (let i = 0; i < mask.runs.length && row < mask.height; i++) {
    const start = end;
    end += mask.runs[i]!;
    while (row < mask.height && row * mask.width < end) {
      index.run[row] = i;
      index.offset[row] = row * mask.width - start;
      row++;
    }
  }
  indexes.set(mask, index);
  return index;
}

/**
 * The set pixels of a mask inside a rectangle, as runs by rising y, then x; runs of one row never touch.
 * Costs the runs of the rows asked for, whatever the size of the mask.
 */
export function* maskRows(mask: Mask, rect: PixelRect = mask): Generator<RowRun> {
  const left = Math.max(mask.x, rect.x);
  const right = Math.min(mask.x + mask.width, rect.x + rect.width);
  const top = Math.max(mask.y, rect.y);
  const bottom = Math.min(mask.y + mask.height, rect.y + rect.height);
  if (left >= right || top >= bottom) return;
  const index = rowIndex(mask);
  for (let y = top; y < bottom; y++) {
    let i = index.run[y - mask.y]!;
    let x = mask.x - index.offset[y - mask.y]!;
    while (x < right && i < mask.runs.length) {
      const end = x + mask.runs[i]!;
      if (i % 2 === 1) {
        const x0 = Math.max(left, x);
        const x1 = Math.min(right, end);
        if (x0 < x1) yield { y, x0, x1 };
      }
      x = end;
      i++;
    }
  }
}

/** Whether the pixel under a point is set. Costs the runs of one row. */
export function maskHas(mask: Mask, x: number, y: number): boolean {
  const px = Math.floor(x);
  const py = Math.floor(y);
  if (!(px >= mask.x && py >= mask.y && px < mask.x + mask.width && py < mask.y + mask.height)) return false;
  const index = rowIndex(mask);
  let i = index.run[py - mask.y]!;
  let end = mask.x - index.offset[py - mask.y]! + mask.runs[i]!;
  while (end <= px) end += mask.runs[++i]!;
  return i % 2 === 1;
}
