/**
 * Convolution, pooling and resizing. The three convolutions are each other's adjoints, so the family is closed under
 * differentiation: conv(x, w), convInput(dy, w) = ∂/∂x, convFilter(x, dy) = ∂/∂w. Likewise the pools.
 */
import * as o from '../ops';
import { poolWindow, show, windowOutputs } from '../shapes';
import { type ConvAttrs, type PoolAttrs, type Primitive, type Shape, type Value } from '../types';

function spatial(shape: Shape): [number, number] {
  if (shape.length !== 4) throw new Error(`expected [batch, height, width, channels], not ${show(shape)}`);
  return [shape[1]!, shape[2]!];
}

/** Sizes of a convolution, or an Error that says what does not fit. */
function convOutput(inputSize: readonly [number, number], channels: number, filter: Shape, attrs: ConvAttrs): [number, number] {
  if (filter.length !== 4) throw new Error(`a kernel is [height, width, in / groups, out], not ${show(filter)}`);
  const [kh, kw, cin, cout] = filter as readonly [number, number, number, number];
  if (cin * attrs.groups !== channels) throw new Error(`the kernel ${show(filter)} takes ${cin * attrs.groups} channels, the input has ${channels}`);
  if (cout % attrs.groups !== 0) throw new Error(`${cout} filters do not divide into ${attrs.groups} groups`);
  return windowOutputs(inputSize[0], inputSize[1], [kh, kw], attrs);
}

function requireSize(actual: Shape, expected: readonly number[]): void {
  if (actual.some((n, i) => n !== expected[i])) throw new Error(`expected ${show(expected)}, not ${show(actual)}`);
}

