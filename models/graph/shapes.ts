/** Arithmetic of shapes. */
import { type PoolAttrs, type Shape, type Window2D } from './types';

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

/** Output height and width of a window of `filter` over `[height, width]`. Throws where nothing fits. */
export function windowOutputs(height: number, width: number, filter: readonly [number, number], window: Window2D): [number, number] {
  const [top, left, bottom, right] = window.pads;
  const h = windowOutput(height, filter[0], window.strides[0], window.dilations[0], top + bottom);
  const w = windowOutput(width, filter[1], window.strides[1], window.dilations[1], left + right);
  if (h < 1 || w < 1) throw new Error(`a ${filter[0]}×${filter[1]} window does not fit into ${height}×${width}`);
  return [h, w];
}

export const poolWindow = (attrs: PoolAttrs): Window2D => ({ strides: attrs.strides, pads: attrs.pads, dilations: [1, 1] });

/**
 * Explicit pads of TensorFlow's `same`: the output has ceil(n / stride) pixels and the odd pixel of padding comes after.
 */
export function samePads(
  height: number, width: number, filter: readonly [number, number], strides: readonly [number, number], dilations: readonly [number, number] = [1, 1],
): [number, number, number, number] {
  const along = (n: number, f: number, s: number, d: number): [number, number] => {
    const total = Math.max((Math.ceil(n / s) - 1) * s + d * (f - 1) + 1 - n, 0);
    return [total >> 1, total - (total >> 1)];
  };
  const [top, bottom] = along(height, filter[0], strides[0], dilations[0]);
  const [left, right] = along(width, filter[1], strides[1], dilations[1]);
  return [top, left, bottom, right];
}
