/** Where the pixels of a dataset's images come from. */
import path from 'node:path';
import sharp from 'sharp';
import { decodeBmp, decodePnm, pnmTo8Bit } from '@/lib/core/media';
import { extensionOf, type SourceEntry } from '@/lib/core/io';
import type { ImageSource, RawImage } from '@/models/node';

const MAX_BYTES = 1_000_000_000;
const MAX_PIXELS = 1 << 28;

/**
 * The image of an entry: by its path where it lies in a folder, else by its bytes. Kinds of files that libvips does not read here
 * (BMP, PGM and the like) are decoded.
 * @param folder the folder on disk that paths are relative to; null for an archive
 */
export function imageSourceOf(entry: SourceEntry, folder: string | null): ImageSource {
  const decode = decoders[extensionOf(entry.path)];
  if (decode) return { load: async () => decode(await entry.bytes(MAX_BYTES)) };
  return folder === null ? { load: () => entry.bytes(MAX_BYTES) } : { path: path.join(folder, ...entry.path.split('/')) };
}

const bmp = (bytes: Uint8Array): RawImage => {
  const { width, height, data } = decodeBmp(bytes, { maxPixels: MAX_PIXELS });
  return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), channels: 4 };
};
const pnm = (bytes: Uint8Array): RawImage => {
  return pnmTo8Bit(decodePnm(bytes, { maxPixels: MAX_PIXELS }));
};
const decoders: Record<string, ((bytes: Uint8Array) => RawImage) | undefined> = { bmp, dib: bmp, pgm: pnm, ppm: pnm, pbm: pnm, pnm };

/** The part of an image inside a box of whole pixels of the upright image. */
export function cropSource(source: ImageSource, box: { x: number; y: number; width: number; height: number }): ImageSource {
  return {
    load: async () => {
      const loaded = 'path' in source ? source.path : await source.load();
      const image = typeof loaded !== 'string' && 'data' in loaded
        ? sharp(loaded.data, { raw: { width: loaded.width, height: loaded.height, channels: loaded.channels } })
        : sharp(loaded, { limitInputPixels: MAX_PIXELS }).autoOrient();
      const { data, info } = await image.extract({ left: box.x, top: box.y, width: box.width, height: box.height }).removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
      return { data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), width: info.width, height: info.height, channels: info.channels as 1 | 3 };
    },
  };
}
