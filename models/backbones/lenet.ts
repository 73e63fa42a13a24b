/**
 * LeNet-5 (LeCun, Bottou, Bengio & Haffner: Gradient-Based Learning Applied to Document Recognition, Proc. IEEE 1998, section
 * II.B) and the network of the same pattern in today's form that introductory courses use.
 *
 * LeNet-5 on 32×32×1: C1 156, S2 12, C3 1,516 (each map sees the maps of table I only), S4 32, C5 48,120, F6 10,164: the
 * paper's 60,000 trainable parameters; 60,850 with ten outputs through softmax in the place of its distances to bitmaps.
 * The LeNet-style network on 32×32×3: 608, 3,216, 48,120, 10,164, 850.
 */
import { biasedConv, connectedConv, dense, flatten, maxPool, subsampling } from '../layers/blocks';
import { coarsest, FeatureMaps } from './features';
import { type Backbone } from './types';

/** Table I of the paper: the maps of S2 that each map of C3 sees. */
const C3 = [
  [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [0, 4, 5], [0, 1, 5],
  [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [0, 3, 4, 5], [0, 1, 4, 5], [0, 1, 2, 5], [0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5],
  [0, 1, 2, 3, 4, 5],
];
const sizes = { multiple: 4, minimalSize: 16, usualSize: 32 };

export const lenet5: Backbone = {
  name: 'lenet5',
  title: 'LeNet-5',
  family: 'lenet',
  paper: 'Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document Recognition. Proc. IEEE 86(11), 1998',
  ...sizes,
  blocks: ['c1', 's2', 'c3', 's4'],
  build(image, { aligned = false } = {}) {
    const maps = new FeatureMaps();
    const padding = aligned ? 'same' : 'valid';
    let x = maps.set(1, biasedConv('c1', image, 6, 5, { padding, activation: 'tanh' }));
    x = subsampling('s2', x, 'tanh');
    x = maps.set(2, connectedConv('c3', x, { connections: C3, kernelSize: 5, padding }, 'tanh'));
    maps.set(4, subsampling('s4', x, 'tanh'));
    return maps.list();
  },
  top(features, classes) {
    const last = coarsest(features);
    // C5 is a convolution as large as the map it sees: 5×5 on the paper's input.
    const c5 = biasedConv('top_c5', last, 120, [last.shape[1]!, last.shape[2]!], { padding: 'valid', activation: 'tanh' });
    return dense('top_output', dense('top_f6', flatten('top_flatten', c5), 84, 'tanh'), classes);
  },
};

export const lenetStyle: Backbone = {
  name: 'lenet-style',
  title: 'LeNet-style',
  family: 'lenet',
  paper: 'after Y. LeCun et al. 1998, with ReLU and max pooling',
  ...sizes,
  blocks: ['conv1', 'conv2'],
  build(image, { aligned = false } = {}) {
    const maps = new FeatureMaps();
    const padding = aligned ? 'same' : 'valid';
    let x = maps.set(1, biasedConv('conv1', image, 8, 5, { padding }));
    x = maxPool('conv1_pool', x, 2, 2, padding);
    x = maps.set(2, biasedConv('conv2', x, 16, 5, { padding }));
    maps.set(4, maxPool('conv2_pool', x, 2, 2, padding));
    return maps.list();
  },
  top: (features, classes) =>
    dense('top_output', dense('top_fc2', dense('top_fc1', flatten('top_flatten', coarsest(features)), 120, 'relu'), 84, 'relu'), classes),
};
