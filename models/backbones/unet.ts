/**
 * The contracting half of the plain U-Net: two 3×3 convolutions at each of five levels, 2×2 max pooling between them, filters
 * doubled from level to level. With the expanding half of heads/unet it is the network of the paper, but for padded
 * convolutions, so that the output is as large as the input, and batch norm. Filters of the first level: 64 in the paper, 16 and
 * 32 for a CPU.
 *
 * O. Ronneberger, P. Fischer, T. Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation. MICCAI 2015.
 */
import { convBlock, maxPool } from '../layers/blocks';
import { type tf } from '../runtime/tf';
import { coarsest, FeatureMaps, pooledClassifier } from './features';
import { type Backbone } from './types';

const LEVELS = 5;

function unet(filters: number): Backbone {
  return {
    name: `unet${filters}`,
    title: `U-Net ${filters}`,
    family: 'unet',
    paper: 'O. Ronneberger, P. Fischer, T. Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation. MICCAI 2015',
    multiple: 2 ** (LEVELS - 1),
    minimalSize: 2 ** (LEVELS - 1),
    usualSize: 256,
    blocks: Array.from({ length: LEVELS }, (_, level) => `level${level + 1}`),
    build(image) {
      const maps = new FeatureMaps();
      let x: tf.SymbolicTensor = image;
      for (let level = 0; level < LEVELS; level++) {
        const name = `level${level + 1}`;
        if (level > 0) x = maxPool(`${name}_pool`, x, 2, 2);
        for (const half of ['a', 'b']) x = convBlock(`${name}_${half}`, x, filters * 2 ** level, 3);
        maps.set(2 ** level, x);
      }
      return maps.list();
    },
    top: (features, classes) => pooledClassifier(coarsest(features), classes),
  };
}

export const unets: Backbone[] = [unet(16), unet(32), unet(64)];
