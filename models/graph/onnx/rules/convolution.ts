/**
 * The convolution family. ONNX Runtime has kernels for the forward convolution and the transposed one; the gradient of
 * the filter is written as matrix products, one a tap. Which form is faster was measured: bench/engine.
 */
import { type EmitRule, type OnnxEmitter } from '../emitter';
import { imageLayout, kernelLayout } from '../layout';
import { MICROSOFT } from '../writer';
import { sizeOf, spaceOf } from '../../shapes';
import { type ConvAttrs, type GraphNode, type Value } from '../../types';

const asImage = (emitter: OnnxEmitter, value: Value): string => emitter.get(value, imageLayout(value.shape.length));
const asKernel = (emitter: OnnxEmitter, value: Value): string => emitter.get(value, kernelLayout(value.shape.length));
/** 0, 1, … below n: axes of space, and with 2 added their places in a physical shape. */
const axesOf = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const inSpace = (n: number): number[] => axesOf(n).map((axis) => axis + 2);
const END = -1_000_000;

function convAttributes(attrs: ConvAttrs, kernel: readonly number[]) {
  return { kernel_shape: kernel, strides: attrs.strides, dilations: attrs.dilations, pads: attrs.pads, group: attrs.groups };
}

/** Kernel [out, in, ...size] to its mirror image [in, out, ...size], with which a convolution computes the adjoint of one. */
function mirroredKernel(emitter: OnnxEmitter, kernel: Value, depthwise: boolean): string {
  const { writer } = emitter;
  const axes = kernel.shape.length - 2;
  let name = asKernel(emitter, kernel);
  if (!depthwise) name = writer.node('Transpose', [name], { perm: [1, 0, ...inSpace(axes)] });
  const turned = inSpace(axes).filter((axis) => kernel.shape[axis - 2]! > 1);
  if (turned.length === 0) return name;
  const all = (n: number) => writer.int64(turned.map(() => n));
  return writer.node('Slice', [name, all(-1), all(END), writer.int64(turned), all(-1)]);
}

/** For stride 1: the adjoint is a convolution with the mirrored kernel. */
function convInputByConv(node: GraphNode<'convInput'>, emitter: OnnxEmitter, depthwise: boolean): string {
  const [dy, kernel] = node.inputs as [Value, Value];
  const { writer } = emitter;
  const { dilations, pads, inputSize, groups } = node.attrs;
  const size = spaceOf(dy.shape);
  const before = size.map((_, i) => dilations[i]! * (kernel.shape[i]! - 1) - pads[i]!);
  const after = size.map((n, i) => inputSize[i]! + dilations[i]! * (kernel.shape[i]! - 1) - n - before[i]!);
  let name = asImage(emitter, dy);
  if ([...before, ...after].some((p) => p < 0)) {
    // A convolution takes no negative pads: cut first.
    const cut = (p: number) => Math.min(p, 0);
    name = writer.node('Pad', [name, writer.int64([0, 0, ...before.map(cut), 0, 0, ...after.map(cut)])]);
  }
  const room = (p: number) => Math.max(p, 0);
  return writer.node('Conv', [name, mirroredKernel(emitter, kernel, depthwise)], {
    kernel_shape: kernel.shape.slice(0, -2), dilations, pads: [...before.map(room), ...after.map(room)], group: groups,
  });
}

/**
 * For stride s > 1: pixel x of the input, with q = x + pad = s u + r, is touched by the taps i = r + s t of the windows
 * u − t. So each of the s² phases (r, r′) is a stride-1 convolution of dy with ⌈k / s⌉² of the taps; all phases are computed
 * as channels of one convolution and then interleaved. Against zeros put between the rows of dy this saves the copy and,
 * for 3×3 by 2, five of nine multiplications.
 */
