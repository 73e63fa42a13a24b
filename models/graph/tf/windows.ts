/**
 * Convolution and pooling for tfjs from kernels that its WASM, WebGL and WebGPU backends all have. What they lack
 * (gradients of filters and of depthwise convolutions, indices of maxima, volumes) is made of slices, products and plain
 * forward convolutions.
 */
import { tf } from '../../runtime/tf';
import { sizeOf, spaceOf } from '../shapes';
import { type ConvAttrs, type PoolAttrs, type Shape, type WindowAttrs } from '../types';

/** Zeros (or `value`) before and after each axis of space; negative numbers cut. */
export function padSpace(x: tf.Tensor, before: readonly number[], after: readonly number[], value = 0): tf.Tensor {
  const axes = before.length;
  if (before.some((n) => n < 0) || after.some((n) => n < 0)) {
    const start = x.shape.map((_, i) => (i >= 1 && i <= axes ? Math.max(-before[i - 1]!, 0) : 0));
    const size = x.shape.map((n, i) => (i >= 1 && i <= axes ? n - start[i]! - Math.max(-after[i - 1]!, 0) : n));
    x = tf.slice(x, start, size);
  }
  if (before.every((n) => n <= 0) && after.every((n) => n <= 0)) return x;
  return tf.pad(x, x.shape.map((_, i): [number, number] => (i >= 1 && i <= axes ? [Math.max(before[i - 1]!, 0), Math.max(after[i - 1]!, 0)] : [0, 0])), value);
}

/** `zeros[i]` zeros after every number along axis i: [n] becomes [n · (zeros + 1)]. */
export function spread(x: tf.Tensor, zeros: readonly number[]): tf.Tensor {
  return zeros.reduce((value, count, axis) => {
    if (count === 0) return value;
    const [outer, n, inner] = [sizeOf(value.shape.slice(0, axis)), value.shape[axis]!, sizeOf(value.shape.slice(axis + 1))];
    const wide = tf.pad(tf.reshape(value, [outer * n, inner]), [[0, 0], [0, inner * count]]);
    return tf.reshape(wide, value.shape.map((m, i) => (i === axis ? n * (count + 1) : m)));
  }, x);
}

/** Every place of a window, as the distance from its first one along each axis. */
function placesOf(filter: readonly number[], dilations: readonly number[]): number[][] {
  return filter.reduce<number[][]>((places, n, axis) => places.flatMap((place) => Array.from({ length: n }, (_, i) => [...place, i * dilations[axis]!])), [[]]);
}

/** The numbers under one place of every window, of a padded tensor with the axes of space from `first` on. */
function under(padded: tf.Tensor, place: readonly number[], outputs: readonly number[], strides: readonly number[], first = 1): tf.Tensor {
  const inside = (axis: number) => axis >= first && axis < first + place.length;
  const start = padded.shape.map((_, axis) => (inside(axis) ? place[axis - first]! : 0));
  const size = padded.shape.map((n, axis) => (inside(axis) ? outputs[axis - first]! : n));
  if (strides.every((s) => s === 1)) return tf.slice(padded, start, size);
  const steps = padded.shape.map((_, axis) => (inside(axis) ? strides[axis - first]! : 1));
  return tf.stridedSlice(padded, start, start.map((from, axis) => from + (size[axis]! - 1) * steps[axis]! + 1), steps);
}

/** The adjoint of `under` and of padding: numbers of windows go back to one place of each. */
function over(y: tf.Tensor, place: readonly number[], sizes: readonly number[], { strides, pads }: Pick<WindowAttrs, 'strides' | 'pads'>): tf.Tensor {
  const axes = sizes.length;
  const wide = spread(y, [0, ...strides.map((s) => s - 1), 0]);
  const before = place.map((at, i) => at - pads[i]!);
  return padSpace(wide, before, before.map((n, i) => sizes[i]! - n - wide.shape[1 + i]!).slice(0, axes));
}

/** Zeros around the input, so that windows of `filter` lie in it whole. */
function padded(x: tf.Tensor, filter: readonly number[], outputs: readonly number[], { strides, dilations, pads }: WindowAttrs, value = 0): tf.Tensor {
  const axes = filter.length;
  const space = spaceOf(x.shape);
  const reach = outputs.map((n, i) => (n - 1) * strides[i]! + dilations[i]! * (filter[i]! - 1) + 1);
  return padSpace(x, pads.slice(0, axes), reach.map((n, i) => Math.max(0, n - space[i]! - pads[i]!)), value);
}

const ones = (n: number): number[] => Array<number>(n).fill(1);
const pairOf = (list: readonly number[]): [number, number] => [list[0]!, list[1]!];

