/** Pooling, its adjoints, and nearest-neighbour resizing. */
import { type EmitRule, type OnnxEmitter } from '../emitter';
import { IMAGE } from '../layout';
import { sizeOf } from '../../shapes';
import { type PoolAttrs, type Value } from '../../types';

const attributes = ({ size, strides, pads }: PoolAttrs) => ({ kernel_shape: size, strides, pads });
const image = (shape: readonly number[]): number[] => IMAGE.map((axis) => shape[axis]!);
/** Windows that touch no pixel twice and leave none out. */
const tiles = ({ size, strides, pads }: PoolAttrs, inputSize: readonly [number, number]): boolean =>
  size.every((n, i) => n === strides[i] && inputSize[i]! % n === 0) && pads.every((p) => p === 0);
const disjoint = ({ size, strides, pads }: PoolAttrs): boolean => size.every((n, i) => strides[i]! >= n) && pads.every((p) => p === 0);

function nearest(emitter: OnnxEmitter, name: string, factor: readonly [number, number]): string {
  const scales = emitter.writer.initializer('float32', [4], new Uint8Array(Float32Array.of(1, 1, ...factor).buffer));
  return emitter.writer.node('Resize', [name, '', scales], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' });
}

/** 1 / (pixels of the image in the window), for every window: padding is not counted. */
function windowWeights({ size, strides, pads }: PoolAttrs, inputSize: readonly [number, number], output: readonly [number, number]): Float32Array {
  const count = (at: number, axis: 0 | 1) => {
    const from = at * strides[axis] - pads[axis];
    return Math.min(from + size[axis], inputSize[axis]) - Math.max(from, 0);
  };
  return Float32Array.from({ length: output[0] * output[1] }, (_, i) => 1 / (count(Math.floor(i / output[1]), 0) * count(i % output[1], 1)));
}

export const pooling = {
  maxPool: ((node, emitter) => {
    const [values, indices] = node.outputs as readonly [Value, Value];
    const source = emitter.get(node.inputs[0]!, IMAGE);
    if (emitter.useCount(indices) === 0) {
      emitter.set(values, emitter.writer.node('MaxPool', [source], attributes(node.attrs)), IMAGE);
      return;
    }
    const [y, at] = emitter.writer.nodeOutputs('MaxPool', [source], attributes(node.attrs), 2);
    emitter.set(values, y!, IMAGE);
    emitter.set(indices, at!, IMAGE);
  }) satisfies EmitRule<'maxPool'>,

  maxUnpool: ((node, emitter) => {
    const [dy, indices] = node.inputs as [Value, Value];
    const value = node.outputs[0]!;
    const { writer } = emitter;
    const shape = image(value.shape);
    const updates = emitter.get(dy, IMAGE);
    const at = emitter.get(indices, IMAGE);
    if (disjoint(node.attrs)) {
      const { size, strides } = node.attrs;
      emitter.set(value, writer.node('MaxUnpool', [updates, at, writer.int64(shape)], { kernel_shape: size, strides }), IMAGE);
      return;
    }
    // Overlapping windows may share a maximum, so their gradients add up.
    const zeros = writer.node('Expand', [writer.scalar(0), writer.int64([sizeOf(shape)])]);
    const flat = (name: string) => writer.node('Reshape', [name, writer.int64([-1])]);
    const sum = writer.node('ScatterElements', [zeros, flat(at), flat(updates)], { axis: 0, reduction: 'add' });
    emitter.set(value, writer.node('Reshape', [sum, writer.int64(shape)]), IMAGE);
  }) satisfies EmitRule<'maxUnpool'>,

  maxRegather: ((node, emitter) => {
    const [g, indices] = node.inputs as [Value, Value];
    const { writer } = emitter;
    const flat = (name: string) => writer.node('Reshape', [name, writer.int64([-1])]);
    const taken = writer.node('GatherElements', [flat(emitter.get(g, IMAGE)), flat(emitter.get(indices, IMAGE))], { axis: 0 });
    emitter.set(node.outputs[0]!, writer.node('Reshape', [taken, writer.int64(image(node.outputs[0]!.shape))]), IMAGE);
  }) satisfies EmitRule<'maxRegather'>,

  avgPool: ((node, emitter) => {
    const source = emitter.get(node.inputs[0]!, IMAGE);
    emitter.set(node.outputs[0]!, emitter.writer.node('AveragePool', [source], attributes(node.attrs)), IMAGE);
  }) satisfies EmitRule<'avgPool'>,

  avgUnpool: ((node, emitter) => {
    const dy = node.inputs[0]!;
    const { writer } = emitter;
    const { size, strides, pads, inputSize } = node.attrs;
    const source = emitter.get(dy, IMAGE);
    const value = node.outputs[0]!;
    if (tiles(node.attrs, inputSize)) {
      emitter.set(value, nearest(emitter, writer.node('Mul', [source, writer.scalar(1 / (size[0] * size[1]))]), size), IMAGE);
      return;
    }
    const output = [dy.shape[1]!, dy.shape[2]!] as const;
    const channels = dy.shape[3]!;
    const weights = writer.initializer('float32', [1, 1, ...output], new Uint8Array(windowWeights(node.attrs, inputSize, output).buffer));
    const ones = writer.initializer('float32', [channels, 1, ...size], new Uint8Array(new Float32Array(channels * size[0] * size[1]).fill(1).buffer));
    const rest = [0, 1].map((i) => inputSize[i]! - (strides[i]! * (output[i]! - 1) + size[i]! - pads[i]!));
    const name = writer.node('ConvTranspose', [writer.node('Mul', [source, weights]), ones], {
      kernel_shape: size, strides, group: channels,
      pads: [pads[0], pads[1], ...rest.map((n) => Math.max(-n, 0))],
      output_padding: rest.map((n) => Math.max(n, 0)),
    });
    emitter.set(value, name, IMAGE);
  }) satisfies EmitRule<'avgUnpool'>,

  resizeNearest: ((node, emitter) => {
    emitter.set(node.outputs[0]!, nearest(emitter, emitter.get(node.inputs[0]!, IMAGE), node.attrs.factor), IMAGE);
  }) satisfies EmitRule<'resizeNearest'>,
};
