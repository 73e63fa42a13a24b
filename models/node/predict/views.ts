/** The views a network gets of one image: whole, mirrored, cropped. */
import { letterbox, type Placement, type Size } from '../../data/letterbox';
import { paste, type RgbImage } from '../../data/pixels';
import { type ImageSource, type Viewing } from '../../inference/types';
import { type ModelDesign, type Normalisation } from '../../runtime/card';
import { type Frame } from '../../tasks/types';
import { decodeToFit, rawPipeline, rgb } from '../data/decode';

/** Side of a crop as a share of the image's (Krizhevsky et al. 2012: 224 of 256). */
const CROP = 0.875;

const placementOf = (image: Size, input: Size, resize: Normalisation['resize']): Placement =>
  resize === 'stretch' ? { x: 0, y: 0, ...input } : letterbox(image, input);

/** The frames of a viewing. Ten crops: the centre and the four corners, and the same mirrored. */
export function framesOf(full: Size, input: Size, viewing: Viewing, resize: Normalisation['resize'] = 'letterbox'): Frame[] {
  const regions: Placement[] = [];
  if (viewing === 'ten-crop') {
    const [width, height] = [full.width * CROP, full.height * CROP];
    const [right, bottom] = [full.width - width, full.height - height];
    for (const [x, y] of [[right / 2, bottom / 2], [0, 0], [right, 0], [0, bottom], [right, bottom]] as const) regions.push({ x, y, width, height });
  } else regions.push({ x: 0, y: 0, ...full });
  return regions.flatMap((region) => {
    const frame = { full, region, placement: placementOf(region, input, resize), mirrored: false };
    return viewing === 'once' ? [frame] : [frame, { ...frame, mirrored: true }];
  });
}

/** A frame's pixels as network input. `image` is the whole image, reduced. */
async function render(image: RgbImage, { full, region, placement, mirrored }: Frame, input: Size, fill: number): Promise<Uint8Array> {
  const pixels = new Uint8Array(input.width * input.height * 3).fill(fill);
  const whole = region.width === full.width && region.height === full.height;
  const ready = whole && image.width === placement.width && image.height === placement.height;
  let part = image;
  if (!ready || mirrored) {
    let pipeline = rawPipeline(image);
    if (!whole) {
      const [sx, sy] = [image.width / full.width, image.height / full.height];
      const left = Math.min(image.width - 1, Math.round(region.x * sx));
      const top = Math.min(image.height - 1, Math.round(region.y * sy));
      pipeline = pipeline.extract({
        left, top, width: Math.max(1, Math.min(image.width - left, Math.round(region.width * sx))), height: Math.max(1, Math.min(image.height - top, Math.round(region.height * sy))),
      });
    }
    if (!ready) pipeline = pipeline.resize(placement.width, placement.height, { fit: 'fill', kernel: 'linear' });
    if (mirrored) pipeline = pipeline.flop();
    part = await rgb(pipeline);
  }
  paste({ data: pixels, ...input }, part, placement.x, placement.y);
  return pixels;
}

export interface Viewed {
  full: Size;
  views: { pixels: Uint8Array; frame: Frame }[];
}

/** Decodes an image once and gives its views as network inputs (`height · width · 3` bytes each). */
export async function viewImage(source: ImageSource, { inputSize, normalisation }: Pick<ModelDesign, 'inputSize' | 'normalisation'>, viewing: Viewing): Promise<Viewed> {
  const { image, full } = await decodeToFit(source, (size) => {
    const { width, height } = placementOf(size, inputSize, normalisation.resize);
    // Crops are shown at the size the whole image would have, so that it is kept larger.
    if (viewing !== 'ten-crop') return { width, height };
    return { width: Math.round(width / CROP), height: Math.round(height / CROP) };
  });
  const frames = framesOf(full, inputSize, viewing, normalisation.resize);
  return { full, views: await Promise.all(frames.map(async (frame) => ({ frame, pixels: await render(image, frame, inputSize, normalisation.fill) }))) };
}
