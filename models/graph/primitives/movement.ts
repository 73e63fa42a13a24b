/** Sums, maxima and the movement of numbers: linear primitives in adjoint pairs. */
import * as o from '../ops';
import { broadcastShapes, sameShape, show, sizeOf } from '../shapes';
import { type Primitive, type Shape, type Value } from '../types';

const keptShape = (shape: Shape, axes: readonly number[]): number[] => shape.map((n, i) => (axes.includes(i) ? 1 : n));
const reducedShape = (shape: Shape, axes: readonly number[], keepDims: boolean): number[] =>
  keepDims ? keptShape(shape, axes) : shape.filter((_, i) => !axes.includes(i));

function withoutAxis(shape: Shape, axis: number): number[] {
  return shape.filter((_, i) => i !== axis);
}

function matmulSizes(a: Value, b: Value, transposeA: boolean, transposeB: boolean) {
  const [am, ak] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const [bk, bn] = transposeB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!];
  return { am, ak, bk, bn };
}

export const movement = {
  input: {
    infer() {
      throw new Error('inputs are made by Graph.input');
    },
  } satisfies Primitive<'input'>,
  constant: {
    infer() {
      throw new Error('constants are made by Graph.constant');
    },
  } satisfies Primitive<'constant'>,

  reduceSum: {
    infer: ([x], { axes, keepDims }) => [{ shape: reducedShape(x!.shape, axes, keepDims), dtype: x!.dtype }],
    gradient(node, [dy]) {
      const x = node.inputs[0]!;
      return [dy ? o.broadcastTo(o.reshape(dy, keptShape(x.shape, node.attrs.axes)), x.shape) : null];
    },
  } satisfies Primitive<'reduceSum'>,

  reduceMax: {
    infer: ([x], { axes, keepDims }) => [{ shape: reducedShape(x!.shape, axes, keepDims), dtype: x!.dtype }],
    gradient(node, [dy]) {
      if (!dy) return [null];
      const x = node.inputs[0]!;
      const kept = keptShape(x.shape, node.attrs.axes);
      const isMax = o.cast(o.equal(x, o.reshape(node.outputs[0]!, kept)), x.dtype);
      return [o.mul(isMax, o.div(o.reshape(dy, kept), o.reduceSum(isMax, node.attrs.axes, true)))];
    },
  } satisfies Primitive<'reduceMax'>,

  broadcastTo: {
    infer([x], { shape }) {
      if (!sameShape(broadcastShapes(x!.shape, shape), shape)) throw new Error(`${show(x!.shape)} does not broadcast to ${show(shape)}`);
      return [{ shape, dtype: x!.dtype }];
    },
    gradient: (node, [dy]) => [dy ? o.sumTo(dy, node.inputs[0]!.shape) : null],
  } satisfies Primitive<'broadcastTo'>,

  reshape: {
    infer([x], { shape }) {
      if (sizeOf(x!.shape) !== sizeOf(shape)) throw new Error(`${show(x!.shape)} cannot be reshaped to ${show(shape)}`);
      return [{ shape, dtype: x!.dtype }];
    },
    gradient: (node, [dy]) => [dy ? o.reshape(dy, node.inputs[0]!.shape) : null],
  } satisfies Primitive<'reshape'>,

  transpose: {
    infer([x], { perm }) {
      if ([...perm].sort((a, b) => a - b).some((axis, i) => axis !== i) || perm.length !== x!.shape.length) {
        throw new Error(`[${perm.join(', ')}] is not a permutation of the axes of ${show(x!.shape)}`);
      }
      return [{ shape: perm.map((axis) => x!.shape[axis]!), dtype: x!.dtype }];
    },
    gradient(node, [dy]) {
      const inverse = node.attrs.perm.map((_, axis) => node.attrs.perm.indexOf(axis));
      return [dy ? o.transpose(dy, inverse) : null];
    },
  } satisfies Primitive<'transpose'>,

  slice: {
    infer([x], { start, size, strides }) {
      x!.shape.forEach((n, i) => {
        if (start[i]! < 0 || size[i]! < 1 || strides[i]! < 1 || start[i]! + (size[i]! - 1) * strides[i]! >= n) {
          throw new Error(`slice from ${show(start)} of ${show(size)} by ${show(strides)} leaves ${show(x!.shape)}`);
        }
      });
      return [{ shape: size, dtype: x!.dtype }];
    },
    gradient(node, [dy]) {
      if (!dy) return [null];
      const { start, size, strides } = node.attrs;
      const after = node.inputs[0]!.shape.map((n, i) => n - (start[i]! + (size[i]! - 1) * strides[i]! + 1));
      return [o.pad(dy, start, after, strides.map((step) => step - 1))];
    },
  } satisfies Primitive<'slice'>,

  pad: {
    infer([x], { before, after, interior }) {
      if ([...before, ...after, ...interior].some((n) => n < 0)) throw new Error('negative padding; use slice');
      return [{ shape: x!.shape.map((n, i) => before[i]! + n + (n - 1) * interior[i]! + after[i]!), dtype: x!.dtype }];
    },
    gradient(node, [dy]) {
      return [dy ? o.slice(dy, node.attrs.before, node.inputs[0]!.shape, node.attrs.interior.map((n) => n + 1)) : null];
    },
  } satisfies Primitive<'pad'>,

  concat: {
    infer(inputs, { axis }) {
      const first = inputs[0]!;
      if (inputs.some((value) => !sameShape(withoutAxis(value.shape, axis), withoutAxis(first.shape, axis)) || value.dtype !== first.dtype)) {
        throw new Error(`the inputs agree only along axis ${axis}`);
      }
      const total = inputs.reduce((sum, value) => sum + value.shape[axis]!, 0);
      return [{ shape: first.shape.map((n, i) => (i === axis ? total : n)), dtype: first.dtype }];
    },
    gradient(node, [dy], needs) {
      if (!dy) return node.inputs.map(() => null);
      const pieces = o.split(dy, node.inputs.map((value) => value.shape[node.attrs.axis]!), node.attrs.axis);
      return pieces.map((piece, i) => (needs[i] ? piece : null));
    },
  } satisfies Primitive<'concat'>,

  gather: {
    infer([x, indices], { axis }) {
      if (indices!.dtype !== 'int32' || indices!.shape.length !== 1) throw new Error('indices are a list of int32');
      return [{ shape: x!.shape.map((n, i) => (i === axis ? indices!.shape[0]! : n)), dtype: x!.dtype }];
    },
    gradient: (node, [dy]) => [dy ? o.scatterAdd(dy, node.inputs[1]!, node.inputs[0]!.shape[node.attrs.axis]!, node.attrs.axis) : null, null],
  } satisfies Primitive<'gather'>,

  scatterAdd: {
    infer([updates, indices], { axis, size }) {
      if (indices!.dtype !== 'int32' || indices!.shape.length !== 1 || indices!.shape[0] !== updates!.shape[axis]) {
        throw new Error(`indices are a list of int32, one a row of axis ${axis}`);
      }
      return [{ shape: updates!.shape.map((n, i) => (i === axis ? size : n)), dtype: updates!.dtype }];
    },
    gradient: (node, [dy]) => [dy ? o.gather(dy, node.inputs[1]!, node.attrs.axis) : null, null],
  } satisfies Primitive<'scatterAdd'>,

  matmul: {
    infer([a, b], { transposeA, transposeB }) {
      const [longer, shorter] = a!.shape.length > b!.shape.length ? [a!.shape, b!.shape] : [b!.shape, a!.shape];
      if (shorter.length < 2 || (shorter.length > 2 && !sameShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2)))) {
        throw new Error('matrices need the same leading axes');
      }
      const { am, ak, bk, bn } = matmulSizes(a!, b!, transposeA, transposeB);
      if (ak !== bk) throw new Error(`inner sizes ${ak} and ${bk} differ`);
      return [{ shape: [...longer.slice(0, -2), am, bn], dtype: a!.dtype }];
    },
    gradient(node, [dy], needs) {
      if (!dy) return [null, null];
      const [a, b] = node.inputs as [Value, Value];
      const { transposeA, transposeB } = node.attrs;
      return [
        needs[0] ? o.sumTo(transposeA ? o.matmul(b, dy, transposeB, true) : o.matmul(dy, b, false, !transposeB), a.shape) : null,
        needs[1] ? o.sumTo(transposeB ? o.matmul(dy, a, true, transposeA) : o.matmul(a, dy, !transposeA, false), b.shape) : null,
      ];
    },
  } satisfies Primitive<'matmul'>,
};
