/**
 * The convolution family. ONNX Runtime has kernels for the forward convolution and the transposed one; the gradient of
 * the filter is written as matrix products, one a tap. Which form is faster was measured: bench/engine.
 */
import { type EmitRule, type OnnxEmitter } from '../emitter';
import { IMAGE, KERNEL } from '../layout';
import { MICROSOFT } from '../writer';
import { type ConvAttrs, type GraphNode, type Value } from '../../types';

function convAttributes(attrs: ConvAttrs, kernel: readonly [number, number]) {
  return { kernel_shape: kernel, strides: attrs.strides, dilations: attrs.dilations, pads: attrs.pads, group: attrs.groups };
}

/** Kernel [out, in, h, w] to its mirror image [in, out, h, w], with which a convolution computes the adjoint of one. */
function mirroredKernel(emitter: OnnxEmitter, kernel: Value, depthwise: boolean): string {
  const { writer } = emitter;
  let name = emitter.get(kernel, KERNEL);
  if (!depthwise) name = writer.node('Transpose', [name], { perm: [1, 0, 2, 3] });
  if (kernel.shape[0] === 1 && kernel.shape[1] === 1) return name;
  const end = -1_000_000;
  return writer.node('Slice', [name, writer.int64([-1, -1]), writer.int64([end, end]), writer.int64([2, 3]), writer.int64([-1, -1])]);
}

/** Zeros between rows and between columns, (stride − 1) of them, also after the last. */
function spread(emitter: OnnxEmitter, name: string, [n, c, h, w]: readonly number[], strides: readonly [number, number]): string {
  const { writer } = emitter;
  const [sh, sw] = strides;
  if (sh === 1 && sw === 1) return name;
  const split = writer.node('Reshape', [name, writer.int64([n!, c!, h!, 1, w!, 1])]);
  const padded = writer.node('Pad', [split, writer.int64([0, 0, 0, 0, 0, 0, 0, 0, 0, sh - 1, 0, sw - 1])]);
  return writer.node('Reshape', [padded, writer.int64([n!, c!, h! * sh, w! * sw])]);
}

function convInputByConv(node: GraphNode<'convInput'>, emitter: OnnxEmitter, depthwise: boolean): string {
  const [dy, kernel] = node.inputs as [Value, Value];
  const { writer } = emitter;
  const { strides, dilations, pads, inputSize, groups } = node.attrs;
  const [n, oh, ow, c] = dy.shape as [number, number, number, number];
  let name = spread(emitter, emitter.get(dy, IMAGE), [n, c, oh, ow], strides);
  const size = [oh * strides[0], ow * strides[1]] as const;
  const before = [0, 1].map((i) => dilations[i]! * (kernel.shape[i]! - 1) - pads[i]!);
  const after = [0, 1].map((i) => inputSize[i]! + dilations[i]! * (kernel.shape[i]! - 1) - size[i]! - before[i]!);
  if ([...before, ...after].some((p) => p < 0)) {
    // A convolution takes no negative pads: cut first.
    const cut = (p: number) => Math.min(p, 0);
    name = writer.node('Pad', [name, writer.int64([0, 0, ...before.map(cut), 0, 0, ...after.map(cut)])]);
  }
  const room = (p: number) => Math.max(p, 0);
  return writer.node('Conv', [name, mirroredKernel(emitter, kernel, depthwise)], {
    kernel_shape: kernel.shape.slice(0, 2), dilations, pads: [...before.map(room), ...after.map(room)], group: groups,
  });
}

function convInputByTranspose(node: GraphNode<'convInput'>, emitter: OnnxEmitter): string {
  const [dy, kernel] = node.inputs as [Value, Value];
  const { strides, dilations, pads, inputSize, groups } = node.attrs;
  const rest = [0, 1].map((i) => inputSize[i]! - (strides[i]! * (dy.shape[1 + i]! - 1) + dilations[i]! * (kernel.shape[i]! - 1) + 1 - pads[i]!));
  return emitter.writer.node('ConvTranspose', [emitter.get(dy, IMAGE), emitter.get(kernel, KERNEL)], {
    kernel_shape: kernel.shape.slice(0, 2), strides, dilations, group: groups,
    pads: [pads[0], pads[1], ...rest.map((n) => Math.max(-n, 0))],
    output_padding: rest.map((n) => Math.max(n, 0)),
  });
}

