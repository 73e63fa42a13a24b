import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { loadPredictor, trainModel, type TrainProgress } from '@/models/node';
import { BCCD_CLASSES, bccdSplit, testDataFolder } from '@/models/testing/bccd';
import { defineBench } from '../define';

export default defineBench({
  name: 'engine/detector',
  async run(ctx) {
    const folder = testDataFolder('detection/bccd');
    if (!folder) {
      ctx.log('bccd is not on this machine: set FIELDMARK_TEST_DATA.');
      return [];
    }
    await mkdir(ctx.tempDir, { recursive: true });
    const [train, val] = await Promise.all([bccdSplit(folder, 'train'), bccdSplit(folder, 'val')]);
    const outDir = path.join(ctx.tempDir, 'model');
    const reports: TrainProgress[] = [];
    const { metrics, seconds } = await trainModel(
      { train, val, classes: BCCD_CLASSES }, { task: 'detect', outDir, checkpointDir: path.join(ctx.tempDir, 'checkpoint'), minutes: 2, threads: 2 }, { onProgress: (p) => reports.push(p) },
    );
    const steady = reports.filter(({ phase, step }) => phase === 'training' && step > 40);
    const mean = (of: (p: TrainProgress) => number) => steady.reduce((sum, p) => sum + of(p), 0) / steady.length;
    const predictor = await loadPredictor(outDir, { threads: 2 });
    const images = val.slice(0, 40).map(({ image }) => image);
    const { median } = await ctx.time(() => predictor.predict(images), { runs: 3 });
    await predictor.dispose();
    return [
      { metric: 'training on bccd, 320×256, batch 8, 2 threads', value: mean((p) => p.imagesPerSecond), unit: 'images/s' },
      { metric: 'share of the time that a step waits for its images', value: 100 * mean((p) => p.dataWait), unit: '%' },
      { metric: 'mAP50 on val after 2 minutes', value: metrics!.values.mAP50!, unit: '' },
      { metric: 'wall time of minutes: 2', value: seconds, unit: 's', reference: 120 },
      { metric: 'prediction, decoding included', value: median / images.length, unit: 'ms/image' },
    ];
  },
});
