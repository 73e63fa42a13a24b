/**
 * GoogLeNet (Szegedy et al.: Going Deeper with Convolutions, CVPR 2015, table 1): nine Inception modules and two side branches.
 * As in the paper: 5×5 convolutions, biases, local response normalisation; 6,998,552 parameters with 1000 classes, 13,378,280
 * with the side branches. `googlenet-bn` has batch norm in the place of biases (Ioffe & Szegedy 2015): 7,005,832 and
 * 13,385,816. Both counts follow from the paper's table; torchvision's are smaller, because its "5×5" branch is 3×3.
 */
import { biasedConv, convBlock, dense, dropout, flatten, localResponse, maxPool } from '../layers/blocks';
import { tf } from '../runtime/tf';
import { coarsest, FeatureMaps, pooledClassifier } from './features';
import { type Backbone } from './types';

/** Filters: 1×1; 1×1 before 3×3, 3×3; 1×1 before 5×5, 5×5; 1×1 after pooling. */
type Filters = readonly [number, number, number, number, number, number];
const modules: Record<string, Filters> = {
  '3a': [64, 96, 128, 16, 32, 32], '3b': [128, 128, 192, 32, 96, 64],
  '4a': [192, 96, 208, 16, 48, 64], '4b': [160, 112, 224, 24, 64, 64], '4c': [128, 128, 256, 24, 64, 64],
  '4d': [112, 144, 288, 32, 64, 64], '4e': [256, 160, 320, 32, 128, 128],
  '5a': [256, 160, 320, 32, 128, 128], '5b': [384, 192, 384, 48, 128, 128],
};
const lrn = { depthRadius: 2, bias: 2, alpha: 1e-4, beta: 0.75 };
type Conv = typeof convBlock;

/** Four looks at the same map, side by side: 1×1, 3×3 and 5×5 behind bottlenecks, and pooling. */
export function inception(name: string, x: tf.SymbolicTensor, [one, three1, three, five1, five, pool]: Filters, conv: Conv): tf.SymbolicTensor {
  const branches = [
    conv(`${name}_1x1`, x, one, 1),
    conv(`${name}_3x3`, conv(`${name}_3x3_reduce`, x, three1, 1), three, 3),
    conv(`${name}_5x5`, conv(`${name}_5x5_reduce`, x, five1, 1), five, 5),
    conv(`${name}_pool_proj`, maxPool(`${name}_pool`, x, 3, 1), pool, 1),
  ];
  return tf.layers.concatenate({ name: `${name}_join` }).apply(branches) as tf.SymbolicTensor;
}

/** 5×5 average by 3 (less where the map is smaller), 1×1 convolution, two dense layers with dropout 0.7. */
function sideBranch(name: string, x: tf.SymbolicTensor, classes: number, conv: Conv): tf.SymbolicTensor {
  const poolSize = [1, 2].map((axis) => Math.min(5, x.shape[axis] ?? 5)) as [number, number];
  const pooled = tf.layers.averagePooling2d({ name: `${name}_pool`, poolSize, strides: 3, padding: 'valid' }).apply(x) as tf.SymbolicTensor;
  const y = dense(`${name}_fc1`, flatten(`${name}_flatten`, conv(name, pooled, 128, 1)), 1024, 'relu');
  return dense(`${name}_fc2`, dropout(`${name}_dropout`, y, 0.7), classes);
}

function googlenet(name: string, title: string, conv: Conv, normalised: boolean): Backbone {
  const respond = (layer: string, x: tf.SymbolicTensor) => (normalised ? x : localResponse({ name: layer, ...lrn }, x));
  return {
    name,
    title,
    family: 'googlenet',
    paper: 'C. Szegedy et al.: Going Deeper with Convolutions. CVPR 2015, arXiv 1409.4842',
    multiple: 32,
    minimalSize: 32,
    usualSize: 224,
    blocks: ['conv1', 'conv2', ...Object.keys(modules).map((module) => `inception${module}`)],
    build(image) {
      const maps = new FeatureMaps();
      const auxiliary: tf.SymbolicTensor[] = [];
      let x = maps.set(2, conv('conv1', image, 64, 7, { strides: 2 }));
      x = respond('conv1_lrn', maxPool('conv1_pool', x, 3, 2));
      x = conv('conv2', conv('conv2_reduce', x, 64, 1), 192, 3);
      x = maxPool('conv2_pool', maps.set(4, respond('conv2_lrn', x)), 3, 2);
      let stride = 8;
      for (const [module, filters] of Object.entries(modules)) {
        x = maps.set(stride, inception(`inception${module}`, x, filters, conv));
        if (module === '4a' || module === '4d') auxiliary.push(x);
        if (module === '3b' || module === '4e') {
          x = maxPool(`inception${module}_out_pool`, x, 3, 2);
          stride *= 2;
        }
      }
      return { ...maps.list(), auxiliary };
    },
    top: (features, classes) => pooledClassifier(coarsest(features), classes, 0.4),
    sideBranches: ({ auxiliary = [] }, classes) => auxiliary.map((x, i) => sideBranch(`top_side${i + 1}`, x, classes, conv)),
  };
}

export const googlenets: Backbone[] = [
  googlenet('googlenet', 'GoogLeNet', biasedConv, false),
  googlenet('googlenet-bn', 'GoogLeNet with batch norm', convBlock, true),
];
