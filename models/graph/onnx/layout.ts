/**
 * Physical layouts: a permutation of the logical axes, slowest first. ONNX convolutions want images as
 * [batch, channels, ...space] and kernels as [out, in, ...space].
 */
import { type Shape, type TensorData, type TypedArray } from '../types';

export type Layout = readonly number[];

export const plain = (rank: number): Layout => Array.from({ length: rank }, (_, i) => i);
/** Of a value of this rank: batch, channels, then the axes of space. */
export const imageLayout = (rank: number): Layout => [0, rank - 1, ...plain(rank).slice(1, -1)];
/** Of a kernel of this rank: out, in, then the axes of space. */
export const kernelLayout = (rank: number): Layout => [rank - 1, rank - 2, ...plain(rank - 2)];
export const sameLayout = (a: Layout, b: Layout): boolean => a.length === b.length && a.every((axis, i) => axis === b[i]);
export const physicalShape = (shape: Shape, layout: Layout): number[] => layout.map((axis) => shape[axis]!);

/** The permutation that takes data laid out as `from` to `to`. */
export const permutation = (from: Layout, to: Layout): number[] => to.map((axis) => from.indexOf(axis));

/** Going from one layout to the other moves no number: axes of size one aside, the order is the same. */
export function isRelabelling(shape: Shape, from: Layout, to: Layout): boolean {
  const long = (layout: Layout) => layout.filter((axis) => shape[axis] !== 1);
  return sameLayout(long(from), long(to));
}

/** Copies the numbers of a tensor from layout `from` to layout `to`; `shape` is logical. */
export function permute(data: TypedArray, shape: Shape, from: Layout, to: Layout): TypedArray {
  if (isRelabelling(shape, from, to)) return data.slice();
  const rank = shape.length;
  const sourceStride = Array<number>(rank).fill(0);
  for (let i = rank - 1, stride = 1; i >= 0; i--) {
    sourceStride[from[i]!] = stride;
    stride *= shape[from[i]!]!;
  }
  const sizes = to.map((axis) => shape[axis]!);
  const strides = to.map((axis) => sourceStride[axis]!);
  const result = new (data.constructor as new (length: number) => TypedArray)(data.length);
  const index = Array<number>(rank).fill(0);
  const last = rank - 1;
  const lastSize = sizes[last]!;
  const lastStride = strides[last]!;
  let source = 0;
  for (let target = 0; target < result.length; ) {
    for (let k = 0, at = source; k < lastSize; k++, at += lastStride) result[target++] = data[at]!;
    for (let axis = last - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      source -= sizes[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}

/** A logical tensor's numbers in `layout`. */
export const toPhysical = (tensor: TensorData, layout: Layout): TypedArray => permute(tensor.data, tensor.shape, plain(tensor.shape.length), layout);
