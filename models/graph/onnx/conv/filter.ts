/** The adjoint of convolution in its kernel, on images: a product of matrices for every place of the window. */
import { type OnnxEmitter } from '../emitter';
import { MICROSOFT } from '../writer';
import { asImage, padSpace, placesOf, underPlace } from './names';
import { sizeOf, spaceOf } from '../../shapes';
import { type ConvAttrs, type GraphNode, type Value } from '../../types';

/** Few channels: a product for each place would read the output's gradient so many times for little arithmetic. */
const FEW_ROWS = 64;

export function convFilterByMatmul(node: GraphNode<'convFilter'>, emitter: OnnxEmitter): string {
  const [x, dy] = node.inputs as [Value, Value];
  const { writer } = emitter;
  const { pads, groups, filterSize, strides, dilations } = node.attrs;
  const [n, cin, cout] = [x.shape[0]!, x.shape.at(-1)!, dy.shape.at(-1)!];
  const outputs = spaceOf(dy.shape);
  const pixels = sizeOf(outputs);
  const perGroup = cin / groups;
  const depthwise = perGroup === 1;
  const covers = sizeOf(filterSize) === 1 && sizeOf(strides) === 1 && pads.every((p) => p === 0);
  const axes = outputs.length;
  const source = padSpace(emitter, asImage(emitter, x), pads.slice(0, axes), pads.slice(axes));

  const gradient = asImage(emitter, dy);
  const rows = writer.node('Reshape', [gradient, writer.int64(groups === 1 && !depthwise ? [n, cout, pixels] : [n, groups, cout / groups, pixels])]);
  const places = placesOf(filterSize, dilations);
  if (groups === 1 && !depthwise && places.length > 1 && cin * places.length <= FEW_ROWS) {
    const flat = places.map((place) => writer.node('Reshape', [underPlace(emitter, source, outputs, strides, place), writer.int64([n, cin, pixels])]));
    const product = writer.node('FusedMatMul', [rows, writer.node('Concat', flat, { axis: 1 })], { transB: 1 }, MICROSOFT);
    const summed = writer.node('Reshape', [writer.node('ReduceSum', [product, writer.int64([0])], { keepdims: 0 }), writer.int64([cout, places.length, cin])]);
    return writer.node('Reshape', [writer.node('Transpose', [summed], { perm: [0, 2, 1] }), writer.int64([cout, cin, ...filterSize])]);
  }
  const taps = places.map((place) => {
    const tap = covers ? source : underPlace(emitter, source, outputs, strides, place);
    const flat = writer.node('Reshape', [tap, writer.int64(groups === 1 && !depthwise ? [n, cin, pixels] : [n, groups, perGroup, pixels])]);
    const product = depthwise
      ? writer.node('ReduceSum', [writer.node('Mul', [rows, flat]), writer.int64([0, 3])], { keepdims: 0 })
      : writer.node('ReduceSum', [writer.node('FusedMatMul', [rows, flat], { transB: 1 }, MICROSOFT), writer.int64([0])], { keepdims: 0 });
    return writer.node('Reshape', [product, writer.int64([cout, perGroup, 1])]);
  });
  const joined = taps.length === 1 ? taps[0]! : writer.node('Concat', taps, { axis: 2 });
  return writer.node('Reshape', [joined, writer.int64([cout, perGroup, ...filterSize])]);
}

/**
 * For stride s > 1: the padded input is cut into s² phases (space to depth), on which tap r + s t is tap t of phase r with
 * stride 1. So ⌈k / s⌉² slices of whole rows take the place of k² slices of every s-th pixel.
 */
