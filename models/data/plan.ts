/**
 * The augmentation plan of a training image: which images go where, through which warp, in which colours. It is plain
 * data drawn from a seeded generator, and knows sizes but no pixels. Each kind of change draws from a stream of its own:
 * a stronger noise leaves the geometry as it was.
 */
import { type Random } from '../runtime/random';
import { type AugmentOptions } from './augment';
import { letterbox, type Placement, type Size } from './letterbox';
import { type Affine, compose, drawElastic, frameWarp, invert, type Point, type Warp } from './warp';

/** channel ↦ gain · channel + offset, on 0–255. */
export interface ColourShift {
  gain: readonly [number, number, number];
  offset: readonly [number, number, number];
}

/** One image's part in the training image. */
export interface Piece {
  /** Size of the full image. */
  full: Size;
  /** Part of the input that may show it, in whole pixels. */
  window: Placement;
  warp: Warp;
  /** Left and right have changed places. */
  mirrored: boolean;
  colour: ColourShift;
}

export interface ImagePlan {
  input: Size;
  /** In the order of the images given. */
  pieces: Piece[];
  /** Standard deviations: of noise in 0–255, of a blur in input pixels. */
  noise: number;
  blur: number;
  /** Keys the noise. */
  key: number;
}

/** The images that one training image is made of: itself, or itself and three partners of a mosaic. */
export function drawMembers(example: number, count: number, { mosaic }: AugmentOptions, random: Random): number[] {
  const stream = random.fork('members');
  return stream.next() < mosaic ? [example, stream.below(count), stream.below(count), stream.below(count)] : [example];
}

const symmetric = (random: Random, reach: number): number => (reach === 0 ? 0 : random.between(-reach, reach));
/** Log-uniform in [low, high]. */
const ratio = (random: Random, low: number, high: number): number => (low === high ? low : Math.exp(random.between(Math.log(low), Math.log(high))));
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

function drawColour(random: Random, { contrast, brightness, tint, colourShift }: AugmentOptions): ColourShift {
  const gain = 1 + symmetric(random, contrast);
  const offset = 255 * symmetric(random, brightness);
  const channel = (): [number, number] => {
    const k = gain * (1 + tint * symmetric(random, contrast));
    const shift = offset + 255 * (tint * symmetric(random, brightness) + symmetric(random, colourShift));
    // Contrast turns about the middle grey.
    return [k, shift + 128 * (1 - k)];
  };
  const [r, g, b] = [channel(), channel(), channel()];
  return { gain: [r[0], g[0], b[0]], offset: [r[1], g[1], b[1]] };
}

/** How the fitted image is changed about its middle: sizes, slants and turns. */
function drawShape(random: Random, options: AugmentOptions, zoom: number): { shape: Affine; mirrored: boolean } {
  const size = zoom * ratio(random.fork('scale'), options.scale[0], options.scale[1]);
  const stretch = Math.sqrt(ratio(random.fork('aspect'), 1 / (1 + options.aspect), 1 + options.aspect));
  const mirror = random.fork('mirror');
  const flipX = mirror.next() < options.mirrorX;
  const flipY = mirror.next() < options.mirrorY;
  const angle = radians(symmetric(random.fork('rotate'), options.rotate));
  const slant = random.fork('shear');
  const [shearX, shearY] = [Math.tan(radians(symmetric(slant, options.shear))), Math.tan(radians(symmetric(slant, options.shear)))];
  const [sx, sy] = [(flipX ? -1 : 1) * size * stretch, ((flipY ? -1 : 1) * size) / stretch];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const turned = compose([cos, -sin, 0, sin, cos, 0], compose([1, shearX, 0, 0, 1, 0], compose([1, 0, 0, shearY, 1, 0], [sx, 0, 0, 0, sy, 0])));
  return { shape: turned, mirrored: flipX !== flipY };
}

function middleOf({ x, y, width, height }: Placement): Point {
  return { x: x + width / 2, y: y + height / 2 };
}

/** An image whose fitted frame is changed about its middle, which comes to lie at `centre`. */
function place(full: Size, input: Size, window: Placement, centre: Point, zoom: number, options: AugmentOptions, random: Random): Piece {
  const at = letterbox(full, input);
  const middle = middleOf(at);
  const { shape, mirrored } = drawShape(random, options, zoom);
  const move = compose([1, 0, centre.x, 0, 1, centre.y], compose(shape, [1, 0, -middle.x, 0, 1, -middle.y]));
  const fitted = frameWarp({ x: 0, y: 0, ...full }, at).toImage;
  const elastic = options.elastic > 0 ? drawElastic(input, options.elastic, options.elasticCells, random.fork('elastic')) : null;
  return { full, window, warp: { toImage: compose(fitted, invert(move)), elastic }, mirrored, colour: drawColour(random.fork('colour'), options) };
}

/** Four images around a joint near the middle (Bochkovskiy et al. 2020), each showing a different part of itself. */
function planMosaic(sizes: readonly Size[], input: Size, options: AugmentOptions, random: Random): Piece[] {
  const stream = random.fork('mosaic');
  const jointX = Math.round(input.width * stream.between(0.3, 0.7));
  const jointY = Math.round(input.height * stream.between(0.3, 0.7));
  const zoom = 0.8;
  return sizes.map((full, i) => {
    const left = i % 2 === 0;
    const top = i < 2;
    const window = {
      x: left ? 0 : jointX, y: top ? 0 : jointY, width: left ? jointX : input.width - jointX, height: top ? jointY : input.height - jointY,
    };
    const { x, y } = middleOf(window);
    const centre = { x: x + stream.between(-0.25, 0.25) * input.width * zoom, y: y + stream.between(-0.25, 0.25) * input.height * zoom };
    return place(full, input, window, centre, zoom, options, random.fork(i));
  });
}

/** The plan of one training image. `sizes`: of its one image, or of the four of a mosaic (see `drawMembers`). */
export function planImage(sizes: readonly Size[], input: Size, options: AugmentOptions, random: Random): ImagePlan {
  const stream = random.fork('input');
  const plan = { input, noise: 255 * options.noise * stream.next(), blur: options.blur * stream.next(), key: stream.uint32() };
  if (sizes.length > 1) return { ...plan, pieces: planMosaic(sizes, input, options, random) };
  const full = sizes[0]!;
  const window = { x: 0, y: 0, ...input };
  const shift = random.fork('translate');
  const { x, y } = middleOf(letterbox(full, input));
  const centre = { x: x + input.width * symmetric(shift, options.translate), y: y + input.height * symmetric(shift, options.translate) };
  return { ...plan, pieces: [place(full, input, window, centre, 1, options, random.fork(0))] };
}
