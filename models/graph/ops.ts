/**
 * The primitives as functions on values. Numbers are taken as constants; in elementwise operations the shorter shape is
 * padded with ones in front, then sizes of one are repeated (NumPy's rule).
 */
import { normaliseAxes, sameShape, sizeOf } from './shapes';
import { type ConvAttrs, type DType, type OpName, type PoolAttrs, type Shape, type Value } from './types';
import { type Graph } from './graph';

export type Operand = Value | number;

const graphOf = (value: Value): Graph => value.graph as Graph;

function single<K extends OpName>(op: K, inputs: readonly Value[], attrs: Parameters<Graph['node']>[2]): Value {
  return inputs[0]!.graph.node(op, inputs, attrs as never)[0]!;
}

/** Operands as values of one rank (scalars stay of rank 0). */
function aligned(operands: readonly Operand[], dtypes: (index: number) => DType): Value[] {
  const anchor = operands.find((operand): operand is Value => typeof operand !== 'number');
  if (!anchor) throw new Error('an elementwise operation needs at least one value that is not a number');
  const all = operands.map((operand, index) => (typeof operand === 'number' ? graphOf(anchor).scalar(operand, dtypes(index)) : operand));
  const rank = Math.max(...all.map((value) => value.shape.length));
  // What the operation repeats by itself need not be repeated in memory first.
  const full = all.find((value) => value.node.op !== 'broadcastTo' && value.shape.length === rank);
  const values = all.map((value) =>
    full && value.node.op === 'broadcastTo' && sameShape(value.shape, full.shape) ? value.node.inputs[0]! : value);
  return values.map((value) => {
    const missing = rank - value.shape.length;
    return missing === 0 || value.shape.length === 0 ? value : reshape(value, [...Array<number>(missing).fill(1), ...value.shape]);
  });
}

const binary = (op: OpName) => (a: Operand, b: Operand): Value => {
  const dtype = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : 'float32';
  return single(op, aligned([a, b], () => dtype), {});
};
const unary = (op: OpName) => (x: Value): Value => single(op, [x], {});
/** The value of a constant of rank 0, or null. */
const scalarOf = (x: Operand): number | null =>
  typeof x === 'number' ? x : x.node.op === 'constant' && x.shape.length === 0 ? (x.node.attrs as { data: ArrayLike<number> }).data[0]! : null;

export const neg = unary('neg');
export const abs = unary('abs');
export const sign = unary('sign');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const reciprocal = unary('reciprocal');
export const atan = unary('atan');
export const tanh = unary('tanh');
export const sigmoid = unary('sigmoid');
/** log(1 + exp(x)), without overflow. */
export const softplus = unary('softplus');
export const relu = unary('relu');
export const not = unary('not');
/** The value itself; the gradient ends here. */
export const stopGradient = unary('stopGradient');
export const leakyRelu = (x: Value, alpha: number): Value => single('leakyRelu', [x], { alpha });
/** 1 where x > 0, else `below`; flat, so without a gradient. */
export const slope = (x: Value, below = 0): Value => single('slope', [x], { below });
export const clip = (x: Value, min: number, max: number): Value => single('clip', [x], { min, max });
export const cast = (x: Value, dtype: DType): Value => (x.dtype === dtype ? x : single('cast', [x], { dtype }));

/** The value itself, before it was broadcast, when it is one number a channel for values of `shape`; else null. */
function perChannel(value: Value, shape: Shape): Value | null {
  const source = value.node.op === 'broadcastTo' && sameShape(value.shape, shape) ? value.node.inputs[0]! : value;
  const own = source.shape;
  const fits = own.length === shape.length && own.length > 1 && own.at(-1) === shape.at(-1) && own.slice(0, -1).every((n) => n === 1);
  return fits && !sameShape(own, shape) ? source : null;
}

const addNodes = binary('add');
const subNodes = binary('sub');
const mulNodes = binary('mul');
const divNodes = binary('div');

