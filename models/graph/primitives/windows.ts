/**
 * Convolution, pooling and resizing. The three convolutions are each other's adjoints, so the family is closed under
 * differentiation: conv(x, w), convInput(dy, w) = ∂/∂x, convFilter(x, dy) = ∂/∂w. Likewise the pools.
 */
import * as o from '../ops';
import { poolWindow, show, sizeOf, spaceOf, windowOutputs } from '../shapes';
import { type ConvAttrs, type PoolAttrs, type Primitive, type Shape, type Value } from '../types';

function spatial(shape: Shape): number[] {
  if (shape.length < 3 || shape.length > 5) throw new Error(`expected [batch, one to three axes of space, channels], not ${show(shape)}`);
  return spaceOf(shape);
}

/** Sizes of a convolution, or an Error that says what does not fit. */
function convOutput(sizes: readonly number[], channels: number, filter: Shape, attrs: ConvAttrs): number[] {
  if (filter.length !== sizes.length + 2) throw new Error(`a kernel is [${sizes.map(() => 'size').join(', ')}, in / groups, out], not ${show(filter)}`);
  const [cin, cout] = filter.slice(-2) as [number, number];
  if (cin * attrs.groups !== channels) throw new Error(`the kernel ${show(filter)} takes ${cin * attrs.groups} channels, the input has ${channels}`);
  if (cout % attrs.groups !== 0) throw new Error(`${cout} filters do not divide into ${attrs.groups} groups`);
  return windowOutputs(sizes, filter.slice(0, -2), attrs);
}

function requireSize(actual: Shape, expected: readonly number[]): void {
  if (actual.some((n, i) => n !== expected[i])) throw new Error(`expected ${show(expected)}, not ${show(actual)}`);
}

export const windows = {
  conv: {
    infer([x, kernel], attrs) {
      const space = convOutput(spatial(x!.shape), x!.shape.at(-1)!, kernel!.shape, attrs);
      return [{ shape: [x!.shape[0]!, ...space, kernel!.shape.at(-1)!], dtype: 'float32' }];
    },
    gradient(node, [dy], needs) {
      if (!dy) return [null, null];
      const [x, kernel] = node.inputs as [Value, Value];
      return [
        needs[0] ? o.convInput(dy, kernel, node.attrs, spatial(x.shape)) : null,
        needs[1] ? o.convFilter(x, dy, node.attrs, kernel.shape.slice(0, -2)) : null,
      ];
    },
  } satisfies Primitive<'conv'>,

  convInput: {
    infer([dy, kernel], attrs) {
      const channels = kernel!.shape.at(-2)! * attrs.groups;
      const space = convOutput(attrs.inputSize, channels, kernel!.shape, attrs);
      requireSize(dy!.shape, [dy!.shape[0]!, ...space, kernel!.shape.at(-1)!]);
      return [{ shape: [dy!.shape[0]!, ...attrs.inputSize, channels], dtype: 'float32' }];
    },
    gradient(node, [gx], needs) {
      if (!gx) return [null, null];
      const [dy, kernel] = node.inputs as [Value, Value];
      return [
        needs[0] ? o.conv(gx, kernel, node.attrs) : null,
        needs[1] ? o.convFilter(gx, dy, node.attrs, kernel.shape.slice(0, -2)) : null,
      ];
    },
  } satisfies Primitive<'convInput'>,

  convFilter: {
    infer([x, dy], attrs) {
      const filter = [...attrs.filterSize, x!.shape.at(-1)! / attrs.groups, dy!.shape.at(-1)!];
      const space = convOutput(spatial(x!.shape), x!.shape.at(-1)!, filter, attrs);
      requireSize(dy!.shape, [x!.shape[0]!, ...space, dy!.shape.at(-1)!]);
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
      const shape = poolOutput(x!.shape, attrs);
      // The second output says where each maximum came from, in the back end's own terms; only the two below read it.
      return [{ shape, dtype: 'float32' }, { shape, dtype: 'int32' }];
    },
    gradient(node, [dy]) {
      if (!dy) return [null];
      const x = node.inputs[0]!;
      const { size, strides, pads } = node.attrs;
      if (pads.every((p) => p === 0) && size.every((n, i) => n === strides[i])) return [maxShare(dy, x, node.outputs[0]!, size)];
      return [maxUnpool(dy, node.outputs[1]!, node.attrs, spatial(x.shape))];
    },
  } satisfies Primitive<'maxPool'>,

  /** Each number is added where its maximum came from. */
  maxUnpool: {
    infer: ([dy], attrs) => [{ shape: [dy!.shape[0]!, ...attrs.inputSize, dy!.shape.at(-1)!], dtype: 'float32' }],
    gradient: (node, [g]) => [g ? maxRegather(g, node.inputs[1]!, node.attrs, node.attrs.inputSize) : null, null],
  } satisfies Primitive<'maxUnpool'>,

  /** Each output takes the number where its maximum came from. */
  maxRegather: {
    infer: ([, indices]) => [{ shape: indices!.shape, dtype: 'float32' }],
    gradient: (node, [g]) => [g ? maxUnpool(g, node.inputs[1]!, node.attrs, node.attrs.inputSize) : null, null],
  } satisfies Primitive<'maxRegather'>,

  avgPool: {
    infer([x], attrs) {
      return [{ shape: poolOutput(x!.shape, attrs), dtype: 'float32' }];
    },
    gradient(node, [dy]) {
      return [dy ? dy.graph.node('avgUnpool', [dy], { ...node.attrs, inputSize: spatial(node.inputs[0]!.shape) })[0]! : null];
    },
  } satisfies Primitive<'avgPool'>,

  /** Each number is spread evenly over the pixels of its window that are not padding. */
  avgUnpool: {
    infer: ([dy], attrs) => [{ shape: [dy!.shape[0]!, ...attrs.inputSize, dy!.shape.at(-1)!], dtype: 'float32' }],
    gradient: (node, [g]) => [g ? o.avgPool(g, node.attrs) : null],
  } satisfies Primitive<'avgUnpool'>,

  resizeNearest: {
    infer([x], { factor }) {
      const space = spatial(x!.shape);
      if (factor.length !== space.length) throw new Error(`${factor.length} factors for ${space.length} axes of space`);
      return [{ shape: [x!.shape[0]!, ...space.map((n, i) => n * factor[i]!), x!.shape.at(-1)!], dtype: 'float32' }];
    },
    gradient(node, [dy]) {
      const { factor } = node.attrs;
      return [dy ? o.mul(o.avgPool(dy, { size: factor, strides: factor, pads: [...factor, ...factor].map(() => 0) }), sizeOf(factor)) : null];
    },
  } satisfies Primitive<'resizeNearest'>,
};

