/** For tests: functions of every primitive, with sizes that are odd, batches above one, strides, dilations and negative numbers. */
import { type Graph, ops as o, samePads, type ConvAttrs, type PoolAttrs, type Value } from '../graph';
import { type CheckInput } from './gradcheck';

/** Name, inputs, and the function whose gradients are checked. */
export type Case = [string, Record<string, CheckInput>, (v: Record<string, Value>) => Value];
export const image: CheckInput = { shape: [2, 5, 7, 3] };
const channels: CheckInput = { shape: [1, 1, 1, 3] };

/** Distinct numbers with gaps wider than the finite-difference step, so that no maximum changes hands. */
export function distinct(shape: readonly number[]): CheckInput {
  const n = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: n }, (_, i) => (((i * 7919) % n) - n / 2) * 0.05) };
}

export const elementwise: Case[] = [
  ['neg', { x: image }, ({ x }) => o.neg(x!)],
  ['abs', { x: distinct([2, 5, 7, 3]) }, ({ x }) => o.abs(x!)],
  ['exp', { x: image }, ({ x }) => o.exp(x!)],
  ['log', { x: { ...image, range: [0.5, 2] } }, ({ x }) => o.log(x!)],
  ['sqrt', { x: { ...image, range: [0.5, 2] } }, ({ x }) => o.sqrt(x!)],
  ['reciprocal', { x: { ...image, range: [0.5, 2] } }, ({ x }) => o.reciprocal(x!)],
  ['atan', { x: { ...image, range: [-3, 3] } }, ({ x }) => o.atan(x!)],
  ['tanh', { x: image }, ({ x }) => o.tanh(x!)],
  ['sigmoid', { x: { ...image, range: [-4, 4] } }, ({ x }) => o.sigmoid(x!)],
  ['softplus', { x: { ...image, range: [-4, 4] } }, ({ x }) => o.softplus(x!)],
  ['relu', { x: distinct([2, 5, 7, 3]) }, ({ x }) => o.relu(x!)],
  ['leakyRelu', { x: distinct([2, 5, 7, 3]) }, ({ x }) => o.leakyRelu(x!, 0.1)],
  ['slope', { x: distinct([2, 5, 7, 3]) }, ({ x }) => o.mul(o.square(x!), o.slope(x!, 0.25))],
  ['clip', { x: distinct([2, 5, 7, 3]) }, ({ x }) => o.clip(x!, -2.01, 1.98)],
  ['add, broadcast over channels', { a: image, b: channels }, ({ a, b }) => o.square(o.add(a!, b!))],
  ['sub, broadcast over a missing axis', { a: image, b: { shape: [3] } }, ({ a, b }) => o.square(o.sub(b!, a!))],
  ['mul, broadcast over batch', { a: image, b: { shape: [1, 5, 7, 3] } }, ({ a, b }) => o.mul(a!, b!)],
  ['mul by a scalar input', { a: image, b: { shape: [] } }, ({ a, b }) => o.mul(o.square(a!), b!)],
  ['div', { a: image, b: { ...channels, range: [0.5, 2] } }, ({ a, b }) => o.div(a!, b!)],
  ['minimum', { a: distinct([2, 5, 7, 3]), b: { shape: [2, 5, 7, 3], data: new Float32Array(210).fill(0.013) } }, ({ a, b }) => o.minimum(a!, b!)],
  ['maximum', { a: distinct([2, 5, 7, 3]), b: { ...channels, data: Float32Array.of(0.013, -0.988, 0.512) } }, ({ a, b }) => o.maximum(a!, b!)],
  ['where', { a: image, b: channels }, ({ a, b }) => o.where(o.greater(o.stopGradient(a!), 0), o.square(a!), o.exp(b!))],
];

export const plainConv: ConvAttrs = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups: 1 };
/** The 1×1 kernel that changes nothing. */
const eye = (x: Value): Value => (x.graph as Graph).constant(Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), [1, 1, 3, 3]);

