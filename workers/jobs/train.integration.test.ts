import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { classPalette, type LabelSchema } from '@/lib/core/labels';
import { OPERATION_VERSION } from '@/lib/core/ops';
import { startRequestedDemo } from '@/lib/server/services/demo';
import { setSetting } from '@/lib/server/db/installation';
import * as imports from '@/lib/server/routes/imports';
import { itemHandlers } from '@/lib/server/routes/items';
import * as rounds from '@/lib/server/routes/rounds';
import * as viewingRoutes from '@/lib/server/routes/viewings';
import { applyOperations, ensureDocument, readDocument } from '@/lib/server/services/documents';
import { installation, type Installation } from './testing/installation';
import { pngWithBoxes, vocXml } from './testing/pictures';

// Each step is a job in a process of its own; on a busy machine that takes seconds.
vi.setConfig({ testTimeout: 180_000 });

let at: Installation;
beforeAll(async () => {
  at = await installation();
}, 120_000);
afterAll(async () => {
  await at.close();
});

const block = uuidv7();
const schema: LabelSchema = { classes: [{ id: block, index: 0, name: 'block', color: classPalette[0], hotkey: null, kind: 'box', description: '', skeleton: null, attributes: [] }] };
const options = { task: 'detect' as const, backbone: 'default', start: 'default', depth: 'auto' as const, minutes: null, epochs: 2, inputSize: 64, batch: 4, anchors: 2, learningRate: null, optimizer: 'adamw' as const, schedule: 'cosine' as const, seed: 1, augmentation: {} };
const train = (project: string, version: string | null = null, more: Partial<typeof options> = {}) => rounds.train({ params: { project }, query: undefined, body: { version, name: '', options: { ...options, ...more } } }, at.ctx);

async function project(name: string, done: number, open: number): Promise<string> {
  const id = await at.project(name, schema);
  const picture = async (i: number): Promise<[string, Uint8Array][]> => {
    const x = (i * 17) % 70;
    const y = (i * 29) % 50;
    const bytes = await pngWithBoxes(128, 96, [{ x0: x, y0: y, x1: x + 40, y1: y + 30, value: 180 + (i % 60) }]);
    const split = i % 6 === 5 ? 'test' : i % 6 === 4 ? 'val' : 'train';
    const path = `${split}/p${i}.png`;
    return [[path, bytes], [path.replace('.png', '.xml'), vocXml(`p${i}.png`, [128, 96], [{ name: 'block', box: [x, y, x + 40, y + 30] }])]];
  };
  const labelled = (await Promise.all(Array.from({ length: done }, (_, i) => picture(i)))).flat();
  await at.importFiles(id, labelled, { markDone: true });
  if (open > 0) await at.importFiles(id, (await Promise.all(Array.from({ length: open }, (_, i) => picture(100 + i)))).map(([image]) => image!));
  return id;
}

/** Waits until a training has done a few steps. */
async function running(job: string): Promise<void> {
  for (let n = 0; n < 600; n++) {
    const row = await at.db.job.findUniqueOrThrow({ where: { id: job } });
    if (row.state === 'failed') throw new Error(row.error ?? 'failed');
    if (((row.data as { step?: number }).step ?? 0) > 3) return;
    await wait(100);
  }
  throw new Error('The training did not begin.');
}

