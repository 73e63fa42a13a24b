/** Conv2D, DepthwiseConv2D, SeparableConv2D and Conv2DTranspose. */
import { ops, samePads, type ConvAttrs, type Value } from '../../graph';
import { activate } from '../activation';
import { choiceOf, numberOf, pairOf, requireChannelsLast, type Config } from '../config';
import { type LayerContext, type LayerLowering } from '../types';

function windowOf(config: Config, x: Value, kernel: [number, number], groups: number): ConvAttrs {
  requireChannelsLast(config);
  const strides = pairOf(config, 'strides', [1, 1]);
  const dilations = pairOf(config, 'dilationRate', [1, 1]);
  const padding = choiceOf(config, 'padding', ['valid', 'same'], 'valid');
  const pads = padding === 'same' ? samePads(x.shape[1]!, x.shape[2]!, kernel, strides, dilations) : [0, 0, 0, 0] as const;
  return { strides, dilations, pads, groups };
}

function finish({ config, weight }: LayerContext, y: Value): Value {
  return activate(config.useBias === false ? y : ops.add(y, weight('bias', { decays: false })), config.activation);
}

export const conv2d: LayerLowering = (context, [x]) => {
  const { config, weight } = context;
  const kernelSize = pairOf(config, 'kernelSize');
  return finish(context, ops.conv(x!, weight('kernel', { layout: 'kernel' }), windowOf(config, x!, kernelSize, 1)));
};

/** tf's [h, w, channels, multiplier] is, number for number, a grouped kernel [h, w, 1, channels · multiplier]. */
function depthwise({ config, weight }: LayerContext, x: Value): Value {
  const kernelSize = pairOf(config, 'kernelSize');
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
 * The adjoint of the convolution that would take the output to the input: tf's kernel [h, w, out, in] is that
 * convolution's kernel, and its `same` pads are computed on the output.
 */
export const conv2dTranspose: LayerLowering = (context, [x]) => {
  const { config, weight } = context;
  requireChannelsLast(config);
  const kernelSize = pairOf(config, 'kernelSize');
  const strides = pairOf(config, 'strides', [1, 1]);
  const padding = choiceOf(config, 'padding', ['valid', 'same'], 'valid');
  const size = [0, 1].map((i) => {
    const n = x!.shape[1 + i]! * strides[i]!;
    return padding === 'same' ? n : n + Math.max(kernelSize[i]! - strides[i]!, 0);
  }) as [number, number];
  const pads = padding === 'same' ? samePads(...size, kernelSize, strides) : [0, 0, 0, 0] as const;
  const kernel = weight('kernel', { layout: 'kernel' });
  return finish(context, ops.convInput(x!, kernel, { strides, dilations: [1, 1], pads, groups: 1 }, size));
};
