/**
 * COCO's run-length encoding: counts run down the columns of the whole image, alternating from "not set"; as a list of
 * numbers ("uncompressed") or as text ("compressed"). It exists at the border only: inside, masks are row-major.
 * Source: the format of cocodataset/cocoapi's maskApi.
 */
import type { Size } from '../geometry/box';
import { MaskError, checkBox, emptyMask, maskFromToggles, maskToggles, type Mask } from './mask';

/** A mask in COCO's JSON: `size` is [height, width]. */
export interface CocoRle {
  size: [height: number, width: number];
  counts: string | number[];
}

/**
 * Changes that a mask read from outside may have: 64 million, half a gigabyte while it is turned. A short list of whole columns
 * can stand for more than memory holds.
 */
const MAX_TOGGLES = 2 ** 26;

/**
 * Swaps rows and columns: the toggles of a mask read along one axis of a `width × height` image, read along the other.
 *
 * Between two neighbouring lines the value of a pixel changes exactly where one of the two lines is set and the other not;
 * so each such stretch adds one toggle to every line that crosses it. Linear in runs read plus runs written.
 *
 * @param toggles ascending positions p = line · length + offset.
 * @param lines number of lines in the input, each `length` long.
 * @returns ascending positions offset · lines + line.
 */
export function transposeToggles(toggles: Float64Array, lines: number, length: number): Float64Array {
  // Cut at line ends, then list where the stretches of each line begin in `cuts`.
  const cuts: number[] = [];
  const firstCut = new Int32Array(lines + 1);
  let line = 0;
  for (let i = 0; i < toggles.length; i += 2) {
    let from = toggles[i]!;
    const end = toggles[i + 1]!;
    while (from < end) {
      const at = Math.floor(from / length);
      while (line < at) firstCut[++line] = cuts.length;
      const to = Math.min(end, (at + 1) * length);
      cuts.push(from - at * length, to - at * length);
      from = to;
    }
  }
  while (line < lines) firstCut[++line] = cuts.length;

  /** Calls `emit(from, to)` for each stretch of offsets in which line − 1 and line differ. */
  const differences = (at: number, emit: (from: number, to: number) => void) => {
    let i = at > 0 ? firstCut[at - 1]! : 0;
    const iEnd = at > 0 ? firstCut[at]! : 0;
    let j = at < lines ? firstCut[at]! : 0;
    const jEnd = at < lines ? firstCut[at + 1]! : 0;
    let open = -1;
    while (i < iEnd || j < jEnd) {
      const here = i < iEnd && (j >= jEnd || cuts[i]! <= cuts[j]!) ? cuts[i++]! : cuts[j++]!;
      if (open < 0) open = here;
      else {
        if (here > open) emit(open, here);
        open = -1;
      }
    }
  };

  const firstToggle = new Float64Array(length + 1);
  for (let at = 0; at <= lines; at++) differences(at, (from, to) => {
    for (let k = from; k < to; k++) firstToggle[k + 1]!++;
  });
  for (let k = 0; k < length; k++) firstToggle[k + 1]! += firstToggle[k]!;
  if (firstToggle[length]! > MAX_TOGGLES) throw new MaskError(`the mask changes at ${firstToggle[length]} places, more than the ${MAX_TOGGLES} that are read`);
  const out = new Float64Array(firstToggle[length]!);
  for (let at = 0; at <= lines; at++) differences(at, (from, to) => {
    for (let k = from; k < to; k++) out[firstToggle[k]!++] = k * lines + at;
  });
  return out;
}

/** Ascending column-major positions of change in an image of this size → mask. Equal positions cancel in pairs. */
export function maskFromColumnToggles(positions: Float64Array, image: Size): Mask {
  checkBox({ x: 0, y: 0, ...image });
  const clean = cancelPairs(positions);
  if (clean.length === 0) return emptyMask();
  return maskFromToggles({ x: 0, y: 0, ...image }, cancelPairs(transposeToggles(clean, image.width, image.height)));
}

/** Two changes at one place are none. */
function cancelPairs(sorted: Float64Array): Float64Array {
  const out = new Float64Array(sorted.length);
  let n = 0;
  for (const value of sorted) {
    if (n > 0 && out[n - 1] === value) n--;
    else out[n++] = value;
  }
  return out.subarray(0, n);
}

