import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadPredictor, trainModel } from '../../node';
import { drawnShapes, exampleOf } from '../../testing/classDesign';
import { SHAPE_CLASSES } from '../../testing/shapes';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-localize-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('learns to find one square or disc', async () => {
  const examples = (count: number, seed: number) => drawnShapes(count, seed).map((shape) => exampleOf(shape, 'box'));
  const outDir = path.join(folder, 'model');
  const { metrics } = await trainModel({ train: examples(32, 1), val: examples(10, 2), classes: SHAPE_CLASSES }, { task: 'localize', outDir, checkpointDir: path.join(folder, 'c'), epochs: 40, batch: 16, seed: 1 });
  expect(metrics!.values.top1).toBeGreaterThan(0.8);
  expect(metrics!.values.meanIoU).toBeGreaterThan(0.45);
  const predictor = await loadPredictor(outDir);
  const [prediction] = await predictor.predict([examples(1, 3)[0]!.image]);
  await predictor.dispose();
  expect(prediction!.labels).toHaveLength(1);
}, 120_000);
