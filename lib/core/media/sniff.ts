/**
 * What an image file is, by its content: type, stored size, orientation. Reads headers only, never pixels.
 *
 * Sources: JPEG: ITU-T T.81 annex B and Exif 2.32; PNG: W3C PNG 3rd edition; WebP: RFC 9649; BMP: see `bmp.ts`; PNM: netpbm.
 */
import { orientedSize, type Orientation } from '../geometry/orientation';
import { bmpHeader } from './bmp';
import { ByteReader, MediaError, type MediaFault } from './bytes';
import { pnmHeader } from './pnm';
import { exifOrientation, tiffInfo } from './tiff';

export type ImageType = 'jpeg' | 'png' | 'webp' | 'tiff' | 'bmp' | 'gif' | 'pbm' | 'pgm' | 'ppm';

export interface ImageInfo {
  type: ImageType;
  /** Media type, such as image/jpeg. */
  mime: string;
  /** Stored size in pixels; see `uprightSize`. */
  width: number;
  height: number;
  /** EXIF orientation; 1 where the file names none. */
  orientation: Orientation;
  /** Bits of one sample (of one index, in images with a palette). */
  bitDepth?: number;
  /** Stored samples a pixel; 1 in images with a palette. */
  channels?: number;
  palette?: boolean;
  /** Pages or frames, where the header tells. */
  pages?: number;
}

export interface ImageFault {
  /** In words that continue "photo.jpg: …". */
  error: string;
  fault: MediaFault;
  /** The kind of file, where that much is known. */
  type?: string;
}

const MIME: Record<ImageType, string> = {
  jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp', tiff: 'image/tiff', bmp: 'image/bmp', gif: 'image/gif',
  pbm: 'image/x-portable-bitmap', pgm: 'image/x-portable-graymap', ppm: 'image/x-portable-pixmap',
};

/** Size of the upright image, the frame all labels are in. */
export function uprightSize(info: ImageInfo): { width: number; height: number } {
  return orientedSize(info, info.orientation);
}

/**
 * Recognises an image by its first bytes. The first 64 kB are enough for nearly every file; where they are not (a JPEG with a
 * long colour profile, a TIFF with its directory at the end, EXIF at the end of a WebP) the fault is 'truncated': call again
 * with the whole file. (A PNG's EXIF block behind its pixels, which few writers put there, is seen in the whole file only.)
 * Never throws.
 */
export function sniffImage(bytes: Uint8Array): ImageInfo | ImageFault {
  let type: string | undefined;
  try {
    const kind = recognise(bytes);
    if (!kind) return { error: bytes.length === 0 ? 'the file is empty' : 'it is not an image of a known kind', fault: bytes.length === 0 ? 'truncated' : 'unknown' };
    type = kind.type;
    if ('advice' in kind) return { error: kind.advice, fault: 'unsupported', type };
    const info = { ...kind.read(bytes), type: kind.type, mime: MIME[kind.type] };
    if (!(info.width > 0 && info.height > 0)) return { error: `its header says ${info.width} × ${info.height} pixels`, fault: 'malformed', type };
    return info;
  } catch (error) {
    if (error instanceof MediaError) return { error: error.message, fault: error.fault, type };
    throw error;
  }
}

type Header = Omit<ImageInfo, 'type' | 'mime'>;
type Kind = { type: ImageType; read: (bytes: Uint8Array) => Header } | { type: string; advice: string };

