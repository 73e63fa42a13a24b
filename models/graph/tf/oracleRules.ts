/** Every primitive in tfjs terms, for the oracle. Written to be obviously right, not fast. */
import { tf } from '../../runtime/tf';
import { poolWindow, sizeOf, spaceOf } from '../shapes';
import { type ConvAttrs, type GraphNode, type OpAttrs, type OpName, type PoolAttrs, type Shape, type TypedArray, type WindowAttrs } from '../types';

/** One primitive in tfjs terms. */
export type TfRule<K extends OpName> = (inputs: tf.Tensor[], attrs: OpAttrs[K], node: GraphNode<K>) => tf.Tensor | tf.Tensor[];

const unary = <K extends OpName>(apply: (x: tf.Tensor) => tf.Tensor): TfRule<K> => ([x]) => apply(x!);
const binary = <K extends OpName>(apply: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): TfRule<K> => ([a, b]) => apply(a!, b!);

/** Plain numbers with a shape, for the rules that are written as loops. */
interface Numbers {
  data: TypedArray;
  shape: Shape;
}
const numbers = (tensor: tf.Tensor): Numbers => ({ data: tensor.dataSync() as TypedArray, shape: tensor.shape });

/**
 * Calls `visit` for every place of a window that lies in the input: flat indices of the pixel, of the window and of the
 * place in the window.
 */
function eachPlace(
  sizes: readonly number[], outputs: readonly number[], filter: readonly number[], { strides, dilations, pads }: WindowAttrs,
  visit: (pixel: number, window: number, place: number) => void,
): void {
  const walk = (axis: number, pixel: number, window: number, place: number): void => {
    if (axis === sizes.length) return visit(pixel, window, place);
    for (let o = 0; o < outputs[axis]!; o++) for (let i = 0; i < filter[axis]!; i++) {
      const at = o * strides[axis]! - pads[axis]! + i * dilations[axis]!;
      if (at >= 0 && at < sizes[axis]!) walk(axis + 1, pixel * sizes[axis]! + at, window * outputs[axis]! + o, place * filter[axis]! + i);
    }
  };
  walk(0, 0, 0, 0);
}

/** Calls `visit` for every product of a convolution, with the flat indices of image, kernel and output. */
function eachProduct(image: Shape, kernel: Shape, output: Shape, attrs: ConvAttrs, visit: (image: number, kernel: number, output: number) => void): void {
  const [perGroup, cout] = kernel.slice(-2) as [number, number];
  const outPerGroup = cout / attrs.groups;
  const cin = image.at(-1)!;
  const [pixels, windows] = [sizeOf(spaceOf(image)), sizeOf(spaceOf(output))];
  eachPlace(spaceOf(image), spaceOf(output), kernel.slice(0, -2), attrs, (pixel, window, place) => {
    for (let n = 0; n < image[0]!; n++) for (let o = 0; o < cout; o++) for (let c = 0; c < perGroup; c++) {
      visit((n * pixels + pixel) * cin + Math.floor(o / outPerGroup) * perGroup + c, (place * perGroup + c) * cout + o, (n * windows + window) * cout + o);
    }
  });
}

/** Calls `visit` for every pixel of every window that lies in the image. */
function eachWindowPixel(image: Shape, output: Shape, attrs: PoolAttrs, visit: (image: number, output: number) => void): void {
  const channels = image.at(-1)!;
  const [pixels, windows] = [sizeOf(spaceOf(image)), sizeOf(spaceOf(output))];
  eachPlace(spaceOf(image), spaceOf(output), attrs.size, poolWindow(attrs), (pixel, window) => {
    for (let n = 0; n < image[0]!; n++) for (let c = 0; c < channels; c++) visit((n * pixels + pixel) * channels + c, (n * windows + window) * channels + c);
  });
}

const shapeOf = (node: GraphNode, index = 0): Shape => node.outputs[index]!.shape;

