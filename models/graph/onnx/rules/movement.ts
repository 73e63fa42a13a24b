/** Reductions, movement and matrix products. Axes are mapped to the layout in which the input lies. */
import { type EmitRule, type OnnxEmitter } from '../emitter';
import { sumOfProducts } from '../fusion';
import { type Layout, physicalShape, plain } from '../layout';
import { MICROSOFT } from '../writer';
import { sizeOf } from '../../shapes';
import { type GraphNode, type TypedArray } from '../../types';

function reduce(node: GraphNode<'reduceSum' | 'reduceMax'>, emitter: OnnxEmitter): void {
  const x = node.inputs[0]!;
  const value = node.outputs[0]!;
  const { writer } = emitter;
  const { axes, keepDims } = node.attrs;
  const fused = node.op === 'reduceSum' ? sumOfProducts(node as GraphNode<'reduceSum'>, emitter) : null;
  const layout = fused ? fused.layout : emitter.native(x);
  const physicalAxes = axes.map((axis) => layout.indexOf(axis)).sort((a, b) => a - b);
  let name: string;
  if (fused) name = keepDims ? writer.node('Reshape', [fused.name, writer.int64(physicalShape(value.shape, layout))]) : fused.name;
  else if (node.op === 'reduceSum') name = writer.node('ReduceSum', [emitter.get(x, layout), writer.int64(physicalAxes)], { keepdims: keepDims ? 1 : 0 });
  else name = writer.node('ReduceMax', [emitter.get(x, layout)], { axes: physicalAxes, keepdims: keepDims ? 1 : 0 });
  if (keepDims) {
    emitter.set(value, name, layout);
    return;
  }
  // The axes that remain, renumbered as the result counts them.
  const left = layout.filter((axis) => !axes.includes(axis));
  const order = [...left].sort((a, b) => a - b);
  emitter.set(value, name, left.map((axis) => order.indexOf(axis)));
}

/** Values given per logical axis, in the order of the layout. */
const inLayout = (values: readonly number[], layout: Layout): number[] => layout.map((axis) => values[axis]!);