function recognise(bytes: Uint8Array): Kind | null {
  const r = new ByteReader(bytes, false, 'its header');
  if (r.isText(0, '\xff\xd8\xff')) return { type: 'jpeg', read: jpeg };
  if (r.isText(0, '\x89PNG\r\n\x1a\n')) return { type: 'png', read: png };
  if (r.isText(0, 'RIFF') && r.isText(8, 'WEBP')) return { type: 'webp', read: webp };
  if (r.isText(0, 'II*\0') || r.isText(0, 'MM\0*') || r.isText(0, 'II+\0') || r.isText(0, 'MM\0+')) return { type: 'tiff', read: tiffInfo };
  if (r.isText(0, 'GIF87a') || r.isText(0, 'GIF89a')) return { type: 'gif', read: gif };
  if (r.isText(0, 'BM')) return { type: 'bmp', read: bmp };
  if (bytes[0] === 0x50 && bytes[1]! >= 0x31 && bytes[1]! <= 0x36 && [0x20, 0x09, 0x0a, 0x0d, 0x23].includes(bytes[2]!))
    return { type: (['pbm', 'pgm', 'ppm'] as const)[(bytes[1]! - 0x31) % 3]!, read: pnm };
  if (r.isText(4, 'ftyp')) {
    const brand = String.fromCharCode(...bytes.subarray(8, 12));
    if (/^(heic|heix|heim|heis|hevc|hevx|mif1|msf1)$/.test(brand)) return { type: 'heic', advice: 'it is HEIC, which is not read: convert it to JPEG or PNG' };
    if (/^avi[fs]$/.test(brand)) return { type: 'avif', advice: 'it is AVIF, which is not read: convert it to JPEG, PNG or WebP' };
    return { type: 'video', advice: 'it is a video or another media container, not an image' };
  }
  if (r.isText(0, '\0\0\0\x0cjP  \r\n\x87\n') || r.isText(0, '\xff\x4f\xff\x51')) return { type: 'jpeg2000', advice: 'it is JPEG 2000, which is not read: convert it to JPEG or PNG' };
  if (r.isText(0, '\0\0\0\x0cJXL ') || r.isText(0, '\xff\x0a')) return { type: 'jxl', advice: 'it is JPEG XL, which is not read: convert it to JPEG or PNG' };
  if (r.isText(0, '8BPS')) return { type: 'psd', advice: 'it is a Photoshop document: export it as PNG' };
  if (r.isText(0, '%PDF')) return { type: 'pdf', advice: 'it is a PDF, not an image' };
  if (r.isText(0, 'PK\x03\x04')) return { type: 'zip', advice: 'it is a zip archive, not an image' };
  if (r.isText(128, 'DICM')) return { type: 'dicom', advice: 'it is a DICOM file, which is not read as an image' };
  return null;
}

function jpeg(bytes: Uint8Array): Header {
  const r = new ByteReader(bytes, false, 'its JPEG header');
  let orientation: Orientation | null = null;
  let frame: Omit<Header, 'orientation'> | null = null;
  let at = 2;
  try {
    for (;;) {
      if (r.u8(at) !== 0xff) throw new MediaError('malformed', `there is no JPEG marker at byte ${at}`);
      // A marker may be led by any number of fill bytes.
      while (r.u8(at + 1) === 0xff) at++;
      const marker = r.u8(at + 1);
      at += 2;
      // Markers that stand alone: restart, start of image, temporary.
      if ((marker >= 0xd0 && marker <= 0xd8) || marker === 0x01) continue;
      // Pixels begin, or the image ends.
      if (marker === 0xda || marker === 0xd9) break;
      const length = r.u16(at);
      if (length < 2) throw new MediaError('malformed', `a JPEG segment at byte ${at} has the length ${length}`);
      if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
        frame ??= { bitDepth: r.u8(at + 2), height: r.u16(at + 3), width: r.u16(at + 5), channels: r.u8(at + 7) };
        if (frame.height === 0) throw new MediaError('unsupported', 'it is a JPEG whose height comes after its pixels, which is not read');
      } else if (marker === 0xe1 && orientation === null && r.isText(at + 2, 'Exif\0')) {
        orientation = exifOrientation(r.slice(at + 8, Math.max(0, length - 8)));
      }
      at += length;
    }
  } catch (error) {
    // EXIF comes before the frame in all but odd files: with the frame known, missing bytes do not matter.
    if (!(error instanceof MediaError && error.fault === 'truncated' && frame)) throw error;
  }
  if (!frame) throw new MediaError('malformed', 'it is a JPEG without a frame header');
  return { ...frame, orientation: orientation ?? 1 };
}

