import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { maskIou } from '@/lib/core/masks';
import { evaluateModel, loadPredictor, trainModel } from '../../node';
import { drawnMasks } from '../../testing/drawnMasks';
import { SHAPE_CLASSES } from '../../testing/shapes';
import { type MaskLabel } from '../types';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-segment-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('trains from drawn masks, stores the model, and proposes masks in the pixels of images of any size', async () => {
  const [train, val] = [await drawnMasks(16, 1), await drawnMasks(4, 2)];
  const notes: string[] = [];
  const { metrics, card } = await trainModel(
    { train, val, classes: SHAPE_CLASSES },
    { task: 'segment', outDir: path.join(folder, 'model'), checkpointDir: path.join(folder, 'checkpoint'), epochs: 25, batch: 4, inputSize: { width: 96, height: 96 }, taskOptions: { instances: ['square'] } },
    { onNote: (note) => notes.push(note) },
  );
  expect(notes).toContain('What no mask covers is learned as background.');
  expect(card.head).toMatchObject({ background: true, outputStride: 2, instances: ['square'] });
  expect(metrics!.values.mIoU).toBeGreaterThan(0.5);

  const predictor = await loadPredictor(path.join(folder, 'model'));
  try {
    for (const viewing of ['once', 'flip', 'ten-crop'] as const) expect((await evaluateModel(predictor, val, { viewing })).values.mIoU).toBeGreaterThan(0.5);
    // Twice as large, and not square: the masks are where the objects are.
    const fresh = await drawnMasks(4, 5, { width: 192, height: 120 });
    const found = await predictor.predict(fresh.map(({ image }) => image));
    const masks = (labels: readonly { kind: string }[]) => labels.filter((label): label is MaskLabel => label.kind === 'mask');
    let best = 0;
    found.forEach(({ width, height, labels }, i) => {
      expect([width, height]).toEqual([192, 120]);
      for (const { classId, mask } of masks(labels)) {
        expect(mask.x >= 0 && mask.y >= 0 && mask.x + mask.width <= 192 && mask.y + mask.height <= 120).toBe(true);
        for (const truth of masks(fresh[i]!.labels)) if (truth.classId === classId) best = Math.max(best, maskIou(mask, truth.mask));
      }
    });
    expect(best).toBeGreaterThan(0.5);
  } finally {
    await predictor.dispose();
  }
}, 120_000);
