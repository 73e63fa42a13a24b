/**
 * Windows and OS/2 bitmaps → RGBA. Source: Microsoft's "Bitmap Storage" (BITMAPINFOHEADER, V4, V5, "Bitmap Compression") and
 * the OS/2 1.x core header.
 */
import { ByteReader, DEFAULT_MAX_PIXELS, MediaError, checkPixels } from './bytes';

/** Bits of one colour in a pixel's word: (word & mask) >>> shift, from 0 to max. A mask of 0 means the colour is not there. */
interface Channel {
  mask: number;
  shift: number;
  max: number;
}

type Compression = 'none' | 'rle8' | 'rle4';

export interface BmpHeader {
  width: number;
  height: number;
  topDown: boolean;
  bits: 1 | 2 | 4 | 8 | 16 | 24 | 32;
  compression: Compression;
  /** Where the palette begins, bytes an entry and entries. */
  palette: { at: number; entrySize: 3 | 4; count: number };
  masks: { red: Channel; green: Channel; blue: Channel; alpha: Channel | null };
  pixels: number;
}

export interface RgbaImage {
  width: number;
  height: number;
  /** Row-major, 4 bytes a pixel: red, green, blue, alpha (not premultiplied). */
  data: Uint8Array;
}

function channel(mask: number): Channel {
  if (mask === 0) return { mask: 0, shift: 0, max: 0 };
  let shift = 0;
  while (((mask >>> shift) & 1) === 0) shift++;
  return { mask, shift, max: mask >>> shift };
}

/** Reads and checks a bitmap's headers. Throws a MediaError. */
export function bmpHeader(bytes: Uint8Array): BmpHeader {
  const r = new ByteReader(bytes, true, 'its BMP header');
  if (!r.isText(0, 'BM')) throw new MediaError(bytes.length < 2 ? 'truncated' : 'unknown', 'it is not a BMP');
  const pixels = r.u32(10);
  const size = r.u32(14);
  if (size === 12) {
    const bits = r.u16(24);
    if (![1, 4, 8, 24].includes(bits)) throw new MediaError('malformed', `its BMP header says ${bits} bits a pixel`);
    return {
      width: r.u16(18), height: r.u16(20), topDown: false, bits: bits as BmpHeader['bits'], compression: 'none', pixels,
      palette: { at: 26, entrySize: 3, count: bits <= 8 ? 2 ** bits : 0 },
      masks: { red: channel(0xff0000), green: channel(0xff00), blue: channel(0xff), alpha: null },
    };
  }
  if (![16, 40, 52, 56, 64, 108, 124].includes(size)) throw new MediaError('malformed', `its BMP header has the unknown size ${size}`);
  const width = r.i32(18);
  const storedHeight = r.i32(22);
  const bits = r.u16(28);
  const code = size === 16 ? 0 : r.u32(30);
  const used = size === 16 ? 0 : r.u32(46);
  if (![1, 2, 4, 8, 16, 24, 32].includes(bits)) {
    if (bits === 0 && (code === 4 || code === 5)) throw new MediaError('unsupported', 'it is a BMP around a JPEG or PNG, which is not read');
    throw new MediaError('malformed', `its BMP header says ${bits} bits a pixel`);
  }
  const os2 = size === 16 || size === 64;
  const bitFields = !os2 && (code === 3 || code === 6);
  const compression: Compression | null = code === 0 || bitFields ? 'none' : code === 1 ? 'rle8' : code === 2 ? 'rle4' : null;
  if (compression === null) throw new MediaError('unsupported', `it is a BMP with compression ${code}, which is not read`);
  if ((compression === 'rle8' && bits !== 8) || (compression === 'rle4' && bits !== 4) || (bitFields && bits !== 16 && bits !== 32))
    throw new MediaError('malformed', `its BMP header combines compression ${code} with ${bits} bits a pixel`);
  if (width <= 0) throw new MediaError('malformed', `its header says ${width} × ${storedHeight} pixels`);
  const topDown = storedHeight < 0;
  if (topDown && compression !== 'none') throw new MediaError('malformed', 'it is a compressed BMP that runs from the top, which does not exist');

  // The masks follow a header of 40 bytes, and are part of the longer ones.
  const maskCount = bitFields ? (size >= 56 || code === 6 ? 4 : 3) : 0;
  const mask = (i: number) => (i < maskCount ? r.u32(54 + 4 * i) : 0);
  const masks = bitFields
    ? { red: channel(mask(0)), green: channel(mask(1)), blue: channel(mask(2)), alpha: mask(3) === 0 ? null : channel(mask(3)) }
    : bits === 16
      ? { red: channel(0x7c00), green: channel(0x3e0), blue: channel(0x1f), alpha: null }
      : { red: channel(0xff0000), green: channel(0xff00), blue: channel(0xff), alpha: null };
  const paletteAt = 14 + size + (size === 40 && bitFields ? maskCount * 4 : 0);
  return {
    width, height: Math.abs(storedHeight), topDown, bits: bits as BmpHeader['bits'], compression, pixels, masks,
    palette: { at: paletteAt, entrySize: 4, count: bits > 8 ? 0 : used === 0 ? 2 ** bits : Math.min(used, 2 ** bits) },
  };
}