function png(bytes: Uint8Array): Header {
  const r = new ByteReader(bytes, false, 'its PNG header');
  if (r.u32(8) !== 13 || !r.isText(12, 'IHDR')) throw new MediaError('malformed', 'it is a PNG that does not begin with its header');
  const bitDepth = r.u8(24);
  const colour = r.u8(25);
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colour];
  if (channels === undefined || ![1, 2, 4, 8, 16].includes(bitDepth)) throw new MediaError('malformed', `its PNG header says ${bitDepth} bits of colour type ${colour}`);
  const info: Header = { width: r.u32(16), height: r.u32(20), bitDepth, channels, palette: colour === 3, orientation: 1, pages: 1 };
  try {
    for (let at = 33; at + 8 <= bytes.length && !r.isText(at + 4, 'IEND'); at += 12 + r.u32(at)) {
      if (r.isText(at + 4, 'eXIf')) info.orientation = exifOrientation(r.slice(at + 8, r.u32(at)));
      if (r.isText(at + 4, 'acTL')) info.pages = r.u32(at + 8);
    }
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
  }
  return info;
}

function webp(bytes: Uint8Array): Header {
  const r = new ByteReader(bytes, true, 'its WebP header');
  if (r.isText(12, 'VP8 ')) {
    if (!r.isText(23, '\x9d\x01\x2a')) throw new MediaError(bytes.length < 26 ? 'truncated' : 'malformed', 'its WebP frame has no start code');
    return { width: r.u16(26) & 0x3fff, height: r.u16(28) & 0x3fff, orientation: 1, bitDepth: 8, channels: 3, pages: 1 };
  }
  if (r.isText(12, 'VP8L')) {
    if (r.u8(20) !== 0x2f) throw new MediaError('malformed', 'its lossless WebP frame has no signature');
    const bits = r.u32(21);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, orientation: 1, bitDepth: 8, channels: (bits >>> 28) & 1 ? 4 : 3, pages: 1 };
  }
  if (!r.isText(12, 'VP8X')) throw new MediaError(bytes.length < 16 ? 'truncated' : 'malformed', 'it is a WebP without an image');
  const flags = r.u8(20);
  const info: Header = { width: r.u24(24) + 1, height: r.u24(27) + 1, orientation: 1, bitDepth: 8, channels: flags & 0x10 ? 4 : 3 };
  if (!(flags & 0x02)) info.pages = 1;
  if (!(flags & 0x08)) return info;
  // EXIF stands behind the pixels.
  const end = Math.min(r.u32(4) + 8, 2 ** 32);
  for (let at = 12; at + 8 <= end; ) {
    const length = r.u32(at + 4);
    if (r.isText(at, 'EXIF')) {
      const block = r.slice(at + 8, length);
      // Some writers keep JPEG's prefix.
      const prefixed = new ByteReader(block, false, '').isText(0, 'Exif\0\0');
      info.orientation = exifOrientation(prefixed ? block.subarray(6) : block);
      break;
    }
    at += 8 + length + (length % 2);
    if (at > bytes.length) throw new MediaError('truncated', 'the file ends before its EXIF block');
  }
  return info;
}

function gif(bytes: Uint8Array): Header {
  const r = new ByteReader(bytes, true, 'its GIF header');
  return { width: r.u16(6), height: r.u16(8), bitDepth: (r.u8(10) & 7) + 1, channels: 1, palette: true, orientation: 1 };
}

function bmp(bytes: Uint8Array): Header {
  const h = bmpHeader(bytes);
  return { width: h.width, height: h.height, bitDepth: h.bits > 8 ? 8 : h.bits, channels: h.bits <= 8 ? 1 : h.masks.alpha ? 4 : 3, palette: h.bits <= 8, orientation: 1, pages: 1 };
}

function pnm(bytes: Uint8Array): Header {
  const h = pnmHeader(bytes);
  return { width: h.width, height: h.height, bitDepth: h.maxValue === 1 ? 1 : h.maxValue < 256 ? 8 : 16, channels: h.channels, orientation: 1 };
}