export const windows = {
  conv: {
    infer([x, kernel], attrs) {
      const [h, w] = convOutput(spatial(x!.shape), x!.shape[3]!, kernel!.shape, attrs);
      return [{ shape: [x!.shape[0]!, h, w, kernel!.shape[3]!], dtype: 'float32' }];
    },
    gradient(node, [dy], needs) {
      if (!dy) return [null, null];
      const [x, kernel] = node.inputs as [Value, Value];
      return [
        needs[0] ? o.convInput(dy, kernel, node.attrs, spatial(x.shape)) : null,
        needs[1] ? o.convFilter(x, dy, node.attrs, [kernel.shape[0]!, kernel.shape[1]!]) : null,
      ];
    },
  } satisfies Primitive<'conv'>,

  convInput: {
    infer([dy, kernel], attrs) {
      const channels = kernel!.shape[2]! * attrs.groups;
      const [h, w] = convOutput(attrs.inputSize, channels, kernel!.shape, attrs);
      requireSize(dy!.shape, [dy!.shape[0]!, h, w, kernel!.shape[3]!]);
      return [{ shape: [dy!.shape[0]!, ...attrs.inputSize, channels], dtype: 'float32' }];
    },
    gradient(node, [gx], needs) {
      if (!gx) return [null, null];
      const [dy, kernel] = node.inputs as [Value, Value];
      return [
        needs[0] ? o.conv(gx, kernel, node.attrs) : null,
        needs[1] ? o.convFilter(gx, dy, node.attrs, [kernel.shape[0]!, kernel.shape[1]!]) : null,
      ];
    },
  } satisfies Primitive<'convInput'>,

  convFilter: {
    infer([x, dy], attrs) {
      const filter = [...attrs.filterSize, x!.shape[3]! / attrs.groups, dy!.shape[3]!];
      const [h, w] = convOutput(spatial(x!.shape), x!.shape[3]!, filter, attrs);
      requireSize(dy!.shape, [x!.shape[0]!, h, w, dy!.shape[3]!]);
      return [{ shape: filter, dtype: 'float32' }];
    },
    gradient(node, [gw], needs) {
      if (!gw) return [null, null];
      const [x, dy] = node.inputs as [Value, Value];
      return [
        needs[0] ? o.convInput(dy, gw, node.attrs, spatial(x.shape)) : null,
        needs[1] ? o.conv(x, gw, node.attrs) : null,
      ];
    },
  } satisfies Primitive<'convFilter'>,

  maxPool: {
    infer([x], attrs) {
      const [h, w] = poolOutput(x!.shape, attrs);
      const shape = [x!.shape[0]!, h, w, x!.shape[3]!];
      // The second output says where each maximum came from, in the back end's own terms; only the two below read it.
      return [{ shape, dtype: 'float32' }, { shape, dtype: 'int32' }];
    },
    gradient(node, [dy]) {
      const x = node.inputs[0]!;
      return [dy ? maxUnpool(dy, node.outputs[1]!, node.attrs, spatial(x.shape)) : null];
    },
  } satisfies Primitive<'maxPool'>,

  /** Each number is added where its maximum came from. */
  maxUnpool: {
    infer: ([dy], attrs) => [{ shape: [dy!.shape[0]!, ...attrs.inputSize, dy!.shape[3]!], dtype: 'float32' }],
    gradient: (node, [g]) => [g ? maxRegather(g, node.inputs[1]!, node.attrs, node.attrs.inputSize) : null, null],
  } satisfies Primitive<'maxUnpool'>,

  /** Each output takes the number where its maximum came from. */
  maxRegather: {
    infer: ([, indices]) => [{ shape: indices!.shape, dtype: 'float32' }],
    gradient: (node, [g]) => [g ? maxUnpool(g, node.inputs[1]!, node.attrs, node.attrs.inputSize) : null, null],
  } satisfies Primitive<'maxRegather'>,

  avgPool: {
    infer([x], attrs) {
      const [h, w] = poolOutput(x!.shape, attrs);
      return [{ shape: [x!.shape[0]!, h, w, x!.shape[3]!], dtype: 'float32' }];
    },
    gradient(node, [dy]) {
      return [dy ? dy.graph.node('avgUnpool', [dy], { ...node.attrs, inputSize: spatial(node.inputs[0]!.shape) })[0]! : null];
    },
  } satisfies Primitive<'avgPool'>,

  /** Each number is spread evenly over the pixels of its window that are not padding. */
  avgUnpool: {
    infer: ([dy], attrs) => [{ shape: [dy!.shape[0]!, ...attrs.inputSize, dy!.shape[3]!], dtype: 'float32' }],
    gradient: (node, [g]) => [g ? o.avgPool(g, node.attrs) : null],
  } satisfies Primitive<'avgUnpool'>,

  resizeNearest: {
    infer([x], { factor }) {
      const [h, w] = spatial(x!.shape);
      return [{ shape: [x!.shape[0]!, h * factor[0], w * factor[1], x!.shape[3]!], dtype: 'float32' }];
    },
    gradient(node, [dy]) {
      const { factor } = node.attrs;
      return [dy ? o.mul(o.avgPool(dy, { size: factor, strides: factor, pads: [0, 0, 0, 0] }), factor[0] * factor[1]) : null];
    },
  } satisfies Primitive<'resizeNearest'>,
};

function poolOutput(shape: Shape, attrs: PoolAttrs): [number, number] {
  const [h, w] = spatial(shape);
  if (attrs.pads[0] >= attrs.size[0] || attrs.pads[1] >= attrs.size[1] || attrs.pads[2] >= attrs.size[0] || attrs.pads[3] >= attrs.size[1]) {
    throw new Error('a pool may not be padded by its whole window');
  }
  return windowOutputs(h, w, attrs.size, poolWindow(attrs));
}

function maxUnpool(dy: Value, indices: Value, attrs: PoolAttrs, inputSize: readonly [number, number]): Value {
  const { size, strides, pads } = attrs;
  return dy.graph.node('maxUnpool', [dy, indices], { size, strides, pads, inputSize })[0]!;
}

function maxRegather(g: Value, indices: Value, attrs: PoolAttrs, inputSize: readonly [number, number]): Value {
  const { size, strides, pads } = attrs;
  return g.graph.node('maxRegather', [g, indices], { size, strides, pads, inputSize })[0]!;
}
