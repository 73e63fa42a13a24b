/** The views that a network gets of one image, whole, mirrored or cropped, drawn as training images are. Worker and browser share it. */
import { cachedSize } from '../data/cachedSize';
import { letterbox, type Placement, type Size } from '../data/letterbox';
import { type RgbImage } from '../data/pixels';
import { drawImage } from '../data/resample';
import { frameWarp } from '../data/warp';
import { type ModelDesign, type Normalisation } from '../runtime/card';
import { type Frame } from '../tasks/types';
import { type Viewing } from './types';

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
function render(image: RgbImage, { full, region, placement, mirrored }: Frame, input: Size, fill: number): Uint8Array {
  const target = { data: new Uint8Array(input.width * input.height * 3).fill(fill), ...input };
  drawImage(target, placement, image, full, frameWarp(region, placement, mirrored));
  return target.data;
}

export interface Viewed {
  full: Size;
  /** Network inputs (`height · width · 3` bytes) with their frames. */
  views: { pixels: Uint8Array; frame: Frame }[];
}

type Seeing = Pick<ModelDesign, 'inputSize' | 'normalisation'>;

/** The size to which an image of size `full` is reduced before its views are drawn. */
export function reducedSize(full: Size, { inputSize, normalisation }: Seeing, viewing: Viewing): Size {
  const { width, height } = inputSize;
  // Crops are shown at the size the whole image would have, so that it is kept larger.
  const room = viewing === 'ten-crop' ? { width: Math.round(width / CROP), height: Math.round(height / CROP) } : inputSize;
  return cachedSize(full, room, normalisation.resize);
}

/** The views of an image of size `full`, of which `image` is the copy of `reducedSize`. */
export function viewsOf(image: RgbImage, full: Size, { inputSize, normalisation }: Seeing, viewing: Viewing): Viewed {
  const frames = framesOf(full, inputSize, viewing, normalisation.resize);
  return { full, views: frames.map((frame) => ({ frame, pixels: render(image, frame, inputSize, normalisation.fill) })) };
}
