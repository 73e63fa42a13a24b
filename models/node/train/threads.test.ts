import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { drawnExamples, SHAPE_CLASSES } from '../../testing/shapes';
import { Trainer } from '../../training/trainer';
import { type TrainOptions } from '../../training/types';
import { trainModel } from './trainModel';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-threads-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function weightsOf(name: string, threads: TrainOptions['threads']): Promise<string> {
  const outDir = path.join(folder, name);
  const data = { train: drawnExamples(8, 1), val: drawnExamples(2, 2), classes: SHAPE_CLASSES };
  await trainModel(data, { task: 'detect', backbone: 'compact', outDir, checkpointDir: `${outDir}.checkpoint`, inputSize: { width: 32, height: 32 }, batch: 4, epochs: 4, threads });
  return readFile(path.join(outDir, 'weights.bin'), 'base64');
}

it('a run asks for its threads on the way, takes as many as there are, and gives the same model', async () => {
  const [create, recompile] = [vi.spyOn(Trainer, 'create'), vi.spyOn(Trainer.prototype, 'recompile')];
  const answers = [2, 2, 1, 1, 2];
  let asked = 0;
  const weights = await weightsOf('changing', async () => answers[Math.min(asked++, answers.length - 1)]!);
  // At the beginning, and with each of the evaluations on the way.
  expect(asked).toBeGreaterThan(4);
  expect(create.mock.calls.map(([, , options]) => options!.threads)).toEqual([2]);
  expect(recompile.mock.calls.map(([, options]) => options!.threads)).toEqual([1, 2]);
  expect(weights).toBe(await weightsOf('fixed', 2));
  expect(recompile).toHaveBeenCalledTimes(2);
}, 120_000);
