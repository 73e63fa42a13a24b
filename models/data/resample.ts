/**
 * Fetching the pixels of a window of the network input from an image through a warp: bilinear for colours, nearest for
 * label maps. A pixel whose centre lies outside the image is left as it is.
 */
import { type Placement, type Size } from './letterbox';
import { type RgbImage } from './pixels';
import { compose, rowMapper, type Warp } from './warp';

/** One byte a pixel, row-major. */
export interface ByteMap extends Size {
  data: Uint8Array;
}

/** New value of each byte of the red, green and blue channel: 3 · 256 bytes. */
export type ColourTable = Uint8Array;

export const plainColours: ColourTable = Uint8Array.from({ length: 768 }, (_, i) => i & 255);

/** Fixed-point bits of the bilinear weights; 8 + 2 · 11 stay below 31. */
const BITS = 11;
const ONE = 1 << BITS;
const HALF = 1 << (2 * BITS - 1);

/** From this many image pixels for one of the input, along an axis of the image, it is halved first. */
const COARSEST = 2;

/** Half as wide or high or both (rounded up); each pixel is the mean of those it covers. */
function halve({ data, width, height }: RgbImage, across: boolean, down: boolean): RgbImage {
  const w = across ? (width + 1) >> 1 : width;
  const h = down ? (height + 1) >> 1 : height;
  const out = new Uint8Array(w * h * 3);
  for (let y = 0, to = 0; y < h; y++) {
    const upper = (down ? 2 * y : y) * width * 3;
    const lower = down && 2 * y + 1 < height ? upper + width * 3 : upper;
    for (let x = 0; x < w; x++) {
      const left = (across ? 2 * x : x) * 3;
      const right = across && 2 * x + 1 < width ? left + 3 : left;
      for (let c = 0; c < 3; c++) out[to++] = (data[upper + left + c]! + data[upper + right + c]! + data[lower + left + c]! + data[lower + right + c]! + 2) >> 2;
    }
  }
  return { data: out, width: w, height: h };
}

interface Source {
  image: RgbImage;
  /** Factor from full-image pixels. */
  scale: { x: number; y: number };
  /** Where the image ends, in its pixels: a halved image of odd size ends inside its last pixel. */
  end: { x: number; y: number };
}

/** The image at a size from which bilinear sampling misses nothing. */
function reduced(image: RgbImage, full: Size, warp: Warp): Source {
  let source: Source = { image, scale: { x: image.width / full.width, y: image.height / full.height }, end: { x: image.width, y: image.height } };
  for (;;) {
    const { scale, end } = source;
    const [a, b, , d, e] = compose([scale.x, 0, 0, 0, scale.y, 0], warp.toImage);
    const across = Math.hypot(a, b) >= COARSEST && source.image.width > 1;
    const down = Math.hypot(d, e) >= COARSEST && source.image.height > 1;
    if (!across && !down) return source;
    const [fx, fy] = [across ? 0.5 : 1, down ? 0.5 : 1];
    source = { image: halve(source.image, across, down), scale: { x: scale.x * fx, y: scale.y * fy }, end: { x: end.x * fx, y: end.y * fy } };
  }
}

/**
 * Draws the image into `window` of `target`. `image` is the full image of size `full`, or a reduced copy of it.
 * @param covered set to 1 where a pixel was drawn, `[height, width]` of the target.
 */
export function drawImage(target: RgbImage, window: Placement, image: RgbImage, full: Size, warp: Warp, colours: ColourTable = plainColours, covered?: Uint8Array): void {
  const { image: { data, width, height }, scale, end } = reduced(image, full, warp);
  const locate = rowMapper(warp, scale, window.width);
  const xs = new Float64Array(window.width);
  const ys = new Float64Array(window.width);
  const out = target.data;
  const stride = (width * 3) | 0;
  const endX = end.x;
  const endY = end.y;
  const lastX = (width - 1) | 0;
  const lastY = (height - 1) | 0;
  // Whole-number arithmetic spelled out (`| 0`, `Math.imul`) takes a third off the time.
  for (let y = 0; y < window.height; y++) {
    locate(window.y + y, window.x, xs, ys);
    const row = ((window.y + y) * target.width + window.x) | 0;
    for (let i = 0; i < xs.length; i++) {
      const sx = xs[i]!;
      const sy = ys[i]!;
      if (!(sx >= 0 && sx < endX && sy >= 0 && sy < endY)) continue;
      // In 1 / ONE, from the centre of the first pixel.
      let u = (sx * ONE - (ONE >> 1) + 0.5) | 0;
      let v = (sy * ONE - (ONE >> 1) + 0.5) | 0;
      if (u < 0) u = 0;
      if (v < 0) v = 0;
      const x0 = u >> BITS;
      const y0 = v >> BITS;
      const fx = u & (ONE - 1);
      const fy = v & (ONE - 1);
      const k00 = (Math.imul(y0, stride) + Math.imul(x0, 3)) | 0;
      const k01 = x0 < lastX ? (k00 + 3) | 0 : k00;
      const below = y0 < lastY ? stride : 0;
      const k10 = (k00 + below) | 0;
      const k11 = (k01 + below) | 0;
      const w11 = Math.imul(fx, fy);
      const w01 = ((fx << BITS) - w11) | 0;
      const w10 = ((fy << BITS) - w11) | 0;
      const w00 = ((1 << (2 * BITS)) - w11 - w01 - w10) | 0;
      const to = Math.imul(row + i, 3);
      const red = Math.imul(data[k00]!, w00) + Math.imul(data[k01]!, w01) + Math.imul(data[k10]!, w10) + Math.imul(data[k11]!, w11) + HALF | 0;
      const green = Math.imul(data[k00 + 1]!, w00) + Math.imul(data[k01 + 1]!, w01) + Math.imul(data[k10 + 1]!, w10) + Math.imul(data[k11 + 1]!, w11) + HALF | 0;
      const blue = Math.imul(data[k00 + 2]!, w00) + Math.imul(data[k01 + 2]!, w01) + Math.imul(data[k10 + 2]!, w10) + Math.imul(data[k11 + 2]!, w11) + HALF | 0;
      out[to] = colours[red >> (2 * BITS)]!;
      out[to + 1] = colours[256 + (green >> (2 * BITS))]!;
      out[to + 2] = colours[512 + (blue >> (2 * BITS))]!;
      if (covered) covered[row + i] = 1;
    }
  }
}

/** Draws a label map into `window` of `target` by the value of the nearest pixel. */
export function drawMap(target: ByteMap, window: Placement, map: ByteMap, full: Size, warp: Warp): void {
  const locate = rowMapper(warp, { x: map.width / full.width, y: map.height / full.height }, window.width);
  const xs = new Float64Array(window.width);
  const ys = new Float64Array(window.width);
  const { data, width, height } = map;
  for (let y = 0; y < window.height; y++) {
    locate(window.y + y, window.x, xs, ys);
    const row = (window.y + y) * target.width + window.x;
    for (let i = 0; i < xs.length; i++) {
      const sx = xs[i]!;
      const sy = ys[i]!;
      if (sx >= 0 && sx < width && sy >= 0 && sy < height) target.data[row + i] = data[(sy | 0) * width + (sx | 0)]!;
    }
  }
}
