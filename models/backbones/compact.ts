/**
 * A small backbone that always begins without trained weights: Darknet's pattern (Redmon & Farhadi 2018) made small for a
 * CPU. Plain 3×3 convolutions, because on a CPU they run at several times the arithmetic rate of depthwise ones. With the
 * YOLO head for three classes: 1.4 million parameters, 0.5 G multiplications at 320×256.
 */
import { convBlock, residualBlock } from '../layers/blocks';
import { coarsest, FeatureMaps, pooledClassifier } from './features';
import { type Backbone } from './types';

/** Channels and residual blocks after each halving of the resolution. */
const stages = [
  { channels: 16, blocks: 0 },
  { channels: 32, blocks: 1 },
  { channels: 64, blocks: 2 },
  { channels: 128, blocks: 2 },
  { channels: 256, blocks: 1 },
];

export const compact: Backbone = {
  name: 'compact',
  title: 'Compact',
  family: 'compact',
  paper: 'after J. Redmon, A. Farhadi: YOLOv3: An Incremental Improvement. arXiv 1804.02767, 2018',
  multiple: 32,
  minimalSize: 32,
  usualSize: 224,
  blocks: stages.flatMap(({ blocks }, i) => [`stage${i + 1}`, ...Array.from({ length: blocks }, (_, b) => `stage${i + 1}_block${b + 1}`)]),
  build(image) {
    const maps = new FeatureMaps();
    let x = image;
    stages.forEach(({ channels, blocks }, i) => {
      x = convBlock(`stage${i + 1}`, x, channels, 3, { strides: 2 });
      for (let b = 1; b <= blocks; b++) x = residualBlock(`stage${i + 1}_block${b}`, x);
      maps.set(2 ** (i + 1), x);
    });
    return maps.list();
  },
  top: (features, classes) => pooledClassifier(coarsest(features), classes),
};