/** A two-dimensional convolution of padded input, `groups` one or as many as channels or any between. */
function conv2d(x: tf.Tensor4D, kernel: tf.Tensor4D, strides: readonly number[], dilations: readonly number[], groups: number): tf.Tensor {
  if (strides.some((s) => s > 1) && dilations.some((d) => d > 1)) {
    // tfjs has strides or dilations, not both.
    const all = conv2d(x, kernel, [1, 1], dilations, groups);
    return tf.stridedSlice(all, [0, 0, 0, 0], all.shape, [1, ...pairOf(strides), 1]);
  }
  if (groups === 1) return tf.conv2d(x, kernel, pairOf(strides), 'valid', 'NHWC', pairOf(dilations));
  const [kh, kw, perGroup, filters] = kernel.shape;
  if (perGroup === 1) {
    const depthwise = tf.reshape(kernel, [kh, kw, groups, filters / groups]) as tf.Tensor4D;
    return tf.depthwiseConv2d(x, depthwise, pairOf(strides), 'valid', 'NHWC', pairOf(dilations));
  }
  const kernels = tf.split(kernel, groups, 3) as tf.Tensor4D[];
  return tf.concat((tf.split(x, groups, 3) as tf.Tensor4D[]).map((part, i) => conv2d(part, kernels[i]!, strides, dilations, 1)), 3);
}

/** Convolution over any number of axes: one is made two, and of three the first is a sum over its places. */
export function conv(x: tf.Tensor, kernel: tf.Tensor, attrs: ConvAttrs, outputs: readonly number[]): tf.Tensor {
  const filter = kernel.shape.slice(0, -2);
  const source = padded(x, filter, outputs, attrs);
  const { strides, dilations, groups } = attrs;
  if (filter.length === 1) {
    const flat = conv2d(tf.expandDims(source, 1) as tf.Tensor4D, tf.expandDims(kernel, 0) as tf.Tensor4D, [1, ...strides], [1, ...dilations], groups);
    return tf.squeeze(flat, [1]);
  }
  if (filter.length === 2) return conv2d(source as tf.Tensor4D, kernel as tf.Tensor4D, strides, dilations, groups);
  const [n, , h, w, c] = source.shape as [number, number, number, number, number];
  const slices = Array.from({ length: filter[0]! }, (_, i) => {
    const layers = under(source, [i * dilations[0]!, 0, 0], [outputs[0]!, h, w], [strides[0]!, 1, 1]);
    const images = tf.reshape(layers, [n * outputs[0]!, h, w, c]) as tf.Tensor4D;
    const part = tf.squeeze(tf.slice(kernel, [i, 0, 0, 0, 0], [1, -1, -1, -1, -1]), [0]) as tf.Tensor4D;
    return conv2d(images, part, strides.slice(1), dilations.slice(1), groups);
  });
  return tf.reshape(tf.addN(slices), [n, ...outputs, kernel.shape.at(-1)!]);
}

/** Kernel [...size, in / groups, out] mirrored, in and out exchanged within each group. */
function mirrored(kernel: tf.Tensor, groups: number): tf.Tensor {
  const size = kernel.shape.slice(0, -2);
  const [perGroup, out] = kernel.shape.slice(-2) as [number, number];
  const places = sizeOf(size);
  const turned = places === 1 ? kernel : tf.gather(tf.reshape(kernel, [places, perGroup, out]), tf.tensor1d(Array.from({ length: places }, (_, i) => places - 1 - i), 'int32'));
  // [places, in, group, out per group] → [places, out per group, group, in]
  const exchanged = tf.transpose(tf.reshape(turned, [places, perGroup, groups, out / groups]), [0, 3, 2, 1]);
  return tf.reshape(exchanged, [...size, out / groups, groups * perGroup]);
}

/** The adjoint of `conv` in its input: a convolution with the mirrored kernel over dy with zeros between. */
export function convInput(dy: tf.Tensor, kernel: tf.Tensor, { strides, dilations, pads, groups }: ConvAttrs, inputSize: readonly number[]): tf.Tensor {
  const filter = kernel.shape.slice(0, -2);
  const wide = spread(dy, [0, ...strides.map((s) => s - 1), 0]);
  const before = filter.map((n, i) => dilations[i]! * (n - 1) - pads[i]!);
  const after = filter.map((n, i) => inputSize[i]! + dilations[i]! * (n - 1) - before[i]! - wide.shape[1 + i]!);
  const plain = { strides: ones(filter.length), dilations, pads: [...before, ...after].map(() => 0), groups };
  return conv(padSpace(wide, before, after), mirrored(kernel, groups), plain, inputSize);
}

