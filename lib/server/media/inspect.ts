/** What an image file is, whether it is whole, and whether it may come in. */
import fs from 'node:fs/promises';
import sharp from 'sharp';
import { AppError } from '@/lib/api/errors';
import { sniffImage, uprightSize, type ImageInfo, type ImageType } from '@/lib/core/media';
import { MAX_SIDE } from '@/lib/core/labels';

/** Why an image was not taken; the name is stable, for reports. */
export type RefusalReason = 'empty' | 'not-an-image' | 'unsupported' | 'truncated' | 'damaged' | 'too-many-pixels';

/** The file is not an image that can be labelled. The message continues "photo.jpg: …". */
export class ImageRefused extends AppError {
  constructor(
    readonly reason: RefusalReason,
    message: string,
    cause?: unknown,
  ) {
    super('unprocessable', message, { extra: { reason }, cause });
  }
}

const ACCEPTED: ReadonlySet<ImageType> = new Set(['jpeg', 'png', 'webp', 'tiff', 'bmp']);
const HEAD_BYTES = 64 * 1024;
/** A BMP is decoded whole, 4 bytes a pixel. */
const MAX_BMP_PIXELS = 100_000_000;

export interface Inspected {
  type: ImageType;
  mime: string;
  /** Of the upright image. */
  width: number;
  height: number;
  /** EXIF's; 1 is upright. */
  orientation: number;
  pages: number;
  /** Samples of more than 8 bits: to be seen, they are stretched to what is there. */
  deep: boolean;
}

/** Options of every sharp that reads what people sent: bounded, and strict about damage. */
export const readOptions = (maxPixels: number) => ({ limitInputPixels: maxPixels, failOn: 'error', sequentialRead: true }) as const;

/**
 * Reads the header. Pixels are not looked at yet: making the thumbnail decodes them all, and finds what is broken.
 * @throws ImageRefused
 */
export async function inspect(file: string, maxPixels: number): Promise<Inspected> {
  const info = await sniffFile(file);
  if (!ACCEPTED.has(info.type)) throw new ImageRefused('unsupported', `it is ${info.type.toUpperCase()}, which is not read: convert it to PNG or JPEG`);
  const limit = info.type === 'bmp' ? Math.min(maxPixels, MAX_BMP_PIXELS) : maxPixels;
  if (info.width * info.height > limit || Math.max(info.width, info.height) > MAX_SIDE) {
    throw new ImageRefused('too-many-pixels', `it has ${info.width} × ${info.height} pixels, more than the ${limit.toLocaleString('en-GB')} allowed here${info.type === 'bmp' && limit < maxPixels ? ' for BMP: convert it to PNG' : ' (FIELDMARK_MAX_PIXELS)'}`);
  }
  const upright = uprightSize(info);
  const plain = { type: info.type, mime: info.mime, width: upright.width, height: upright.height, orientation: info.orientation, pages: info.pages ?? 1, deep: false };
  if (info.type === 'bmp') return plain;
  try {
    // libvips has the last word on what the decoder will give: browser, models and this must agree.
    const meta = await sharp(file, readOptions(maxPixels)).metadata();
    const { width, height } = meta.autoOrient;
    return { ...plain, width, height, orientation: meta.orientation ?? 1, pages: meta.pages ?? plain.pages, deep: meta.depth !== 'uchar' };
  } catch (error) {
    throw damaged(error);
  }
}

async function sniffFile(file: string): Promise<ImageInfo> {
  const handle = await fs.open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size === 0) throw new ImageRefused('empty', 'the file is empty');
    const head = new Uint8Array(Math.min(size, HEAD_BYTES));
    await handle.read(head, 0, head.length, 0);
    let found = sniffImage(head);
    // TIFF keeps its directory, some JPEGs a long profile, where the head does not reach.
    if ('error' in found && found.fault === 'truncated' && size > head.length) found = sniffImage(await fs.readFile(file));
    if (!('error' in found)) return found;
    const reason: RefusalReason = found.fault === 'truncated' ? 'truncated' : found.fault === 'unsupported' ? 'unsupported' : found.fault === 'malformed' ? 'damaged' : 'not-an-image';
    throw new ImageRefused(reason, found.error);
  } finally {
    await handle.close();
  }
}

/** As `damaged`; looks at the file's end where libvips does not say what was wrong, as it does when it reads in parallel. */
export async function damagedFile(error: unknown, file: string, type: ImageType): Promise<ImageRefused> {
  const said = damaged(error);
  return said.reason === 'damaged' && (await endsEarly(file, type)) ? truncated(error) : said;
}

/** Whether the mark is missing with which a file of this type ends. */
async function endsEarly(file: string, type: ImageType): Promise<boolean> {
  const handle = await fs.open(file, 'r');
  try {
    const { size } = await handle.stat();
    const head = Buffer.alloc(Math.min(size, 12));
    await handle.read(head, 0, head.length, 0);
    // Some cameras and editors leave a few bytes behind the end.
    const tail = Buffer.alloc(Math.min(size, 4096));
    await handle.read(tail, 0, tail.length, size - tail.length);
    if (type === 'png') return !tail.includes('IEND');
    if (type === 'jpeg') return !tail.includes(Buffer.from([0xff, 0xd9]));
    if (type === 'webp') return head.length < 12 || head.readUInt32LE(4) + 8 > size;
    return false;
  } finally {
    await handle.close();
  }
}

const truncated = (error: unknown) => new ImageRefused('truncated', 'the file is cut off or damaged: its pixels end too early. Copy it again from where it came from', error);

/** What libvips said of a file, for people. */
export function damaged(error: unknown): ImageRefused {
  if (error instanceof ImageRefused) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/pixel limit/i.test(message)) return new ImageRefused('too-many-pixels', 'it has more pixels than allowed here (FIELDMARK_MAX_PIXELS)', error);
  const lines = message.split('\n').map((l) => l.trim()).filter(Boolean);
  if (/premature end|truncated|not enough|unexpected end|out of order read|end of file|read error|incomplete|short read|IDAT|libspng read|unable to parse|eof/i.test(message)) return truncated(error);
  return new ImageRefused('damaged', `its pixels cannot be decoded (${lines[0] ?? 'unknown reason'}). Open it in an image editor and save it anew`, error);
}
