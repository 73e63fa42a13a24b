/** Values as convolutions want them, and the arithmetic of windows that all their forms share. */
import { type OnnxEmitter } from '../emitter';
import { imageLayout, kernelLayout } from '../layout';
import { type Value } from '../../types';

export const asImage = (emitter: OnnxEmitter, value: Value): string => emitter.get(value, imageLayout(value.shape.length));
export const asKernel = (emitter: OnnxEmitter, value: Value): string => emitter.get(value, kernelLayout(value.shape.length));

/** 0, 1, … below n: axes of space, and with 2 added their places in a physical shape. */
export const axesOf = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
export const inSpace = (n: number): number[] => axesOf(n).map((axis) => axis + 2);

/** A slice backwards ends here. */
export const END = -1_000_000;

/** Every place of a window, as the distance of its pixel from the window's first one along each axis. */
export function placesOf(filter: readonly number[], dilations: readonly number[]): number[][] {
  return filter.reduce<number[][]>((places, n, axis) => places.flatMap((place) => axesOf(n).map((i) => [...place, i * dilations[axis]!])), [[]]);
}

/** The numbers under one place of every window of a padded tensor, whose axes of space are its last: [.., .., ...outputs]. */
export function underPlace(emitter: OnnxEmitter, padded: string, outputs: readonly number[], strides: readonly number[], from: readonly number[]): string {
  const { writer } = emitter;
  const to = from.map((at, i) => at + (outputs[i]! - 1) * strides[i]! + 1);
  return writer.node('Slice', [padded, writer.int64(from), writer.int64(to), writer.int64(inSpace(from.length)), writer.int64(strides)]);
}

/** Zeros before and after the axes of space, which are the last ones of [.., .., ...space]; negative numbers cut. */
export function padSpace(emitter: OnnxEmitter, name: string, before: readonly number[], after: readonly number[]): string {
  if ([...before, ...after].every((n) => n === 0)) return name;
  return emitter.writer.node('Pad', [name, emitter.writer.int64([0, 0, ...before, 0, 0, ...after])]);
}