describe('a round', () => {
  it('trains, keeps the model with its figures and curves, proposes, and proposes again without asking twice', async () => {
    const id = await project('Round', 18, 3);
    const { job, version } = await train(id);
    await at.finished(job, { timeoutMs: 180_000 });
    const { items: models } = await rounds.models({ params: { project: id }, query: { limit: 10, trash: false }, body: undefined }, at.ctx);
    expect(models).toHaveLength(1);
    const model = models[0]!;
    expect(model).toMatchObject({ number: 1, name: 'Model 1', task: 'detect', job, datasetVersion: version, datasetNumber: 1, current: true });
    for (const name of ['val.mAP50', 'val.mAP', 'test.mAP50', 'test.mAP']) expect(model.metrics[name]).toBeGreaterThanOrEqual(0);
    expect([model.metrics['val.images'], model.metrics['test.images']]).toEqual([3, 3]);
    expect(model.perClass).toEqual([expect.objectContaining({ classId: block, name: 'block', values: expect.objectContaining({ groundTruth: 3 }) as unknown })]);
    expect(model.parameters).toBeGreaterThan(1000);
    for (const file of ['model.json', 'weights.bin', 'card.json'] as const) {
      const response = await rounds.modelFile({ params: { id: model.id, file }, query: undefined, body: undefined }, at.ctx);
      expect((await response.arrayBuffer()).byteLength).toBe(Number(response.headers.get('content-length')));
    }
    const { points } = await rounds.jobSeries({ params: { id: job }, query: { after: 0 }, body: undefined }, at.ctx);
    expect(points.map((p) => p.n)).toEqual(points.map((_, i) => i + 1));
    expect(new Set(points.map((p) => p.name))).toContain('val.mAP50');
    expect(await rounds.version({ params: { id: version }, query: undefined, body: undefined }, at.ctx)).toMatchObject({ state: 'ready', items: 18, splits: { train: 12, val: 3, test: 3 } });

    const prelabel = async () => {
      const started = await rounds.prelabel({ params: { project: id }, query: undefined, body: { model: null, scope: { kind: 'open' }, minScore: 0.001, nmsIou: 0.5, maxPerImage: 10, viewing: 'once', vote: [] } }, at.ctx);
      return (await at.finished(started.job)).data as { items: number; proposals: number; batch: string };
    };
    const first = await prelabel();
    expect(first.items).toBe(3);
    expect(first.proposals).toBeGreaterThan(0);
    const open = await at.db.item.findMany({ where: { projectId: id, status: 'open' }, include: { documents: true } });
    expect(open.reduce((n, i) => n + i.proposalCount, 0)).toBe(first.proposals);
    expect(await at.db.item.count({ where: { projectId: id, status: 'done', documents: { some: { authorKind: 'model' } } } })).toBe(0);
    expect(await at.db.batch.findUniqueOrThrow({ where: { id: first.batch } })).toMatchObject({ kind: 'prelabel', annotations: first.proposals });

    // A person rejects one; the same model, run again, changes nothing and asks nothing again.
    const item = open.find((i) => i.proposalCount > 0)!;
    const modelDocument = item.documents.find((d) => d.authorKind === 'model')!;
    const before = await readDocument(at.db, modelDocument.id);
    expect(before.annotations.every((a) => a.score !== null && a.classId === block && a.geometry.kind === 'box')).toBe(true);
    const team = await ensureDocument(at.db, { itemId: item.id, authorKind: 'team', authorId: null });
    const rejected = before.annotations[0]!;
    await applyOperations(at.db, { documentId: team.id, userId: at.who.userId, by: 'person', operations: [{ id: uuidv7(), v: OPERATION_VERSION, type: 'reject', document: team.id, base: 0, tool: 'review', at: new Date().toISOString(), activeMs: 5, undoes: null, batch: null, changes: [{ kind: 'decide', proposal: rejected.id, before: null, after: 'rejected', threshold: 0.5 }] }] });
    const second = await prelabel();
    expect(second.proposals).toBe(first.proposals);
    expect((await readDocument(at.db, modelDocument.id)).annotations).toEqual(before.annotations);
    expect((await at.db.item.findUniqueOrThrow({ where: { id: item.id } })).proposalCount).toBe(item.proposalCount - 1);
    expect((await rounds.proposalStats({ params: { project: id }, query: undefined, body: undefined }, at.ctx)).rows).toEqual([{ model: model.id, modelNumber: 1, classId: block, proposed: first.proposals, accepted: 0, corrected: 0, reclassed: 0, rejected: 1 }]);

    // Taken back: no proposal is left.
    const { job: revert } = await imports.revertBatch({ params: { id: first.batch }, query: undefined, body: undefined }, at.ctx);
    await at.finished(revert);
    expect(await at.db.item.aggregate({ where: { projectId: id }, _sum: { proposalCount: true } })).toEqual({ _sum: { proposalCount: 0 } });

    // Erased: files, documents and rows of the model.
    await rounds.trashModel({ params: { id: model.id }, query: undefined, body: undefined }, at.ctx);
    expect((await at.db.project.findUniqueOrThrow({ where: { id } })).currentModelId).toBeNull();
    const { job: erase } = await rounds.eraseModel({ params: { id: model.id }, query: undefined, body: undefined }, at.ctx);
    await at.finished(erase);
    expect(await at.keys(`models/${model.id}/`)).toEqual([]);
    expect(await at.db.document.count({ where: { authorKind: 'model', authorId: model.id } })).toBe(0);
  }, 400_000);

  it('measures what looking more often and voting gain and cost, on images that were not learned from', async () => {
    const id = await project('Looking', 12, 0);
    const { job: first, version } = await train(id);
    await at.finished(first, { timeoutMs: 180_000 });
    const { job: second } = await train(id, version, { seed: 2 });
    await at.finished(second, { timeoutMs: 180_000 });
    const { items: [b, a] } = await rounds.models({ params: { project: id }, query: { limit: 10, trash: false }, body: undefined }, at.ctx);
    const read = async () => (await viewingRoutes.modelViewings({ params: { id: a!.id }, query: undefined, body: undefined }, at.ctx)).report;
    const measure = async (viewings: ('once' | 'flip' | 'ten-crop')[], vote: string[] = []) => {
      const { job } = await viewingRoutes.measureViewings({ params: { id: a!.id }, query: undefined, body: { viewings, vote } }, at.ctx);
      return (await at.finished(job)).data;
    };
    expect(await read()).toBeNull();
    expect(await measure(['flip', 'ten-crop'])).toMatchObject({ summary: '3 ways of looking measured on 2 test images' });
    const report = (await read())!;
    expect(report).toMatchObject({ version, versionNumber: 1, split: 'test', images: 2 });
    expect(report.rows.map((r) => [r.viewing, r.vote])).toEqual([['once', []], ['flip', []], ['ten-crop', []]]);
    // A single look is what was measured after training.
    expect(report.rows[0]!.values.mAP50).toBeCloseTo(a!.metrics['test.mAP50']!, 9);
    expect(report.rows[0]!.times).toBe(1);
    for (const r of report.rows) expect(r.milliseconds).toBeGreaterThan(0);

    await measure(['flip'], [b!.id]);
    expect((await read())!.rows.map((r) => [r.viewing, r.vote])).toEqual([['flip', []], ['ten-crop', []], ['once', []], ['flip', [b!.id]]]);
    await expect(viewingRoutes.measureViewings({ params: { id: a!.id }, query: undefined, body: { viewings: ['once'], vote: [uuidv7()] } }, at.ctx)).rejects.toThrow(/model/);
  }, 400_000);

  it('says what is missing before it begins', async () => {
    const id = await at.project('Too little', schema);
    await expect(train(id)).rejects.toThrow(/No item of this project is done/);
    await at.importFiles(id, [['train/p1.png', await pngWithBoxes(64, 64, [])], ['train/p1.xml', vocXml('p1.png', [64, 64], [])]], { markDone: true });
    const { job } = await train(id);
    expect((await at.finished(job, { state: 'failed' })).error).toMatch(/at least 2 done images/);
  }, 60_000);

  it('is cancelled within seconds, and goes on after its process is killed', async () => {
    const id = await project('Cancel and kill', 12, 0);
    const long = await train(id, null, { epochs: 10_000 });
    await running(long.job);
    const asked = Date.now();
    await rounds.cancelJob({ params: { id: long.job }, query: undefined, body: undefined }, at.ctx);
    await at.finished(long.job, { state: 'cancelled', timeoutMs: 20_000 });
    console.info(`Cancelled after ${Date.now() - asked} ms`);
    expect(await at.db.modelVersion.count({ where: { projectId: id } })).toBe(0);

    const again = await train(id, long.version, { epochs: 6 });
    await running(again.job);
    at.worker().kill('SIGKILL');
    await at.startWorker();
    const job = await at.finished(again.job, { timeoutMs: 120_000 });
    expect(job.attempt).toBeGreaterThan(1);
    expect(await at.db.modelVersion.count({ where: { projectId: id, jobId: again.job } })).toBe(1);
    const { points } = await rounds.jobSeries({ params: { id: again.job }, query: { after: 0 }, body: undefined }, at.ctx);
    const losses = points.filter((p) => p.name === 'loss').map((p) => p.step);
    expect([...losses].sort((a, b) => a - b)).toEqual(losses);
  }, 300_000);

  it('goes on on another machine from the checkpoint in the store, and leaves none there', async () => {
    const id = await project('Elsewhere', 12, 0);
    const { job } = await train(id, null, { epochs: 60 });
    await running(job);
    const worker = at.worker();
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.kill('SIGTERM');
    await ended;
    expect(await at.keys(`checkpoints/${job}/`)).not.toEqual([]);
    // The other machine shares the objects, not the rest of the data folder.
    await rm(path.join(at.folder, 'jobs'), { recursive: true });
    // A run that was killed after it was given up leaves one behind, too.
    await at.store.put(`checkpoints/${uuidv7()}/detector.ckpt`, new Uint8Array(3));
    await at.startWorker();
    await at.finished(job, { timeoutMs: 120_000 });
    const model = await at.db.modelVersion.findUniqueOrThrow({ where: { jobId: job } });
    expect((model.options as { notes: string[] }).notes.join('\n')).toMatch(/Going on from step [1-9]/);
    expect(await at.keys('checkpoints/')).toEqual([]);
  }, 300_000);

  it('leaves out what was erased since the version was frozen, and says so', async () => {
    const id = await project('Erased', 12, 0);
    const { id: version, job: freezing } = await rounds.createVersion({ params: { project: id }, query: undefined, body: { name: '', notes: '' } }, at.ctx);
    await at.finished(freezing!);
    const gone = await at.db.item.findFirstOrThrow({ where: { projectId: id, split: 'train' } });
    await itemHandlers.trashItems({ params: { project: id }, query: undefined, body: { items: [gone.id] } }, at.ctx);
    const { job: erasing } = await itemHandlers.eraseItems({ params: { project: id }, query: undefined, body: { items: [gone.id] } }, at.ctx);
    await at.finished(erasing);
    const { job } = await train(id, version, { epochs: 1 });
    await at.finished(job);
    const model = await at.db.modelVersion.findUniqueOrThrow({ where: { jobId: job } });
    expect((model.options as { notes: string[] }).notes.join('\n')).toMatch(/erased since: 1 image/);

    // Weights from an address inside the network are not fetched, and what may be a key in it is not shown.
    const { job: inside } = await train(id, version, { start: 'http://127.0.0.1:9/model.json?key=secret' });
    const { error } = await at.finished(inside, { state: 'failed' });
    expect(error).toMatch(/127\.0\.0\.1 is an address of this machine/);
    expect(error).not.toContain('secret');
  }, 300_000);
});

