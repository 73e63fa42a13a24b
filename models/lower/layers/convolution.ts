/** Convolutions over one, two or three axes of space: plain, grouped, depthwise, separable, transposed. */
import { ops, samePads, spaceOf, type ConvAttrs, type Value } from '../../graph';
import { activate } from '../activation';
import { choiceOf, numberOf, requireChannelsLast, sizesOf, type Config } from '../config';
import { type LayerContext, type LayerLowering } from '../types';

const noPads = (axes: number): number[] => Array<number>(2 * axes).fill(0);

function windowOf(config: Config, x: Value, kernel: readonly number[], groups: number): ConvAttrs {
  requireChannelsLast(config);
  const axes = kernel.length;
  const strides = sizesOf(config, 'strides', axes, 1);
  const dilations = sizesOf(config, 'dilationRate', axes, 1);
  const padding = choiceOf(config, 'padding', ['valid', 'same'], 'valid');
  return { strides, dilations, pads: padding === 'same' ? samePads(spaceOf(x.shape), kernel, strides, dilations) : noPads(axes), groups };
}

function finish({ config, weight }: LayerContext, y: Value): Value {
  return activate(config.useBias === false ? y : ops.add(y, weight('bias', { decays: false })), config.activation);
}

/** Conv1D, Conv2D, Conv3D and GroupedConv2D. */
export const conv: LayerLowering = (context, [x]) => {
  const { config, weight } = context;
  const kernelSize = sizesOf(config, 'kernelSize', x!.shape.length - 2);
  return finish(context, ops.conv(x!, weight('kernel', { layout: 'kernel' }), windowOf(config, x!, kernelSize, numberOf(config, 'groups', 1))));
};

/** tf's [h, w, channels, multiplier] is, number for number, a grouped kernel [h, w, 1, channels · multiplier]. */
function depthwise({ config, weight }: LayerContext, x: Value): Value {
  const kernelSize = sizesOf(config, 'kernelSize', 2);
  const channels = x.shape[3]!;
  const filters = channels * numberOf(config, 'depthMultiplier', 1);
  const kernel = weight('depthwise_kernel', { shape: [...kernelSize, 1, filters], layout: 'kernel' });
  return ops.conv(x, kernel, windowOf(config, x, kernelSize, channels));
}

export const depthwiseConv2d: LayerLowering = (context, [x]) => finish(context, depthwise(context, x!));

export const separableConv2d: LayerLowering = (context, [x]) => {
  const pointwise = context.weight('pointwise_kernel', { layout: 'kernel' });
  return finish(context, ops.conv(depthwise(context, x!), pointwise, { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups: 1 }));
};

/**
 * Conv2DTranspose and Conv3DTranspose: the adjoint of the convolution that would take the output to the input. tf's
 * kernel [...size, out, in] is that convolution's kernel, and its `same` pads are computed on the output.
 */
export const convTranspose: LayerLowering = (context, [x]) => {
  const { config, weight } = context;
  requireChannelsLast(config);
  const space = spaceOf(x!.shape);
  const kernelSize = sizesOf(config, 'kernelSize', space.length);
  const strides = sizesOf(config, 'strides', space.length, 1);
  const padding = choiceOf(config, 'padding', ['valid', 'same'], 'valid');
  const size = space.map((n, i) => n * strides[i]! + (padding === 'same' ? 0 : Math.max(kernelSize[i]! - strides[i]!, 0)));
  const pads = padding === 'same' ? samePads(size, kernelSize, strides) : noPads(space.length);
  const kernel = weight('kernel', { layout: 'kernel' });
  return finish(context, ops.convInput(x!, kernel, { strides, dilations: space.map(() => 1), pads, groups: 1 }, size));
};
