import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateModel, loadPredictor, trainModel } from '../node';
import { BCCD_CLASSES, bccdSplit, testDataFolder } from '../testing/bccd';

const folder = testDataFolder('detection/bccd');
if (!folder) console.log('bccd is not on this machine (set FIELDMARK_TEST_DATA): the training bar is skipped.');

/** What the product promises of its detector on this set (COCO definition, score ≥ 0.001, at most 100 per image). */
const BAR = 0.82;
const MINUTES = 20;

describe.skipIf(!folder)('a detector of blood cells', () => {
  it(`reaches mAP50 ${BAR} on the test split within ${MINUTES} minutes on two cores`, async () => {
    const out = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-bccd-'));
    try {
      const [train, val, test] = await Promise.all([bccdSplit(folder!, 'train'), bccdSplit(folder!, 'val'), bccdSplit(folder!, 'test')]);
      expect([train.length, val.length, test.length]).toEqual([205, 87, 72]);
      const began = performance.now();
      const { steps, epochs, metrics } = await trainModel(
        { train, val, classes: BCCD_CLASSES },
        { task: 'detect', outDir: path.join(out, 'model'), checkpointDir: path.join(out, 'checkpoint'), minutes: MINUTES, threads: 2 },
      );
      const minutes = (performance.now() - began) / 60_000;
      const predictor = await loadPredictor(path.join(out, 'model'), { threads: 2 });
      const withArea = test.map((example) => ({ ...example, labels: example.labels.filter((label) => label.kind === 'box' && label.x1 > label.x0 && label.y1 > label.y0) }));
      const { values, byClass } = await evaluateModel(predictor, withArea).finally(() => predictor.dispose());
      const mAP50 = values.mAP50!;
      console.log(
        `bccd test: mAP50 ${mAP50.toFixed(4)}, mAP ${values.mAP!.toFixed(4)} (${Object.entries(byClass.ap50!).map(([id, ap50]) => `${id} ${ap50?.toFixed(3)}`).join(', ')}); `
        + `val mAP50 ${metrics?.values.mAP50?.toFixed(4)}; ${steps} steps, ${epochs.toFixed(1)} epochs, ${minutes.toFixed(1)} minutes`,
      );
      expect(minutes).toBeLessThan(MINUTES);
      expect(mAP50).toBeGreaterThanOrEqual(BAR);
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  });
});