function convInputByPhases(node: GraphNode<'convInput'>, emitter: OnnxEmitter): string {
  const [dy, kernel] = node.inputs as [Value, Value];
  const { writer } = emitter;
  const { strides, pads, inputSize } = node.attrs as ConvAttrs & Record<'strides' | 'pads' | 'inputSize', readonly [number, number]>;
  const s = strides[0];
  const [kh, kw, cin, cout] = kernel.shape as [number, number, number, number];
  const taps = [kh, kw].map((k) => Math.ceil(k / s)) as [number, number];
  // [out, in, kh, kw] → [out, in, t, r, t′, r′], t reversed → [r, r′, in, out, t, t′].
  let phases = asKernel(emitter, kernel);
  phases = writer.node('Pad', [phases, writer.int64([0, 0, 0, 0, 0, 0, taps[0] * s - kh, taps[1] * s - kw])]);
  phases = writer.node('Reshape', [phases, writer.int64([cout, cin, taps[0], s, taps[1], s])]);
  phases = writer.node('Slice', [phases, writer.int64([-1, -1]), writer.int64([END, END]), writer.int64([2, 4]), writer.int64([-1, -1])]);
  phases = writer.node('Transpose', [phases], { perm: [3, 5, 1, 0, 2, 4] });
  phases = writer.node('Reshape', [phases, writer.int64([s * s * cin, cout, ...taps])]);

  const units = [0, 1].map((i) => Math.ceil((inputSize[i]! + pads[i]!) / s)) as [number, number];
  const before = taps.map((t) => t - 1);
  const after = [0, 1].map((i) => units[i]! - dy.shape[1 + i]!);
  let source = asImage(emitter, dy);
  // Windows beyond the input touch none of it.
  if (after.some((n) => n < 0)) source = writer.node('Pad', [source, writer.int64([0, 0, 0, 0, 0, 0, ...after.map((n) => Math.min(n, 0))])]);
  const all = writer.node('Conv', [source, phases], { kernel_shape: taps, pads: [...before, ...after.map((n) => Math.max(n, 0))] });
  const joined = writer.node('DepthToSpace', [all], { blocksize: s, mode: 'DCR' });
  if (pads[0] === 0 && pads[1] === 0 && units.every((u, i) => u * s === inputSize[i])) return joined;
  return writer.node('Slice', [joined, writer.int64([pads[0], pads[1]]), writer.int64([pads[0] + inputSize[0], pads[1] + inputSize[1]]), writer.int64([2, 3])]);
}

function convInputByTranspose(node: GraphNode<'convInput'>, emitter: OnnxEmitter): string {
  const [dy, kernel] = node.inputs as [Value, Value];
  const { strides, dilations, pads, inputSize, groups } = node.attrs;
  const rest = inputSize.map((n, i) => n - (strides[i]! * (dy.shape[1 + i]! - 1) + dilations[i]! * (kernel.shape[i]! - 1) + 1 - pads[i]!));
  return emitter.writer.node('ConvTranspose', [asImage(emitter, dy), asKernel(emitter, kernel)], {
    kernel_shape: kernel.shape.slice(0, -2), strides, dilations, group: groups,
    pads: [...pads.slice(0, rest.length), ...rest.map((n) => Math.max(-n, 0))],
    output_padding: rest.map((n) => Math.max(n, 0)),
  });
}

/** Every place of a window, as the distance of its pixel from the window's first one along each axis. */
function placesOf(filter: readonly number[], dilations: readonly number[]): number[][] {
  return filter.reduce<number[][]>((places, n, axis) => places.flatMap((place) => axesOf(n).map((i) => [...place, i * dilations[axis]!])), [[]]);
}

/** The input's pixels under one place of every window: [n, c, ...outputs]. */
function underPlace(emitter: OnnxEmitter, padded: string, outputs: readonly number[], strides: readonly number[], from: readonly number[]): string {
  const { writer } = emitter;
  const to = from.map((at, i) => at + (outputs[i]! - 1) * strides[i]! + 1);
  return writer.node('Slice', [padded, writer.int64(from), writer.int64(to), writer.int64(inSpace(from.length)), writer.int64(strides)]);
}