export const movement: Case[] = [
  ['reduceSum over space', { x: image }, ({ x }) => o.square(o.reduceSum(x!, [1, 2]))],
  ['reduceSum over channels, kept', { x: image }, ({ x }) => o.mul(o.reduceSum(o.square(x!), [3], true), x!)],
  ['reduceSum of a per-channel product', { x: image, c: channels }, ({ x, c }) => o.square(o.reduceSum(o.mul(x!, c!), [0, 1, 2]))],
  ['reduceMean of all', { x: image }, ({ x }) => o.square(o.reduceMean(x!))],
  ['reduceMax', { x: distinct([2, 5, 7, 3]) }, ({ x }) => o.square(o.reduceMax(x!, [2, 3]))],
  ['broadcastTo', { x: channels }, ({ x }) => o.square(o.broadcastTo(x!, [2, 5, 7, 3]))],
  ['reshape to five axes', { x: image }, ({ x }) => o.square(o.reshape(x!, [2, 5, 7, 3, 1]))],
  ['reshape after a convolution', { x: image, w: { shape: [1, 1, 3, 4], layout: 'kernel' } }, ({ x, w }) => o.square(o.reshape(o.conv(x!, w!, plainConv), [2, 35, 2, 2]))],
  ['transpose', { x: image }, ({ x }) => o.square(o.transpose(x!, [2, 0, 3, 1]))],
  ['slice with strides', { x: image }, ({ x }) => o.square(o.slice(x!, [0, 1, 0, 1], [2, 2, 3, 2], [1, 2, 3, 1]))],
  ['pad inside and out', { x: image }, ({ x }) => o.mul(o.pad(o.square(x!), [0, 1, 0, 2], [0, 0, 2, 1], [0, 1, 2, 0]), 3)],
  ['concat of channels', { a: image, b: { shape: [2, 5, 7, 2] } }, ({ a, b }) => o.square(o.concat([a!, o.exp(b!)], -1))],
  ['split', { x: image }, ({ x }) => o.split(x!, [2, 3, 2], 2).map((piece, i) => o.reduceSum(o.mul(o.square(piece), i + 1), [1, 2])).reduce((a, b) => o.mul(a, b))],
  ['gather with repeats', { x: image }, ({ x }) => o.square(o.gather(x!, (x!.graph as Graph).constant(Int32Array.of(3, 1, 3, 0), [4]), 1))],
  ['scatterAdd with repeats', { x: image }, ({ x }) => o.square(o.scatterAdd(x!, (x!.graph as Graph).constant(Int32Array.of(1, 0, 1, 3, 3, 2, 1), [7]), 5, 2))],
  ['scale and shift of channels', { x: image, s: channels, b: channels }, ({ x, s, b }) => o.square(o.add(o.mul(o.conv(x!, eye(x!), plainConv), s!), b!))],
  ['shift of a sum', { x: image, y: image, s: channels, b: channels }, ({ x, y, s, b }) => o.square(o.add(o.add(y!, o.mul(x!, s!)), b!))],
  ['sum of products', { x: image, y: image }, ({ x, y }) => o.square(o.reduceSum(o.mul(x!, y!), [0, 1, 2]))],
  ['batchNorm', { x: image, g: { shape: [3], range: [0.5, 2] }, b: { shape: [3] } }, ({ x, g, b }) => o.square(o.batchNorm(x!, g!, b!, 1e-2).y)],
  ['batchNorm of rows', { x: { shape: [7, 3] }, g: { shape: [3], range: [0.5, 2] }, b: { shape: [3] } }, ({ x, g, b }) => o.square(o.batchNorm(x!, g!, b!, 1e-2).y)],
  ['batchNorm, its means and variances', { x: image, g: { shape: [3] }, b: { shape: [3] } }, ({ x, g, b }) => {
    const { y, mean, variance } = o.batchNorm(x!, g!, b!, 1e-2);
    return o.mul(o.reduceSum(o.square(y), [0, 1, 2]), o.add(o.mul(mean, variance), 1));
  }],
  ['convolution of scaled channels', { x: { shape: [2, 9, 8, 16] }, s: { shape: [1, 1, 1, 16] }, w: { shape: [1, 1, 16, 4], layout: 'kernel' } }, ({ x, s, w }) => o.square(o.convInput(o.mul(x!, s!), o.transpose(w!, [0, 1, 3, 2]), plainConv, [9, 8]))],
  ['filters of scaled channels', { x: { shape: [2, 9, 8, 3] }, y: { shape: [2, 9, 8, 16] }, s: { shape: [1, 1, 1, 16] } }, ({ x, y, s }) => o.square(o.convFilter(x!, o.mul(y!, s!), plainConv, [1, 1]))],
  ['matmul', { a: { shape: [4, 3] }, b: { shape: [3, 5] } }, ({ a, b }) => o.square(o.matmul(a!, b!))],
  ['matmul, both transposed, batched', { a: { shape: [2, 3, 4] }, b: { shape: [2, 5, 3] } }, ({ a, b }) => o.square(o.matmul(a!, b!, true, true))],
  ['matmul, first shared', { a: { shape: [4, 3] }, b: { shape: [2, 3, 5] } }, ({ a, b }) => o.square(o.matmul(a!, b!))],
  ['matmul, first shared, both transposed', { a: { shape: [3, 4] }, b: { shape: [2, 5, 3] } }, ({ a, b }) => o.square(o.matmul(a!, b!, true, true))],
  ['matmul, second shared, first transposed', { a: { shape: [2, 3, 4] }, b: { shape: [3, 5] } }, ({ a, b }) => o.square(o.matmul(a!, b!, true))],
  ['matmul, second transposed', { a: { shape: [2, 4, 3] }, b: { shape: [5, 3] } }, ({ a, b }) => o.square(o.matmul(a!, b!, false, true))],
];

