/**
 * MobileNet v2 (Sandler et al. 2018, table 2): 17 inverted residuals (1×1 expansion by 6, depthwise 3×3, linear 1×1
 * projection), at width 1.0. Trainable parameters with 1000 classes: 3,504,872, as in torchvision and in Keras (3,538,984
 * with the moving statistics). The last 1×1 convolution to 1280 channels belongs to the classifier.
 */
import { add, convBlock, depthwiseBlock } from '../layers/blocks';
import { type tf } from '../runtime/tf';
import { blockNames, coarsest, FeatureMaps, pooledClassifier } from './features';
import { type Backbone } from './types';

/** Expansion, channels, repeats, stride of the first. */
const stages = [
  [1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1],
] as const;

function invertedResidual(name: string, x: tf.SymbolicTensor, expansion: number, channels: number, strides: number): tf.SymbolicTensor {
  const input = x.shape[3]!;
  let y = expansion === 1 ? x : convBlock(`${name}_expand`, x, expansion * input, 1, { activation: 'relu6' });
  y = depthwiseBlock(`${name}_depthwise`, y, 3, { strides, activation: 'relu6' });
  y = convBlock(`${name}_project`, y, channels, 1, { activation: 'none' });
  return strides === 1 && input === channels ? add(name, x, y) : y;
}

export const mobilenet2: Backbone = {
  name: 'mobilenet2',
  title: 'MobileNet v2',
  family: 'mobilenet2',
  paper: 'M. Sandler et al.: MobileNetV2: Inverted Residuals and Linear Bottlenecks. CVPR 2018, arXiv 1801.04381',
  multiple: 32,
  minimalSize: 32,
  usualSize: 224,
  blocks: ['stem', ...blockNames(stages.map(([, , repeats]) => repeats))],
  build(image) {
    const maps = new FeatureMaps();
    let stride = 2;
    let x = convBlock('stem', image, 32, 3, { strides: 2, activation: 'relu6' });
    stages.forEach(([expansion, channels, repeats, first], s) => {
      stride *= first;
      for (let b = 1; b <= repeats; b++) x = invertedResidual(`stage${s + 1}_block${b}`, x, expansion, channels, b === 1 ? first : 1);
      maps.set(stride, x);
    });
    return maps.list();
  },
  top: (features, classes) => pooledClassifier(convBlock('top', coarsest(features), 1280, 1, { activation: 'relu6' }), classes, 0.2),
};
