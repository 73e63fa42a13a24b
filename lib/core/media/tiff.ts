/**
 * The headers of TIFF files, which EXIF blocks are as well.
 * Source: TIFF 6.0 (Aldus 1992); BigTIFF (libtiff); Exif 2.32 for tag 0x0112.
 */
import { isOrientation, type Orientation } from '../geometry/orientation';
import { ByteReader, MediaError } from './bytes';

/** Numbers of the tags read here. */
const TAG = { width: 256, height: 257, bitsPerSample: 258, orientation: 274, samplesPerPixel: 277 } as const;

/** Image file directories followed at most: a guard against rings and bombs. */
const MAX_PAGES = 100_000;

interface TiffHeader {
  reader: ByteReader;
  big: boolean;
  first: number;
}

function header(bytes: Uint8Array): TiffHeader {
  const order = bytes[0];
  if (bytes.length < 8) throw new MediaError('truncated', 'the file ends in the middle of its TIFF header');
  if (order !== bytes[1] || (order !== 0x49 && order !== 0x4d)) throw new MediaError('malformed', 'its TIFF header has no byte order');
  const reader = new ByteReader(bytes, order === 0x49, 'its TIFF directory');
  const magic = reader.u16(2);
  if (magic === 42) return { reader, big: false, first: reader.u32(4) };
  if (magic === 43 && reader.u16(4) === 8 && reader.u16(6) === 0) return { reader, big: true, first: reader.u64(8) };
  throw new MediaError('malformed', `its TIFF header has the unknown number ${magic}`);
}

/** First values of the wanted tags of one directory (numbers only), and where the next directory is (0: nowhere). */
function directory({ reader, big }: TiffHeader, at: number, wanted: readonly number[]): { values: Map<number, number>; next: number } {
  const count = big ? reader.u64(at) : reader.u16(at);
  const entrySize = big ? 20 : 12;
  const entries = at + (big ? 8 : 2);
  const end = entries + count * entrySize;
  // Checks the whole directory at once, so that a wrong count cannot make a long loop.
  const next = big ? reader.u64(end) : reader.u32(end);
  const values = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const entry = entries + i * entrySize;
    const tag = reader.u16(entry);
    if (!wanted.includes(tag) || values.has(tag)) continue;
    const type = reader.u16(entry + 2);
    const n = big ? reader.u64(entry + 4) : reader.u32(entry + 4);
    const size = { 1: 1, 3: 2, 4: 4, 16: 8 }[type];
    if (size === undefined || n < 1) continue;
    const inPlace = n * size <= (big ? 8 : 4);
    const field = entry + (big ? 12 : 8);
    const value = inPlace ? field : big ? reader.u64(field) : reader.u32(field);
    values.set(tag, size === 1 ? reader.u8(value) : size === 2 ? reader.u16(value) : size === 4 ? reader.u32(value) : reader.u64(value));
  }
  return { values, next };
}

function orientationIn(values: Map<number, number>): Orientation {
  const value = values.get(TAG.orientation) ?? 1;
  return isOrientation(value) ? value : 1;
}

/**
 * The orientation in an EXIF block (a TIFF header and its first directory); 1 when there is none or the block is damaged:
 * a photo with a broken EXIF block is still a photo.
 */
export function exifOrientation(block: Uint8Array): Orientation {
  try {
    const tiff = header(block);
    return orientationIn(directory(tiff, tiff.first, [TAG.orientation]).values);
  } catch (error) {
    if (error instanceof MediaError) return 1;
    throw error;
  }
}

export interface TiffInfo {
  width: number;
  height: number;
  orientation: Orientation;
  bitDepth: number;
  channels: number;
  pages: number;
}

/** Size and layout of a TIFF's first page, and how many pages there are. Throws a MediaError. */
export function tiffInfo(bytes: Uint8Array): TiffInfo {
  const tiff = header(bytes);
  const { values, next } = directory(tiff, tiff.first, Object.values(TAG));
  const width = values.get(TAG.width);
  const height = values.get(TAG.height);
  if (!width || !height) throw new MediaError('malformed', 'its first TIFF directory names no width and height');
  const seen = new Set([tiff.first]);
  for (let at = next; at !== 0; ) {
    if (seen.has(at)) throw new MediaError('malformed', 'its TIFF directories go round in a ring');
    if (seen.size >= MAX_PAGES) throw new MediaError('malformed', `it has more than ${MAX_PAGES} TIFF directories`);
    seen.add(at);
    at = directory(tiff, at, []).next;
  }
  return { width, height, orientation: orientationIn(values), bitDepth: values.get(TAG.bitsPerSample) ?? 1, channels: values.get(TAG.samplesPerPixel) ?? 1, pages: seen.size };
}