export function add(a: Operand, b: Operand): Value {
  if (typeof a === 'number') return add(b as Value, a);
  if (scalarOf(b) === 0) return a;
  if (a === b) return mul(a, 2);
  if (typeof b !== 'number' && perChannel(a, b.shape)) return add(b, a);
  const shift = typeof b === 'number' ? null : perChannel(b, a.shape);
  if (shift && a.node.op === 'add') {
    // A shift of a sum goes to the summand that is scaled: scale and shift are one pass.
    const [first, second] = a.node.inputs as [Value, Value];
    const isScaled = (value: Value) => value.node.op === 'mul' && sameShape(value.shape, a.shape) && perChannel(value.node.inputs[1]!, a.shape) !== null;
    if (isScaled(second) && sameShape(first.shape, a.shape)) return addNodes(first, addNodes(second, shift));
    if (isScaled(first) && sameShape(second.shape, a.shape)) return addNodes(second, addNodes(first, shift));
  }
  return addNodes(a, b);
}

export const sub = (a: Operand, b: Operand): Value => (scalarOf(b) === 0 && typeof a !== 'number' ? a : subNodes(a, b));

/**
 * Product. Factors smaller than the other (scalars, one number a channel) are multiplied among themselves first:
 * gradients of means and of batch norm come as chains of such factors, and each saves a pass over a feature map.
 */
export function mul(a: Operand, b: Operand): Value {
  if (typeof a === 'number') return mul(b as Value, a);
  const scalar = scalarOf(b);
  if (scalar === 1) return a;
  const own = scalarOf(a);
  if (own !== null && scalar !== null) return graphOf(a).scalar(Math.fround(own * scalar), a.dtype);
  if (own !== null && typeof b !== 'number') return mul(b, a);
  if (typeof b !== 'number' && sizeOf(b.shape) > sizeOf(a.shape)) return mul(b, a);
  const size = sizeOf(a.shape);
  if (a === b && a.node.op === 'mul') {
    // (big · small)² is big² · small².
    const [big, small] = a.node.inputs as [Value, Value];
    if (sizeOf(small.shape) < size) return mul(mul(big, big), mul(small, small));
  }
  const smaller = typeof b === 'number' || sizeOf(b.shape) < size;
  if (smaller && a.node.op === 'mul') {
    const [big, small] = a.node.inputs as [Value, Value];
    if (sizeOf(small.shape) < size && sizeOf(big.shape) === size) return mul(big, mul(small, b));
  }
  return mulNodes(a, b);
}

export const div = (a: Operand, b: Operand): Value => (typeof b === 'number' && typeof a !== 'number' ? mul(a, 1 / b) : divNodes(a, b));
export const minimum = binary('minimum');
export const maximum = binary('maximum');
/** Comparisons give booleans. */
export const greater = binary('greater');
export const greaterEqual = binary('greaterEqual');
export const equal = binary('equal');
export const and = binary('and');
export const square = (x: Value): Value => mul(x, x);

/** `a` where the condition holds, else `b`. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const dtype = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : 'float32';
  return single('where', aligned([condition, a, b], () => dtype), {});
}

/** Sum over `axes` (default: all). */
export function reduceSum(x: Value, axes?: readonly number[], keepDims = false): Value {
  const list = normaliseAxes(axes ?? x.shape.map((_, i) => i), x.shape.length);
  if (list.every((axis) => x.shape[axis] === 1)) return keepDims ? x : reshape(x, x.shape.filter((_, i) => !list.includes(i)));
  if (x.node.op === 'mul') {
    // A factor that is the same all along the summed axes comes out of the sum.
    const [big, small] = x.node.inputs as [Value, Value];
    if (sameShape(big.shape, x.shape) && list.every((axis) => small.shape.length === 0 || small.shape[axis] === 1)) {
      const sum = mul(reduceSum(big, list, true), small);
      return keepDims ? sum : reshape(sum, x.shape.filter((_, i) => !list.includes(i)));
    }
  }
  return single('reduceSum', [x], { axes: list, keepDims });
}

