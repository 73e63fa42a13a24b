/**
 * Convolution of small maps as one product of matrices for the whole batch. ONNX Runtime's convolutions go image by image:
 * with few pixels and many filters they read the filters again for each, which takes longer than the arithmetic.
 */
import { type OnnxEmitter } from '../emitter';
import { kernelLayout, type Layout, plain } from '../layout';
import { MICROSOFT } from '../writer';
import { axesOf, asKernel, padSpace, placesOf, underPlace } from './names';
import { sizeOf, spaceOf } from '../../shapes';
import { type ConvAttrs, type GraphNode, type Value } from '../../types';

/** Channels first, then the batch: [c, n, ...space]. */
const rowsLayout = (rank: number): Layout => [rank - 1, ...plain(rank - 1)];

/** At least so many weights, and at most so many places of windows in the batch, measured in bench/engine. */
const FEWEST_WEIGHTS = 1 << 16;
const MOST_PLACES = { conv: 256, filter: 1024 };

/** Whether the forms of this file are the fast ones, for convolutions and their input's gradient, or for their filter's. */
export function inColumns(what: 'conv' | 'filter', kernel: readonly number[], output: readonly number[], { groups }: ConvAttrs): boolean {
  return groups === 1 && sizeOf(output.slice(0, -1)) <= MOST_PLACES[what] && sizeOf(kernel) >= FEWEST_WEIGHTS;
}

/** A value as a matrix [channels, batch · pixels]. */
function asRows(emitter: OnnxEmitter, value: Value): string {
  const { writer } = emitter;
  const channels = value.shape.at(-1)!;
  return writer.node('Reshape', [emitter.get(value, rowsLayout(value.shape.length)), writer.int64([channels, sizeOf(value.shape) / channels])]);
}

/** What every window sees: [in · places, batch · windows]. Made once for the convolution and for its filter's gradient. */
function columnsOf(emitter: OnnxEmitter, x: Value, filter: readonly number[], outputs: readonly number[], { strides, dilations, pads }: ConvAttrs): string {
  return emitter.form(x, `columns:${[filter, strides, dilations, pads].join(':')}`, () => {
    const { writer } = emitter;
    const axes = filter.length;
    const [n, cin] = [x.shape[0]!, x.shape.at(-1)!];
    const windows = n * sizeOf(outputs);
    const source = padSpace(emitter, emitter.get(x, rowsLayout(x.shape.length)), pads.slice(0, axes), pads.slice(axes));
    const places = placesOf(filter, dilations).map((place) =>
      writer.node('Reshape', [underPlace(emitter, source, outputs, strides, place), writer.int64([cin, 1, windows])]));
    const joined = places.length === 1 ? places[0]! : writer.node('Concat', places, { axis: 1 });
    return writer.node('Reshape', [joined, writer.int64([cin * places.length, windows])]);
  });
}

/** The kernel as a matrix [out, in · places]. */
function kernelRows(emitter: OnnxEmitter, kernel: Value): string {
  const out = kernel.shape.at(-1)!;
  return emitter.writer.node('Reshape', [asKernel(emitter, kernel), emitter.writer.int64([out, sizeOf(kernel.shape) / out])]);
}

export function convInColumns(node: GraphNode<'conv'>, emitter: OnnxEmitter): void {
  const [x, kernel] = node.inputs as [Value, Value];
  const y = node.outputs[0]!;
  const { writer } = emitter;
  const columns = columnsOf(emitter, x, kernel.shape.slice(0, -2), spaceOf(y.shape), node.attrs);
  const product = writer.node('MatMul', [kernelRows(emitter, kernel), columns]);
  const layout = rowsLayout(y.shape.length);
  emitter.set(y, writer.node('Reshape', [product, writer.int64(layout.map((axis) => y.shape[axis]!))]), layout);
}

export function convInputInColumns(node: GraphNode<'convInput'>, emitter: OnnxEmitter): void {
  const [dy, kernel] = node.inputs as [Value, Value];
  const dx = node.outputs[0]!;
  const { writer } = emitter;
  const { strides, dilations, pads, inputSize } = node.attrs;
  const filter = kernel.shape.slice(0, -2);
  const [n, cin] = [dx.shape[0]!, dx.shape.at(-1)!];
  const outputs = spaceOf(dy.shape);
  const places = placesOf(filter, dilations);
  const product = writer.node('FusedMatMul', [kernelRows(emitter, kernel), asRows(emitter, dy)], { transA: 1 }, MICROSOFT);
  const layout = rowsLayout(dx.shape.length);
  const shape = writer.int64([cin, n, ...outputs]);
  if (places.length === 1 && strides.every((s) => s === 1) && pads.every((p) => p === 0)) {
    emitter.set(dx, writer.node('Reshape', [product, shape]), layout);
    return;
  }
  const columns = writer.node('Reshape', [product, writer.int64([cin, places.length, n * sizeOf(outputs)])]);
  // What each place saw goes back to where it was: zeros between for strides, then before and after.
  const parts = places.map((place, i) => {
    let part = writer.node('Reshape', [writer.node('Slice', [columns, writer.int64([i]), writer.int64([i + 1]), writer.int64([1])]), shape]);
    let sizes = outputs;
    if (strides.some((s) => s > 1)) {
      sizes = outputs.map((m, axis) => m * strides[axis]!);
      const apart = writer.node('Reshape', [part, writer.int64([cin, n, ...outputs.flatMap((m) => [m, 1])])]);
      const zeros = axesOf(outputs.length).flatMap((axis) => [0, strides[axis]! - 1]);
      part = writer.node('Reshape', [writer.node('Pad', [apart, writer.int64([0, 0, ...zeros.map(() => 0), 0, 0, ...zeros])]), writer.int64([cin, n, ...sizes])]);
    }
    const before = place.map((at, axis) => at - pads[axis]!);
    return padSpace(emitter, part, before, before.map((m, axis) => inputSize[axis]! - m - sizes[axis]!));
  });
  emitter.set(dx, parts.length === 1 ? parts[0]! : writer.node('Sum', parts), layout);
}

export function convFilterInColumns(node: GraphNode<'convFilter'>, emitter: OnnxEmitter): void {
  const [x, dy] = node.inputs as [Value, Value];
  const kernel = node.outputs[0]!;
  const { writer } = emitter;
  const columns = columnsOf(emitter, x, node.attrs.filterSize, spaceOf(dy.shape), node.attrs);
  const product = writer.node('FusedMatMul', [asRows(emitter, dy), columns], { transB: 1 }, MICROSOFT);
  const layout = kernelLayout(kernel.shape.length);
  emitter.set(kernel, writer.node('Reshape', [product, writer.int64(layout.map((axis) => kernel.shape[axis]!))]), layout);
}
