/** Portable bitmaps, graymaps and pixmaps (P1 to P6). Source: netpbm's pbm(5), pgm(5), ppm(5). */
import { DEFAULT_MAX_PIXELS, MediaError, checkPixels } from './bytes';

export interface PnmHeader {
  /** Digit of the magic number: 1 to 3 text, 4 to 6 binary. */
  format: 1 | 2 | 3 | 4 | 5 | 6;
  width: number;
  height: number;
  channels: 1 | 3;
  /** Highest sample value; 1 for bitmaps. */
  maxValue: number;
  /** Where the samples begin. */
  at: number;
}

export interface PnmImage {
  width: number;
  height: number;
  channels: 1 | 3;
  /** Highest sample value that the file may hold. */
  maxValue: number;
  /** Samples as stored, row-major, interleaved; 16-bit where maxValue is above 255. Bitmaps: 0 is black and 1 white. */
  data: Uint8Array | Uint16Array;
}

const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/** The next whole number in text, skipping blanks and comments; and the position behind it. */
function number(bytes: Uint8Array, from: number, what: string): { value: number; at: number } {
  let at = from;
  for (;;) {
    if (at >= bytes.length) throw new MediaError('truncated', `the file ends before its ${what}`);
    if (isSpace(bytes[at]!)) at++;
    else if (bytes[at] === 0x23) while (at < bytes.length && bytes[at] !== 0x0a && bytes[at] !== 0x0d) at++;
    else break;
  }
  let value = 0;
  const start = at;
  while (at < bytes.length && bytes[at]! >= 0x30 && bytes[at]! <= 0x39 && at - start < 10) value = value * 10 + bytes[at++]! - 0x30;
  if (at === start) throw new MediaError('malformed', `there is no number at byte ${at}, where its ${what} should be`);
  return { value, at };
}

/** Reads and checks the header. Throws a MediaError. */
export function pnmHeader(bytes: Uint8Array): PnmHeader {
  const format = bytes[1]! - 0x30;
  if (bytes[0] !== 0x50 || !(format >= 1 && format <= 6)) throw new MediaError(bytes.length < 2 ? 'truncated' : 'unknown', 'it is not a PBM, PGM or PPM');
  const width = number(bytes, 2, 'width');
  const height = number(bytes, width.at, 'height');
  const bitmap = format % 3 === 1;
  const max = bitmap ? { value: 1, at: height.at } : number(bytes, height.at, 'highest value');
  if (!(width.value > 0 && height.value > 0)) throw new MediaError('malformed', `its header says ${width.value} × ${height.value} pixels`);
  if (!(max.value >= 1 && max.value <= 65535)) throw new MediaError('malformed', `its highest value is ${max.value}, not between 1 and 65535`);
  // Exactly one blank stands before binary samples.
  if (format >= 4 && max.at < bytes.length && !isSpace(bytes[max.at]!)) throw new MediaError('malformed', `there is no blank between its header and its pixels, at byte ${max.at}`);
  return { format: format as PnmHeader['format'], width: width.value, height: height.value, channels: format % 3 === 0 ? 3 : 1, maxValue: max.value, at: format >= 4 ? max.at + 1 : max.at };
}

/**
 * Decodes the (first) image of a file.
 * @param options.maxPixels more are refused before memory is taken.
 * @throws MediaError
 */
export function decodePnm(bytes: Uint8Array, options: { maxPixels?: number } = {}): PnmImage {
  const { format, width, height, channels, maxValue, at } = pnmHeader(bytes);
  checkPixels(width, height, options.maxPixels ?? DEFAULT_MAX_PIXELS);
  const samples = width * height * channels;
  const wide = maxValue > 255;
  // Every sample takes a byte at least (a bit in P4), so that a short file cannot take much memory.
  const rowBytes = Math.ceil(width / 8);
  const needed = format === 4 ? rowBytes * height : format < 4 ? samples : samples * (wide ? 2 : 1);
  if (bytes.length - at < needed) throw new MediaError('truncated', `it has ${Math.max(0, bytes.length - at)} of at least ${needed} bytes of pixels`);
  const data = wide ? new Uint16Array(samples) : new Uint8Array(samples);

  if (format === 4) {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = ((bytes[at + y * rowBytes + (x >> 3)]! >> (7 - (x & 7))) & 1) ^ 1;
  } else if (format === 1) {
    // Digits of a plain bitmap need no blanks between them.
    let from = at;
    for (let i = 0; i < samples; i++) {
      while (from < bytes.length && (isSpace(bytes[from]!) || bytes[from] === 0x23)) {
        if (bytes[from] === 0x23) while (from < bytes.length && bytes[from] !== 0x0a) from++;
        else from++;
      }
      if (from >= bytes.length) throw new MediaError('truncated', `the file ends after ${i} of ${samples} pixels`);
      const digit = bytes[from++]! - 0x30;
      if (digit !== 0 && digit !== 1) throw new MediaError('malformed', `pixel ${i} is neither 0 nor 1`);
      data[i] = digit ^ 1;
    }
  } else if (format < 4) {
    let from = at;
    for (let i = 0; i < samples; i++) {
      const next = number(bytes, from, `sample ${i + 1} of ${samples}`);
      if (next.value > maxValue) throw new MediaError('malformed', `sample ${i + 1} is ${next.value}, above its highest value ${maxValue}`);
      data[i] = next.value;
      from = next.at;
    }
  } else if (wide) for (let i = 0; i < samples; i++) data[i] = (bytes[at + 2 * i]! << 8) | bytes[at + 2 * i + 1]!;
  else data.set(bytes.subarray(at, at + samples));
  return { width, height, channels, maxValue, data };
}

/** The image with samples scaled to 0–255. */
export function pnmTo8Bit(image: PnmImage): { width: number; height: number; channels: 1 | 3; data: Uint8Array } {
  const { width, height, channels, maxValue, data } = image;
  const out = maxValue === 255 ? Uint8Array.from(data) : Uint8Array.from(data, (v) => Math.round((Math.min(v, maxValue) * 255) / maxValue));
  return { width, height, channels, data: out };
}