/**
 * Decodes a bitmap of 1, 2, 4, 8, 16, 24 or 32 bits, with RLE8, RLE4 or bit fields, from either end.
 * Pixels that a run-length file leaves out have colour 0; indices beyond the palette are black.
 * @param options.maxPixels more are refused before memory is taken.
 * @throws MediaError
 */
export function decodeBmp(bytes: Uint8Array, options: { maxPixels?: number } = {}): RgbaImage {
  const header = bmpHeader(bytes);
  const { width, height, bits, topDown } = header;
  checkPixels(width, height, options.maxPixels ?? DEFAULT_MAX_PIXELS);
  const stride = Math.floor((bits * width + 31) / 32) * 4;
  const source = new ByteReader(bytes, true, 'its pixels');
  if (header.compression === 'none') source.slice(header.pixels, stride * (height - 1) + Math.ceil((bits * width) / 8));
  const palette = bits <= 8 ? readPalette(bytes, header) : null;
  const data = new Uint8Array(width * height * 4);

  if (palette) {
    const indices = header.compression === 'none' ? null : unpackRuns(bytes, header);
    const perByte = 8 / bits;
    const out = new Uint32Array(data.buffer);
    for (let row = 0; row < height; row++) {
      const y = topDown ? row : height - 1 - row;
      const start = header.pixels + row * stride;
      for (let x = 0; x < width; x++) {
        const index = indices ? indices[row * width + x]! : (bytes[start + Math.floor(x / perByte)]! >> (8 - bits - (x % perByte) * bits)) & (2 ** bits - 1);
        out[y * width + x] = palette[index]!;
      }
    }
    return { width, height, data };
  }

  const { red, green, blue, alpha } = header.masks;
  const level = (word: number, c: Channel) => (c.max === 0 ? 0 : c.max === 255 ? (word & c.mask) >>> c.shift : Math.round((((word & c.mask) >>> c.shift) * 255) / c.max));
  const bytesPerPixel = bits / 8;
  for (let row = 0; row < height; row++) {
    let at = header.pixels + row * stride;
    let to = (topDown ? row : height - 1 - row) * width * 4;
    for (let x = 0; x < width; x++, at += bytesPerPixel, to += 4) {
      const word = bits === 16 ? source.u16(at) : bits === 24 ? source.u24(at) : source.u32(at);
      data[to] = level(word, red);
      data[to + 1] = level(word, green);
      data[to + 2] = level(word, blue);
      data[to + 3] = alpha ? level(word, alpha) : 255;
    }
  }
  return { width, height, data };
}

/** The palette as RGBA words in this machine's order, always of 2^bits entries. */
function readPalette(bytes: Uint8Array, { palette, bits, pixels }: BmpHeader): Uint32Array {
  const { at, entrySize } = palette;
  // Some writers name more colours than fit before the pixels.
  const room = Math.max(0, Math.floor((Math.min(bytes.length, pixels > at ? pixels : bytes.length) - at) / entrySize));
  const count = Math.min(palette.count, room);
  const rgba = new Uint8Array(2 ** bits * 4);
  for (let i = 0; i < 2 ** bits; i++) {
    const from = at + i * entrySize;
    const known = i < count;
    rgba[4 * i] = known ? bytes[from + 2]! : 0;
    rgba[4 * i + 1] = known ? bytes[from + 1]! : 0;
    rgba[4 * i + 2] = known ? bytes[from]! : 0;
    rgba[4 * i + 3] = 255;
  }
  return new Uint32Array(rgba.buffer);
}

/** Indices of a run-length bitmap, rows from the bottom up. What reaches over a row's end or the last row is left out. */
function unpackRuns(bytes: Uint8Array, { width, height, pixels, compression }: BmpHeader): Uint8Array {
  const r = new ByteReader(bytes, true, 'its compressed pixels');
  const out = new Uint8Array(width * height);
  const nibbles = compression === 'rle4';
  let at = pixels;
  let x = 0;
  let y = 0;
  const put = (index: number) => {
    if (x < width && y < height) out[y * width + x] = index;
    x++;
  };
  while (y < height) {
    const count = r.u8(at);
    const value = r.u8(at + 1);
    at += 2;
    if (count > 0) {
      for (let i = 0; i < count; i++) put(nibbles ? (i % 2 === 0 ? value >> 4 : value & 15) : value);
    } else if (value === 0) {
      x = 0;
      y++;
    } else if (value === 1) break;
    else if (value === 2) {
      x += r.u8(at);
      y += r.u8(at + 1);
      at += 2;
    } else {
      const length = nibbles ? Math.ceil(value / 2) : value;
      const literal = r.slice(at, length);
      for (let i = 0; i < value; i++) put(nibbles ? (i % 2 === 0 ? literal[i >> 1]! >> 4 : literal[i >> 1]! & 15) : literal[i]!);
      // Literal runs are padded to whole words.
      at += length + (length % 2);
    }
  }
  return out;
}
