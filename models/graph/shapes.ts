/** Arithmetic of shapes. */
import { type PoolAttrs, type Shape, type WindowAttrs } from './types';

export const sizeOf = (shape: Shape): number => shape.reduce((product, n) => product * n, 1);
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i]);
export const show = (shape: Shape): string => `[${shape.join(', ')}]`;

/** The shape two shapes of equal rank broadcast to. Throws an Error that names both. */
export function broadcastShapes(a: Shape, b: Shape): number[] {
  if (a.length === 0) return [...b];
  if (b.length === 0) return [...a];
  if (a.length !== b.length) throw new Error(`shapes ${show(a)} and ${show(b)} differ in rank; reshape one of them`);
  return a.map((n, i) => {
    const m = b[i]!;
    if (n !== m && n !== 1 && m !== 1) throw new Error(`shapes ${show(a)} and ${show(b)} do not broadcast`);
    return Math.max(n, m);
  });
}

/** Axes counted from the front, ascending, without duplicates. */
export function normaliseAxes(axes: readonly number[], rank: number): number[] {
  const result = [...new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)))].sort((a, b) => a - b);
  if (result.some((axis) => axis < 0 || axis >= rank)) throw new Error(`axes [${axes.join(', ')}] are outside rank ${rank}`);
  return result;
}

/** floor((n + p − (d (f − 1) + 1)) / s) + 1, where p is the padding of both sides together. */
export function windowOutput(n: number, filter: number, stride: number, dilation: number, padding: number): number {
  return Math.floor((n + padding - (dilation * (filter - 1) + 1)) / stride) + 1;
}

/** Output sizes of a window of `filter` over the axes of space. Throws where nothing fits. */
export function windowOutputs(sizes: readonly number[], filter: readonly number[], { strides, dilations, pads }: WindowAttrs): number[] {
  const axes = sizes.length;
  if (filter.length !== axes || strides.length !== axes || dilations.length !== axes || pads.length !== 2 * axes) {
    throw new Error(`a window of ${filter.length} axes with ${strides.length} strides, ${dilations.length} dilations and ${pads.length} pads over ${axes} axes of space`);
  }
  const outputs = sizes.map((n, i) => windowOutput(n, filter[i]!, strides[i]!, dilations[i]!, pads[i]! + pads[axes + i]!));
  if (outputs.some((n) => n < 1)) throw new Error(`a ${filter.join('×')} window does not fit into ${sizes.join('×')}`);
  return outputs;
}

export const poolWindow = ({ size, strides, pads }: PoolAttrs): WindowAttrs => ({ strides, pads, dilations: size.map(() => 1) });

/**
 * Explicit pads of TensorFlow's `same`: the output has ceil(n / stride) pixels and the odd pixel of padding comes after.
 */
export function samePads(sizes: readonly number[], filter: readonly number[], strides: readonly number[], dilations: readonly number[] = sizes.map(() => 1)): number[] {
  const totals = sizes.map((n, i) => Math.max((Math.ceil(n / strides[i]!) - 1) * strides[i]! + dilations[i]! * (filter[i]! - 1) + 1 - n, 0));
  return [...totals.map((total) => total >> 1), ...totals.map((total) => total - (total >> 1))];
}

/** The axes of space of `[batch, ...space, channels]`. */
export const spaceOf = (shape: Shape): number[] => shape.slice(1, -1);
