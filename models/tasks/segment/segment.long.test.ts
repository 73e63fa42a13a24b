import { describe, expect, it } from 'vitest';
import { trainAndMeasure } from '../../testing/bar';
import { testDataFolder } from '../../testing/bccd';
import { CAMVID_CLASSES, camvidSplit, nuclei, NUCLEI_CLASSES } from '../../testing/segmentation';

const camvid = testDataFolder('segmentation/camvid');
if (!camvid) console.log('camvid is not on this machine (set FIELDMARK_TEST_DATA): its training bar is skipped.');
const dsb = testDataFolder('segmentation/dsb2018_nuclei');
if (!dsb) console.log('dsb2018_nuclei is not on this machine (set FIELDMARK_TEST_DATA): its training bar is skipped.');

describe.skipIf(!camvid)('a segmenter of street scenes', () => {
  it('reaches a mean IoU of 0.45 over eleven classes within 30 minutes on two cores', async () => {
    const [train, val, test] = await Promise.all([camvidSplit(camvid!, 'train'), camvidSplit(camvid!, 'val'), camvidSplit(camvid!, 'test')]);
    expect([train.length, val.length, test.length]).toEqual([367, 101, 233]);
    const { metrics, minutes } = await trainAndMeasure({ name: 'camvid', train, val, test, classes: CAMVID_CLASSES, options: { task: 'segment', minutes: 30, threads: 2 } });
    expect(minutes).toBeLessThan(30);
    expect(Object.keys(metrics.byClass.iou!)).toHaveLength(11);
    expect(metrics.values.mIoU).toBeGreaterThanOrEqual(0.45);
  });
});

describe.skipIf(!dsb)('a segmenter of nuclei', () => {
  it('reaches a Dice of 0.87 within 20 minutes on two cores', async () => {
    const [train, val, test] = await Promise.all([nuclei(dsb!, 0, 0.75), nuclei(dsb!, 0.75, 0.8), nuclei(dsb!, 0.8, 1)]);
    expect(test).toHaveLength(143);
    const { metrics, minutes } = await trainAndMeasure({ name: 'nuclei', train, val, test, classes: NUCLEI_CLASSES, options: { task: 'segment', minutes: 20, threads: 2 } });
    expect(minutes).toBeLessThan(20);
    expect(metrics.values.dice).toBeGreaterThanOrEqual(0.87);
  });
});
