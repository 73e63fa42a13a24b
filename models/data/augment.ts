/**
 * Augmentation of detection images as a plan: which part of which image goes where, mirrored or not, in which colours.
 * The plan is drawn from a seeded generator and holds whole pixels, so that boxes follow the pixels exactly; who
 * carries it out decides how to resample.
 */
import { type Random } from '../runtime/random';
import { type Size } from './letterbox';

/** One image's part in the training image. */
export interface Tile {
  /** Index of the example. */
  example: number;
  /** Part taken, in whole pixels of the example's cached (reduced) image. */
  from: { x: number; y: number; width: number; height: number };
  /** Where it goes in the network input, in whole pixels. */
  to: { x: number; y: number; width: number; height: number };
  mirrorX: boolean;
  mirrorY: boolean;
  colour: ColourShift;
}

/** channel ↦ gain · channel + offset, on 0–255. */
export interface ColourShift {
  gain: [number, number, number];
  offset: [number, number, number];
}

export interface AugmentOptions {
  /** Probability of a mosaic of four images. */
  mosaic: number;
  mirrorX: number;
  mirrorY: number;
  /** Scale relative to the image fitted into the input, drawn log-uniformly. */
  scale: readonly [number, number];
  /** The image's place varies by this share of the input. */
  translate: number;
  /** Colour: gains in 1 ± contrast, offsets in ± brightness (of 255), and the same again per channel at the share `tint`. */
  contrast: number;
  brightness: number;
  tint: number;
}

export const defaultAugmentation: AugmentOptions = {
  mosaic: 0.5, mirrorX: 0.5, mirrorY: 0, scale: [0.7, 1.4], translate: 0.15, contrast: 0.25, brightness: 0.1, tint: 0.4,
};

/** No change at all: what evaluation sees. */
export const noAugmentation: AugmentOptions = {
  mosaic: 0, mirrorX: 0, mirrorY: 0, scale: [1, 1], translate: 0, contrast: 0, brightness: 0, tint: 0,
};

function drawColour(random: Random, { contrast, brightness, tint }: AugmentOptions): ColourShift {
  const gain = 1 + random.between(-contrast, contrast);
  const offset = 255 * random.between(-brightness, brightness);
  const channel = () => ({ gain: gain * (1 + tint * random.between(-contrast, contrast)), offset: offset + 255 * tint * random.between(-brightness, brightness) });
  const [r, g, b] = [channel(), channel(), channel()];
  // Contrast turns about the middle grey.
  const about = ({ gain: k, offset: d }: { gain: number; offset: number }) => d + 128 * (1 - k);
  return { gain: [r.gain, g.gain, b.gain], offset: [about(r), about(g), about(b)] };
}

/**
 * Places an image of `size` so that `(left, top, width, height)` (real numbers, input pixels) is its frame, and keeps
 * what falls into `window` (whole input pixels). Null when nothing does.
 */
function cut(size: Size, frame: { x: number; y: number; width: number; height: number }, window: { x: number; y: number; width: number; height: number }): Pick<Tile, 'from' | 'to'> | null {
  const along = (start: number, length: number, low: number, extent: number, pixels: number) => {
    const scale = length / pixels;
    const from = Math.max(0, Math.ceil((low - start) / scale - 1e-6));
    const end = Math.min(pixels, Math.floor((low + extent - start) / scale + 1e-6));
    if (end - from < 2) return null;
    const to = Math.max(low, Math.round(start + from * scale));
    const toEnd = Math.min(low + extent, Math.round(start + end * scale));
    return toEnd - to < 2 ? null : { from, size: end - from, to, toSize: toEnd - to };
  };
  const x = along(frame.x, frame.width, window.x, window.width, size.width);
  const y = along(frame.y, frame.height, window.y, window.height, size.height);
  if (!x || !y) return null;
  return { from: { x: x.from, y: y.from, width: x.size, height: y.size }, to: { x: x.to, y: y.to, width: x.toSize, height: y.toSize } };
}

