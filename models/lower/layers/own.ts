/** Layer classes of our own that are more than another's settings (see runtime/layers). */
import { ops, samePads, spaceOf, type Value } from '../../graph';
import { connectionMatrix } from '../../runtime/layers/connectedConv2d';
import { VARIANCE_EPSILON } from '../../runtime/layers/statisticsPooling2d';
import { choiceOf, numberOf } from '../config';
import { type LayerLowering } from '../types';

export const connectedConv2d: LayerLowering = ({ graph, config, weight }, [x]) => {
  const connections = config.connections as number[][];
  const channels = x!.shape[3]!;
  const links = connections.flat().length;
  const size = numberOf(config, 'kernelSize');
  const matrix = graph.constant(connectionMatrix(connections, channels), [links, channels * connections.length]);
  const kernel = ops.matmul(ops.reshape(weight('kernel'), [size * size, links]), matrix);
  const full = ops.reshape(kernel, [size, size, channels, connections.length]);
  const pads = choiceOf(config, 'padding', ['valid', 'same'], 'valid') === 'same' ? samePads(spaceOf(x!.shape), [size, size], [1, 1]) : [0, 0, 0, 0];
  return ops.add(ops.conv(x!, full, { strides: [1, 1], dilations: [1, 1], pads, groups: 1 }), weight('bias', { decays: false }));
};

export const subsampling2d: LayerLowering = ({ weight }, [x]) => {
  const mean = ops.avgPool(x!, { size: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] });
  return ops.add(ops.mul(mean, weight('gamma', { decays: false })), weight('beta', { decays: false }));
};

export const statisticsPooling2d: LayerLowering = (_context, [x]) => {
  const mean = ops.reduceMean(x!, [1, 2], true);
  const variance = ops.reduceMean(ops.square(ops.sub(x!, mean)), [1, 2]);
  return ops.concat([ops.reshape(mean, variance.shape), ops.sqrt(ops.add(variance, VARIANCE_EPSILON))], 1);
};

/** The sum over neighbouring channels as a sum of shifted maps: cheaper than a product with a band matrix. */
export const localResponseNormalization: LayerLowering = ({ config }, [x]) => {
  const [radius, bias, alpha, beta] = (['depthRadius', 'bias', 'alpha', 'beta'] as const).map((key) => numberOf(config, key)) as [number, number, number, number];
  const padded = ops.pad(ops.square(x!), [0, 0, 0, radius], [0, 0, 0, radius]);
  const shifted = Array.from({ length: 2 * radius + 1 }, (_, i) => ops.slice(padded, [0, 0, 0, i], x!.shape));
  const activity = ops.add(ops.mul(shifted.reduce((a, b) => ops.add(a, b)), alpha), bias);
  return ops.mul(x!, ops.exp(ops.mul(ops.log(activity), -beta)));
};

/** ReLU6(x + 3) / 6, as one clipped line. */
const hard = (x: Value): Value => ops.clip(ops.add(ops.mul(x, 1 / 6), 0.5), 0, 1);
export const hardGate: LayerLowering = (_context, [x]) => hard(x!);
export const hardSwish: LayerLowering = (_context, [x]) => ops.mul(x!, hard(x!));
