/** Layers that are a line or two of primitives: activations, pooling, resizing, joining, dense, shapes. */
import { ops, samePads, sizeOf, type PoolAttrs, type Value } from '../../graph';
import { activate, softmax } from '../activation';
import { choiceOf, numberOf, pairOf, requireChannelsLast, type Config } from '../config';
import { type LayerLowering } from '../types';

function poolOf(config: Config, x: Value): PoolAttrs {
  requireChannelsLast(config);
  const size = pairOf(config, 'poolSize', [2, 2]);
  const strides = pairOf(config, 'strides', size);
  const padding = choiceOf(config, 'padding', ['valid', 'same'], 'valid');
  return { size, strides, pads: padding === 'same' ? samePads(x.shape[1]!, x.shape[2]!, size, strides) : [0, 0, 0, 0] };
}

export const activation: LayerLowering = ({ config }, [x]) => activate(x!, config.activation);

/** max(x, 0), clipped at maxValue where one is given. */
export const reLU: LayerLowering = ({ config }, [x]) => (config.maxValue == null ? ops.relu(x!) : ops.clip(x!, 0, numberOf(config, 'maxValue')));
export const leakyReLU: LayerLowering = ({ config }, [x]) => ops.leakyRelu(x!, numberOf(config, 'alpha', 0.3));
export const softmaxLayer: LayerLowering = ({ config }, [x]) => softmax(x!, numberOf(config, 'axis', -1));

export const maxPooling2d: LayerLowering = ({ config }, [x]) => ops.maxPool(x!, poolOf(config, x!));
export const averagePooling2d: LayerLowering = ({ config }, [x]) => ops.avgPool(x!, poolOf(config, x!));
export const globalAveragePooling2d: LayerLowering = (_context, [x]) => ops.reduceMean(x!, [1, 2]);
export const globalMaxPooling2d: LayerLowering = (_context, [x]) => ops.reduceMax(x!, [1, 2]);

export const upSampling2d: LayerLowering = ({ config }, [x]) => {
  requireChannelsLast(config);
  choiceOf(config, 'interpolation', ['nearest'], 'nearest');
  return ops.resizeNearest(x!, pairOf(config, 'size', [2, 2]));
};

export const zeroPadding2d: LayerLowering = ({ config }, [x]) => {
  requireChannelsLast(config);
  const [[top, bottom], [left, right]] = config.padding as [[number, number], [number, number]];
  return ops.pad(x!, [0, top, left, 0], [0, bottom, right, 0]);
};

export const concatenate: LayerLowering = ({ config }, inputs) => ops.concat(inputs, numberOf(config, 'axis', -1));
export const add: LayerLowering = (_context, inputs) => inputs.reduce((a, b) => ops.add(a, b));
export const multiply: LayerLowering = (_context, inputs) => inputs.reduce((a, b) => ops.mul(a, b));

/** x · kernel + bias over the last axis. */
export const dense: LayerLowering = ({ config, weight }, [x]) => {
  const product = ops.matmul(x!, weight('kernel'));
  return activate(config.useBias === false ? product : ops.add(product, weight('bias', { decays: false })), config.activation);
};

export const flatten: LayerLowering = (_context, [x]) => ops.reshape(x!, [x!.shape[0]!, sizeOf(x!.shape.slice(1))]);

export const reshape: LayerLowering = ({ config }, [x]) => {
  const target = config.targetShape as readonly (number | null)[];
  const known = target.reduce<number>((product, n) => product * (n === null || n < 0 ? 1 : n), 1);
  const rest = sizeOf(x!.shape.slice(1)) / known;
  return ops.reshape(x!, [x!.shape[0]!, ...target.map((n) => (n === null || n < 0 ? rest : n))]);
};
