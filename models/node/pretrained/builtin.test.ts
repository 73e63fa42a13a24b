import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guessMapping, mapClasses } from '../../import/mapClasses';
import { movenetPoints } from '../../import/layouts/movenet';
import { type View } from '../../tasks/types';
import { builtinOf, builtins } from '../../pretrained/builtin';
import { type ModelCard } from '../../runtime/card';
import { tf } from '../../runtime/tf';
import { loadCard, loadModel } from '../modelFiles';
import { loadPredictor, openNetwork } from '../predict/loadPredictor';
import { viewImage } from '../predict/views';
import { humanModels, saveBuiltin } from '.';

/** A photograph of several people, which comes with the networks. */
const photo = path.join(humanModels(), '..', 'assets', 'samples.jpg');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-builtin-'));
  for (const { name } of builtins) await saveBuiltin(name, path.join(folder, name));
  setWasmPaths(`${path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`);
  await tf.setBackend('wasm');
});
afterAll(async () => {
  await tf.setBackend('cpu');
  await rm(folder, { recursive: true, force: true });
});

/** Every output of the stored network by its name, as tfjs computes it. */
async function byTf(dir: string, pixels: Uint8Array, card: ModelCard, output: string): Promise<Float32Array> {
  const json = JSON.parse(await readFile(path.join(dir, 'model.json'), 'utf8')) as { modelTopology: object; format: string; weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[] };
  const bytes = await readFile(path.join(dir, 'weights.bin'));
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const model = await tf.loadGraphModel({ load: async () => ({ modelTopology: json.modelTopology, format: json.format, weightSpecs: json.weightsManifest.flatMap((group) => group.weights), weightData }) });
  const { width, height } = card.inputSize;
  return tf.tidy(() => {
    const x = tf.tensor(pixels, [1, height, width, 3], output === 'Identity' ? 'int32' : 'float32');
    return Float32Array.from((model.execute(x, output) as tf.Tensor).dataSync());
  });
}

async function seen(name: string) {
  const dir = path.join(folder, name);
  const card = await loadCard(dir);
  const { full, views } = await viewImage({ path: photo }, card, 'once');
  const network = await openNetwork(dir, card, 1);
  const outputs = await network.run(views[0]!.pixels);
  await network.dispose();
  return { dir, card, full, pixels: views[0]!.pixels, frame: views[0]!.frame, outputs };
}

describe('everyday objects', () => {
  it('gives the boxes that the network itself would give', async () => {
    const { dir, card, pixels, frame } = await seen('coco-objects');
    // Rows of left, top, right, bottom in input pixels, score, class.
    const rows = await byTf(dir, pixels, card, 'tower_0/detections');
    const predictor = await loadPredictor(dir);
    const [prediction] = await predictor.predict([{ path: photo }], { minScore: 0.25, nmsIou: 1 });
    const labels = prediction!.labels.filter((label) => label.kind === 'box');
    await predictor.dispose();
    const scale = frame.full.width / frame.placement.width;
    const expected = Array.from({ length: rows.length / 6 }, (_, i) => Array.from(rows.subarray(6 * i, 6 * i + 6))).filter((row) => row[4]! >= 0.25);
    expect(labels.length).toBeGreaterThan(5);
    expect(labels.map(({ score }) => score)).toEqual(expected.map((row) => expect.closeTo(row[4]!, 4)));
    labels.forEach((label, i) => {
      const [x0, y0, x1, y1, , classIndex] = expected[i] as [number, number, number, number, number, number];
      expect(label.classId).toBe(card.classes[classIndex]!.id);
      const clip = (v: number, most: number) => Math.min(most, Math.max(0, v));
      const at = ({ x, y }: { x: number; y: number }) => [clip((x - frame.placement.x) * scale, frame.full.width), clip((y - frame.placement.y) * (frame.full.height / frame.placement.height), frame.full.height)];
      const wanted = [...at({ x: x0, y: y0 }), ...at({ x: x1, y: y1 })];
      [label.x0, label.y0, label.x1, label.y1].forEach((v, k) => expect(Math.abs(v - wanted[k]!)).toBeLessThan(0.1));
    });
    expect(labels.slice(0, 5).every(({ classId }) => classId === 'person')).toBe(true);
  });

  it('proposes what the project has classes for, and nothing else', async () => {
    const dir = path.join(folder, 'mapped');
    await saveBuiltin('coco-objects', dir, { person: 'people', dog: 'animal', cat: 'animal' });
    const predictor = await loadPredictor(dir);
    const [prediction] = await predictor.predict([{ path: photo }], { minScore: 0.25 });
    await predictor.dispose();
    expect(new Set(prediction!.labels.map(({ classId }) => classId))).toEqual(new Set(['people']));
  });
});

describe('pose of a person', () => {
  it('gives the points that the network itself would give', async () => {
    const { dir, card, pixels, outputs } = await seen('body-pose');
    // y, x of the input's size, score.
    const expected = await byTf(dir, pixels, card, 'Identity');
    const points = movenetPoints({ design: card, outputs } as unknown as Pick<View<Parameters<typeof movenetPoints>[0]['design']['head']>, 'design' | 'outputs'>);
    points.forEach(({ x, y, score }, k) => {
      expect(y / card.inputSize.height).toBeCloseTo(expected[3 * k]!, 3);
      expect(x / card.inputSize.width).toBeCloseTo(expected[3 * k + 1]!, 3);
      expect(score).toBeCloseTo(expected[3 * k + 2]!, 4);
    });
  });
});

describe('stored built-in models', () => {
  it('predict, and say why they cannot be trained', async () => {
    await expect(loadModel(path.join(folder, 'coco-objects'))).rejects.toThrow('is stored as graph');
    expect(() => builtinOf('none')).toThrow('known are coco-objects');
  });
  it('are refused when their files are not whole', async () => {
    const dir = path.join(folder, 'broken');
    await saveBuiltin('body-pose', dir);
    const bytes = await readFile(path.join(dir, 'weights.bin'));
    await writeFile(path.join(dir, 'weights.bin'), bytes.subarray(0, 1000));
    await expect(loadPredictor(dir)).rejects.toThrow('cut short');
  });
});

describe('class mapping', () => {
  const { design } = builtinOf('coco-objects');
  it('is guessed from names, whatever their case and plural', () => {
    expect(guessMapping(design.classes, [{ id: 'a', name: 'Cars' }, { id: 'b', name: 'traffic_light' }, { id: 'c', name: 'Cell' }])).toEqual({ car: 'a', 'traffic light': 'b' });
  });
  it('refuses classes that the network does not have', () => {
    expect(() => mapClasses(design, { unicorn: 'x' })).toThrow('the model has no class unicorn');
  });
});
