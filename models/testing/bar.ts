/** For tests: trains on real data for so many minutes, in a folder of its own, and measures the stored model on the test images. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { evaluateModel, loadPredictor, trainModel } from '../node';
import { type Example, type TaskClass, type TaskMetrics } from '../tasks/types';
import { type TrainOptions } from '../training/types';

export interface Bar {
  name: string;
  train: readonly Example[];
  val: readonly Example[];
  test: readonly Example[];
  classes: readonly TaskClass[];
  options: Omit<TrainOptions, 'outDir' | 'checkpointDir' | 'threads'> & { threads?: number };
}

/** Figures on the test images, and the minutes that training took. One line a person can read goes to the console. */
export async function trainAndMeasure({ name, train, val, test, classes, options }: Bar): Promise<{ metrics: TaskMetrics; minutes: number }> {
  const out = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-bar-'));
  try {
    const began = performance.now();
    const { steps, epochs } = await trainModel({ train, val, classes }, { ...options, outDir: path.join(out, 'model'), checkpointDir: path.join(out, 'checkpoint') }, {
      onNote: (note) => console.log(`${name}: ${note}`),
      onEvaluation: ({ step, values }) => console.log(`${name} val at step ${step}: ${figures(values)}`),
    });
    const minutes = (performance.now() - began) / 60_000;
    const predictor = await loadPredictor(path.join(out, 'model'), { threads: options.threads });
    const metrics = await evaluateModel(predictor, test).finally(() => predictor.dispose());
    console.log(`${name} test: ${figures(metrics.values)}; ${steps} steps, ${epochs.toFixed(1)} epochs, ${minutes.toFixed(1)} minutes`);
    return { metrics, minutes };
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

const figures = (values: TaskMetrics['values']): string => Object.entries(values).map(([key, value]) => `${key} ${value === null ? '–' : value.toFixed(4)}`).join(', ');
