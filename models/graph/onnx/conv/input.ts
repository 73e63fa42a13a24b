/** The adjoint of convolution in its input, on images. */
import { type OnnxEmitter } from '../emitter';
import { asImage, asKernel, END, inSpace, padSpace } from './names';
import { spaceOf } from '../../shapes';
import { type ConvAttrs, type GraphNode, type Value } from '../../types';

/** Kernel [out, in, ...size] to its mirror image [in, out, ...size], with which a convolution computes the adjoint of one. */
export function mirroredKernel(emitter: OnnxEmitter, kernel: Value, depthwise: boolean): string {
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
export function convInputByConv(node: GraphNode<'convInput'>, emitter: OnnxEmitter, depthwise: boolean): string {
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
    name = padSpace(emitter, name, before.map(cut), after.map(cut));
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
export function convInputByPhases(node: GraphNode<'convInput'>, emitter: OnnxEmitter): string {
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
  source = padSpace(emitter, source, [0, 0], after.map((n) => Math.min(n, 0)));
  const all = writer.node('Conv', [source, phases], { kernel_shape: taps, pads: [...before, ...after.map((n) => Math.max(n, 0))] });
  const joined = writer.node('DepthToSpace', [all], { blocksize: s, mode: 'DCR' });
  if (pads[0] === 0 && pads[1] === 0 && units.every((u, i) => u * s === inputSize[i])) return joined;
  return writer.node('Slice', [joined, writer.int64([pads[0], pads[1]]), writer.int64([pads[0] + inputSize[0], pads[1] + inputSize[1]]), writer.int64([2, 3])]);
}

export function convInputByTranspose(node: GraphNode<'convInput'>, emitter: OnnxEmitter): string {
  const [dy, kernel] = node.inputs as [Value, Value];
  const { strides, dilations, pads, inputSize, groups } = node.attrs;
  const rest = inputSize.map((n, i) => n - (strides[i]! * (dy.shape[1 + i]! - 1) + dilations[i]! * (kernel.shape[i]! - 1) + 1 - pads[i]!));
  return emitter.writer.node('ConvTranspose', [asImage(emitter, dy), asKernel(emitter, kernel)], {
    kernel_shape: kernel.shape.slice(0, -2), strides, dilations, group: groups,
    pads: [...pads.slice(0, rest.length), ...rest.map((n) => Math.max(-n, 0))],
    output_padding: rest.map((n) => Math.max(n, 0)),
  });
}
