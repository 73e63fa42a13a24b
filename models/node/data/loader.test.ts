import { describe, expect, it } from 'vitest';
import { noAugmentation } from '../../data/augment';
import { type ModelDesign } from '../../runtime/card';
import { drawnExamples, SHAPE_CLASSES } from '../../testing/shapes';
import { createLoader, type LoaderOptions } from './loader';

const design: ModelDesign = {
  task: 'detect', classes: SHAPE_CLASSES, architecture: { backbone: 'compact', head: 'yolo' }, inputSize: { width: 64, height: 64 },
  normalisation: { resize: 'letterbox', fill: 114, mean: [127.5, 127.5, 127.5], deviation: [64, 64, 64] },
  head: { scales: [{ stride: 8, anchors: [{ w: 10, h: 12 }] }, { stride: 16, anchors: [{ w: 30, h: 30 }] }], meanBestIou: null },
};
const examples = drawnExamples(5, 1);
const spec: LoaderOptions = { examples, design, batch: 4, seed: 3, cacheBytes: 1e9, from: 0, augmentation: () => noAugmentation };

async function batchAt(step: number, more: Partial<LoaderOptions> = {}) {
  const loader = createLoader({ ...spec, from: step, ...more });
  try {
    return await loader.next();
  } finally {
    await loader.dispose();
  }
}

describe('the loader', () => {
  it('gives full batches that depend on seed and step alone', async () => {
    const feeds = await batchAt(3, { cacheBytes: 0 });
    expect(feeds.image!.shape).toEqual([4, 64, 64, 3]);
    expect(feeds.target0!.shape).toEqual([4, 8, 8, 1, 7]);
    expect(await batchAt(3)).toEqual(feeds);
    expect(await batchAt(4)).not.toEqual(feeds);
    const loader = createLoader({ ...spec, from: 1 });
    await loader.next();
    await loader.next();
    expect(await loader.next()).toEqual(feeds);
    await loader.dispose();
  });

  it('shows every example once an epoch, in another order each time', async () => {
    const seen: number[] = [];
    const counting = examples.map((example, i) => ({ ...example, image: { load: async () => {
      seen.push(i);
      return (example.image as { load: () => Promise<{ data: Uint8Array; width: number; height: number; channels: 3 }> }).load();
    } } }));
    const loader = createLoader({ ...spec, batch: 1, examples: counting, cacheBytes: 0 });
    for (let step = 0; step < 18; step++) await loader.next();
    await loader.dispose();
    const epochs = [0, 5, 10].map((from) => seen.slice(from, from + 5));
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(new Set(epochs.map((epoch) => epoch.join())).size).toBeGreaterThan(1);
  });

  it('names the image that cannot be read', async () => {
    const broken = [{ ...examples[0]!, image: { load: async () => new Uint8Array(10) } }];
    await expect(batchAt(0, { examples: broken })).rejects.toThrow(/image drawn-1-0 cannot be read/);
  });
});
