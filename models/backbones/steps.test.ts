/** Two training steps of every network at the smallest input it takes, with the whole of its classifier. */
import { describe, expect, it } from 'vitest';
import { ops } from '../graph';
import { softmaxCrossEntropy } from '../losses/basic';
import { ortEngine } from '../node/ortEngine';
import { float32 } from '../runtime/engine';
import { tf } from '../runtime/tf';
import { initialiseWeights, readWeights } from '../runtime/weights';
import { randomTensor } from '../testing/gradcheck';
import { sgd } from '../training/optimizers';
import { Trainer } from '../training/trainer';
import { backbones } from './index';

/** At the smallest input the last maps are single cells: batch norm over fewer images than this has gradients beyond all bounds. */
const BATCH = 8;
const CLASSES = 3;

describe('two training steps', () => {
  it.each(Object.values(backbones).map((backbone) => [backbone.name, backbone] as const))('of %s move its first and its last weights', async (_name, backbone) => {
    const size = backbone.minimalSize;
    const image = tf.input({ shape: [size, size, 3] });
    const features = backbone.build(image);
    const logits = [backbone.top(features, CLASSES), ...(backbone.sideBranches?.(features, CLASSES) ?? [])];
    const model = tf.model({ inputs: image, outputs: logits });
    initialiseWeights(model, 1);
    const kernels = model.layers.filter((layer) => layer.weights.some(({ originalName }) => originalName.endsWith('kernel')));
    const watched = [kernels[0]!, model.outputLayers[0]!].map(({ name }) => `${name}/kernel`);
    const before = readWeights(model);
    const start = Object.fromEntries(watched.map((name) => [name, before[name]!.data]));
    const trainer = await Trainer.create(ortEngine, {
      model,
      optimizer: sgd({ momentum: 0 }),
      inputs: { x: { shape: [BATCH, size, size, 3], dtype: 'float32' }, y: { shape: [BATCH, CLASSES], dtype: 'float32' } },
      loss: ({ x, y }, network) => ({ loss: network(x!).map((z) => ops.reduceMean(softmaxCrossEntropy(z, y!))).reduce((a, b) => ops.add(a, b)), parts: {} }),
    }, { threads: 1 });
    try {
      const feeds = { x: randomTensor([BATCH, size, size, 3], 'image'), y: float32(Float32Array.from({ length: BATCH * CLASSES }, (_, i) => (i % CLASSES === Math.floor(i / CLASSES) % CLASSES ? 1 : 0)), [BATCH, CLASSES]) };
      for (let step = 0; step < 2; step++) expect((await trainer.train(feeds, 1e-4)).loss).toSatisfy(Number.isFinite);
      const after = trainer.weights('current');
      for (const name of watched) {
        expect(after[name]!.data.every(Number.isFinite)).toBe(true);
        expect(after[name]!.data.some((value, i) => value !== start[name]![i])).toBe(true);
      }
    } finally {
      await trainer.dispose();
      model.dispose();
    }
  }, 120_000);
});
