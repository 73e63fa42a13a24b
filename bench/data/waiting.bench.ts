import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { trainModel, type TrainProgress } from '@/models/node';
import { BCCD_CLASSES, bccdSplit, testDataFolder } from '@/models/testing/bccd';
import { CAMVID_CLASSES, camvidSplit } from '@/models/testing/segmentation';
import type { TaskClass } from '@/models/tasks/types';
import { defineBench, type Row } from '../define';

/** Trainings of some fifty steps. */
const SETS = [
  { task: 'detect', name: 'bccd', folder: 'detection/bccd', classes: BCCD_CLASSES as TaskClass[], split: bccdSplit, epochs: 2 },
  { task: 'segment', name: 'camvid', folder: 'segmentation/camvid', classes: CAMVID_CLASSES, split: camvidSplit, epochs: 1 },
] as const;

/** Of the time that the steps behind `from` took, the share in which they waited for their batch. */
function waited(reports: readonly TrainProgress[], from: number): number {
  let [waiting, total] = [0, 0];
  reports.forEach(({ step, imagesPerSecond, dataWait }, i) => {
    if (step <= from) return;
    const time = (step - (reports[i - 1]?.step ?? 0)) / imagesPerSecond;
    waiting += dataWait * time;
    total += time;
  });
  return (100 * waiting) / total;
}

export default defineBench({
  name: 'data/waiting',
  async run(ctx) {
    const rows: Row[] = [];
    for (const { task, name, folder, classes, split, epochs } of SETS) {
      const data = testDataFolder(folder);
      if (!data) {
        ctx.log(`${name} is not on this machine: set FIELDMARK_TEST_DATA.`);
        continue;
      }
      const [train, val] = await Promise.all([split(data, 'train'), split(data, 'val')]);
      const outDir = path.join(ctx.tempDir, name);
      await mkdir(outDir, { recursive: true });
      const reports: TrainProgress[] = [];
      // All of the network learns, from augmented images; what the model is worth afterwards is not asked here.
      await trainModel({ train, val: val.slice(0, 4), classes }, { task, outDir, checkpointDir: `${outDir}-checkpoint`, epochs, threads: 2, depth: 'full' }, { onProgress: (p) => reports.push(p) });
      const steps = reports.filter(({ phase, imagesPerSecond }) => phase === 'training' && imagesPerSecond > 0);
      const last = steps.at(-1)?.step ?? 0;
      rows.push(
        { metric: `${name}, ${task}, 2 threads: share of the time that ${last} steps waited for their images, decoding them all`, value: waited(steps, 0), unit: '%' },
        { metric: `${name}, ${task}, 2 threads: the same behind the first ten steps`, value: waited(steps, 10), unit: '%' },
      );
    }
    return rows;
  },
});
