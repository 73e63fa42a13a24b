/** Where the native library of ONNX Runtime cannot be loaded. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { networkReportSchema } from '../inspect';
import { drawnExamples, SHAPE_CLASSES } from '../testing/shapes';
import { yolov8Model } from '../testing/onnxModels';
import { abilities, inspectModel, inspectUpload, loadPredictor, trainModel } from '.';
import { engineFor } from './engines';

vi.mock('onnxruntime-node', () => {
  throw new Error('no native library for this machine');
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-tfjs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('a model is trained, used and looked into on tfjs', async () => {
  expect((await abilities()).engine).toBe('tfjs:wasm');
  const dir = path.join(folder, 'model');
  const data = { train: drawnExamples(4, 1), val: drawnExamples(2, 2), classes: SHAPE_CLASSES };
  const { card, steps } = await trainModel(data, { task: 'detect', backbone: 'compact', outDir: dir, checkpointDir: path.join(folder, 'checkpoint'), inputSize: { width: 32, height: 32 }, batch: 2, epochs: 1 });
  expect(steps).toBe(2);
  expect(card.training).toMatchObject({ engine: 'tfjs:wasm' });
  const predictor = await loadPredictor(dir);
  const [found] = await predictor.predict([data.val[0]!.image], { minScore: 0 });
  await predictor.dispose();
  expect(found!.labels.length).toBeGreaterThan(0);
  // Only ONNX Runtime tells the time of a layer.
  const report = networkReportSchema.parse(await inspectModel(dir, { runs: 1 }));
  expect(report.layers.length).toBeGreaterThan(3);
  expect(report.timing).toBeNull();
}, 120_000);

it('what needs ONNX Runtime says so', async () => {
  await expect(inspectUpload(yolov8Model())).rejects.toThrow('ONNX Runtime cannot be loaded here');
  await expect(engineFor('ort')).rejects.toThrow(/cannot be loaded here .*; set FIELDMARK_ENGINE=tfjs to do without it/);
});