export const plainOf = (axes: number): ConvAttrs => ({ strides: Array<number>(axes).fill(1), dilations: Array<number>(axes).fill(1), pads: Array<number>(2 * axes).fill(0), groups: 1 });
export const convolutions: [string, number, number[], number[], Partial<ConvAttrs>, number, number][] = [
  // name, batch, image, kernel, attributes, channels in, channels out
  ['1×1', 3, [5, 4], [1, 1], {}, 3, 4],
  ['3×3 same', 2, [7, 5], [3, 3], { pads: [1, 1, 1, 1] }, 3, 4],
  ['3×3 same on a tall image', 1, [33, 3], [3, 3], { pads: [1, 1, 1, 1] }, 2, 2],
  ['3×3 stride 2, even size, pads after', 2, [8, 6], [3, 3], { strides: [2, 2], pads: [0, 0, 1, 1] }, 3, 4],
  ['3×3 stride 2, odd size', 2, [7, 9], [3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }, 2, 3],
  ['3×3 stride 2 valid with a rest', 2, [8, 10], [3, 3], { strides: [2, 2] }, 2, 3],
  ['3×3 stride 2, large, pads after', 2, [26, 22], [3, 3], { strides: [2, 2], pads: [0, 0, 1, 1] }, 2, 3],
  ['3×3 stride 2, large and odd', 2, [25, 23], [3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }, 2, 3],
  ['4×5 stride 3, large with a rest', 2, [47, 44], [4, 5], { strides: [3, 3], pads: [1, 2, 0, 1] }, 2, 2],
  ['1×1 stride 2, large', 2, [33, 32], [1, 1], { strides: [2, 2] }, 2, 2],
  ['1×1 stride 2', 2, [6, 7], [1, 1], { strides: [2, 2] }, 2, 3],
  ['5×3 stride 3 by 1', 2, [11, 6], [5, 3], { strides: [3, 1], pads: [2, 0, 1, 2] }, 2, 3],
  ['3×3 dilation 2', 2, [9, 7], [3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }, 2, 3],
  ['3×3 dilation 2 stride 2', 2, [9, 10], [3, 3], { dilations: [2, 2], strides: [2, 2], pads: [2, 1, 2, 2] }, 2, 3],
  ['depthwise', 2, [7, 5], [3, 3], { groups: 4, pads: [1, 1, 1, 1] }, 4, 4],
  ['depthwise stride 2', 2, [8, 7], [3, 3], { groups: 4, strides: [2, 2], pads: [0, 1, 1, 1] }, 4, 4],
  ['depthwise with multiplier', 2, [6, 5], [3, 3], { groups: 3, pads: [1, 1, 1, 1] }, 3, 6],
  ['depthwise in blocks', 2, [7, 5], [3, 3], { groups: 32, pads: [1, 1, 1, 1] }, 32, 32],
  ['depthwise in blocks, stride 2, pads after', 2, [8, 6], [3, 3], { groups: 16, strides: [2, 2], pads: [0, 0, 1, 1] }, 16, 16],
  ['depthwise in blocks, stride 2 with a rest', 1, [8, 10], [3, 3], { groups: 16, strides: [2, 2] }, 16, 16],
  ['depthwise in blocks, 5×3, dilation 2, stride 3 by 1', 2, [13, 9], [5, 3], { groups: 16, strides: [3, 1], dilations: [2, 2], pads: [3, 2, 4, 2] }, 16, 16],
  ['depthwise in blocks, padded wider than the window', 1, [4, 5], [3, 3], { groups: 16, pads: [3, 1, 1, 3] }, 16, 16],
  ['in blocks, all channels', 2, [25, 24], [3, 3], { pads: [1, 1, 1, 1] }, 16, 32],
  ['in blocks, all channels, stride 2, pads after', 1, [50, 49], [3, 3], { strides: [2, 2], pads: [0, 0, 1, 1] }, 32, 16],
  ['in blocks, all channels, dilation 2', 1, [24, 27], [3, 2], { dilations: [2, 2], pads: [2, 1, 2, 1] }, 16, 16],
  ['more channels in than out, wide pads', 2, [5, 6], [3, 2], { pads: [2, 1, 1, 0] }, 5, 3],
  ['more channels in than out, dilation 2 by 1', 2, [9, 7], [3, 3], { dilations: [2, 1], pads: [0, 2, 1, 1] }, 5, 3],
  ['in columns, 3×3', 3, [4, 3], [3, 3], { pads: [1, 1, 1, 1] }, 80, 96],
  ['in columns, 3×3 stride 2 with a rest, pads after', 2, [6, 7], [3, 3], { strides: [2, 2], pads: [0, 0, 1, 1] }, 80, 96],
  ['in columns, dilation 2', 2, [5, 6], [3, 2], { dilations: [2, 2], pads: [2, 1, 2, 1] }, 120, 96],
  ['in columns, 1×1', 2, [4, 3], [1, 1], {}, 264, 256],
  ['in columns, 1-D', 2, [9], [3], { strides: [2], pads: [1, 1] }, 128, 176],
  ['grouped', 2, [6, 5], [3, 3], { groups: 2, pads: [1, 1, 1, 1] }, 4, 6],
  ['grouped stride 2', 2, [7, 6], [3, 3], { groups: 2, strides: [2, 2], pads: [1, 1, 1, 1] }, 4, 6],
  ['1-D', 2, [9], [5], { pads: [2, 2] }, 3, 4],
  ['1-D, long', 2, [41], [3], { pads: [1, 1] }, 2, 3],
  ['1-D stride 2 dilation 2, pads after', 3, [14], [3], { strides: [2], dilations: [2], pads: [1, 2] }, 2, 3],
  ['1-D depthwise', 2, [11], [3], { groups: 3, pads: [1, 1] }, 3, 3],
  ['3-D', 2, [4, 5, 3], [3, 3, 3], { pads: [1, 1, 1, 1, 1, 1] }, 2, 3],
  ['3-D stride 2, mixed kernel, pads after', 2, [5, 6, 4], [3, 2, 1], { strides: [2, 2, 1], pads: [1, 0, 0, 1, 1, 0] }, 2, 3],
  ['3-D dilation 2 in groups', 2, [5, 5, 4], [2, 3, 2], { dilations: [2, 1, 2], groups: 2 }, 4, 2],
];