/** Maximum over `axes` (default: all); where several are the greatest, the gradient is shared equally. */
export function reduceMax(x: Value, axes?: readonly number[], keepDims = false): Value {
  return single('reduceMax', [x], { axes: normaliseAxes(axes ?? x.shape.map((_, i) => i), x.shape.length), keepDims });
}

/** Mean over `axes` (default: all). */
export function reduceMean(x: Value, axes?: readonly number[], keepDims = false): Value {
  const list = normaliseAxes(axes ?? x.shape.map((_, i) => i), x.shape.length);
  return mul(reduceSum(x, list, keepDims), 1 / sizeOf(list.map((axis) => x.shape[axis]!)));
}

export const broadcastTo = (x: Value, shape: Shape): Value => (sameShape(x.shape, shape) ? x : single('broadcastTo', [x], { shape: [...shape] }));
export function reshape(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  // A reshape of a reshape is one reshape of the first.
  return single('reshape', [x.node.op === 'reshape' ? x.node.inputs[0]! : x], { shape: [...shape] });
}
export const transpose = (x: Value, perm: readonly number[]): Value => (perm.every((axis, i) => axis === i) ? x : single('transpose', [x], { perm: [...perm] }));

/** The box of `size` numbers from `start`, every `strides`-th along each axis. */
export function slice(x: Value, start: readonly number[], size: readonly number[], strides?: readonly number[]): Value {
  const steps = strides ?? x.shape.map(() => 1);
  if (sameShape(size, x.shape) && start.every((n) => n === 0)) return x;
  return single('slice', [x], { start: [...start], size: [...size], strides: [...steps] });
}

/** Zeros before, after and between the numbers along each axis: the adjoint of `slice`. */
export function pad(x: Value, before: readonly number[], after: readonly number[], interior?: readonly number[]): Value {
  const between = interior ?? x.shape.map(() => 0);
  if ([...before, ...after, ...between].every((n) => n === 0)) return x;
  return single('pad', [x], { before: [...before], after: [...after], interior: [...between] });
}

export function concat(values: readonly Value[], axis: number): Value {
  if (values.length === 1) return values[0]!;
  return single('concat', values, { axis: normaliseAxes([axis], values[0]!.shape.length)[0]! });
}

/** Pieces of the given sizes along one axis. */
export function split(x: Value, sizes: readonly number[], axis: number): Value[] {
  const along = normaliseAxes([axis], x.shape.length)[0]!;
  if (sizes.reduce((a, b) => a + b, 0) !== x.shape[along]) throw new Error(`pieces ${sizes.join(' + ')} do not make ${x.shape[along]}`);
  let offset = 0;
  return sizes.map((size) => {
    const piece = slice(x, x.shape.map((_, i) => (i === along ? offset : 0)), x.shape.map((n, i) => (i === along ? size : n)));
    offset += size;
    return piece;
  });
}

/** Rows of `x` along `axis` at `indices` (int32, rank 1). */
export const gather = (x: Value, indices: Value, axis = 0): Value => single('gather', [x, indices], { axis });
/** A tensor of zeros with `size` rows along `axis`, to which row i of `updates` is added at `indices[i]`: gather's adjoint. */
export const scatterAdd = (updates: Value, indices: Value, size: number, axis = 0): Value => single('scatterAdd', [updates, indices], { axis, size });

/** Matrix product of the last two axes; the leading axes must agree, or one of the two has rank 2 and serves all of the other's. */
export function matmul(a: Value, b: Value, transposeA = false, transposeB = false): Value {
  if (b.shape.length === 2 && a.shape.length > 2 && !transposeA) {
    const rows = matmul(reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape.at(-1)!]), b, false, transposeB);
    return reshape(rows, [...a.shape.slice(0, -1), rows.shape[1]!]);
  }
  return single('matmul', [a, b], { transposeA, transposeB });
}

