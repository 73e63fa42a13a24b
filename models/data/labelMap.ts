/** Masks as one map of classes, at the size at which the image is kept. */
import type { Mask } from '@/lib/core/masks';
import type { Label, TaskClass } from '../tasks/types';
import { type Size } from './letterbox';
import { type ByteMap } from './resample';

/** Value of pixels that are left out of the loss. */
export const IGNORED = 255;
/** Values are bytes: 0 is no class, 255 is `IGNORED`. */
export const MOST_CLASSES = 254;

/**
 * For each pixel of a reduced line, the pixel of the full one under its centre; and by full pixel the first reduced one
 * whose centre is at or beyond it (`starts[full]` is the line's length).
 */
function firstAt(full: number, reduced: number): Int32Array {
  const starts = new Int32Array(full + 1);
  let at = 0;
  for (let i = 0; i < reduced; i++) {
    const centre = Math.min(full - 1, Math.floor(((i + 0.5) * full) / reduced));
    while (at <= centre) starts[at++] = i;
  }
  while (at <= full) starts[at++] = reduced;
  return starts;
}

/** Sets the pixels of `map` whose centre lies in the mask. Work goes with the mask's rows and the pixels set. */
function drawMask(map: ByteMap, mask: Mask, columns: Int32Array, rows: Int32Array, value: number): void {
  const [fullWidth, fullHeight] = [columns.length - 1, rows.length - 1];
  let position = 0;
  for (let i = 0; i < mask.runs.length; i++) {
    const end = position + mask.runs[i]!;
    if (i % 2 === 1) {
      for (let row = Math.floor(position / mask.width); row * mask.width < end; row++) {
        const y = mask.y + row;
        if (y < 0) continue;
        if (y >= fullHeight) return;
        const [top, bottom] = [rows[y]!, rows[y + 1]!];
        if (top === bottom) continue;
        const from = columns[Math.max(0, Math.min(fullWidth, mask.x + Math.max(0, position - row * mask.width)))]!;
        const to = columns[Math.max(0, Math.min(fullWidth, mask.x + Math.min(mask.width, end - row * mask.width)))]!;
        for (let r = top; r < bottom; r++) map.data.fill(value, r * map.width + from, r * map.width + to);
      }
    }
    position = end;
  }
}

/**
 * The label map of an image: 0 where nothing is, k + 1 in a mask of class k (where masks overlap, of the later), `IGNORED`
 * in crowds where no other mask is and wherever a label says so. `full` is the size of the image that the masks are of.
 * Throws a RangeError for more than `MOST_CLASSES` classes and an Error for a mask of an unknown class.
 */
export function labelMapOf(labels: readonly Label[], classes: readonly Pick<TaskClass, 'id'>[], full: Size, size: Size): ByteMap {
  if (classes.length > MOST_CLASSES) throw new RangeError(`a label map holds at most ${MOST_CLASSES} classes, not ${classes.length}`);
  const map = { data: new Uint8Array(size.width * size.height), width: size.width, height: size.height };
  const columns = firstAt(full.width, size.width);
  const rows = firstAt(full.height, size.height);
  const valueOf = new Map(classes.map(({ id }, i) => [id, i + 1]));
  for (const label of labels) if (label.kind === 'mask' && label.crowd) drawMask(map, label.mask, columns, rows, IGNORED);
  for (const label of labels) {
    if (label.kind !== 'mask' || label.crowd) continue;
    const value = valueOf.get(label.classId);
    if (value === undefined) throw new Error(`there is a mask of class ${label.classId}, which is not among the classes`);
    drawMask(map, label.mask, columns, rows, value);
  }
  for (const label of labels) if (label.kind === 'ignore') drawMask(map, label.mask, columns, rows, IGNORED);
  return map;
}
