/**
 * AlexNet (Krizhevsky, Sutskever & Hinton: ImageNet Classification with Deep Convolutional Neural Networks, NIPS 2012): five
 * convolutions, three of them in two groups (the paper's two GPUs; 55×55×48 on each after the first), overlapping pooling,
 * local response normalisation, dropout 0.5 before the first two dense layers. Parameters on 227×227×3 with 1000 classes:
 * 60,965,224, the sum of the paper's layers (its "60 million"; 55 × 55 needs 227, not the 224 it prints).
 */
import { biasedConv, dense, dropout, flatten, groupedConv, localResponse, maxPool } from '../layers/blocks';
import { coarsest, FeatureMaps } from './features';
import { type Backbone } from './types';

const lrn = { depthRadius: 2, bias: 2, alpha: 1e-4, beta: 0.75 };

export const alexnet: Backbone = {
  name: 'alexnet',
  title: 'AlexNet',
  family: 'alexnet',
  paper: 'A. Krizhevsky, I. Sutskever, G. Hinton: ImageNet Classification with Deep Convolutional Neural Networks. NIPS 2012',
  multiple: 32,
  minimalSize: 67,
  usualSize: 227,
  blocks: ['conv1', 'conv2', 'conv3', 'conv4', 'conv5'],
  build(image, { aligned = false } = {}) {
    const maps = new FeatureMaps();
    const padding = aligned ? 'same' : 'valid';
    let x = biasedConv('conv1', image, 96, 11, { strides: 4, padding });
    x = maps.set(4, localResponse({ name: 'conv1_lrn', ...lrn }, x));
    x = maxPool('conv1_pool', x, 3, 2, padding);
    x = groupedConv('conv2', x, { filters: 256, kernelSize: 5, groups: 2 });
    x = maps.set(8, localResponse({ name: 'conv2_lrn', ...lrn }, x));
    x = maxPool('conv2_pool', x, 3, 2, padding);
    x = biasedConv('conv3', x, 384, 3);
    x = groupedConv('conv4', x, { filters: 384, kernelSize: 3, groups: 2 });
    x = maps.set(16, groupedConv('conv5', x, { filters: 256, kernelSize: 3, groups: 2 }));
    maps.set(32, maxPool('conv5_pool', x, 3, 2, padding));
    return maps.list();
  },
  top(features, classes) {
    let x = flatten('top_flatten', coarsest(features));
    for (const name of ['top_fc1', 'top_fc2']) x = dense(name, dropout(`${name}_dropout`, x, 0.5), 4096, 'relu');
    return dense('top_fc3', x, classes);
  },
};
