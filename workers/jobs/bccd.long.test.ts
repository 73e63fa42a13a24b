import { afterAll, beforeAll, expect, it } from 'vitest';
import * as rounds from '@/lib/server/routes/rounds';
import { filesBelow, installation, testData, type Installation } from './testing/installation';

/** Minutes of training. The bar below is for 20 on 2 cores; fewer show only that the round goes round. */
const MINUTES = Number(process.env['FIELDMARK_TEST_TRAIN_MINUTES'] ?? 19);
const BAR = MINUTES >= 15 ? 0.6 : 0;

const bccd = testData('detection/bccd');
let at: Installation;
beforeAll(async () => {
  if (bccd) at = await installation();
});
afterAll(async () => {
  await at?.close();
});

it.skipIf(!bccd)('a detector trained on the train split of bccd reaches mAP50 0.60 on its test split, and proposes for it', async () => {
  const project = await at.project('BCCD');
  await at.importFiles(project, filesBelow(bccd!), { markDone: true });
  const anchors = await rounds.computeAnchors({ params: { project }, query: undefined, body: { maxK: 9, seed: 1 } }, at.ctx);
  await at.finished(anchors.job);
  const { report } = await rounds.anchors({ params: { project }, query: undefined, body: undefined }, at.ctx);
  expect(report).toMatchObject({ boxes: 4886, items: 364 });
  const curve = report!.curve.map((c) => c.meanBestIou);
  expect(curve).toHaveLength(9);
  curve.slice(1).forEach((value, i) => expect(value).toBeGreaterThanOrEqual(curve[i]! - 1e-9));
  console.info(`Mean best IoU for k = 1…9: ${curve.map((v) => v.toFixed(3)).join(' ')}`);

  const { job } = await rounds.train(
    { params: { project }, query: undefined, body: { version: null, name: '', options: { task: 'detect', backbone: 'default', start: 'default', depth: 'auto', minutes: MINUTES, epochs: null, inputSize: null, batch: null, anchors: 6, learningRate: null, optimizer: 'adamw', schedule: 'cosine', seed: 1, augmentation: {} } } },
    at.ctx,
  );
  await at.finished(job, { timeoutMs: (MINUTES + 15) * 60_000 });
  const { items: models } = await rounds.models({ params: { project }, query: { limit: 1, trash: false }, body: undefined }, at.ctx);
  const model = models[0]!;
  console.info(`After ${(model.trainedSeconds / 60).toFixed(1)} minutes: ${JSON.stringify(model.metrics)}; by class: ${model.perClass.map((c) => `${c.name} ${c.values.ap50?.toFixed(3)}`).join(', ')}`);
  expect(model.metrics['test.images']).toBe(72);
  expect(model.metrics['test.mAP50']).toBeGreaterThanOrEqual(BAR);

  const prelabel = await rounds.prelabel({ params: { project }, query: undefined, body: { model: null, scope: { kind: 'split', split: 'test' }, minScore: 0.05, nmsIou: 0.5, maxPerImage: 100, viewing: 'once', vote: [] } }, at.ctx);
  const done = await at.finished(prelabel.job, { timeoutMs: 600_000 });
  expect(done.data).toMatchObject({ items: 72 });
});
