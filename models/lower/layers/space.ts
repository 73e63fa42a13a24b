/** Layers that look at windows or at places: pooling, resizing, padding and cropping over one to three axes of space. */
import { ops, samePads, spaceOf, type PoolAttrs, type Value } from '../../graph';
import { choiceOf, marginsOf, requireChannelsLast, sizesOf, type Config } from '../config';
import { type LayerLowering } from '../types';

function poolOf(config: Config, x: Value): PoolAttrs {
  requireChannelsLast(config);
  const space = spaceOf(x.shape);
  const size = sizesOf(config, 'poolSize', space.length, 2);
  const strides = config.strides == null ? size : sizesOf(config, 'strides', space.length);
  const padding = choiceOf(config, 'padding', ['valid', 'same'], 'valid');
  return { size, strides, pads: padding === 'same' ? samePads(space, size, strides) : [...size, ...size].map(() => 0) };
}

/** Numbers of the axes of space. */
const axesOfSpace = (x: Value): number[] => spaceOf(x.shape).map((_, i) => i + 1);

export const maxPooling: LayerLowering = ({ config }, [x]) => ops.maxPool(x!, poolOf(config, x!));
export const averagePooling: LayerLowering = ({ config }, [x]) => ops.avgPool(x!, poolOf(config, x!));
export const globalAveragePooling: LayerLowering = (_context, [x]) => ops.reduceMean(x!, axesOfSpace(x!));
export const globalMaxPooling: LayerLowering = (_context, [x]) => ops.reduceMax(x!, axesOfSpace(x!));

/**
 * The matrix [n · factor, n] that takes a row of n pixels to one of n · factor by linear interpolation, as tf.layers does
 * it: pixel i of the result lies at i / factor of the source, beyond the last pixel the last one is repeated.
 */
function linearMatrix(n: number, factor: number): Float32Array {
  const matrix = new Float32Array(n * factor * n);
  for (let i = 0; i < n * factor; i++) {
    const low = Math.floor(i / factor);
    const share = i / factor - low;
    matrix[i * n + low]! += 1 - share;
    matrix[i * n + Math.min(low + 1, n - 1)]! += share;
  }
  return matrix;
}

/** Rows times a constant matrix from the left, columns times one from the right, image by image. */
function resizeBilinear(x: Value, [down, across]: readonly [number, number], constant: (data: Float32Array, shape: number[]) => Value): Value {
  const [n, h, w, c] = x.shape as readonly [number, number, number, number];
  const images = ops.reshape(ops.transpose(x, [0, 3, 1, 2]), [n * c, h, w]);
  const wide = ops.matmul(images, constant(linearMatrix(w, across), [w * across, w]), false, true);
  const tall = ops.matmul(constant(linearMatrix(h, down), [h * down, h]), wide);
  return ops.transpose(ops.reshape(tall, [n, c, h * down, w * across]), [0, 2, 3, 1]);
}

export const upSampling2d: LayerLowering = ({ config, graph }, [x]) => {
  requireChannelsLast(config);
  const [down, across] = sizesOf(config, 'size', 2, 2) as [number, number];
  if (choiceOf(config, 'interpolation', ['nearest', 'bilinear'], 'nearest') === 'nearest') return ops.resizeNearest(x!, [down, across]);
  return resizeBilinear(x!, [down, across], (data, shape) => graph.constant(data, shape));
};

export const zeroPadding2d: LayerLowering = ({ config }, [x]) => {
  requireChannelsLast(config);
  const { before, after } = marginsOf(config, 'padding', 2);
  return ops.pad(x!, [0, ...before, 0], [0, ...after, 0]);
};

export const cropping2d: LayerLowering = ({ config }, [x]) => {
  requireChannelsLast(config);
  const { before, after } = marginsOf(config, 'cropping', 2);
  const size = spaceOf(x!.shape).map((n, i) => n - before[i]! - after[i]!);
  return ops.slice(x!, [0, ...before, 0], [x!.shape[0]!, ...size, x!.shape.at(-1)!]);
};
