/** Pixels of mask images: numbers a pixel, and the mask of each number. */
import { decodePng, type PngImage } from '../../media';
import { maskFromToggles, type Mask } from '../../masks/mask';
import { colorKey, type ClassList } from './classList';

export interface Indices {
  width: number;
  height: number;
  values: Uint8Array | Uint16Array;
  /** Bits a sample of the file. */
  depth: number;
}

/** A mask in colours that no list explains. The message continues "mask.png: …". */
export class ColourMaskError extends Error {
  override readonly name = 'ColourMaskError';
}

/**
 * Numbers of a mask image: those of a palette or of a grey channel; grey saved as colour; or colours looked up in the class list.
 * @throws MediaError when it is no PNG that can be read, ColourMaskError when its colours mean nothing
 */
export function indicesOf(bytes: Uint8Array, list: ClassList | null): Indices {
  const png = decodePng(bytes);
  const { width, height, depth } = png;
  if (png.channels === 1) return { width, height, values: png.data, depth };
  const grey = greyOf(png);
  if (grey) return { width, height, values: grey, depth };
  if (!list || list.colors.size === 0) throw new ColourMaskError('its pixels are colours, and no list says which colour is which class: put a classes.json with names and colours beside it');
  return { width, height, values: lookUp(png, list), depth };
}

/** The one channel of an image that is grey all over; null when a pixel has a colour. */
function greyOf({ width, height, channels, data }: PngImage): Uint8Array | Uint16Array | null {
  const out = data instanceof Uint16Array ? new Uint16Array(width * height) : new Uint8Array(width * height);
  for (let i = 0, at = 0; i < out.length; i++, at += channels) {
    if (channels >= 3 && (data[at] !== data[at + 1] || data[at] !== data[at + 2])) return null;
    out[i] = data[at]!;
  }
  return out;
}

function lookUp({ width, height, channels, data }: PngImage, list: ClassList): Uint16Array {
  const out = new Uint16Array(width * height);
  const shift = data instanceof Uint16Array ? 8 : 0;
  const unknown = new Map<number, number>();
  // A colour that no class has gets a number that none has; black is background to nearly everybody.
  let next = Math.max(0, ...list.classes.map((c) => c.value), ...list.background, ...list.ignored) + 1;
  const nothing = list.background.size > 0 ? [...list.background][0]! : next++;
  for (let i = 0, at = 0; i < out.length; i++, at += channels) {
    const key = colorKey(data[at]! >> shift, data[at + 1]! >> shift, data[at + 2]! >> shift);
    let value = list.colors.get(key) ?? unknown.get(key);
    if (value === undefined) {
      value = key === 0 ? nothing : Math.min(65_535, next++);
      unknown.set(key, value);
    }
    out[i] = value;
  }
  return out;
}

/** The mask of every number that occurs, in ascending order of number. One pass over the pixels. */
export function masksByValue({ width, height, values }: Pick<Indices, 'width' | 'height' | 'values'>): Map<number, Mask> {
  const toggles = new Map<number, number[]>();
  const frame = { x: 0, y: 0, width, height };
  for (let start = 0; start < values.length; ) {
    const value = values[start]!;
    let end = start + 1;
    while (end < values.length && values[end] === value) end++;
    const list = toggles.get(value);
    if (list) list.push(start, end);
    else toggles.set(value, [start, end]);
    start = end;
  }
  return new Map([...toggles].sort(([a], [b]) => a - b).map(([value, list]) => [value, maskFromToggles(frame, Float64Array.from(list))]));
}
