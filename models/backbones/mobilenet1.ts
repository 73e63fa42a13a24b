/**
 * MobileNet (Howard et al. 2017, table 1): 13 blocks of a depthwise 3×3 and a pointwise 1×1 convolution, at width 1.0.
 * Trainable parameters with 1000 classes: 4,231,976, as in the reference code (Keras' MobileNet: 4,253,864 with the
 * moving statistics).
 */
import { convBlock, depthwiseBlock } from '../layers/blocks';
import { coarsest, FeatureMaps, pooledClassifier } from './features';
import { type Backbone } from './types';

/** Channels of each block's output, and its stride. */
const rows = [
  [64, 1], [128, 2], [128, 1], [256, 2], [256, 1], [512, 2], [512, 1], [512, 1], [512, 1], [512, 1], [512, 1], [1024, 2], [1024, 1],
] as const;

export const mobilenet1: Backbone = {
  name: 'mobilenet1',
  title: 'MobileNet v1',
  family: 'mobilenet1',
  paper: 'A. Howard et al.: MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications. arXiv 1704.04861, 2017',
  multiple: 32,
  minimalSize: 32,
  usualSize: 224,
  blocks: ['stem', ...rows.map((_, i) => `block${i + 1}`)],
  build(image) {
    const maps = new FeatureMaps();
    let stride = 2;
    let x = convBlock('stem', image, 32, 3, { strides: 2 });
    rows.forEach(([channels, strides], i) => {
      stride *= strides;
      x = depthwiseBlock(`block${i + 1}_depthwise`, x, 3, { strides });
      x = maps.set(stride, convBlock(`block${i + 1}_pointwise`, x, channels, 1));
    });
    return maps.list();
  },
  top: (features, classes) => pooledClassifier(coarsest(features), classes),
};