/** Cross-correlation of `[n, ...space, in]` with a kernel `[...size, in / groups, out]`; one to three axes of space. */
export const conv = (x: Value, kernel: Value, attrs: ConvAttrs): Value => single('conv', [x, kernel], convAttrs(attrs));
/** Adjoint of `conv` in its first argument, which is transposed convolution: `[n, ...outputs, out]` to `[n, ...inputSize, in]`. */
export function convInput(dy: Value, kernel: Value, attrs: ConvAttrs, inputSize: readonly number[]): Value {
  const scaled = scaledChannels(dy, kernel.shape);
  if (scaled) return convInput(scaled.value, mul(kernel, reshape(scaled.scale, [...kernel.shape.slice(1).map(() => 1), kernel.shape.at(-1)!])), attrs, inputSize);
  return single('convInput', [dy, kernel], { ...convAttrs(attrs), inputSize: [...inputSize] });
}
/** Adjoint of `conv` in its kernel. */
export function convFilter(x: Value, dy: Value, attrs: ConvAttrs, filterSize: readonly number[]): Value {
  const shape = [...filterSize, x.shape.at(-1)! / attrs.groups, dy.shape.at(-1)!];
  const scaled = scaledChannels(dy, shape);
  if (scaled) return mul(convFilter(x, scaled.value, attrs, filterSize), reshape(scaled.scale, [...shape.slice(1).map(() => 1), shape.at(-1)!]));
  return single('convFilter', [x, dy], { ...convAttrs(attrs), filterSize: [...filterSize] });
}

/**
 * A product with one number a channel, taken apart, when it is cheaper to scale a kernel's filters by them: convolution is
 * linear, and batch norm's gradient comes as such a product.
 */
function scaledChannels(dy: Value, kernel: Shape): { value: Value; scale: Value } | null {
  if (dy.node.op !== 'mul') return null;
  const [value, factor] = dy.node.inputs as [Value, Value];
  const scale = perChannel(factor, dy.shape);
  return scale && sameShape(value.shape, dy.shape) && 2 * sizeOf(kernel) < sizeOf(dy.shape) ? { value, scale } : null;
}

const convAttrs = ({ strides, dilations, pads, groups }: ConvAttrs) => ({ strides: [...strides], dilations: [...dilations], pads: [...pads], groups });
const poolAttrs = ({ size, strides, pads }: PoolAttrs) => ({ size: [...size], strides: [...strides], pads: [...pads] });

/** Maximum over windows. Of equal maxima the first gets the gradient where windows overlap, else all the same share. */
export const maxPool = (x: Value, attrs: PoolAttrs): Value => single('maxPool', [x], poolAttrs(attrs));
/** Mean over windows, padding not counted. */
export const avgPool = (x: Value, attrs: PoolAttrs): Value => single('avgPool', [x], poolAttrs(attrs));
/**
 * Batch normalisation over all axes but the last (Ioffe & Szegedy 2015, algorithm 1): γ (x − mean) / √(variance + ε) + β, with
 * the batch's mean and its biased variance, which is computed as E[x²] − E[x]². γ and β have the shape `[channels]`.
 */
export function batchNorm(x: Value, gamma: Value, beta: Value, epsilon: number): { y: Value; mean: Value; variance: Value } {
  const [y, mean, variance] = x.graph.node('batchNorm', [x, gamma, beta], { epsilon });
  return { y: y!, mean: mean!, variance: variance! };
}

/** Every pixel repeated `factor` times. */
export const resizeNearest = (x: Value, factor: readonly number[]): Value => single('resizeNearest', [x], { factor: [...factor] });

/** Sums the broadcast axes away: the adjoint of broadcasting to `x.shape` from `shape`. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  if (shape.length === 0) return reduceSum(x);
  const extra = x.shape.length - shape.length;
  const axes = x.shape.flatMap((n, i) => (i < extra || (shape[i - extra] === 1 && n !== 1) ? [i] : []));
  return reshape(reduceSum(x, axes, true), shape);
}
