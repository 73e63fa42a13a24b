/**
 * EfficientNet (Tan & Le 2019, table 1): inverted residuals with squeeze-and-excitation, swish and stochastic depth, found by
 * search for B0 and enlarged for B1 … B7 by compound scaling: width and depth grow together with the resolution.
 * Trainable parameters with 1000 classes, as in the authors' code, timm and torchvision: B0 5,288,548; 7,794,184; 9,109,994;
 * 12,233,232; 19,341,616; 30,389,784; 43,040,704; B7 66,347,960. The last 1×1 convolution belongs to the classifier, as it
 * does in the paper's table.
 */
import { add, convBlock, depthwiseBlock, dropPath, squeezeExcite } from '../layers/blocks';
import { type tf } from '../runtime/tf';
import { blockNames, coarsest, FeatureMaps, pooledClassifier } from './features';
import { type Backbone } from './types';

/** B0: expansion, channels, repeats, kernel, stride of the first. */
const stages = [
  [1, 16, 1, 3, 1], [6, 24, 2, 3, 2], [6, 40, 2, 5, 2], [6, 80, 3, 3, 2], [6, 112, 3, 5, 1], [6, 192, 4, 5, 2], [6, 320, 1, 3, 1],
] as const;

/** Coefficients of the authors' code: width, depth, resolution, dropout of the classifier. */
const variants = [
  [1.0, 1.0, 224, 0.2], [1.0, 1.1, 240, 0.2], [1.1, 1.2, 260, 0.3], [1.2, 1.4, 300, 0.3],
  [1.4, 1.8, 380, 0.4], [1.6, 2.2, 456, 0.4], [1.8, 2.6, 528, 0.5], [2.0, 3.1, 600, 0.5],
] as const;

/** Stochastic depth: the last block is left out this often, earlier ones less, in proportion to their depth. */
const DROP_CONNECT = 0.2;

/** The nearest multiple of 8, at most a tenth smaller. */
export function scaledWidth(channels: number, width: number): number {
  const wanted = channels * width;
  const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

interface BlockShape {
  expansion: number;
  channels: number;
  kernel: number;
  strides: number;
  drop: number;
}

function mobileBlock(name: string, x: tf.SymbolicTensor, { expansion, channels, kernel, strides, drop }: BlockShape): tf.SymbolicTensor {
  const input = x.shape[3]!;
  const swish = { activation: 'swish' } as const;
  let y = expansion === 1 ? x : convBlock(`${name}_expand`, x, expansion * input, 1, swish);
  y = depthwiseBlock(`${name}_depthwise`, y, kernel, { strides, ...swish });
  y = squeezeExcite(`${name}_squeeze`, y, Math.max(1, Math.floor(input / 4)), 'swish');
  y = convBlock(`${name}_project`, y, channels, 1, { activation: 'none' });
  return strides === 1 && input === channels ? add(name, dropPath(`${name}_drop`, y, drop), x) : y;
}

export const efficientnets: Backbone[] = variants.map(([width, depth, resolution, rate], index) => {
  const repeats = stages.map(([, , count]) => Math.ceil(count * depth));
  const blocks = blockNames(repeats);
  return {
    name: `efficientnet-b${index}`,
    title: `EfficientNet-B${index}`,
    family: 'efficientnet',
    paper: 'M. Tan, Q. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks. ICML 2019, arXiv 1905.11946',
    multiple: 32,
    minimalSize: 32,
    usualSize: resolution,
    blocks: ['stem', ...blocks],
    build(image) {
      const maps = new FeatureMaps();
      let stride = 2;
      let done = 0;
      let x = convBlock('stem', image, scaledWidth(32, width), 3, { strides: 2, activation: 'swish' });
      stages.forEach(([expansion, channels, , kernel, first], s) => {
        stride *= first;
        for (let b = 1; b <= repeats[s]!; b++, done++) {
          const drop = (DROP_CONNECT * done) / blocks.length;
          x = mobileBlock(blocks[done]!, x, { expansion, channels: scaledWidth(channels, width), kernel, strides: b === 1 ? first : 1, drop });
        }
        maps.set(stride, x);
      });
      return maps.list();
    },
    top: (features, classes) => pooledClassifier(convBlock('top', coarsest(features), scaledWidth(1280, width), 1, { activation: 'swish' }), classes, rate),
  };
});