/**
 * The plan of one training image. `sizes[i]` is the cached size of example i; `pick` draws the partners of a mosaic.
 */
export function planImage(example: number, sizes: readonly Size[], input: Size, options: AugmentOptions, random: Random, pick: () => number): Tile[] {
  const place = (index: number, window: { x: number; y: number; width: number; height: number }, centre: { x: number; y: number }, zoom: number): Tile[] => {
    const size = sizes[index]!;
    const fit = Math.min(input.width / size.width, input.height / size.height);
    const factor = fit * zoom * Math.exp(random.between(Math.log(options.scale[0]), Math.log(options.scale[1])));
    const [width, height] = [size.width * factor, size.height * factor];
    const mirrorX = random.next() < options.mirrorX;
    const mirrorY = random.next() < options.mirrorY;
    const colour = drawColour(random, options);
    const part = cut(size, { x: centre.x - width / 2, y: centre.y - height / 2, width, height }, window);
    return part ? [{ example: index, ...part, mirrorX, mirrorY, colour }] : [];
  };
  if (random.next() >= options.mosaic) {
    const whole = { x: 0, y: 0, width: input.width, height: input.height };
    const shift = () => random.between(-options.translate, options.translate);
    return place(example, whole, { x: input.width * (0.5 + shift()), y: input.height * (0.5 + shift()) }, 1);
  }
  // Four images around a joint near the middle (Bochkovskiy et al. 2020), each showing a different part of itself.
  const jointX = Math.round(input.width * random.between(0.3, 0.7));
  const jointY = Math.round(input.height * random.between(0.3, 0.7));
  const zoom = 0.8;
  return [example, pick(), pick(), pick()].flatMap((index, i) => {
    const left = i % 2 === 0;
    const top = i < 2;
    const window = {
      x: left ? 0 : jointX, y: top ? 0 : jointY, width: left ? jointX : input.width - jointX, height: top ? jointY : input.height - jointY,
    };
    const centre = {
      x: window.x + window.width / 2 + random.between(-0.25, 0.25) * input.width * zoom,
      y: window.y + window.height / 2 + random.between(-0.25, 0.25) * input.height * zoom,
    };
    return place(index, window, centre, zoom);
  });
}

interface Edges {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** A box must keep this share of its area, and this many pixels on each side, to stay a label. */
const MIN_VISIBLE = 0.35;
const MIN_SIDE = 2;

/**
 * The boxes of a tile's example in the training image. `boxes` are in pixels of the full image of size `full`;
 * the result is in input pixels, clipped to the tile. Boxes of which too little is left are dropped.
 */
export function boxesOfTile<T extends Edges>(boxes: readonly T[], full: Size, cached: Size, tile: Tile): T[] {
  const { from, to } = tile;
  const along = (low: number, high: number, scale: number, start: number, extent: number, target: number, targetExtent: number, mirror: boolean): [number, number] => {
    const at = (edge: number) => ((edge * scale - start) / extent) * targetExtent;
    const [a, b] = [at(low), at(high)];
    return mirror ? [target + targetExtent - b, target + targetExtent - a] : [target + a, target + b];
  };
  return boxes.flatMap((box) => {
    const [x0, x1] = along(box.x0, box.x1, cached.width / full.width, from.x, from.width, to.x, to.width, tile.mirrorX);
    const [y0, y1] = along(box.y0, box.y1, cached.height / full.height, from.y, from.height, to.y, to.height, tile.mirrorY);
    const clipped = { x0: Math.max(x0, to.x), x1: Math.min(x1, to.x + to.width), y0: Math.max(y0, to.y), y1: Math.min(y1, to.y + to.height) };
    const [w, h] = [clipped.x1 - clipped.x0, clipped.y1 - clipped.y0];
    if (w < MIN_SIDE || h < MIN_SIDE || w * h < MIN_VISIBLE * (x1 - x0) * (y1 - y0)) return [];
    return [{ ...box, ...clipped }];
  });
}
