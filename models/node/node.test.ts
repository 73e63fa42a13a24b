import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelCard, type ModelCard } from '../runtime/card';
import { convBlock, residualBlock } from '../layers/blocks';
import { noAugmentation } from '../data/augment';
import { type YoloLayout } from '../heads/yolo';
import { tf } from '../runtime/tf';
import { initialiseWeights, readWeights } from '../runtime/weights';
import { drawnExamples } from '../testing/shapes';
import { randomTensor } from '../testing/gradcheck';
import { readCheckpoint, writeCheckpoint } from './checkpoint';
import { BatchMaker, Prefetcher } from './data/batches';
import { decodeImage, decodeToFit } from './data/decode';
import { ImageCache } from './data/imageCache';
import { Budget } from './detector/budget';
import { chooseAnchors, chooseInputSize, layoutOf } from './detector/plan';
import { loadCard, loadModel, saveModel } from './modelFiles';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-node-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const layout: YoloLayout = { inputSize: { width: 64, height: 64 }, scales: [{ stride: 8, anchors: [{ w: 10, h: 12 }] }, { stride: 16, anchors: [{ w: 30, h: 30 }] }], classes: 2 };
const card: ModelCard = {
  format: 'fieldmark-model', version: 1, task: 'detect', classes: [{ id: 'a', name: 'A' }, { id: 'b', name: 'B' }],
  architecture: { backbone: 'compact', head: 'yolo' }, inputSize: layout.inputSize,
  normalisation: { resize: 'letterbox', fill: 114, mean: [127.5, 127.5, 127.5], deviation: [64, 64, 64] },
  yolo: { scales: layout.scales.map(({ stride, anchors }) => ({ stride, anchors: [...anchors] })) }, datasetHash: null, metrics: null,
  training: { seed: 1, steps: 0, epochs: 0, seconds: 0, images: 0, batch: 1, engine: 'ort' }, meanBestIou: null, credits: [], createdAt: '2026-01-01T00:00:00.000Z',
};

function tinyModel(seed: number): tf.LayersModel {
  const input = tf.input({ shape: [8, 8, 3] });
  const model = tf.model({ inputs: input, outputs: residualBlock('block', convBlock('stem', input, 4, 3, { strides: 2 })) });
  initialiseWeights(model, seed);
  return model;
}

describe('model files', () => {
  it('give back the same model, bit for bit, and replace an older one', async () => {
    const dir = path.join(folder, 'model');
    await saveModel(dir, { model: tinyModel(1), card });
    const model = tinyModel(2);
    await saveModel(dir, { model, card });
    const loaded = await loadModel(dir);
    expect(loaded.card).toEqual(card);
    const [before, after] = [readWeights(model), readWeights(loaded.model)];
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const name of Object.keys(before)) expect(after[name]!.data).toEqual(before[name]!.data);
    const x = randomTensor([1, 8, 8, 3], 'x');
    const predict = (m: tf.LayersModel) => tf.tidy(() => (m.predict(tf.tensor(x.data, [1, 8, 8, 3])) as tf.Tensor).dataSync());
    expect(predict(loaded.model)).toEqual(predict(model));
  });

  it('name the file and the field that are wrong', async () => {
    const dir = path.join(folder, 'bad');
    await expect(loadCard(dir)).rejects.toThrow('card.json');
    expect(() => parseModelCard({ ...card, inputSize: { width: -1, height: 64 } })).toThrow('inputSize.width');
  });
});

describe('checkpoints', () => {
  it('give back numbers and tensors', async () => {
    const file = path.join(folder, 'deep/x.ckpt');
    const tensors = { w: randomTensor([3, 2], 'w'), n: { dtype: 'int32' as const, shape: [2], data: Int32Array.of(1, -2) } };
    await writeCheckpoint(file, { step: 7 }, tensors);
    expect(await readCheckpoint(file)).toEqual({ meta: { step: 7 }, tensors });
    expect(await readCheckpoint(`${file}.none`)).toBeNull();
  });

  it('cut short or foreign are refused', async () => {
    const file = path.join(folder, 'cut.ckpt');
    await writeCheckpoint(file, {}, { w: randomTensor([30], 'w') });
    await truncate(file, (await readFile(file)).byteLength - 5);
    await expect(readCheckpoint(file)).rejects.toThrow('cut short');
    await writeFile(file, 'hello, this is not one');
    await expect(readCheckpoint(file)).rejects.toThrow('not a checkpoint');
  });
});

