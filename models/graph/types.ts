/**
 * The intermediate graph: primitive operations on values of static shape.
 *
 * Shapes are logical and channels-last (`[batch, ...space, channels]`, with one, two or three axes of space; kernels
 * `[...space, in / groups, out]`, the order of tf.layers), whatever a back end uses in memory. Layout is the emitter's
 * business.
 */

export type DType = 'float32' | 'int32' | 'bool' | 'uint8';
export type Shape = readonly number[];
export type TypedArray = Float32Array | Int32Array | Uint8Array;

/** Numbers with their logical shape, row-major. Booleans are bytes 0 and 1. */
export interface TensorData {
  dtype: DType;
  shape: Shape;
  data: TypedArray;
}

/**
 * Spatial window of a convolution or pooling, one number an axis of space. Pads are explicit, so that back ends cannot
 * disagree about "same".
 */
export interface WindowAttrs {
  strides: readonly number[];
  dilations: readonly number[];
  /** Before each axis, then after each: top, left, bottom, right. */
  pads: readonly number[];
}

export interface ConvAttrs extends WindowAttrs {
  groups: number;
}

export interface PoolAttrs {
  size: readonly number[];
  strides: readonly number[];
  /** Before each axis, then after each; padding is never the maximum and never counted in a mean. */
  pads: readonly number[];
}

/**
 * How a back end should keep an input in memory between steps: `kernel` marks a convolution's filter (permuted once
 * when written and once when read, not at every step).
 */
export type InputLayout = 'plain' | 'kernel';

/** The attributes of every primitive. This interface is the list of primitives. */
export interface OpAttrs {
  input: { name: string; layout: InputLayout };
  constant: { data: TypedArray };
  cast: { dtype: DType };
  stopGradient: object;

  neg: object;
  abs: object;
  sign: object;
  exp: object;
  log: object;
  sqrt: object;
  reciprocal: object;
  atan: object;
  tanh: object;
  sigmoid: object;
  softplus: object;
  relu: object;
  leakyRelu: { alpha: number };
  clip: { min: number; max: number };
  /** 1 where x > 0, else `below`: the slope of a rectifier. */
  slope: { below: number };
  not: object;

  add: object;
  sub: object;
  mul: object;
  div: object;
  minimum: object;
  maximum: object;
  greater: object;
  greaterEqual: object;
  equal: object;
  and: object;
  where: object;

  reduceSum: { axes: readonly number[]; keepDims: boolean };
  reduceMax: { axes: readonly number[]; keepDims: boolean };
  broadcastTo: { shape: Shape };

  reshape: { shape: Shape };
  transpose: { perm: readonly number[] };
  slice: { start: readonly number[]; size: readonly number[]; strides: readonly number[] };
  pad: { before: readonly number[]; after: readonly number[]; interior: readonly number[] };
  concat: { axis: number };
  gather: { axis: number };
  scatterAdd: { axis: number; size: number };

  batchNorm: { epsilon: number };

  matmul: { transposeA: boolean; transposeB: boolean };
  conv: ConvAttrs;
  convInput: ConvAttrs & { inputSize: readonly number[] };
  convFilter: ConvAttrs & { filterSize: readonly number[] };
  maxPool: PoolAttrs;
  maxUnpool: PoolAttrs & { inputSize: readonly number[] };
  maxRegather: PoolAttrs & { inputSize: readonly number[] };
  avgPool: PoolAttrs;
  avgUnpool: PoolAttrs & { inputSize: readonly number[] };
  resizeNearest: { factor: readonly number[] };
}
export type OpName = keyof OpAttrs;

/** One operation. `outputs` has one value except for maxPool (values, indices) and batchNorm (values, means, variances). */
export interface GraphNode<K extends OpName = OpName> {
  readonly id: number;
  readonly op: K;
  readonly inputs: readonly Value[];
  readonly attrs: OpAttrs[K];
  readonly outputs: readonly Value[];
}

/** One result in a graph. */
export interface Value {
  readonly graph: GraphLike;
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly node: GraphNode;
  /** Which of the node's outputs this is. */
  readonly index: number;
}

/** What a value needs to know of its graph; `Graph` is the implementation. */
export interface GraphLike {
  node<K extends OpName>(op: K, inputs: readonly Value[], attrs: OpAttrs[K]): readonly Value[];
}

export interface ValueSpec {
  shape: Shape;
  dtype: DType;
}

/** One primitive: the shapes of its results, and its gradient rule. */
export interface Primitive<K extends OpName> {
  /** Checks the inputs and computes the outputs' shapes. Throws an Error that names the shapes. */
  infer(inputs: readonly Value[], attrs: OpAttrs[K]): ValueSpec[];
  /**
   * Given the gradient of the loss with respect to each output (null: none), returns it for each input (null: none).
   * `needs[i]` is false where nobody asks for input i: skip the work. Absent: the primitive has no gradient.
   */
  gradient?(node: GraphNode<K>, outputGradients: readonly (Value | null)[], needs: readonly boolean[]): (Value | null)[];
}