function poolOutput(shape: Shape, attrs: PoolAttrs): number[] {
  const space = spatial(shape);
  if (attrs.pads.some((p, i) => p >= attrs.size[i % space.length]!)) throw new Error('a pool may not be padded by its whole window');
  return [shape[0]!, ...windowOutputs(space, attrs.size, poolWindow(attrs)), shape.at(-1)!];
}

/**
 * The gradient of pooling in windows that do not overlap: what equals the maximum of its window gets an equal share. A few
 * plain passes; finding the places of the maxima costs ONNX Runtime twenty times the pooling itself.
 */
function maxShare(dy: Value, x: Value, y: Value, size: readonly number[]): Value {
  const space = spatial(x.shape);
  const rest = [0, ...space.map((n, i) => n % size[i]!), 0];
  const covered = o.slice(x, x.shape.map(() => 0), x.shape.map((n, i) => n - rest[i]!));
  const isMaximum = o.cast(o.equal(covered, o.resizeNearest(y, size)), 'float32');
  const tile = { size, strides: size, pads: [...size, ...size].map(() => 0) };
  const count = o.mul(o.avgPool(isMaximum, tile), sizeOf(size));
  return o.pad(o.mul(isMaximum, o.resizeNearest(o.div(dy, count), size)), x.shape.map(() => 0), rest);
}

function maxUnpool(dy: Value, indices: Value, attrs: PoolAttrs, inputSize: readonly number[]): Value {
  const { size, strides, pads } = attrs;
  return dy.graph.node('maxUnpool', [dy, indices], { size, strides, pads, inputSize })[0]!;
}

function maxRegather(g: Value, indices: Value, attrs: PoolAttrs, inputSize: readonly number[]): Value {
  const { size, strides, pads } = attrs;
  return g.graph.node('maxRegather', [g, indices], { size, strides, pads, inputSize })[0]!;
}