describe('decoding', () => {
  it('turns images upright, and reads grey, palette and transparent ones as RGB', async () => {
    const pixels = Buffer.from([255, 0, 0, 0, 0, 255]);
    const jpeg = await sharp(pixels, { raw: { width: 2, height: 1, channels: 3 } }).resize(40, 20, { kernel: 'nearest' }).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer();
    const { image, full } = await decodeToFit({ load: async () => jpeg }, (size) => size);
    expect(full).toEqual({ width: 20, height: 40 });
    expect([image.width, image.height]).toEqual([20, 40]);
    expect(image.data[0]).toBeGreaterThan(200);
    expect(image.data.at(-1)).toBeGreaterThan(200);
    const grey = await sharp(Buffer.from([7, 200]), { raw: { width: 2, height: 1, channels: 1 } }).png().toBuffer();
    expect(Array.from((await decodeImage({ load: async () => grey })).data)).toEqual([7, 7, 7, 200, 200, 200]);
    const palette = await sharp(pixels, { raw: { width: 2, height: 1, channels: 3 } }).png({ palette: true }).toBuffer();
    expect(Array.from((await decodeImage({ load: async () => palette })).data)).toEqual([...pixels]);
    const clear = await sharp(Buffer.from([9, 8, 7, 0]), { raw: { width: 1, height: 1, channels: 4 } }).png().toBuffer();
    expect(Array.from((await decodeImage({ load: async () => clear })).data)).toEqual([9, 8, 7]);
  });
});

describe('the image cache', () => {
  it('stays under its budget, and forgets the least recently used first', async () => {
    const cache = new ImageCache(250);
    const loads: string[] = [];
    const get = (key: string) => cache.get(key, async () => {
      loads.push(key);
      return { data: new Uint8Array(100), width: 1, height: 1 };
    });
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await get(key);
    expect(loads).toEqual(['a', 'b', 'c', 'b']);
    await Promise.all([get('d'), get('d')]);
    expect(loads.filter((key) => key === 'd')).toHaveLength(1);
  });
});

describe('batches', () => {
  const classOf = { square: 0, disc: 1 } as Record<string, number>;
  const examples = drawnExamples(5, 1).map((example) => ({ ...example, boxes: example.boxes.map((box) => ({ ...box, classIndex: classOf[box.classId]! })) }));
  const spec = { examples, layout, batch: 4, seed: 3, fill: 114, augmentation: () => noAugmentation };

  it('are always full, and depend on seed and step alone', async () => {
    const make = async (cacheBytes: number, step: number) => new BatchMaker({ ...spec, cache: new ImageCache(cacheBytes) }).make(step);
    const { feeds } = await make(0, 3);
    expect(feeds.image!.shape).toEqual([4, 64, 64, 3]);
    expect(feeds.target0!.shape).toEqual([4, 8, 8, 1, 7]);
    expect((await make(1e9, 3)).feeds).toEqual(feeds);
    expect((await make(1e9, 4)).feeds).not.toEqual(feeds);
  });

  it('show every example once an epoch, in another order each time', async () => {
    const seen: number[] = [];
    const counting = examples.map((example, i) => ({ ...example, image: { load: async () => {
      seen.push(i);
      return (example.image as { load: () => Promise<{ data: Uint8Array; width: number; height: number; channels: 3 }> }).load();
    } } }));
    const maker = new BatchMaker({ ...spec, batch: 1, examples: counting, cache: new ImageCache(0) });
    for (let step = 0; step < 20; step++) await maker.make(step);
    const epochs = [0, 5, 10, 15].map((from) => seen.slice(from, from + 5));
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(new Set(epochs.map((epoch) => epoch.join())).size).toBeGreaterThan(1);
  });

  it('come in order from the prefetcher, and failures with the batch they belong to', async () => {
    const prefetcher = new Prefetcher(async (i) => {
      await new Promise((resolve) => setTimeout(resolve, (5 - i) * 3));
      if (i === 3) throw new Error('third');
      return i;
    }, 0, () => 5);
    expect([await prefetcher.next(), await prefetcher.next(), await prefetcher.next()]).toEqual([0, 1, 2]);
    await expect(prefetcher.next()).rejects.toThrow('third');
    expect(await prefetcher.next()).toBe(4);
    expect(() => prefetcher.next()).toThrow('ended');
  });
});

