/** The real data sets as training sets: what is learned from them, and on which side it stands. No training. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { taskOf, type TaskName } from '@/models/node';
import { openDataset } from '../dataset';
import { Output } from '../output';
import type { Context, Environment } from '../program';
import { readTrainingSet, type TrainingSetOptions } from './trainingSet';

const data = process.env['FIELDMARK_TEST_DATA'] ?? path.resolve(import.meta.dirname, '../../../../shared/data');
const present = existsSync(data);
if (!present) console.log('fieldmark train: skipped on real data, none at FIELDMARK_TEST_DATA');

const nowhere = { write: () => undefined };
const environment: Environment = { env: {}, cwd: data, fetch, signal: new AbortController().signal, stdout: nowhere, stderr: nowhere, stderrIsTerminal: false };
const noServer = (): never => {
  throw new Error('no server is needed');
};
const ctx: Context = { environment, out: new Output(environment, true), pollMs: 1, client: noServer, anybody: noServer };

async function setOf(folder: string, task: TaskName, more: Partial<TrainingSetOptions> = {}) {
  const dataset = await openDataset(ctx, folder, { format: 'auto', vocFrame: 'labelimg' });
  try {
    const set = await readTrainingSet(ctx, dataset, taskOf(task), { seed: 1, crops: false, ...more });
    return { ...set, sizes: [set.train.length, set.val.length, set.test.length], names: set.classes.map((c) => c.name) };
  } finally {
    await dataset.close();
  }
}

describe.skipIf(!present)('real data', () => {
  it('bccd: its own splits, and crops on the side of their image', async () => {
    expect(await setOf('detection/bccd', 'detect')).toMatchObject({ sizes: [205, 87, 72], names: ['Platelets', 'RBC', 'WBC'] });
    const crops = await setOf('detection/bccd', 'classify', { crops: true, limit: 50 });
    expect([crops.train.length, crops.names]).toEqual([50, ['Platelets', 'RBC', 'WBC']]);
    expect(crops.val.length + crops.test.length).toBeGreaterThan(1500);
  }, 60_000);
  it('camvid: its own splits, eleven classes, pixels to leave out', async () => {
    const set = await setOf('segmentation/camvid', 'segment');
    expect([set.sizes, set.names.length]).toEqual([[367, 101, 233], 11]);
    expect(set.test.filter((e) => e.labels.some((l) => l.kind === 'ignore')).length).toBeGreaterThan(200);
  }, 60_000);
  it('nuclei: the 143 images from 0.8 on are the test', async () => {
    const set = await setOf('segmentation/dsb2018_nuclei', 'segment');
    expect([set.test.length, set.train.length + set.val.length]).toEqual([143, 521]);
    expect(set.val.length).toBeGreaterThan(40);
  }, 60_000);
  it('faces: 68 points with their partners, the test as it comes', async () => {
    const set = await setOf('landmarks/udacity_faces68', 'landmarks');
    expect([set.test.length, set.train.length + set.val.length, set.classes[0]!.points?.length, set.classes[0]!.swaps?.length]).toEqual([770, 3462, 68, 29]);
  }, 60_000);
  it('orl: two of each person to train on, eight to test on', async () => {
    expect((await setOf('faces/orl', 'classify', { perClass: 2 })).sizes).toEqual([80, 0, 320]);
  }, 60_000);
});
