/** Renditions of an asset: what a browser can show where it cannot show the original, and thumbnails. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { decodeBmp, MediaError } from '@/lib/core/media';
import { damaged, damagedFile, ImageRefused, readOptions, type Inspected } from './inspect';

/** Longest side of a thumbnail, in pixels. */
export const THUMB_SIDE = 256;

export type RenditionName = 'display' | 'thumb';
/** Where a rendition lies. */
export interface Rendition {
  key: string;
  mime: string;
  bytes: number;
}
export type Renditions = Partial<Record<RenditionName, Rendition>>;

export const assetKey = (hash: string) => `assets/${hash.slice(0, 2)}/${hash}`;
export const renditionPrefix = (hash: string) => `renditions/${hash.slice(0, 2)}/${hash}/`;
const FILES = { display: { name: 'display.png', mime: 'image/png' }, thumb: { name: 'thumb.webp', mime: 'image/webp' } } as const;

/**
 * Whether browsers need another file than the original: of a kind they do not show, turned in a way they do not all
 * follow (they do for JPEG), of several pages, or of more than 8 bits, which they would show nearly black.
 */
export function needsDisplay(image: Inspected): boolean {
  if (image.type === 'tiff' || image.type === 'bmp') return true;
  return image.type !== 'jpeg' && (image.orientation !== 1 || image.pages > 1 || image.deep);
}

async function open(file: string, image: Pick<Inspected, 'type' | 'deep'>, maxPixels: number): Promise<Sharp> {
  if (image.type === 'bmp') {
    try {
      const { data, width, height } = decodeBmp(await fs.readFile(file), { maxPixels });
      return sharp(data, { raw: { width, height, channels: 4 }, limitInputPixels: maxPixels });
    } catch (error) {
      if (error instanceof MediaError) throw new ImageRefused(error.fault === 'truncated' ? 'truncated' : 'damaged', error.message, error);
      throw error;
    }
  }
  const pixels = sharp(file, readOptions(maxPixels)).autoOrient();
  return image.deep ? stretched(pixels, file, maxPixels) : pixels;
}

/** Spreads what is there, from the darkest to the brightest value, over what a screen shows. */
async function stretched(pixels: Sharp, file: string, maxPixels: number): Promise<Sharp> {
  try {
    const { depth, hasAlpha } = await sharp(file, readOptions(maxPixels)).metadata();
    const { channels } = await sharp(file, readOptions(maxPixels)).stats();
    const colours = hasAlpha ? channels.slice(0, -1) : channels;
    const low = Math.min(...colours.map((c) => c.min));
    const high = Math.max(...colours.map((c) => c.max));
    if (!(high > low)) return pixels;
    const scale = (depth === 'ushort' ? 65_535 : 255) / (high - low);
    return pixels.linear(scale, -low * scale);
  } catch (error) {
    throw damaged(error);
  }
}

export interface Made {
  name: RenditionName;
  file: string;
  mime: string;
  key: string;
}

/**
 * Makes renditions of a file in a temporary folder and hands them to `work`. Every pixel is decoded on the way.
 * @throws ImageRefused when the pixels are cut off or damaged
 */
export async function withRenditions<T>(input: { file: string; hash: string; image: Inspected; names: readonly RenditionName[]; maxPixels: number }, work: (made: Made[]) => Promise<T>): Promise<T> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-rendition-'));
  try {
    const made: Made[] = [];
    for (const name of input.names) {
      const file = path.join(folder, FILES[name].name);
      const pixels = await open(input.file, input.image, input.maxPixels);
      try {
        if (name === 'thumb') await pixels.resize(THUMB_SIDE, THUMB_SIDE, { fit: 'inside', withoutEnlargement: true }).webp({ quality: 80 }).toFile(file);
        else await pixels.png({ compressionLevel: 6 }).toFile(file);
      } catch (error) {
        throw await damagedFile(error, input.file, input.image.type);
      }
      made.push({ name, file, mime: FILES[name].mime, key: renditionPrefix(input.hash) + FILES[name].name });
    }
    return await work(made);
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}
