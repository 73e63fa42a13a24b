/**
 * Masks as bytes and as text.
 *
 * Bytes: version (1), then as unsigned LEB128: zigzag x, zigzag y, width, height, and every run. The number of runs is not
 * stored; they end when they fill the box. Text is the bytes in base64 (RFC 4648, padded). Both are one-to-one: equal masks
 * have equal bytes, and anything that is not the canonical form of a mask is refused.
 */
import { MaskError, checkBox, emptyMask, isEmptyMask, type Mask } from './mask';

const VERSION = 1;

/** Appends unsigned LEB128 numbers to a growing buffer. */
class VarintWriter {
  private bytes: Uint8Array;
  private length = 0;
  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }
  push(value: number): void {
    if (this.length + 5 > this.bytes.length) {
      const grown = new Uint8Array(this.bytes.length * 2 + 5);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.length++] = rest;
  }
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

/** Zigzag: 0, −1, 1, −2 … → 0, 1, 2, 3 … */
const zigzag = (value: number) => (value < 0 ? -2 * value - 1 : 2 * value);
const unzigzag = (value: number) => (value % 2 === 1 ? -(value + 1) / 2 : value / 2);

/** The mask's bytes; see the head of this file. */
export function encodeMask(mask: Mask): Uint8Array {
  const out = new VarintWriter(16 + mask.runs.length * 2);
  out.push(VERSION);
  out.push(zigzag(mask.x));
  out.push(zigzag(mask.y));
  out.push(mask.width);
  out.push(mask.height);
  for (const run of mask.runs) out.push(run);
  return out.finish();
}

/** The mask of these bytes. Throws a MaskError that says what is wrong when they are not a canonical mask. */
export function decodeMask(bytes: Uint8Array): Mask {
  let at = 0;
  const next = (what: string): number => {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 5; i++) {
      const byte = bytes[at++];
      if (byte === undefined) throw new MaskError(`the mask ends in the middle of its ${what}`);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && i > 0) throw new MaskError(`the mask's ${what} is not in its shortest form`);
        if (value > 0xffffffff) break;
        return value;
      }
      scale *= 128;
    }
    throw new MaskError(`the mask's ${what} is too large`);
  };

  const version = next('version');
  if (version !== VERSION) throw new MaskError(`this is version ${version} of the mask format; only version ${VERSION} is known`);
  const x = unzigzag(next('x'));
  const y = unzigzag(next('y'));
  const width = next('width');
  const height = next('height');
  const size = width * height;
  if (size === 0) {
    if (x !== 0 || y !== 0 || width !== 0 || height !== 0) throw new MaskError('an empty mask has no place and no size');
    if (at < bytes.length) throw new MaskError('an empty mask has no runs');
    return emptyMask();
  }
  checkBox({ x, y, width, height });

  // A run takes a byte at least, so the bytes bound the memory, whatever width and height claim.
  const runs = new Uint32Array(bytes.length - at);
  let n = 0;
  let reached = 0;
  let touchesLeft = false;
  let touchesRight = false;
  while (reached < size) {
    const run = next('runs');
    if (run === 0 && n > 0) throw new MaskError(`run ${n + 1} of the mask is empty`);
    const end = reached + run;
    if (end > size) throw new MaskError(`the mask's runs reach beyond its box of ${width} × ${height}`);
    if (n % 2 === 1) {
      const column = reached % width;
      touchesLeft ||= column === 0 || column + run > width;
      touchesRight ||= column + run >= width;
    } else if ((n === 0 || end === size) && run >= width) throw new MaskError("the mask's box is not tight");
    runs[n++] = run;
    reached = end;
  }
  if (at < bytes.length) throw new MaskError(`there are ${bytes.length - at} bytes after the mask's last run`);
  if (!touchesLeft || !touchesRight) throw new MaskError("the mask's box is not tight");
  return { x, y, width, height, runs: runs.slice(0, n) };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CODES = new Uint8Array([...ALPHABET].map((c) => c.charCodeAt(0)));
const VALUES = new Uint8Array(128).fill(255);
CODES.forEach((code, value) => (VALUES[code] = value));
const PAD = '='.charCodeAt(0);

/** Bytes → base64. `btoa` takes binary strings only, which is slower and needs the DOM's types. */
export function toBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let n = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const triple = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    codes[n++] = CODES[triple >> 18]!;
    codes[n++] = CODES[(triple >> 12) & 63]!;
    codes[n++] = i + 1 < bytes.length ? CODES[(triple >> 6) & 63]! : PAD;
    codes[n++] = i + 2 < bytes.length ? CODES[triple & 63]! : PAD;
  }
  let text = '';
  for (let i = 0; i < codes.length; i += 8192) text += String.fromCharCode(...codes.subarray(i, i + 8192));
  return text;
}

/** Base64 → bytes. Throws a MaskError when the text is not padded, canonical base64. */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw new MaskError(`the mask's text is cut off: ${text.length} characters are not a multiple of 4`);
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const valueAt = (i: number): number => {
    if (i >= text.length - padding) return 0;
    const code = text.charCodeAt(i);
    const value = code < 128 ? VALUES[code]! : 255;
    if (value === 255) throw new MaskError(`character ${i + 1} of the mask's text is not base64`);
    return value;
  };
  let n = 0;
  for (let i = 0; i < text.length; i += 4) {
    const triple = (valueAt(i) << 18) | (valueAt(i + 1) << 12) | (valueAt(i + 2) << 6) | valueAt(i + 3);
    if (n < bytes.length) bytes[n++] = triple >> 16;
    if (n < bytes.length) bytes[n++] = (triple >> 8) & 255;
    else if (triple & 0xffff) throw new MaskError("the mask's text has stray bits at its end");
    if (n < bytes.length) bytes[n++] = triple & 255;
    else if (triple & 0xff) throw new MaskError("the mask's text has stray bits at its end");
  }
  return bytes;
}

/** The mask as text, the form masks have inside operations and geometry. */
export function maskToString(mask: Mask): string {
  return isEmptyMask(mask) ? EMPTY_TEXT : toBase64(encodeMask(mask));
}
const EMPTY_TEXT = toBase64(Uint8Array.of(VERSION, 0, 0, 0, 0));

/** The mask of this text. Throws a MaskError that says what is wrong. */
export function maskFromString(text: string): Mask {
  return decodeMask(fromBase64(text));
}