it('the demo is drawn once, partly labelled, with the truth beside it', async () => {
  await setSetting(at.db, 'demo.requested', true);
  const [job, second] = await Promise.all([startRequestedDemo(at.db), startRequestedDemo(at.db)]);
  expect([job, second].filter(Boolean)).toHaveLength(1);
  const done = await at.finished((job ?? second)!, { timeoutMs: 240_000 });
  const { project: id } = done.data as { project: string };
  const items = await at.db.item.findMany({ where: { projectId: id }, include: { documents: true } });
  expect(items).toHaveLength(48);
  const labelled = items.filter((i) => i.status === 'done');
  expect(labelled.length).toBeGreaterThanOrEqual(26);
  expect(labelled.every((i) => i.split !== null && i.annotationCount > 0)).toBe(true);
  expect(items.filter((i) => i.status === 'open').every((i) => i.annotationCount === 0)).toBe(true);
  expect(items.every((i) => i.documents.some((d) => d.authorKind === 'truth' && d.annotationCount > 0))).toBe(true);
  expect(await at.db.project.findUniqueOrThrow({ where: { id } })).toMatchObject({ name: 'Demo: cells', demo: true, itemCount: 48, doneCount: labelled.length, guideVersion: 1 });
  const kinds = await at.db.annotation.groupBy({ by: ['kind'], where: { projectId: id }, _count: true });
  expect(kinds.map((k) => k.kind).sort()).toEqual(['box', 'landmarks', 'mask']);

  const row = await rounds.compare({ params: { project: id }, query: undefined, body: { a: { kind: 'truth', id: null }, b: { kind: 'team', id: null }, iou: 0.5, minScore: 0.5, doneOnly: true, split: null } }, at.ctx);
  await at.finished(row.job!);
  const report = await rounds.qualityReport({ params: { id: row.id }, query: undefined, body: undefined }, at.ctx);
  expect(report.items).toBe(labelled.length);
  expect(report.overall!.f1).toBeGreaterThan(0.9);
  expect(report.overall!.f1).toBeLessThan(1);
}, 300_000);
