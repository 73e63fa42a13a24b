import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { evaluateModel, loadPredictor, trainModel } from '../../node';
import { drawnFaces, FACE } from '../../testing/drawnMasks';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-landmarks-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('trains from drawn faces, stores the model, and finds the points in the pixels of images of any size, left and right kept apart', async () => {
  const [train, val] = [drawnFaces(48, 1), drawnFaces(12, 2)];
  const { metrics, card } = await trainModel(
    { train, val, classes: [FACE] },
    { task: 'landmarks', outDir: path.join(folder, 'model'), checkpointDir: path.join(folder, 'checkpoint'), epochs: 20, batch: 8, inputSize: { width: 64, height: 64 } },
  );
  expect(card.classes[0]).toMatchObject({ points: FACE.points, swaps: FACE.swaps });
  // Half the distance of the eyes is a quarter of the scale: with left and right mixed up the error would be there.
  expect(metrics!.values.nme).toBeLessThan(0.1);

  const predictor = await loadPredictor(path.join(folder, 'model'));
  try {
    const fresh = drawnFaces(12, 5, { width: 200, height: 150 });
    for (const viewing of ['once', 'flip', 'ten-crop'] as const) {
      const { values } = await evaluateModel(predictor, fresh, { viewing });
      expect(values.nme).toBeLessThan(0.12);
      expect(values.presence).toBeGreaterThan(0.7);
    }
  } finally {
    await predictor.dispose();
  }
}, 120_000);
