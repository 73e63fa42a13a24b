/** Pooling, its adjoints, and nearest-neighbour resizing. */
import { type EmitRule, type OnnxEmitter } from '../emitter';
import { imageLayout, physicalShape } from '../layout';
import { sizeOf, spaceOf } from '../../shapes';
import { type PoolAttrs, type Shape, type Value } from '../../types';

const attributes = ({ size, strides, pads }: PoolAttrs) => ({ kernel_shape: size, strides, pads });
const layoutOf = (value: Value) => imageLayout(value.shape.length);
const asImage = (emitter: OnnxEmitter, value: Value): string => emitter.get(value, layoutOf(value));
const imageShape = (shape: Shape): number[] => physicalShape(shape, imageLayout(shape.length));
/** Windows that touch no pixel twice and leave none out. */
const tiles = ({ size, strides, pads }: PoolAttrs, inputSize: readonly number[]): boolean =>
  size.every((n, i) => n === strides[i] && inputSize[i]! % n === 0) && pads.every((p) => p === 0);
const disjoint = ({ size, strides, pads }: PoolAttrs): boolean => size.every((n, i) => strides[i]! >= n) && pads.every((p) => p === 0);

function nearest(emitter: OnnxEmitter, name: string, factor: readonly number[]): string {
  const scales = emitter.writer.initializer('float32', [factor.length + 2], new Uint8Array(Float32Array.of(1, 1, ...factor).buffer));
  return emitter.writer.node('Resize', [name, '', scales], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' });
}

/** 1 / (pixels of the image in the window), for every window: padding is not counted. */
function windowWeights({ size, strides, pads }: PoolAttrs, inputSize: readonly number[], outputs: readonly number[]): Float32Array {
  const along = outputs.map((n, axis) => Array.from({ length: n }, (_, at) => {
    const from = at * strides[axis]! - pads[axis]!;
    return Math.min(from + size[axis]!, inputSize[axis]!) - Math.max(from, 0);
  }));
  return Float32Array.from(along.reduce<number[]>((counts, axis) => counts.flatMap((count) => axis.map((n) => count * n)), [1]), (count) => 1 / count);
}

export const pooling = {
  maxPool: ((node, emitter) => {
    const [values, indices] = node.outputs as readonly [Value, Value];
    const source = asImage(emitter, node.inputs[0]!);
    if (emitter.useCount(indices) === 0) {
      emitter.set(values, emitter.writer.node('MaxPool', [source], attributes(node.attrs)), layoutOf(values));
      return;
    }
    const [y, at] = emitter.writer.nodeOutputs('MaxPool', [source], attributes(node.attrs), 2);
    emitter.set(values, y!, layoutOf(values));
    emitter.set(indices, at!, layoutOf(indices));
  }) satisfies EmitRule<'maxPool'>,

  maxUnpool: ((node, emitter) => {
    const [dy, indices] = node.inputs as [Value, Value];
    const value = node.outputs[0]!;
    const { writer } = emitter;
    const shape = imageShape(value.shape);
    const updates = asImage(emitter, dy);
    const at = asImage(emitter, indices);
    if (disjoint(node.attrs)) {
      const { size, strides } = node.attrs;
      emitter.set(value, writer.node('MaxUnpool', [updates, at, writer.int64(shape)], { kernel_shape: size, strides }), layoutOf(value));
      return;
    }
    // Overlapping windows may share a maximum, so their gradients add up.
    const zeros = writer.node('Expand', [writer.scalar(0), writer.int64([sizeOf(shape)])]);
    const flat = (name: string) => writer.node('Reshape', [name, writer.int64([-1])]);
    const sum = writer.node('ScatterElements', [zeros, flat(at), flat(updates)], { axis: 0, reduction: 'add' });
    emitter.set(value, writer.node('Reshape', [sum, writer.int64(shape)]), layoutOf(value));
  }) satisfies EmitRule<'maxUnpool'>,

  maxRegather: ((node, emitter) => {
    const [g, indices] = node.inputs as [Value, Value];
    const { writer } = emitter;
    const flat = (name: string) => writer.node('Reshape', [name, writer.int64([-1])]);
    const taken = writer.node('GatherElements', [flat(asImage(emitter, g)), flat(asImage(emitter, indices))], { axis: 0 });
    emitter.set(node.outputs[0]!, writer.node('Reshape', [taken, writer.int64(imageShape(node.outputs[0]!.shape))]), layoutOf(node.outputs[0]!));
  }) satisfies EmitRule<'maxRegather'>,

  avgPool: ((node, emitter) => {
    const source = asImage(emitter, node.inputs[0]!);
    emitter.set(node.outputs[0]!, emitter.writer.node('AveragePool', [source], attributes(node.attrs)), layoutOf(node.outputs[0]!));
  }) satisfies EmitRule<'avgPool'>,

  avgUnpool: ((node, emitter) => {
    const dy = node.inputs[0]!;
    const { writer } = emitter;
    const { size, strides, pads, inputSize } = node.attrs;
    const source = asImage(emitter, dy);
    const value = node.outputs[0]!;
    if (tiles(node.attrs, inputSize)) {
      emitter.set(value, nearest(emitter, writer.node('Mul', [source, writer.scalar(1 / sizeOf(size))]), size), layoutOf(value));
      return;
    }
    const outputs = spaceOf(dy.shape);
    const channels = dy.shape.at(-1)!;
    const weights = writer.initializer('float32', [1, 1, ...outputs], new Uint8Array(windowWeights(node.attrs, inputSize, outputs).buffer));
    const ones = writer.initializer('float32', [channels, 1, ...size], new Uint8Array(new Float32Array(channels * sizeOf(size)).fill(1).buffer));
    const rest = inputSize.map((n, i) => n - (strides[i]! * (outputs[i]! - 1) + size[i]! - pads[i]!));
    const name = writer.node('ConvTranspose', [writer.node('Mul', [source, weights]), ones], {
      kernel_shape: size, strides, group: channels,
      pads: [...pads.slice(0, rest.length), ...rest.map((n) => Math.max(-n, 0))],
      output_padding: rest.map((n) => Math.max(n, 0)),
    });
    emitter.set(value, name, layoutOf(value));
  }) satisfies EmitRule<'avgUnpool'>,

  resizeNearest: ((node, emitter) => {
    const x = node.inputs[0]!;
    emitter.set(node.outputs[0]!, nearest(emitter, asImage(emitter, x), node.attrs.factor), layoutOf(x));
  }) satisfies EmitRule<'resizeNearest'>,
};
