/**
 * What one ONNX node does that would be two: passes over feature maps are most of a training step beside the convolutions.
 * A node that its one reader can absorb is not written before somebody asks for its value.
 */
import { type OnnxEmitter } from './emitter';
import { imageLayout, type Layout, physicalShape, sameLayout } from './layout';
import { float, MICROSOFT } from './writer';
import { sameShape, sizeOf } from '../shapes';
import { type GraphNode, type Shape, type Value } from '../types';

/** From so many numbers in a row a sum of products is faster as a product of matrices than as a product and a sum. */
const DOT_FROM = 1024;

/** One number a channel for values of `shape`. */
const isPerChannel = (own: Shape, shape: Shape): boolean =>
  shape.length >= 3 && own.length === shape.length && own.at(-1) === shape.at(-1) && own.slice(0, -1).every((n) => n === 1);

/** Whether `reader` may do the work of `node`, which nobody else reads. */
export function absorbs(reader: GraphNode, node: GraphNode): boolean {
  if (node.op !== 'mul') return false;
  const [a, b] = node.inputs as [Value, Value];
  const { shape } = node.outputs[0]!;
  if (reader.op === 'reduceSum') return sameShape(a.shape, b.shape);
  if (reader.op !== 'add') return false;
  const [first, second] = reader.inputs as [Value, Value];
  return first === node.outputs[0] && isPerChannel(second.shape, shape) && isPerChannel(b.shape, shape) && sameShape(a.shape, shape) && !sameShape(b.shape, shape);
}

/**
 * Σ a b over the axes (physical places, ascending) of two ONNX values of one shape: over the last of them as products of
 * rows, over the others as a sum. The name of the result with the axes left out; null where this would be no faster.
 */
export function dot(emitter: OnnxEmitter, a: string, b: string, shape: readonly number[], axes: readonly number[]): string | null {
  const { writer } = emitter;
  let first = shape.length;
  while (first > 0 && axes.includes(first - 1)) first--;
  const row = sizeOf(shape.slice(first));
  if (row < DOT_FROM || first === 0) return null;
  const outer = shape.slice(0, first);
  const rows = (name: string) => writer.node('Reshape', [name, writer.int64([sizeOf(outer), 1, row])]);
  const products = writer.node('FusedMatMul', [rows(a), rows(b)], { transB: 1 }, MICROSOFT);
  const shaped = writer.node('Reshape', [products, writer.int64(outer)]);
  const rest = axes.filter((axis) => axis < first);
  return rest.length === 0 ? shaped : writer.node('ReduceSum', [shaped, writer.int64(rest)], { keepdims: 0 });
}

/** An absorbed scaling followed by a shift, one number a channel each, as one pass; null where they are two. */
export function scaleAndShift(node: GraphNode<'add'>, emitter: OnnxEmitter): { name: string; layout: Layout } | null {
  const scaling = emitter.unwritten(node.inputs[0]!, 'mul');
  if (!scaling) return null;
  const [x, scale] = scaling.inputs as [Value, Value];
  const layout = imageLayout(x.shape.length);
  if (!sameLayout(emitter.native(x), layout)) return null;
  const { writer } = emitter;
  const channels = x.shape.at(-1)!;
  const row = (value: Value) => writer.node('Reshape', [emitter.get(value), writer.int64([channels])]);
  // Batch norm in inference mode, of mean 0 and variance 1.
  const name = writer.node('BatchNormalization', [emitter.get(x, layout), row(scale), row(node.inputs[1]!), writer.filled(channels, 0), writer.filled(channels, 1)], { epsilon: float(0) });
  return { name, layout };
}

/** An absorbed product under a sum; null where they are two passes all the same. */
export function sumOfProducts(node: GraphNode<'reduceSum'>, emitter: OnnxEmitter): { name: string; layout: Layout } | null {
  const product = emitter.unwritten(node.inputs[0]!, 'mul');
  if (!product) return null;
  const [a, b] = product.inputs as [Value, Value];
  const layout = emitter.native(a);
  const axes = node.attrs.axes.map((axis) => layout.indexOf(axis)).sort((m, n) => m - n);
  const name = dot(emitter, emitter.get(a, layout), emitter.get(b, layout), physicalShape(a.shape, layout), axes);
  return name === null ? null : { name, layout };
}
