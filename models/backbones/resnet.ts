/**
 * Residual networks (He, Zhang, Ren & Sun: Deep Residual Learning for Image Recognition, CVPR 2016, table 1): x + F(x),
 * the identity projected by a 1×1 convolution where the shape changes (option B). Bottlenecks halve the resolution in the
 * 3×3 convolution, not in the 1×1 before it (Goyal et al. 2017; torchvision), which costs nothing in parameters.
 * Trainable parameters with 1000 classes, as in torchvision: 11,689,512; 21,797,672; 25,557,032; 44,549,160; 60,192,808.
 */
import { activate, add, convBlock, maxPool } from '../layers/blocks';
import { type tf } from '../runtime/tf';
import { blockNames, coarsest, FeatureMaps, pooledClassifier } from './features';
import { type Backbone } from './types';

const variants = [
  { depth: 18, repeats: [2, 2, 2, 2], bottleneck: false },
  { depth: 34, repeats: [3, 4, 6, 3], bottleneck: false },
  { depth: 50, repeats: [3, 4, 6, 3], bottleneck: true },
  { depth: 101, repeats: [3, 4, 23, 3], bottleneck: true },
  { depth: 152, repeats: [3, 8, 36, 3], bottleneck: true },
];

function residual(name: string, x: tf.SymbolicTensor, width: number, strides: number, bottleneck: boolean): tf.SymbolicTensor {
  const channels = bottleneck ? 4 * width : width;
  let y = bottleneck ? convBlock(`${name}_a`, x, width, 1) : convBlock(`${name}_a`, x, width, 3, { strides });
  if (bottleneck) y = convBlock(`${name}_b`, y, width, 3, { strides });
  y = convBlock(bottleneck ? `${name}_c` : `${name}_b`, y, channels, bottleneck ? 1 : 3, { activation: 'none' });
  const same = strides === 1 && x.shape[3] === channels;
  const shortcut = same ? x : convBlock(`${name}_shortcut`, x, channels, 1, { strides, activation: 'none' });
  return activate(`${name}_out`, add(name, shortcut, y), 'relu');
}

export const resnets: Backbone[] = variants.map(({ depth, repeats, bottleneck }) => ({
  name: `resnet${depth}`,
  title: `ResNet-${depth}`,
  family: 'resnet',
  paper: 'K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition. CVPR 2016, arXiv 1512.03385',
  multiple: 32,
  minimalSize: 32,
  usualSize: 224,
  blocks: ['stem', ...blockNames(repeats)],
  build(image) {
    const maps = new FeatureMaps();
    let x = maps.set(2, convBlock('stem', image, 64, 7, { strides: 2 }));
    x = maxPool('stem_pool', x, 3, 2);
    repeats.forEach((count, s) => {
      for (let b = 1; b <= count; b++) x = residual(`stage${s + 1}_block${b}`, x, 64 * 2 ** s, b === 1 && s > 0 ? 2 : 1, bottleneck);
      maps.set(4 * 2 ** s, x);
    });
    return maps.list();
  },
  top: (features, classes) => pooledClassifier(coarsest(features), classes),
}));
