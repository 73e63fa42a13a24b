/** What is chosen from the data before training: the network's input size, its scales and its anchors. */
import { kmeansAnchors, meanBestIou } from '@/lib/core/anchors';
import { letterbox, toInput, type Size } from '../../data/letterbox';
import { assign, type AnchorShape, type YoloLayout } from '../../heads/yolo';
import { type BoxLabel } from '../types';

/** An image with its boxes, in pixels of the image. */
export interface BoxedImage extends Size {
  boxes: readonly BoxLabel[];
}

/** Long side of the input unless small objects ask for more. */
const LONG_SIDE = 320;
const LONGEST_SIDE = 640;
/** One box in ten may be smaller than this in the input, in pixels along its shorter side. */
const SMALL_SIDE = 12;

const quantile = (values: number[], q: number): number => values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? 0;
const upTo = (n: number, multiple: number): number => Math.max(multiple * 2, Math.ceil(n / multiple) * multiple);

/**
 * The aspect is the images' median aspect. The long side is 320 pixels, or more (up to 640, and not beyond the images
 * themselves) where a tenth of the boxes would be under 12 pixels.
 */
export function chooseInputSize(images: readonly BoxedImage[], multiple: number): Size {
  const aspect = quantile(images.map(({ width, height }) => width / height), 0.5) || 1;
  const relative = images.flatMap(({ width, height, boxes }) => boxes.map((box) => Math.min(box.x1 - box.x0, box.y1 - box.y0) / Math.max(width, height)));
  const small = quantile(relative, 0.1);
  const full = quantile(images.map(({ width, height }) => Math.max(width, height)), 0.5);
  const wanted = small > 0 ? Math.min(SMALL_SIDE / small, LONGEST_SIDE, Math.max(full, LONG_SIDE)) : LONG_SIDE;
  const long = Math.max(LONG_SIDE, wanted);
  return aspect >= 1 ? { width: upTo(long, multiple), height: upTo(long / aspect, multiple) } : { width: upTo(long * aspect, multiple), height: upTo(long, multiple) };
}

/** Box shapes as the network sees them, in input pixels. */
export function shapesInInput(images: readonly BoxedImage[], input: Size): AnchorShape[] {
  return images.flatMap((image) => {
    const at = letterbox(image, input);
    return image.boxes.map((box) => ({ w: ((box.x1 - box.x0) * at.width) / image.width, h: ((box.y1 - box.y0) * at.height) / image.height }));
  });
}

/** How many boxes find the slot taken that fits them best, when images are shown whole: those that take another one, and those that find none. */
export function countCollisions(images: readonly BoxedImage[], layout: YoloLayout): { moved: number; dropped: number } {
  const count = { moved: 0, dropped: 0 };
  for (const image of images) {
    const at = letterbox(image, layout.inputSize);
    // Of which class they are does not matter here.
    const { moved, dropped } = assign(image.boxes.map((box) => ({ ...toInput(box, image, at), classIndex: 0 })), layout);
    count.moved += moved;
    count.dropped += dropped;
  }
  return count;
}

/** A sentence for the person who trains; null where nothing collides. */
export function collisionNote({ moved, dropped }: { moved: number; dropped: number }, boxes: number): string | null {
  if (moved + dropped === 0) return null;
  const fates = [...(moved > 0 ? [`${moved} learned at another anchor`] : []), ...(dropped > 0 ? [`${dropped} not learned where the image is shown whole`] : [])];
  return `${moved + dropped} of ${boxes} training boxes want the cell and anchor of a box that fits better: ${fates.join(', ')}.${dropped > 0 ? ' A larger input or more anchors may part them.' : ''}`;
}

/** Anchors beyond this size in input pixels get a scale of their own, at the coarsest stride. */
const COARSE_ANCHOR = 192;
export const COARSEST_STRIDE = 32;

/** Divides anchors by area over the strides, the small ones to the fine maps. */
export function scalesOf(anchors: readonly AnchorShape[]): { stride: number; anchors: AnchorShape[] }[] {
  const sorted = [...anchors].sort((a, b) => a.w * a.h - b.w * b.h);
  const coarse = sorted.some(({ w, h }) => Math.max(w, h) > COARSE_ANCHOR) && sorted.length >= 3;
  const strides = coarse ? [8, 16, COARSEST_STRIDE] : [8, 16];
  return strides.map((stride, i) => ({
    stride, anchors: sorted.slice(Math.round((i * sorted.length) / strides.length), Math.round(((i + 1) * sorted.length) / strides.length)),
  }));
}

/** Anchors for the boxes: K-means with distance 1 − IoU, or the given ones. */
export function chooseAnchors(shapes: readonly AnchorShape[], count: number, seed: number, given?: readonly AnchorShape[]): { anchors: AnchorShape[]; meanBestIou: number | null } {
  if (given) return { anchors: given.map(({ w, h }) => ({ w, h })), meanBestIou: shapes.length > 0 ? meanBestIou(shapes, given) : null };
  const { anchors, meanBestIou: fit } = kmeansAnchors(shapes, count, { seed });
  const found = anchors.map(({ w, h }) => ({ w, h }));
  // Few boxes may have fewer shapes than anchors are asked for; each scale needs one.
  while (found.length < 2) found.push({ w: found[0]!.w * 2, h: found[0]!.h * 2 });
  return { anchors: found, meanBestIou: fit };
}