function convFilterByMatmul(node: GraphNode<'convFilter'>, emitter: OnnxEmitter): string {
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
  let source = asImage(emitter, x);
  if (pads.some((p) => p !== 0)) source = writer.node('Pad', [source, writer.int64([0, 0, ...pads.slice(0, axes), 0, 0, ...pads.slice(axes)])]);

  const gradient = asImage(emitter, dy);
  const rows = writer.node('Reshape', [gradient, writer.int64(groups === 1 && !depthwise ? [n, cout, pixels] : [n, groups, cout / groups, pixels])]);
  const taps = placesOf(filterSize, dilations).map((place) => {
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
function convFilterByPhases(node: GraphNode<'convFilter'>, emitter: OnnxEmitter): string {
  const [x, dy] = node.inputs as [Value, Value];
  const { writer } = emitter;
  const { pads, filterSize: [kh, kw], strides: [s] } = node.attrs as ConvAttrs & Record<'strides' | 'pads' | 'filterSize', readonly [number, number]>;
  const [n, height, width, cin] = x.shape as [number, number, number, number];
  const [, oh, ow, cout] = dy.shape as [number, number, number, number];
  const taps = [kh, kw].map((k) => Math.ceil(k / s)) as [number, number];
  const units = [oh + taps[0] - 1, ow + taps[1] - 1];
  const after = [units[0]! * s - height - pads[0], units[1]! * s - width - pads[1]];
  let source = asImage(emitter, x);
  if ([pads[0], pads[1], ...after].some((p) => p !== 0)) source = writer.node('Pad', [source, writer.int64([0, 0, pads[0], pads[1], 0, 0, ...after])]);
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

/** Phases pay when the map has at least this many pixels: rearranging the kernel costs what a few hundred of them do. */
const PHASES_FROM = 256;

/** Two axes, equal strides above one, and nothing else unusual. */
function inPhases({ groups, strides, dilations }: ConvAttrs, dy: Value): boolean {
  const square = strides.length === 2 && strides[0] === strides[1] && strides[0]! > 1 && dilations.every((d) => d === 1);
  return square && groups === 1 && dy.shape[0]! * dy.shape[1]! * dy.shape[2]! >= PHASES_FROM;
}

/** Below this height a transposed convolution is faster than a convolution with the mirrored kernel. */
const TRANSPOSE_BELOW = 32;

export const convolution = {
  conv: ((node, emitter) => {
    const [x, kernel] = node.inputs as [Value, Value];
    const name = emitter.writer.node('Conv', [asImage(emitter, x), asKernel(emitter, kernel)], convAttributes(node.attrs, kernel.shape.slice(0, -2)));
    emitter.set(node.outputs[0]!, name, imageLayout(x.shape.length));
  }) satisfies EmitRule<'conv'>,

  convInput: ((node, emitter) => {
    const kernel = node.inputs[1]!;
    const { groups, strides, inputSize } = node.attrs;
    const depthwise = groups > 1 && kernel.shape.at(-2) === 1 && kernel.shape.at(-1) === groups;
    const unit = strides.every((s) => s === 1);
    const byConv = unit && (depthwise || (groups === 1 && inputSize[0]! >= TRANSPOSE_BELOW));
    const name = byConv ? convInputByConv(node, emitter, depthwise) : inPhases(node.attrs, node.inputs[0]!) ? convInputByPhases(node, emitter) : convInputByTranspose(node, emitter);
    emitter.set(node.outputs[0]!, name, imageLayout(kernel.shape.length));
  }) satisfies EmitRule<'convInput'>,

  convFilter: ((node, emitter) => {
    emitter.set(node.outputs[0]!, inPhases(node.attrs, node.inputs[1]!) ? convFilterByPhases(node, emitter) : convFilterByMatmul(node, emitter), kernelLayout(node.outputs[0]!.shape.length));
  }) satisfies EmitRule<'convFilter'>,
};