export const movement = {
  input: (() => {
    throw new Error('inputs are written by the emitter');
  }) as EmitRule<'input'>,
  stopGradient: (() => {
    throw new Error('stopGradient is removed by the emitter');
  }) as EmitRule<'stopGradient'>,

  constant: ((node, emitter) => {
    const value = node.outputs[0]!;
    const { data } = node.attrs as { data: TypedArray };
    emitter.set(value, emitter.writer.initializer(value.dtype, value.shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
  }) satisfies EmitRule<'constant'>,

  reduceSum: reduce as EmitRule<'reduceSum'>,
  reduceMax: reduce as EmitRule<'reduceMax'>,

  broadcastTo: ((node, emitter) => {
    const x = node.inputs[0]!;
    const { shape } = node.attrs;
    const layout = x.shape.length === shape.length ? emitter.native(x) : plain(shape.length);
    const source = emitter.get(x, x.shape.length === shape.length ? layout : plain(x.shape.length));
    emitter.set(node.outputs[0]!, emitter.writer.node('Expand', [source, emitter.writer.int64(physicalShape(shape, layout))]), layout);
  }) satisfies EmitRule<'broadcastTo'>,

  reshape: ((node, emitter) => {
    const { writer } = emitter;
    emitter.set(node.outputs[0]!, writer.node('Reshape', [emitter.get(node.inputs[0]!), writer.int64(node.attrs.shape)]));
  }) satisfies EmitRule<'reshape'>,

  transpose: ((node, emitter) => {
    // No number is moved: the result is the input under other names of its axes.
    const x = node.inputs[0]!;
    const layout = emitter.native(x);
    const { perm } = node.attrs;
    emitter.set(node.outputs[0]!, emitter.get(x, layout), layout.map((axis) => perm.indexOf(axis)));
  }) satisfies EmitRule<'transpose'>,

  slice: ((node, emitter) => {
    const x = node.inputs[0]!;
    const layout = emitter.native(x);
    const { writer } = emitter;
    const { start, size, strides } = node.attrs;
    const axes = plain(x.shape.length).filter((axis) => start[axis] !== 0 || size[axis] !== x.shape[axis]);
    const name = writer.node('Slice', [
      emitter.get(x, layout),
      writer.int64(axes.map((axis) => start[axis]!)),
      writer.int64(axes.map((axis) => start[axis]! + (size[axis]! - 1) * strides[axis]! + 1)),
      writer.int64(axes.map((axis) => layout.indexOf(axis))),
      writer.int64(axes.map((axis) => strides[axis]!)),
    ]);
    emitter.set(node.outputs[0]!, name, layout);
  }) satisfies EmitRule<'slice'>,

  pad: ((node, emitter) => {
    const x = node.inputs[0]!;
    const layout = emitter.native(x);
    const { writer } = emitter;
    const interior = inLayout(node.attrs.interior, layout);
    let sizes = physicalShape(x.shape, layout);
    let name = emitter.get(x, layout);
    if (interior.some((n) => n > 0)) {
      // Zeros between: each axis becomes [n, 1], the ones are padded to [n, 1 + interior], and what follows the last is cut.
      const split = sizes.flatMap((n, i) => (interior[i]! > 0 ? [n, 1] : [n]));
      const after = sizes.flatMap((_, i) => (interior[i]! > 0 ? [0, interior[i]!] : [0]));
      name = writer.node('Reshape', [name, writer.int64(split)]);
      name = writer.node('Pad', [name, writer.int64([...split.map(() => 0), ...after])]);
      const wide = sizes.map((n, i) => n * (interior[i]! + 1));
      name = writer.node('Reshape', [name, writer.int64(wide)]);
      sizes = wide;
    }
    // ONNX pads may be negative: the zeros after the last number go that way.
    const before = inLayout(node.attrs.before, layout);
    const after = inLayout(node.attrs.after, layout).map((n, i) => n - interior[i]!);
    if ([...before, ...after].some((n) => n !== 0)) name = writer.node('Pad', [name, writer.int64([...before, ...after])]);
    emitter.set(node.outputs[0]!, name, layout);
  }) satisfies EmitRule<'pad'>,

  concat: ((node, emitter) => {
    const layout = emitter.native(node.inputs.reduce((a, b) => (sizeOf(b.shape) > sizeOf(a.shape) ? b : a)));
    const names = node.inputs.map((value) => emitter.get(value, layout));
    emitter.set(node.outputs[0]!, emitter.writer.node('Concat', names, { axis: layout.indexOf(node.attrs.axis) }), layout);
  }) satisfies EmitRule<'concat'>,

  gather: ((node, emitter) => {
    const [x, indices] = node.inputs;
    const layout = emitter.native(x!);
    const name = emitter.writer.node('Gather', [emitter.get(x!, layout), emitter.get(indices!)], { axis: layout.indexOf(node.attrs.axis) });
    emitter.set(node.outputs[0]!, name, layout);
  }) satisfies EmitRule<'gather'>,

  scatterAdd: ((node, emitter) => {
    const [updates, indices] = node.inputs;
    const value = node.outputs[0]!;
    const { writer } = emitter;
    const rank = value.shape.length;
    // Rows first, then ScatterND with sums; the rows go back to their axis by name only.
    const layout = [node.attrs.axis, ...plain(rank).filter((axis) => axis !== node.attrs.axis)];
    const zeros = writer.node('Expand', [writer.scalar(0), writer.int64(physicalShape(value.shape, layout))]);
    const rows = writer.node('Reshape', [writer.node('Cast', [emitter.get(indices!)], { to: 7 }), writer.int64([indices!.shape[0]!, 1])]);
    emitter.set(value, writer.node('ScatterND', [zeros, rows, emitter.get(updates!, layout)], { reduction: 'add' }), layout);
  }) satisfies EmitRule<'scatterAdd'>,

  matmul: ((node, emitter) => {
    const names = node.inputs.map((value) => emitter.get(value));
    const { transposeA, transposeB } = node.attrs;
    const name = transposeA || transposeB
      ? emitter.writer.node('FusedMatMul', names, { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 }, MICROSOFT)
      : emitter.writer.node('MatMul', names);
    emitter.set(node.outputs[0]!, name);
  }) satisfies EmitRule<'matmul'>,
};
