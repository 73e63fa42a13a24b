/**
 * A smaller copy of an image, as libvips makes it for the worker (`vips_resize` with the linear kernel): whole boxes are averaged
 * first, then a triangle as wide as the rest of the reduction is laid around each pixel. The browser has no libvips, and a
 * network must see the same pixels there.
 */
import { type Size } from './letterbox';
import { type RgbImage } from './pixels';

/** Rows or columns of a plane of `count` lines: distance between numbers of a line, and between lines. */
interface Axis {
  length: number;
  step: number;
}

/** For every place of the result the first number that counts, and the weights from there on. */
interface Taps {
  first: Int32Array;
  weights: Float32Array[];
}

/** Means of `factor` neighbours; the last box repeats the edge where it reaches beyond. */
function boxes(length: number, factor: number): Taps {
  const count = Math.ceil(length / factor);
  return {
    first: Int32Array.from({ length: count }, (_, i) => i * factor),
    weights: Array.from({ length: count }, () => new Float32Array(factor).fill(1 / factor)),
  };
}

/** A triangle of half width `factor` around the place in the source of each of `count` places. */
function triangles(count: number, factor: number): Taps {
  const first = new Int32Array(count);
  const weights = Array.from({ length: count }, (_, i) => {
    const centre = (i + 0.5) * factor - 0.5;
    const from = Math.floor(centre - factor) + 1;
    const to = Math.ceil(centre + factor) - 1;
    first[i] = from;
    const raw = Float32Array.from({ length: Math.max(1, to - from + 1) }, (_, k) => Math.max(0, 1 - Math.abs(from + k - centre) / factor));
    const sum = raw.reduce((a, b) => a + b, 0);
    return raw.map((weight) => weight / sum);
  });
  return { first, weights };
}

/** Lays taps along one axis of `[height, width, 3]`; rounds to whole numbers, as each step of libvips does. */
function lay(image: RgbImage, along: 'x' | 'y', { first, weights }: Taps): RgbImage {
  const { data, width, height } = image;
  const count = first.length;
  const [own, other]: [Axis, Axis] = along === 'x' ? [{ length: width, step: 3 }, { length: height, step: width * 3 }] : [{ length: height, step: width * 3 }, { length: width, step: 3 }];
  const size = along === 'x' ? { width: count, height } : { width, height: count };
  const out = new Uint8Array(size.width * size.height * 3);
  const [ownOut, otherOut] = along === 'x' ? [3, count * 3] : [width * 3, 3];
  const last = own.length - 1;
  for (let i = 0; i < count; i++) {
    const of = weights[i]!;
    const from = first[i]!;
    const places = Int32Array.from(of, (_, k) => Math.min(last, Math.max(0, from + k)) * own.step);
    for (let j = 0; j < other.length; j++) {
      const base = j * other.step;
      let red = 0.5;
      let green = 0.5;
      let blue = 0.5;
      for (let k = 0; k < of.length; k++) {
        const at = base + places[k]!;
        const weight = of[k]!;
        red += weight * data[at]!;
        green += weight * data[at + 1]!;
        blue += weight * data[at + 2]!;
      }
      const to = i * ownOut + j * otherOut;
      out[to] = red;
      out[to + 1] = green;
      out[to + 2] = blue;
    }
  }
  return { data: out, ...size };
}

/** From this reduction on boxes come first (libvips's `gap`: what is left for the triangle is at least so much). */
const GAP = 2;

/**
 * The image at `size`, which is no larger than its own along either axis (else a RangeError: nothing is ever enlarged here).
 * Within two grey levels of libvips's.
 */
export function shrink(image: RgbImage, size: Size): RgbImage {
  if (size.width > image.width || size.height > image.height || size.width < 1 || size.height < 1) {
    throw new RangeError(`an image of ${image.width} × ${image.height} cannot be shrunk to ${size.width} × ${size.height}`);
  }
  let result = image;
  for (const along of ['y', 'x'] as const) {
    const box = Math.floor((along === 'y' ? image.height / size.height : image.width / size.width) / GAP);
    if (box > 1) result = lay(result, along, boxes(along === 'y' ? image.height : image.width, box));
  }
  for (const along of ['y', 'x'] as const) {
    const [length, full, wanted] = along === 'y' ? [result.height, image.height, size.height] : [result.width, image.width, size.width];
    const factor = full / wanted / Math.max(1, Math.floor(full / wanted / GAP));
    if (length !== wanted || factor !== 1) result = lay(result, along, triangles(wanted, factor));
  }
  return result;
}
