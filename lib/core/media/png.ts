/**
 * PNG with palettes and 16 bits kept, on top of fast-png: reading into samples, index images (masks) in and out.
 * Chunks are checked before the library sees them, so that a small file cannot unpack into more memory than its size declares.
 */
import { decode, encode } from 'fast-png';
import { Unzlib } from 'fflate';
import { ByteReader, DEFAULT_MAX_PIXELS, MediaError, checkPixels } from './bytes';

export interface PngImage {
  width: number;
  height: number;
  /** Bits a sample as stored. */
  depth: 1 | 2 | 4 | 8 | 16;
  channels: 1 | 2 | 3 | 4;
  /** Samples, one an element whatever the depth; row-major, interleaved. With a palette: indices into it. */
  data: Uint8Array | Uint16Array;
  /** [red, green, blue] or [red, green, blue, alpha] an entry. */
  palette?: number[][];
}

/** One number a pixel: classes or instances. */
export interface IndexImage {
  width: number;
  height: number;
  indices: Uint8Array | Uint16Array;
  palette?: number[][];
}

/** Chunks that matter for pixels. The rest is not handed on: text and profiles may be bombs of their own. */
const KEPT = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);

/**
 * Decodes a PNG (the first frame of an animated one).
 * @param options.maxPixels more are refused before memory is taken.
 * @throws MediaError
 */
export function decodePng(bytes: Uint8Array, options: { maxPixels?: number } = {}): PngImage {
  const r = new ByteReader(bytes, false, 'its PNG chunks');
  if (!r.isText(0, '\x89PNG\r\n\x1a\n')) throw new MediaError(bytes.length < 8 ? 'truncated' : 'unknown', 'it is not a PNG');
  if (r.u32(8) !== 13 || !r.isText(12, 'IHDR')) throw new MediaError('malformed', 'it is a PNG that does not begin with its header');
  const width = r.u32(16);
  const height = r.u32(20);
  const depth = r.u8(24);
  const colour = r.u8(25);
  const interlaced = r.u8(28) === 1;
  checkPixels(width, height, options.maxPixels ?? DEFAULT_MAX_PIXELS);
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colour];
  if (channels === undefined || ![1, 2, 4, 8, 16].includes(depth) || (depth < 8 && channels !== 1) || (depth === 16 && colour === 3)) throw new MediaError('malformed', `its PNG header says ${depth} bits of colour type ${colour}`);
  if (interlaced && depth < 8) throw new MediaError('unsupported', `it is an interlaced PNG of ${depth} bits, which is not read: save it without interlacing`);

  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  let hasPalette = false;
  let ended = false;
  // Every row begins with a byte for its filter; an interlaced image has at most 15 rows for each 8.
  let room = (Math.ceil((width * depth * channels) / 8) + 1) * height * (interlaced ? 2 : 1) + 64;
  const inflate = new Unzlib((chunk) => {
    if ((room -= chunk.length) < 0) throw new MediaError('malformed', 'it unpacks into more than its size declares');
  });
  try {
    for (let at = 8; !ended; ) {
      const length = r.u32(at);
      const type = String.fromCharCode(...r.slice(at + 4, 4));
      const whole = r.slice(at, length + 12);
      if (type === 'IDAT') for (let i = 0; i < length; i += 16384) inflate.push(whole.slice(8 + i, Math.min(8 + length, 8 + i + 16384)), false);
      if (type === 'PLTE') hasPalette = true;
      // A transparent colour in grey or RGB changes no sample, and fast-png takes it for something else in odd files.
      if (KEPT.has(type) && !(type === 'tRNS' && colour !== 3)) parts.push(whole);
      ended = type === 'IEND';
      at += length + 12;
    }
    if (colour === 3 && !hasPalette) throw new MediaError('malformed', 'it is a PNG with indices but without a palette');
    const png = decode(join(parts), { checkCrc: true });
    const data = depth < 8 ? unpackBits(png.data as Uint8Array, width, height, depth) : png.data instanceof Uint16Array ? png.data : new Uint8Array(png.data.buffer, png.data.byteOffset, png.data.byteLength);
    if (data.length !== width * height * channels) throw new MediaError('malformed', 'it has another number of pixels than its header says');
    const image: PngImage = { width, height, depth: depth as PngImage['depth'], channels: channels as PngImage['channels'], data };
    if (colour === 3) image.palette = png.palette;
    return image;
  } catch (error) {
    if (error instanceof MediaError) throw error;
    throw new MediaError('malformed', `its pixels cannot be read (${error instanceof Error ? error.message : 'unknown fault'})`, { cause: error });
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Samples of 1, 2 or 4 bits, packed into rows of whole bytes, highest bits first → one a byte. */
function unpackBits(packed: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  const perByte = 8 / depth;
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) out[y * width + x] = (packed[y * rowBytes + Math.floor(x / perByte)]! >> (8 - depth - (x % perByte) * depth)) & (2 ** depth - 1);
  return out;
}

/**
 * Reads a PNG whose pixels are numbers of classes or instances: with a palette, or grey of any depth.
 * @throws MediaError, also for a PNG in colour, whose pixels are no numbers.
 */
export function readIndexPng(bytes: Uint8Array, options: { maxPixels?: number } = {}): IndexImage {
  const { width, height, channels, data, palette } = decodePng(bytes, options);
  if (channels !== 1) throw new MediaError('unsupported', `it has ${channels} channels: a mask of numbers has a palette or one grey channel`);
  return palette ? { width, height, indices: data, palette } : { width, height, indices: data };
}

/**
 * Writes numbers of classes or instances as a PNG: with a palette as 8-bit indices, else grey of 8 or 16 bits, whichever the
 * array is. The same image gives the same bytes.
 * @throws RangeError when sizes do not fit, or an index has no colour in the palette.
 */
export function writeIndexPng(image: IndexImage): Uint8Array {
  const { width, height, indices, palette } = image;
  if (indices.length !== width * height) throw new RangeError(`an image of ${width} × ${height} has ${width * height} pixels, not ${indices.length}`);
  if (!palette) return encode({ width, height, data: indices, depth: indices instanceof Uint16Array ? 16 : 8, channels: 1 });
  if (palette.length < 1 || palette.length > 256) throw new RangeError(`a palette has 1 to 256 colours, not ${palette.length}`);
  let highest = 0;
  for (const index of indices) if (index > highest) highest = index;
  if (highest >= palette.length) throw new RangeError(`pixel value ${highest} has no colour in a palette of ${palette.length}`);
  // Three numbers a colour: what fast-png writes for alpha does not line up with the colours.
  return encode({ width, height, data: Uint8Array.from(indices), depth: 8, channels: 1, palette: palette.map((c) => c.slice(0, 3)) });
}

/** Writes samples (8 or 16 bits by the array) of 1 to 4 channels as a PNG. */
export function encodePng(image: { width: number; height: number; channels: 1 | 2 | 3 | 4; data: Uint8Array | Uint16Array }): Uint8Array {
  const { width, height, channels, data } = image;
  return encode({ width, height, channels, data, depth: data instanceof Uint16Array ? 16 : 8 });
}