/** The counts of a mask in an image of this size, down the columns. Throws a MaskError when the mask reaches outside. */
export function toCocoCounts(mask: Mask, image: Size): number[] {
  const { width, height } = image;
  if (mask.width > 0 && (mask.x < 0 || mask.y < 0 || mask.x + mask.width > width || mask.y + mask.height > height)) throw new MaskError(`the mask reaches outside the image of ${width} × ${height}: crop it first`);
  const frame = { x: 0, y: 0, width, height };
  const positions = cancelPairs(transposeToggles(maskToggles(mask, frame), height, width));
  const counts: number[] = [];
  let reached = 0;
  for (const p of positions) {
    counts.push(p - reached);
    reached = p;
  }
  if (reached < width * height || counts.length === 0) counts.push(width * height - reached);
  return counts;
}

/**
 * The mask in COCO's form, in an image of this size.
 * @param compressed counts as text (the default) or as a list of numbers.
 */
export function toCocoRle(mask: Mask, image: Size, compressed?: true): CocoRle & { counts: string };
export function toCocoRle(mask: Mask, image: Size, compressed: false): CocoRle & { counts: number[] };
export function toCocoRle(mask: Mask, image: Size, compressed = true): CocoRle {
  const counts = toCocoCounts(mask, image);
  return { size: [image.height, image.width], counts: compressed ? compressCounts(counts) : counts };
}

/** The mask of COCO's form. Throws a MaskError that says what is wrong. */
export function fromCocoRle(rle: CocoRle): Mask {
  const [height, width] = rle.size;
  checkBox({ x: 0, y: 0, width, height });
  const counts = typeof rle.counts === 'string' ? decompressCounts(rle.counts) : rle.counts;
  const total = width * height;
  const positions = new Float64Array(counts.length + 1);
  let reached = 0;
  let n = 0;
  counts.forEach((count, i) => {
    if (!Number.isInteger(count) || count < 0) throw new MaskError(`count ${i + 1} of the mask is ${count}, not a whole number from 0`);
    reached += count;
    if (reached > total) throw new MaskError(`the mask's counts reach beyond its ${width} × ${height} pixels`);
    positions[n++] = reached;
  });
  if (reached !== total) throw new MaskError(`the mask's counts add up to ${reached}, not to ${width} × ${height} = ${total}`);
  // The last count ends at the last pixel: a change there only if it was a run of set pixels.
  if (n % 2 === 1) n--;
  return maskFromColumnToggles(positions.subarray(0, n), { width, height });
}

/**
 * Counts as COCO's text: from the third on each count is its difference to the one two before, in groups of five bits, lowest
 * first, sixth bit "more follows", plus 48 as a character.
 */
export function compressCounts(counts: readonly number[]): string {
  let text = '';
  for (let i = 0; i < counts.length; i++) {
    let value = counts[i]! - (i > 2 ? counts[i - 2]! : 0);
    for (;;) {
      const group = ((value % 32) + 32) % 32;
      value = Math.floor(value / 32);
      // Done when what is left is the sign that the group's fifth bit already shows.
      const more = group & 16 ? value !== -1 : value !== 0;
      text += String.fromCharCode(48 + group + (more ? 32 : 0));
      if (!more) break;
    }
  }
  return text;
}

/** COCO's text → counts. Throws a MaskError when it is cut off or holds other characters. */
export function decompressCounts(text: string): number[] {
  const counts: number[] = [];
  let at = 0;
  while (at < text.length) {
    let value = 0;
    let scale = 1;
    for (;;) {
      if (at >= text.length) throw new MaskError("the mask's counts are cut off");
      const code = text.charCodeAt(at++) - 48;
      if (!(code >= 0 && code < 64)) throw new MaskError(`character ${at} of the mask's counts is not of COCO's alphabet`);
      if (scale > 2 ** 35) throw new MaskError(`count ${counts.length + 1} of the mask is too large`);
      value += (code & 31) * scale;
      scale *= 32;
      if (code & 32) continue;
      if (code & 16) value -= scale;
      break;
    }
    const count = value + (counts.length > 2 ? counts[counts.length - 2]! : 0);
    if (count < 0) throw new MaskError(`count ${counts.length + 1} of the mask is negative`);
    counts.push(count);
  }
  return counts;
}