/** The input's pixels under tap (i, j) of every window: [n, c, oh, ow]. */
function underTap(emitter: OnnxEmitter, padded: string, node: GraphNode<'convFilter'>, i: number, j: number): string {
  const { writer } = emitter;
  const dy = node.inputs[1]!;
  const { strides, dilations } = node.attrs;
  const from = [i * dilations[0], j * dilations[1]] as const;
  const to = [from[0] + (dy.shape[1]! - 1) * strides[0] + 1, from[1] + (dy.shape[2]! - 1) * strides[1] + 1];
  return writer.node('Slice', [padded, writer.int64(from), writer.int64(to), writer.int64([2, 3]), writer.int64(strides)]);
}

function convFilterByMatmul(node: GraphNode<'convFilter'>, emitter: OnnxEmitter): string {
  const [x, dy] = node.inputs as [Value, Value];
  const { writer } = emitter;
  const { pads, groups, filterSize: [kh, kw], strides } = node.attrs;
  const [n, , , cin] = x.shape as [number, number, number, number];
  const [, oh, ow, cout] = dy.shape as [number, number, number, number];
  const pixels = oh * ow;
  const perGroup = cin / groups;
  const depthwise = perGroup === 1;
  const covers = kh === 1 && kw === 1 && strides[0] === 1 && strides[1] === 1 && pads.every((p) => p === 0);
  let source = emitter.get(x, IMAGE);
  if (pads.some((p) => p !== 0)) source = writer.node('Pad', [source, writer.int64([0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]])]);

  const gradient = emitter.get(dy, IMAGE);
  const rows = depthwise
    ? writer.node('Reshape', [gradient, writer.int64([n, groups, cout / groups, pixels])])
    : writer.node('Reshape', [gradient, writer.int64(groups === 1 ? [n, cout, pixels] : [n, groups, cout / groups, pixels])]);
  const taps: string[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const tap = covers ? source : underTap(emitter, source, node, i, j);
      const flat = writer.node('Reshape', [tap, writer.int64(groups === 1 ? [n, cin, pixels] : [n, groups, perGroup, pixels])]);
      const product = depthwise
        ? writer.node('ReduceSum', [writer.node('Mul', [rows, flat]), writer.int64([0, 3])], { keepdims: 0 })
        : writer.node('ReduceSum', [writer.node('FusedMatMul', [rows, flat], { transB: 1 }, MICROSOFT), writer.int64([0])], { keepdims: 0 });
      taps.push(writer.node('Reshape', [product, writer.int64([cout, perGroup, 1])]));
    }
  }
  const joined = taps.length === 1 ? taps[0]! : writer.node('Concat', taps, { axis: 2 });
  return writer.node('Reshape', [joined, writer.int64([cout, perGroup, kh, kw])]);
}

/** Below this height a transposed convolution is faster than a convolution with the mirrored kernel. */
const TRANSPOSE_BELOW = 32;

export const convolution = {
  conv: ((node, emitter) => {
    const [x, kernel] = node.inputs as [Value, Value];
    const size = [kernel.shape[0]!, kernel.shape[1]!] as const;
    emitter.set(node.outputs[0]!, emitter.writer.node('Conv', [emitter.get(x, IMAGE), emitter.get(kernel, KERNEL)], convAttributes(node.attrs, size)), IMAGE);
  }) satisfies EmitRule<'conv'>,

  convInput: ((node, emitter) => {
    const kernel = node.inputs[1]!;
    const { groups, strides, inputSize } = node.attrs;
    const depthwise = groups > 1 && kernel.shape[2] === 1 && kernel.shape[3] === groups;
    const byConv = depthwise || (groups === 1 && (strides[0] > 1 || strides[1] > 1 || inputSize[0] >= TRANSPOSE_BELOW));
    emitter.set(node.outputs[0]!, byConv ? convInputByConv(node, emitter, depthwise) : convInputByTranspose(node, emitter), IMAGE);
  }) satisfies EmitRule<'convInput'>,

  convFilter: ((node, emitter) => {
    emitter.set(node.outputs[0]!, convFilterByMatmul(node, emitter), KERNEL);
  }) satisfies EmitRule<'convFilter'>,
};
