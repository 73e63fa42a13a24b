/** Image bytes to RGB pixels at a size, by sharp (libvips) on its own threads. */
import sharp, { type Sharp, type SharpOptions } from 'sharp';
import type { ImageSource, RawImage } from '../../inference/types';
import { type RgbImage } from '../../data/pixels';

/** Images beyond this many pixels are refused: a small file can unpack to any size. */
const MAX_PIXELS = 1 << 28;

export function rawPipeline(image: RgbImage | RawImage): Sharp {
  const channels = 'channels' in image ? image.channels : 3;
  return sharp(image.data, { raw: { width: image.width, height: image.height, channels } });
}

async function open(source: ImageSource): Promise<Sharp> {
  const options: SharpOptions = { limitInputPixels: MAX_PIXELS, failOn: 'error' };
  if ('path' in source) return sharp(source.path, options).autoOrient();
  const loaded = await source.load();
  return loaded instanceof Uint8Array ? sharp(loaded, options).autoOrient() : rawPipeline(loaded);
}

export async function rgb(pipeline: Sharp): Promise<RgbImage> {
  const { data, info } = await pipeline.removeAlpha().toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  // Grey images come with one channel even so.
  if (info.channels === 3) return { data, width: info.width, height: info.height };
  const pixels = new Uint8Array(info.width * info.height * 3);
  for (let i = 0; i < info.width * info.height; i++) pixels.fill(data[i * info.channels]!, i * 3, i * 3 + 3);
  return { data: pixels, width: info.width, height: info.height };
}

/**
 * The whole image, orientation-corrected, stretched to exactly `width` × `height` pixels (or at its own size).
 * Rejects when the bytes are no image that sharp reads.
 */
export async function decodeImage(source: ImageSource, size?: { width: number; height: number }): Promise<RgbImage> {
  const pipeline = await open(source);
  return rgb(size ? pipeline.resize(size.width, size.height, { fit: 'fill', kernel: 'linear' }) : pipeline);
}

/** The whole image, orientation-corrected, stretched to the size that `size` makes of its own, with its full-resolution size. */
export async function decodeToFit(source: ImageSource, size: (image: { width: number; height: number }) => { width: number; height: number }): Promise<{ image: RgbImage; full: { width: number; height: number } }> {
  const pipeline = await open(source);
  const { width, height, autoOrient } = await pipeline.metadata();
  const full = { width: autoOrient?.width ?? width, height: autoOrient?.height ?? height };
  const target = size(full);
  return { image: await rgb(pipeline.resize(target.width, target.height, { fit: 'fill', kernel: 'linear' })), full };
}
