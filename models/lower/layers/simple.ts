/** Layers that are a line or two of primitives: activations, joining, dense, shapes. */
import { normaliseAxes, ops, sizeOf, type Value } from '../../graph';
import { activate, softmax } from '../activation';
import { numberOf } from '../config';
import { type LayerLowering } from '../types';

export const activation: LayerLowering = ({ config }, [x]) => activate(x!, config.activation);

/** max(x, 0), clipped at maxValue where one is given. */
export const reLU: LayerLowering = ({ config }, [x]) => (config.maxValue == null ? ops.relu(x!) : ops.clip(x!, 0, numberOf(config, 'maxValue')));
export const leakyReLU: LayerLowering = ({ config }, [x]) => ops.leakyRelu(x!, numberOf(config, 'alpha', 0.3));
export const elu: LayerLowering = (_context, [x]) => activate(x!, 'elu');
/** max(x, 0) + α min(x, 0) with a trained α, one for each number or shared along axes. */
export const pReLU: LayerLowering = ({ weight }, [x]) => ops.add(ops.relu(x!), ops.mul(ops.minimum(x!, 0), weight('alpha', { decays: false })));
export const softmaxLayer: LayerLowering = ({ config }, [x]) => softmax(x!, numberOf(config, 'axis', -1));
/** scale · x + offset. */
export const rescaling: LayerLowering = ({ config }, [x]) => ops.add(ops.mul(x!, numberOf(config, 'scale')), numberOf(config, 'offset', 0));

export const concatenate: LayerLowering = ({ config }, inputs) => ops.concat(inputs, numberOf(config, 'axis', -1));

/** The inputs joined two by two; those of fewer axes lack the first ones after the batch. */
const merged = (join: (a: Value, b: Value) => Value): LayerLowering => (_context, inputs) => {
  const rank = Math.max(...inputs.map((value) => value.shape.length));
  const values = inputs.map((value) => ops.reshape(value, [value.shape[0]!, ...Array<number>(rank - value.shape.length).fill(1), ...value.shape.slice(1)]));
  return values.reduce(join);
};
export const add = merged(ops.add);
export const multiply = merged(ops.mul);
export const maximum = merged(ops.maximum);
export const minimum = merged(ops.minimum);
export const average: LayerLowering = (context, inputs) => ops.mul(add(context, inputs), 1 / inputs.length);

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

/** `dims` counts the axes after the batch from one. */
export const permute: LayerLowering = ({ config }, [x]) => ops.transpose(x!, [0, ...(config.dims as number[])]);

export const repeatVector: LayerLowering = ({ config }, [x]) => {
  const [batch, units] = x!.shape as readonly [number, number];
  return ops.broadcastTo(ops.reshape(x!, [batch, 1, units]), [batch, numberOf(config, 'n'), units]);
};

/** Axes of a configuration, given as one or a list, counted from the front. */
export const axesOf = (axis: unknown, rank: number): number[] => normaliseAxes(Array.isArray(axis) ? (axis as number[]) : [axis as number], rank);
