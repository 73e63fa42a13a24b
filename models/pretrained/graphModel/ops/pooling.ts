/** Pooling, reductions and resizing. */
import { ops, type Value } from '../../../graph';
import { type OpContext, type OpFamily } from '../types';
import { along, padsOf } from './convolution';
import { resizeBilinear, resizeNearest } from './resize';

const pool = (apply: typeof ops.maxPool) => (context: OpContext): Value => {
  const x = context.input(0);
  const [size, strides] = [along(context, 'ksize'), along(context, 'strides')];
  return apply(x, { size, strides, pads: padsOf(context, x.shape.slice(1, 3), size, strides) });
};

const reduce = (apply: (x: Value, axes: readonly number[], keepDims: boolean) => Value) => (context: OpContext): Value =>
  apply(context.input(0), context.numbers(1), context.attrs.flag('keep_dims'));

const resize = (apply: typeof resizeBilinear) => (context: OpContext): Value => {
  const [height, width] = context.numbers(1) as [number, number];
  return apply(context.input(0), [height, width], { alignCorners: context.attrs.flag('align_corners'), halfPixelCenters: context.attrs.flag('half_pixel_centers') });
};

export const pooling: OpFamily = {
  MaxPool: pool(ops.maxPool),
  AvgPool: pool(ops.avgPool),
  Mean: reduce(ops.reduceMean),
  Sum: reduce(ops.reduceSum),
  Max: reduce(ops.reduceMax),
  Min: reduce((x, axes, keepDims) => ops.neg(ops.reduceMax(ops.neg(x), axes, keepDims))),
  ResizeBilinear: resize(resizeBilinear),
  ResizeNearestNeighbor: resize(resizeNearest),
};