export function convFilterByPhases(node: GraphNode<'convFilter'>, emitter: OnnxEmitter): string {
  const [x, dy] = node.inputs as [Value, Value];
  const { writer } = emitter;
  const { pads, filterSize: [kh, kw], strides: [s] } = node.attrs as ConvAttrs & Record<'strides' | 'pads' | 'filterSize', readonly [number, number]>;
  const [n, height, width, cin] = x.shape as [number, number, number, number];
  const [, oh, ow, cout] = dy.shape as [number, number, number, number];
  const taps = [kh, kw].map((k) => Math.ceil(k / s)) as [number, number];
  const units = [oh + taps[0] - 1, ow + taps[1] - 1];
  const after = [units[0]! * s - height - pads[0], units[1]! * s - width - pads[1]];
  const source = padSpace(emitter, asImage(emitter, x), [pads[0], pads[1]], after);
  const phases = writer.node('SpaceToDepth', [source], { blocksize: s });
  const channels = s * s * cin;
  const rows = writer.node('Reshape', [asImage(emitter, dy), writer.int64([n, cout, oh * ow])]);
  const parts: string[] = [];
  for (let i = 0; i < taps[0]; i++) for (let j = 0; j < taps[1]; j++) {
    const tap = taps[0] * taps[1] === 1 ? phases : writer.node('Slice', [phases, writer.int64([i, j]), writer.int64([i + oh, j + ow]), writer.int64([2, 3])]);
    const flat = writer.node('Reshape', [tap, writer.int64([n, channels, oh * ow])]);
    const product = writer.node('ReduceSum', [writer.node('FusedMatMul', [rows, flat], { transB: 1 }, MICROSOFT), writer.int64([0])], { keepdims: 0 });
    parts.push(writer.node('Reshape', [product, writer.int64([cout, s, s, cin, 1])]));
  }
  // [out, r, r′, in, t · t′] → [out, in, t, r, t′, r′] → the first kh × kw.
  const joined = writer.node('Reshape', [parts.length === 1 ? parts[0]! : writer.node('Concat', parts, { axis: 4 }), writer.int64([cout, s, s, cin, ...taps])]);
  const ordered = writer.node('Reshape', [writer.node('Transpose', [joined], { perm: [0, 3, 4, 1, 5, 2] }), writer.int64([cout, cin, taps[0] * s, taps[1] * s])]);
  return writer.node('Slice', [ordered, writer.int64([0, 0]), writer.int64([kh, kw]), writer.int64([2, 3])]);
}

/** Stride 1 on images, and an input of at least as many channels as the output: fewer copies, larger products. */
export function inRows(node: GraphNode<'convFilter'>): boolean {
  const [x, dy] = node.inputs as [Value, Value];
  const { strides, groups, filterSize } = node.attrs;
  return filterSize.length === 2 && filterSize[0]! > 1 && groups === 1 && strides.every((s) => s === 1) && x.shape.at(-1)! >= dy.shape.at(-1)!;
}

/**
 * For stride 1: dy in frames of as many rows as all windows see, once for each row of the filter, in one matrix; the input cut
 * to its columns under each column of the filter. One product for each column gives a column of the filter. Against a cut for
 * every place this copies the input three times instead of nine, and the products have three times the rows.
 */
export function convFilterByRows(node: GraphNode<'convFilter'>, emitter: OnnxEmitter): string {
  const [x, dy] = node.inputs as [Value, Value];
  const { writer } = emitter;
  const { pads, dilations, filterSize } = node.attrs;
  const [kh, kw] = filterSize as readonly [number, number];
  const [down, across] = dilations as readonly [number, number];
  const [n, h, w, cin] = x.shape as readonly [number, number, number, number];
  const [, oh, ow, cout] = dy.shape as readonly [number, number, number, number];
  const reach = (kh - 1) * down;
  const pixels = writer.int64([n, -1, (oh + reach) * ow]);
  const gradient = asImage(emitter, dy);
  const frames = Array.from({ length: kh }, (_, i) => padSpace(emitter, gradient, [i * down, 0], [reach - i * down, 0]));
  const rows = writer.node('Reshape', [writer.node('Concat', frames, { axis: 1 }), pixels]);
  const image = asImage(emitter, x);
  const columns = Array.from({ length: kw }, (_, j) => {
    const left = pads[1]! - j * across;
    const cut = padSpace(emitter, image, [pads[0]!, left], [oh + reach - h - pads[0]!, ow - w - left]);
    const product = writer.node('FusedMatMul', [rows, writer.node('Reshape', [cut, pixels])], { transB: 1 }, MICROSOFT);
    return writer.node('Reshape', [writer.node('ReduceSum', [product, writer.int64([0])], { keepdims: 0 }), writer.int64([kh, cout, cin, 1])]);
  });
  // [kh, out, in, kw] → [out, in, kh, kw]
  return writer.node('Transpose', [columns.length === 1 ? columns[0]! : writer.node('Concat', columns, { axis: 3 })], { perm: [1, 2, 0, 3] });
}