export const pools: [string, number[], PoolAttrs][] = [
  ['2×2', [6, 4], { size: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] }],
  ['2×2 with a rest', [7, 5], { size: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] }],
  ['2×2 same on odd sizes', [7, 5], { size: [2, 2], strides: [2, 2], pads: [0, 0, 1, 1] }],
  ['3×3 stride 2 same', [8, 7], { size: [3, 3], strides: [2, 2], pads: samePads([8, 7], [3, 3], [2, 2]) }],
  ['3×3 stride 1 same', [5, 6], { size: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] }],
  ['1-D, 2 by 2', [8], { size: [2], strides: [2], pads: [0, 0] }],
  ['1-D, 3 by 2 same', [9], { size: [3], strides: [2], pads: [1, 1] }],
  ['3-D, 2×2×2 by 2', [4, 2, 6], { size: [2, 2, 2], strides: [2, 2, 2], pads: [0, 0, 0, 0, 0, 0] }],
  ['3-D, 2×2×2 with a rest', [5, 4, 3], { size: [2, 2, 2], strides: [2, 2, 2], pads: [0, 0, 0, 0, 0, 0] }],
  ['3-D, 3×2×3 overlapping, same', [5, 4, 3], { size: [3, 2, 3], strides: [2, 1, 1], pads: samePads([5, 4, 3], [3, 2, 3], [2, 1, 1]) }],
];