/** Where each window has its first maximum: flat indices into the image. */
function maxima(x: Numbers, shape: Shape, attrs: PoolAttrs): Int32Array {
  const best = new Int32Array(sizeOf(shape)).fill(-1);
  eachWindowPixel(x.shape, shape, attrs, (from, to) => {
    if (best[to]! < 0 || x.data[from]! > x.data[best[to]!]!) best[to] = from;
  });
  return best;
}

function poolCounts(image: Shape, output: Shape, attrs: PoolAttrs): Float32Array {
  const counts = new Float32Array(sizeOf(output));
  eachWindowPixel(image, output, attrs, (_from, to) => counts[to]!++);
  return counts;
}

export const oracleRules: { [K in Exclude<OpName, 'input' | 'constant'>]: TfRule<K> } = {
  cast: ([x], { dtype }) => tf.cast(x!, dtype === 'uint8' ? 'int32' : dtype),
  stopGradient: ([x]) => x!,
  neg: unary(tf.neg), abs: unary(tf.abs), sign: unary(tf.sign), exp: unary(tf.exp), log: unary(tf.log), sqrt: unary(tf.sqrt),
  reciprocal: unary(tf.reciprocal), atan: unary(tf.atan), tanh: unary(tf.tanh), sigmoid: unary(tf.sigmoid), softplus: unary(tf.softplus),
  relu: unary(tf.relu), not: unary(tf.logicalNot),
  slope: ([x], { below }) => tf.add(tf.mul(tf.cast(tf.greater(x!, 0), 'float32'), 1 - below), below),
  leakyRelu: ([x], { alpha }) => tf.leakyRelu(x!, alpha),
  clip: ([x], { min, max }) => tf.clipByValue(x!, min, max),
  add: binary(tf.add), sub: binary(tf.sub), mul: binary(tf.mul), div: binary(tf.div), minimum: binary(tf.minimum), maximum: binary(tf.maximum),
  greater: binary(tf.greater), greaterEqual: binary(tf.greaterEqual), equal: binary(tf.equal), and: binary(tf.logicalAnd),
  where: ([condition, a, b], _attrs, node) => {
    const shape = [...node.outputs[0]!.shape];
    return tf.where(tf.broadcastTo(condition!, shape), tf.broadcastTo(a!, shape), tf.broadcastTo(b!, shape));
  },
  reduceSum: ([x], { axes, keepDims }) => tf.sum(x!, [...axes], keepDims),
  reduceMax: ([x], { axes, keepDims }) => tf.max(x!, [...axes], keepDims),
  broadcastTo: ([x], { shape }) => tf.broadcastTo(x!, [...shape]),
  reshape: ([x], { shape }) => tf.reshape(x!, [...shape]),
  transpose: ([x], { perm }) => tf.transpose(x!, [...perm]),
  slice: ([x], { start, size, strides }) => tf.stridedSlice(x!, [...start], start.map((from, i) => from + (size[i]! - 1) * strides[i]! + 1), [...strides]),
  pad: ([x], { before, after, interior }) => {
    let result = x!;
    interior.forEach((zeros, axis) => {
      if (zeros === 0) return;
      const n = result.shape[axis]!;
      const rows = Array.from({ length: n * (zeros + 1) - zeros }, (_, i) => (i % (zeros + 1) === 0 ? i / (zeros + 1) : n));
      const extended = tf.concat([result, tf.zeros(result.shape.map((m, i) => (i === axis ? 1 : m)))], axis);
      result = tf.gather(extended, tf.tensor1d(rows, 'int32'), axis);
    });
    return tf.pad(result, before.map((n, i): [number, number] => [n, after[i]!]));
  },
  concat: (inputs, { axis }) => tf.concat(inputs, axis),
  gather: ([x, indices], { axis }) => tf.gather(x!, indices as tf.Tensor1D, axis),
  scatterAdd: ([updates, indices], { axis, size }) => {
    const hot = tf.cast(tf.oneHot(indices as tf.Tensor1D, size), 'float32');
    const order = [axis, ...updates!.shape.map((_, i) => i).filter((i) => i !== axis)];
    const rows = tf.transpose(updates!, order);
    const summed = tf.matMul(hot, tf.reshape(rows, [rows.shape[0]!, -1]), true);
    const back = order.map((_, i) => order.indexOf(i));
    return tf.transpose(tf.reshape(summed, [size, ...rows.shape.slice(1)]), back);
  },
  matmul: ([a, b], { transposeA, transposeB }) => tf.matMul(a!, b!, transposeA, transposeB),
  conv: ([x, kernel], attrs, node) => {
    const [image, filter] = [numbers(x!), numbers(kernel!)];
    const output = new Float32Array(sizeOf(shapeOf(node)));
    eachProduct(image.shape, filter.shape, shapeOf(node), attrs, (i, k, o) => (output[o]! += image.data[i]! * filter.data[k]!));
    return tf.tensor(output, [...shapeOf(node)]);
  },
  convInput: ([dy, kernel], attrs, node) => {
    const [gradient, filter] = [numbers(dy!), numbers(kernel!)];
    const output = new Float32Array(sizeOf(shapeOf(node)));
    eachProduct(shapeOf(node), filter.shape, gradient.shape, attrs, (i, k, o) => (output[i]! += gradient.data[o]! * filter.data[k]!));
    return tf.tensor(output, [...shapeOf(node)]);
  },
  convFilter: ([x, dy], attrs, node) => {
    const [image, gradient] = [numbers(x!), numbers(dy!)];
    const output = new Float32Array(sizeOf(shapeOf(node)));
    eachProduct(image.shape, shapeOf(node), gradient.shape, attrs, (i, k, o) => (output[k]! += gradient.data[o]! * image.data[i]!));
    return tf.tensor(output, [...shapeOf(node)]);
  },
  maxPool: ([x], attrs, node) => {
    const image = numbers(x!);
    const best = maxima(image, shapeOf(node), attrs);
    return [tf.tensor(Float32Array.from(best, (i) => image.data[i]!), [...shapeOf(node)]), tf.tensor(best, [...shapeOf(node)], 'int32')];
  },
  maxUnpool: ([dy, indices], _attrs, node) => {
    const output = new Float32Array(sizeOf(shapeOf(node)));
    const gradient = dy!.dataSync();
    indices!.dataSync().forEach((index, i) => (output[index]! += gradient[i]!));
    return tf.tensor(output, [...shapeOf(node)]);
  },
  maxRegather: ([g, indices], _attrs, node) => {
    const source = g!.dataSync();
    return tf.tensor(Float32Array.from(indices!.dataSync(), (index) => source[index]!), [...shapeOf(node)]);
  },
  avgPool: ([x], attrs, node) => {
    const image = numbers(x!);
    const counts = poolCounts(image.shape, shapeOf(node), attrs);
    const output = new Float32Array(counts.length);
    eachWindowPixel(image.shape, shapeOf(node), attrs, (from, to) => (output[to]! += image.data[from]! / counts[to]!));
    return tf.tensor(output, [...shapeOf(node)]);
  },
  avgUnpool: ([dy], attrs, node) => {
    const gradient = numbers(dy!);
    const counts = poolCounts(shapeOf(node), gradient.shape, attrs);
    const output = new Float32Array(sizeOf(shapeOf(node)));
    eachWindowPixel(shapeOf(node), gradient.shape, attrs, (to, from) => (output[to]! += gradient.data[from]! / counts[from]!));
    return tf.tensor(output, [...shapeOf(node)]);
  },
  batchNorm: ([x, gamma, beta], { epsilon }) => {
    const { mean, variance } = tf.moments(x!, x!.shape.map((_, i) => i).slice(0, -1));
    return [tf.add(tf.mul(tf.div(tf.sub(x!, mean), tf.sqrt(tf.add(variance, epsilon))), gamma!), beta!), mean, variance];
  },
  resizeNearest: ([x], { factor }) => factor.reduce((value, f, i) => {
    const rows = Array.from({ length: value.shape[1 + i]! * f }, (_, at) => Math.floor(at / f));
    return tf.gather(value, tf.tensor1d(rows, 'int32'), 1 + i);
  }, x!),
};
