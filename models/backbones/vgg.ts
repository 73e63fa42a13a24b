/**
 * VGG (Simonyan & Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015, table 1,
 * configurations D and E): 3×3 convolutions in five stages, each followed by a pooling that halves the resolution, then three
 * dense layers. Parameters on 224×224×3 with 1000 classes, the paper's 138 and 144 million: 138,357,544 and 143,667,240.
 */
import { biasedConv, dense, dropout, flatten, maxPool } from '../layers/blocks';
import { coarsest, FeatureMaps } from './features';
import { type Backbone } from './types';

const channels = [64, 128, 256, 512, 512];
const variants = [
  { depth: 16, repeats: [2, 2, 3, 3, 3] },
  { depth: 19, repeats: [2, 2, 4, 4, 4] },
];

export const vggs: Backbone[] = variants.map(({ depth, repeats }) => ({
  name: `vgg${depth}`,
  title: `VGG-${depth}`,
  family: 'vgg',
  paper: 'K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition. ICLR 2015, arXiv 1409.1556',
  multiple: 32,
  minimalSize: 32,
  usualSize: 224,
  blocks: channels.map((_, s) => `stage${s + 1}`),
  build(image) {
    const maps = new FeatureMaps();
    let x = image;
    channels.forEach((filters, s) => {
      for (let i = 1; i <= repeats[s]!; i++) x = biasedConv(`stage${s + 1}_${i}`, x, filters, 3);
      maps.set(2 ** s, x);
      x = maps.set(2 ** (s + 1), maxPool(`stage${s + 1}_pool`, x, 2, 2));
    });
    return maps.list();
  },
  top(features, classes) {
    let x = flatten('top_flatten', coarsest(features));
    for (const name of ['top_fc1', 'top_fc2']) x = dropout(`${name}_dropout`, dense(name, x, 4096, 'relu'), 0.5);
    return dense('top_fc3', x, classes);
  },
}));