describe('the budget', () => {
  it('of epochs is a number of steps', () => {
    const budget = new Budget({ epochs: 2, stepsPerEpoch: 10, spentSeconds: 0 });
    expect([budget.plannedSteps(5), budget.allows(19), budget.allows(20), budget.progress(5)]).toEqual([20, true, false, 0.25]);
  });

  it('of minutes ends before them, with room for the last evaluation', () => {
    let now = 0;
    const budget = new Budget({ minutes: 10, stepsPerEpoch: 10, spentSeconds: 0, now: () => now });
    budget.noteEvaluation(20, 8);
    let steps = 0;
    while (budget.allows(steps)) {
      now += 0.5;
      steps++;
      budget.noteStep(0.5);
      if (steps === 100) expect(budget.plannedSteps(steps)).toBeGreaterThan(700);
    }
    expect(now + 20).toBeLessThan(600);
    expect(now).toBeGreaterThan(540);
    expect(budget.progress(steps)).toBeCloseTo(1, 1);
  });

  it('spaces evaluations by what they take, but not where the number of steps is what counts', () => {
    const timed = new Budget({ minutes: 10, stepsPerEpoch: 10, spentSeconds: 0, now: () => 0 });
    timed.noteEvaluation(5, 4);
    expect([timed.affordsEvaluation(20), timed.affordsEvaluation(60)]).toEqual([false, true]);
    const counted = new Budget({ epochs: 3, stepsPerEpoch: 10, spentSeconds: 0 });
    counted.noteEvaluation(5, 4);
    expect(counted.affordsEvaluation(0)).toBe(true);
  });

  it('counts what was spent before a checkpoint', () => {
    const budget = new Budget({ minutes: 1, stepsPerEpoch: 10, spentSeconds: 59, now: () => 0 });
    expect(budget.allows(5)).toBe(false);
    expect(budget.allows(0)).toBe(true);
  });
});

describe('the plan', () => {
  const image = (width: number, height: number, side: number) => ({ id: 'i', image: { path: '' }, width, height, boxes: [{ classIndex: 0, x0: 0, y0: 0, x1: side, y1: side }] });

  it('chooses an input of the images\' aspect, larger for small objects', () => {
    expect(chooseInputSize([image(640, 480, 100)])).toEqual({ width: 320, height: 256 });
    expect(chooseInputSize([image(480, 640, 100)])).toEqual({ width: 256, height: 320 });
    expect(chooseInputSize([image(2000, 2000, 50)]).width).toBe(480);
    expect(chooseInputSize([image(2000, 2000, 5)]).width).toBe(640);
  });

  it('gives small anchors to fine maps, and a third scale to large ones', () => {
    const anchors = [{ w: 100, h: 100 }, { w: 10, h: 10 }, { w: 50, h: 50 }, { w: 20, h: 20 }];
    expect(layoutOf(layout.inputSize, anchors, 1).scales.map(({ stride, anchors: own }) => [stride, own.map(({ w }) => w)])).toEqual([[8, [10, 20]], [16, [50, 100]]]);
    expect(layoutOf(layout.inputSize, [...anchors, { w: 300, h: 200 }], 1).scales.map(({ stride }) => stride)).toEqual([8, 16, 32]);
  });

  it('has an anchor for every scale even when there is one shape', () => {
    expect(chooseAnchors([{ w: 10, h: 20 }, { w: 10, h: 20 }], 6, 1).anchors.length).toBeGreaterThanOrEqual(2);
  });
});
