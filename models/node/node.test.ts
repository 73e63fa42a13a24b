import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelCard, type ModelCard } from '../runtime/card';
import { convBlock, residualBlock } from '../layers/blocks';
import { type YoloLayout } from '../heads/yolo';
import { tf } from '../runtime/tf';
import { initialiseWeights, readWeights } from '../runtime/weights';
import { randomTensor } from '../testing/gradcheck';
import { readCheckpoint, writeCheckpoint } from './checkpoint';
import { decodeImage, decodeToFit } from './data/decode';
import { loadCard, loadModel, saveModel } from './modelFiles';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-node-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const layout: YoloLayout = { inputSize: { width: 64, height: 64 }, scales: [{ stride: 8, anchors: [{ w: 10, h: 12 }] }, { stride: 16, anchors: [{ w: 30, h: 30 }] }], classes: 2 };
const card: ModelCard = {
  format: 'fieldmark-model', version: 2, task: 'detect', classes: [{ id: 'a', name: 'A' }, { id: 'b', name: 'B' }],
  architecture: { backbone: 'compact', head: 'yolo' }, inputSize: layout.inputSize,
  normalisation: { resize: 'letterbox', fill: 114, mean: [127.5, 127.5, 127.5], deviation: [64, 64, 64] },
  head: { scales: layout.scales.map(({ stride, anchors }) => ({ stride, anchors: [...anchors] })), meanBestIou: null }, datasetHash: null, metrics: null,
  training: { seed: 1, steps: 0, epochs: 0, seconds: 0, images: 0, batch: 1, engine: 'ort' }, credits: [], createdAt: '2026-01-01T00:00:00.000Z',
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

  it('take the place of a model or of nothing, never of files of others', async () => {
    for (const [name, file] of [['notes', 'notes.txt'], ['part', 'weights.bin']] as const) {
      const dir = path.join(folder, name);
      await mkdir(dir);
      await writeFile(path.join(dir, file), 'mine');
      const refused = await saveModel(dir, { model: tinyModel(1), card }).catch((error: Error) => error.message);
      expect(refused).toMatch(/It was left alone; the new model is in .+\.new\.$/);
      expect(await readFile(path.join(dir, file), 'utf8')).toBe('mine');
      // Hours of training are not thrown away either.
      expect((await loadModel(/the new model is in (.+)\.$/.exec(refused as string)![1]!)).card).toEqual(card);
    }
  });

  it('name the file and the field that are wrong', async () => {
    const dir = path.join(folder, 'bad');
    await expect(loadCard(dir)).rejects.toThrow('card.json');
    expect(() => parseModelCard({ ...card, inputSize: { width: -1, height: 64 } })).toThrow('inputSize.width');
  });

  it('reads cards of version 1', () => {
    const { head, ...rest } = card;
    const old = { ...rest, version: 1, yolo: { scales: head.scales }, meanBestIou: 0.7, metrics: { split: 'val', images: 3, mAP: 0.5, mAP50: 0.8, mAP75: 0.4, ap50ByClass: { a: 0.8, b: null } } };
    expect(parseModelCard(old)).toEqual({ ...card, head: { ...head, meanBestIou: 0.7 }, metrics: { split: 'val', images: 3, values: { mAP: 0.5, mAP50: 0.8, mAP75: 0.4 }, byClass: { ap50: { a: 0.8, b: null } } } });
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
