/** Normalisation and dropout: the layers that differ between training and inference, and LayerNormalization. */
import { ops, sizeOf, type Value } from '../../graph';
import { numberOf } from '../config';
import { type LayerLowering } from '../types';
import { axesOf } from './simple';

/**
 * Batch normalisation over all axes but the last (Ioffe & Szegedy 2015, algorithm 1). In training the batch's mean and
 * (biased) variance are used, and the running ones move towards them by 1 − momentum.
 */
export const batchNormalization: LayerLowering = ({ graph, config, weight, statistic, training }, [x]) => {
  const rank = x!.shape.length;
  const channels = x!.shape[rank - 1]!;
  const axis = numberOf(config, 'axis', -1);
  if (axis !== -1 && axis !== rank - 1) throw new Error(`batch normalisation over axis ${axis} is not supported, only over the last one`);
  const epsilon = numberOf(config, 'epsilon', 1e-3);
  const axes = x!.shape.map((_, i) => i).slice(0, -1);
  const perChannel = (value: Value) => ops.reshape(value, [...axes.map(() => 1), channels]);
  const filled = (value: number) => graph.constant(new Float32Array(channels).fill(value), [channels]);
  const gamma = config.scale === false ? filled(1) : weight('gamma', { decays: false });
  const beta = config.center === false ? filled(0) : weight('beta', { decays: false });
  if (!training) {
    const scale = ops.mul(ops.reciprocal(ops.sqrt(ops.add(weight('moving_variance', { decays: false }), epsilon))), gamma);
    const shift = ops.sub(beta, ops.mul(weight('moving_mean', { decays: false }), scale));
    return ops.add(ops.mul(x!, perChannel(scale)), perChannel(shift));
  }
  const { y, mean, variance } = ops.batchNorm(x!, gamma, beta, epsilon);
  const momentum = numberOf(config, 'momentum', 0.99);
  const count = sizeOf(x!.shape) / channels;
  statistic('moving_mean', mean, momentum);
  // The running variance is the unbiased one, as in the paper's inference step.
  statistic('moving_variance', ops.mul(variance, count / Math.max(count - 1, 1)), momentum);
  return y;
};

/** Normalisation of each example over the given axes by itself (Ba et al. 2016): the same in training and inference. */
export const layerNormalization: LayerLowering = ({ config, weight }, [x]) => {
  const rank = x!.shape.length;
  const axes = axesOf(config.axis ?? -1, rank);
  const shape = x!.shape.map((n, i) => (axes.includes(i) ? n : 1));
  const centred = ops.sub(x!, ops.reduceMean(x!, axes, true));
  const variance = ops.reduceMean(ops.square(centred), axes, true);
  const y = ops.mul(centred, ops.reciprocal(ops.sqrt(ops.add(variance, numberOf(config, 'epsilon', 1e-3)))));
  const scaled = config.scale === false ? y : ops.mul(y, ops.reshape(weight('gamma', { decays: false }), shape));
  return config.center === false ? scaled : ops.add(scaled, ops.reshape(weight('beta', { decays: false }), shape));
};

/**
 * Inverted dropout; the mask is fed (see LayerContext.mask), because a runtime's own random numbers restart with each
 * session. With the noise shape [null, 1, 1, 1] whole examples are dropped: stochastic depth (Huang et al. 2016), when the
 * layer stands at the end of a residual branch.
 */
export const dropout: LayerLowering = ({ config, training, mask }, [x]) => {
  const rate = numberOf(config, 'rate');
  if (!training || rate === 0) return x!;
  const noise = Array.isArray(config.noiseShape) ? config.noiseShape.map((n, i) => (typeof n === 'number' ? n : x!.shape[i]!)) : x!.shape;
  return ops.mul(x!, ops.mul(mask(noise, 1 - rate), 1 / (1 - rate)));
};

/** SpatialDropout1D: whole channels of a signal are dropped. */
export const spatialDropout1d: LayerLowering = (context, [x]) =>
  dropout({ ...context, config: { ...context.config, noiseShape: [x!.shape[0]!, 1, x!.shape[2]!] } }, [x!]);