/** The adjoint of `conv` in its kernel: a matrix product for every place of the window. */
export function convFilter(x: tf.Tensor, dy: tf.Tensor, attrs: ConvAttrs, filterSize: readonly number[]): tf.Tensor {
  const { strides, dilations, groups } = attrs;
  const outputs = spaceOf(dy.shape);
  const [cin, cout] = [x.shape.at(-1)!, dy.shape.at(-1)!];
  const rows = sizeOf(dy.shape) / cout;
  const source = padded(x, filterSize, outputs, attrs);
  const perGroup = cin / groups;
  const places = placesOf(filterSize, dilations);
  const finish = (taps: tf.Tensor[]) => tf.reshape(tf.stack(taps), [...filterSize, perGroup, cout]);
  if (perGroup === 1 && groups > 1) {
    const multiplier = cout / groups;
    const wanted = tf.reshape(dy, [rows, groups, multiplier]);
    const one = tf.ones([1, rows]);
    return finish(places.map((place) => tf.matMul(one, tf.reshape(tf.mul(tf.reshape(under(source, place, outputs, strides), [rows, groups, 1]), wanted), [rows, cout]))));
  }
  if (groups > 1) {
    const parts = tf.split(x, groups, x.rank - 1).map((part, i) => {
      const share = tf.slice(dy, [...outputs.map(() => 0), 0, (i * cout) / groups], [-1, ...outputs.map(() => -1), cout / groups]);
      return convFilter(part, share, { ...attrs, groups: 1 }, filterSize);
    });
    return tf.concat(parts, filterSize.length + 1);
  }
  // Channels first, so that the rows of each product lie together: transposing products are slow on WASM.
  const turned = tf.transpose(source, [x.rank - 1, ...source.shape.map((_, i) => i).slice(0, -1)]);
  const gradient = tf.reshape(dy, [rows, cout]);
  return finish(places.map((place) => tf.matMul(tf.reshape(under(turned, place, outputs, strides, 2), [cin, rows]), gradient)));
}

const window = ({ size, strides, pads }: PoolAttrs): WindowAttrs => ({ strides, pads, dilations: ones(size.length) });

/** Maxima of windows and, where wanted, the number of the place at which each one lies (the first of equal ones). */
export function maxPool(x: tf.Tensor, attrs: PoolAttrs, outputs: readonly number[], withPlaces: boolean): tf.Tensor[] {
  const { size, strides } = attrs;
  const source = padded(x, size, outputs, window(attrs), -Number.MAX_VALUE);
  const places = placesOf(size, ones(size.length));
  let best = under(source, places[0]!, outputs, strides);
  let at = tf.zerosLike(best);
  places.slice(1).forEach((place, i) => {
    const candidate = under(source, place, outputs, strides);
    if (withPlaces) at = tf.where(tf.greater(candidate, best), tf.scalar(i + 1), at);
    best = tf.maximum(best, candidate);
  });
  return [best, at];
}

/** Each number goes where its maximum came from. */
export function maxUnpool(dy: tf.Tensor, at: tf.Tensor, attrs: PoolAttrs, inputSize: readonly number[]): tf.Tensor {
  const places = placesOf(attrs.size, ones(attrs.size.length));
  return tf.addN(places.map((place, i) => over(tf.mul(dy, tf.cast(tf.equal(at, i), 'float32')), place, inputSize, attrs)));
}

/** Each output takes the number where its maximum came from. */
export function maxRegather(g: tf.Tensor, at: tf.Tensor, attrs: PoolAttrs): tf.Tensor {
  const outputs = spaceOf(at.shape);
  const source = padded(g, attrs.size, outputs, window(attrs));
  return tf.addN(placesOf(attrs.size, ones(attrs.size.length)).map((place, i) => tf.mul(under(source, place, outputs, attrs.strides), tf.cast(tf.equal(at, i), 'float32'))));
}

/** 1 / (pixels of the image in the window), [1, ...outputs, 1]. */
function shares({ size, strides, pads }: PoolAttrs, inputSize: readonly number[], outputs: readonly number[]): tf.Tensor {
  const counts = outputs.map((n, axis) => Array.from({ length: n }, (_, at) => {
    const from = at * strides[axis]! - pads[axis]!;
    return Math.min(from + size[axis]!, inputSize[axis]!) - Math.max(from, 0);
  }));
  const products = counts.reduce<number[]>((all, axis) => all.flatMap((count) => axis.map((n) => count * n)), [1]);
  return tf.tensor(products.map((count) => 1 / count), [1, ...outputs, 1]);
}

export function avgPool(x: tf.Tensor, attrs: PoolAttrs, outputs: readonly number[]): tf.Tensor {
  const source = padded(x, attrs.size, outputs, window(attrs));
  const sum = tf.addN(placesOf(attrs.size, ones(attrs.size.length)).map((place) => under(source, place, outputs, attrs.strides)));
  return tf.mul(sum, shares(attrs, spaceOf(x.shape as Shape), outputs));
}

export function avgUnpool(dy: tf.Tensor, attrs: PoolAttrs, inputSize: readonly number[]): tf.Tensor {
  const weighted = tf.mul(dy, shares(attrs, inputSize, spaceOf(dy.shape)));
  return tf.addN(placesOf(attrs.size, ones(attrs.size.length)).map((place) => over(weighted, place, inputSize, attrs)));
}
