import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { unzipSync } from 'fflate';
import { readManifest } from '@/lib/core/formats';
import { anchorCurve } from '@/lib/core/anchors';
import { classPalette, type AnnotationFields, type LabelSchema } from '@/lib/core/labels';
import { OPERATION_VERSION } from '@/lib/core/ops';
import * as imports from '@/lib/server/routes/imports';
import * as rounds from '@/lib/server/routes/rounds';
import { recountProject } from '@/lib/server/repositories/counts';
import { insertModel } from '@/lib/server/repositories/models';
import { applyOperations, ensureDocument, readDocument } from '@/lib/server/services/documents';
import * as items from '@/lib/server/services/items';
import * as projects from '@/lib/server/services/projects';
import { installation, type Installation } from './testing/installation';
import { jpeg, vocXml, type VocBox } from './testing/pictures';

// Each step is a job in a process of its own; on a busy machine that takes seconds.
vi.setConfig({ testTimeout: 180_000 });

let at: Installation;
beforeAll(async () => {
  at = await installation();
}, 120_000);
afterAll(async () => {
  await at.close();
});

const [red, white] = [uuidv7(), uuidv7()];
const schema: LabelSchema = {
  classes: [
    { id: white, index: 0, name: 'white', color: classPalette[1], hotkey: null, kind: 'box', description: '', skeleton: null, attributes: [] },
    { id: red, index: 1, name: 'red', color: classPalette[0], hotkey: null, kind: 'box', description: '', skeleton: null, attributes: [] },
  ],
};
const labels: Record<string, VocBox[]> = {
  'a.jpg': [{ name: 'red', box: [0, 0, 10, 10] }, { name: 'white', box: [20, 0, 40, 20] }],
  'b.jpg': [{ name: 'red', box: [5, 5, 25, 25] }],
  'c.jpg': [],
  'd.jpg': [{ name: 'red', box: [1, 1, 11, 21] }, { name: 'red', box: [30, 1, 50, 41] }],
};
async function project(name: string): Promise<string> {
  const id = await at.project(name, schema);
  const files: [string, Uint8Array][] = [];
  for (const [i, [path, boxes]] of Object.entries(labels).entries()) files.push([path, await jpeg(i + 1)], [path.replace('.jpg', '.xml'), vocXml(path, [64, 48], boxes)]);
  await at.importFiles(id, files, { markDone: true });
  return id;
}
const fields = (classId: string, box: [number, number, number, number], score: number | null = null): AnnotationFields => ({
  classId, geometry: { kind: 'box', v: 1, x0: box[0], y0: box[1], x1: box[2], y1: box[3] }, attributes: {}, truncated: false, occluded: false, difficult: false, crowd: false, group: null, track: null, at: null, score, origin: null,
});
async function draw(itemId: string, authorKind: 'person' | 'model' | 'team', authorId: string | null, list: AnnotationFields[], batch: string | null = null) {
  const document = await ensureDocument(at.db, { itemId, authorKind, authorId });
  if (list.length > 0) {
    const { results } = await applyOperations(at.db, { documentId: document.id, userId: at.who.userId, operations: [{ id: uuidv7(), v: OPERATION_VERSION, type: 'draw', document: document.id, base: 0, tool: 'box', at: new Date().toISOString(), activeMs: 0, undoes: null, batch, changes: list.map((after) => ({ kind: 'create', annotation: uuidv7(), after })) }] });
    expect(results.map((r) => [r.outcome, r.reason])).toEqual([['applied', null]]);
  }
  return document.id;
}
const itemsOf = (projectId: string) => at.db.item.findMany({ where: { projectId }, orderBy: { path: 'asc' } });
const freeze = async (projectId: string) => {
  const row = await rounds.createVersion({ params: { project: projectId }, query: undefined, body: { name: '', notes: '' } }, at.ctx);
  expect((await at.finished(row.job!)).data).toMatchObject({ summary: expect.stringMatching(/^\d+ items? with \d+ labels?$/) as string });
  return rounds.version({ params: { id: row.id }, query: undefined, body: undefined }, at.ctx);
};
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

describe('a dataset version', () => {
  it('is the same twice, and is named by its content', async () => {
    const id = await project('Freeze');
    const first = await freeze(id);
    const second = await freeze(id);
    expect(first).toMatchObject({ number: 1, state: 'ready', items: 4, annotations: 5 });
    expect(second).toMatchObject({ number: 2, manifest: first.manifest });
    expect(first.classes.map((c) => [c.name, c.index, c.annotations])).toEqual([['white', 0, 1], ['red', 1, 4]]);
    const bytes = await bytesOf(await rounds.manifest({ params: { id: first.id }, query: undefined, body: undefined }, at.ctx));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(first.manifest);
    const { items: lines } = await readManifest(Readable.from([bytes]));
    const read = [];
    for await (const line of lines) read.push(line);
    expect(read.map((l) => [l.path, l.annotations.length])).toEqual([['a.jpg', 2], ['b.jpg', 1], ['c.jpg', 0], ['d.jpg', 2]]);
    expect(first.splits).toEqual({ train: read.filter((l) => l.split === 'train').length, val: read.filter((l) => l.split === 'val').length, test: read.filter((l) => l.split === 'test').length });

    const [a] = await itemsOf(id);
    await draw(a!.id, 'team', null, [fields(red, [50, 40, 60, 47])]);
    expect((await freeze(id)).manifest).not.toBe(first.manifest);
    const empty = await at.project('Nothing done', schema);
    await expect(rounds.createVersion({ params: { project: empty }, query: undefined, body: { name: '', notes: '' } }, at.ctx)).rejects.toThrow(/No item of this project is done/);
  });

  it('is exported byte for byte alike, and reads back as it was', async () => {
    const id = await project('Export');
    const version = await freeze(id);
    const run = async (format: string, images: boolean) => {
      const row = await rounds.createExport({ params: { id: version.id }, query: undefined, body: { format, images } }, at.ctx);
      // The list of jobs shows it.
      expect((await at.finished(row.job!)).data).toMatchObject({ summary: expect.stringMatching(/^5 labels on 4 items, in \d+ files$/) as string });
      const ready = await rounds.exportOne({ params: { id: row.id }, query: undefined, body: undefined }, at.ctx);
      const bytes = await bytesOf(await rounds.downloadExport({ params: { id: row.id }, query: undefined, body: undefined }, at.ctx));
      expect([ready.state, ready.bytes, ready.sha256]).toEqual(['ready', bytes.length, createHash('sha256').update(bytes).digest('hex')]);
      return bytes;
    };
    for (const format of ['coco', 'yolo']) {
      const first = await run(format, true);
      expect(Buffer.compare(first, await run(format, true))).toBe(0);
      const files = unzipSync(first);
      expect(Object.keys(files).filter((f) => f.endsWith('.jpg'))).toHaveLength(4);

      const again = await at.project(`Again ${format}`, schema);
      await at.importArchive(again, 'export.zip', first);
      const summary = async (projectId: string) => {
        const rows = await at.db.annotation.findMany({ where: { projectId, deletedAt: null }, include: { document: { include: { item: true } } } });
        return rows.map((r) => [r.document.item.path.split('/').at(-1), r.classId, Math.round(r.x0 * 100), Math.round(r.y0 * 100), Math.round(r.x1 * 100), Math.round(r.y1 * 100)].join()).sort();
      };
      expect(await summary(again)).toEqual(await summary(id));
      expect((await at.db.item.findMany({ where: { projectId: again } })).map((i) => [i.path.split('/').at(-1), i.split]).sort()).toEqual((await itemsOf(id)).map((i) => [i.path, i.split]).sort());
    }
    expect((await rounds.exportLosses({ params: { id: version.id }, query: { format: 'yolo' }, body: undefined }, at.ctx)).losses).toEqual([]);
    await expect(rounds.createExport({ params: { id: version.id }, query: undefined, body: { format: 'nonsense', images: false } }, at.ctx)).rejects.toThrow(/There is no format "nonsense"/);
  }, 180_000);
});

it('anchors are those of the done boxes, and stale once a box changes', async () => {
  const id = await project('Anchors');
  const { job } = await rounds.computeAnchors({ params: { project: id }, query: undefined, body: { maxK: 3, seed: 1 } }, at.ctx);
  await at.finished(job);
  const answer = await rounds.anchors({ params: { project: id }, query: undefined, body: undefined }, at.ctx);
  expect(answer).toMatchObject({ stale: false, job: null, report: { boxes: 5, items: 3 } });
  const shapes = Object.values(labels).flat().map(({ box: [x0, y0, x1, y1] }) => ({ w: x1 - x0, h: y1 - y0 }));
  const expected = anchorCurve(shapes, 3, { seed: 1 });
  expect(answer.report!.curve.map((c) => c.meanBestIou)).toEqual(expected.map((c) => expect.closeTo(c.meanBestIou, 9)));
  const [a] = await itemsOf(id);
  await draw(a!.id, 'team', null, [fields(red, [50, 40, 60, 47])]);
  expect((await rounds.anchors({ params: { project: id }, query: undefined, body: undefined }, at.ctx)).stale).toBe(true);
});

it('quality agrees with a count by hand, and opens at the place', async () => {
  const id = await project('Quality');
  const [a, b, c, d] = await itemsOf(id);
  const other = at.who.userId;
  // a.jpg: one match (IoU 0.8), one of another class in the same place. b.jpg: moved, IoU 15·20/(400+400−300)=0.6 → match.
  await draw(a!.id, 'person', other, [fields(red, [0, 0, 8, 10]), fields(red, [20, 0, 40, 20])]);
  await draw(b!.id, 'person', other, [fields(red, [10, 5, 30, 25])]);
  // c.jpg: nothing in the team's, one extra. d.jpg: an empty document: both missing.
  await draw(c!.id, 'person', other, [fields(white, [2, 2, 12, 12])]);
  await draw(d!.id, 'person', other, []);
  const row = await rounds.compare({ params: { project: id }, query: undefined, body: { a: { kind: 'team', id: null }, b: { kind: 'person', id: other }, iou: 0.5, minScore: 0.5, doneOnly: true, split: null } }, at.ctx);
  await at.finished(row.job!);
  const report = await rounds.qualityReport({ params: { id: row.id }, query: undefined, body: undefined }, at.ctx);
  expect(report).toMatchObject({ state: 'ready', items: 4, a: { name: 'Team' }, b: { name: 'Ada' }, disagreements: 4 });
  // Reference: 5 boxes; b: 4 boxes; 2 matches. Precision 2/4, recall 2/5, F1 4/9.
  expect(report.overall).toMatchObject({ matches: 2, onlyA: 3, onlyB: 2, precision: 0.5, recall: 0.4, f1: expect.closeTo(4 / 9, 12), meanIou: expect.closeTo(0.7, 12) });
  expect(report.interval!.f1[0]).toBeLessThan(4 / 9);
  expect(report.interval!.f1[1]).toBeGreaterThan(4 / 9);
  expect(report.confusion).toContainEqual({ a: white, b: red, count: 1 });
  expect(report.perClass.map((p) => p.name)).toEqual(['white', 'red']);
  const { items: rows } = await rounds.disagreements({ params: { id: row.id }, query: { limit: 50 }, body: undefined }, at.ctx);
  expect(rows.map((r) => [r.n, r.path, r.kind])).toEqual([[1, 'd.jpg', 'missing'], [2, 'd.jpg', 'missing'], [3, 'c.jpg', 'extra'], [4, 'a.jpg', 'class']]);
  expect(rows[0]!.box).toEqual({ x0: 30, y0: 1, x1: 50, y1: 41 });
  expect((await rounds.disagreements({ params: { id: row.id }, query: { limit: 50, kind: 'class' }, body: undefined }, at.ctx)).items).toHaveLength(1);
  expect((await rounds.authors({ params: { project: id }, query: undefined, body: undefined }, at.ctx)).authors.map((x) => [x.kind, x.name, x.documents]).sort()).toEqual([['person', 'Ada', 4], ['team', 'Team', 4]]);
  // On items that are not done an empty document says nothing: d.jpg drops out.
  await items.changeStatus(at.db, { itemId: d!.id, userId: other, status: 'work', threshold: 1, rejectRest: false });
  const loose = await rounds.compare({ params: { project: id }, query: undefined, body: { a: { kind: 'team', id: null }, b: { kind: 'person', id: other }, iou: 0.5, minScore: 0.5, doneOnly: false, split: null } }, at.ctx);
  await at.finished(loose.job!);
  expect(await rounds.qualityReport({ params: { id: loose.id }, query: undefined, body: undefined }, at.ctx)).toMatchObject({ items: 3, overall: { matches: 2, onlyA: 1, onlyB: 2 } });
  await expect(rounds.compare({ params: { project: id }, query: undefined, body: { a: { kind: 'team', id: null }, b: { kind: 'team', id: null }, iou: 0.5, minScore: 0.5, doneOnly: true, split: null } }, at.ctx)).rejects.toThrow(/two different authors/);
});

it('a model is compared on the classes it knows', async () => {
  const id = await project('Quality of a model');
  const [a] = await itemsOf(id);
  const model = uuidv7();
  await insertModel(at.db, {
    id: model, projectId: id, name: 'Reds', task: 'detect', jobId: null, datasetVersionId: null, card: { classes: [{ id: red, name: 'red' }, { id: white, name: 'white', skip: true }] },
    metrics: {}, perClass: [], options: {}, objectPrefix: `models/${model}/`, bytes: 0n, parameters: 0, trainedSeconds: 0,
  });
  await draw(a!.id, 'model', model, [fields(red, [0, 0, 10, 10], 0.9)]);
  const row = await rounds.compare({ params: { project: id }, query: undefined, body: { a: { kind: 'team', id: null }, b: { kind: 'model', id: model }, iou: 0.5, minScore: 0.5, doneOnly: true, split: null } }, at.ctx);
  await at.finished(row.job!);
  // a.jpg also has a white box, of which the model never heard: no miss of it.
  expect(await rounds.qualityReport({ params: { id: row.id }, query: undefined, body: undefined }, at.ctx)).toMatchObject({ items: 1, overall: { matches: 1, onlyA: 0, onlyB: 0, f1: 1 } });
});

describe('an import taken back', () => {
  it('trashes the items that nobody touched and keeps the others, and can be imported again', async () => {
    const id = await project('Revert');
    const { items: batches } = await imports.batches({ params: { project: id }, query: { limit: 10 }, body: undefined }, at.ctx);
    const [a] = await itemsOf(id);
    const mine = await draw(a!.id, 'team', null, [fields(red, [50, 40, 60, 47])]);
    const { job } = await imports.revertBatch({ params: { id: batches[0]!.id }, query: undefined, body: undefined }, at.ctx);
    await at.finished(job);
    const after = await itemsOf(id);
    expect(after.map((i) => [i.path, i.deletedAt !== null])).toEqual([['a.jpg', false], ['b.jpg', true], ['c.jpg', true], ['d.jpg', true]]);
    expect((await readDocument(at.db, mine)).annotations.map((x) => x.geometry)).toEqual([{ kind: 'box', v: 1, x0: 50, y0: 40, x1: 60, y1: 47 }]);
    const p = await at.db.project.findUniqueOrThrow({ where: { id } });
    expect([p.itemCount, p.annotationCount]).toEqual([1, 1]);
    await expect(imports.revertBatch({ params: { id: batches[0]!.id }, query: undefined, body: undefined }, at.ctx)).rejects.toThrow(/already taken back/);

    const again = await at.importFiles(id, [['b.jpg', await jpeg(2)], ['b.xml', vocXml('b.jpg', [64, 48], labels['b.jpg']!)]]);
    const { items: report } = await imports.importEntries({ params: { id: again }, query: { limit: 50 }, body: undefined }, at.ctx);
    expect(report.map((e) => e.code)).toEqual(['imported', 'restored']);
    const b = (await itemsOf(id))[1]!;
    expect([b.deletedAt, b.annotationCount]).toEqual([null, 1]);
    const kept = await at.db.project.findUniqueOrThrow({ where: { id } });
    await recountProject(at.db, id);
    const counted = await at.db.project.findUniqueOrThrow({ where: { id } });
    expect([kept.itemCount, kept.openCount, kept.doneCount, kept.annotationCount]).toEqual([counted.itemCount, counted.openCount, counted.doneCount, counted.annotationCount]);
  });
});

describe('erasing for good', () => {
  it('removes items with bytes that nothing else shows, and keeps shared ones', async () => {
    const id = await project('Erase items');
    const shared = await at.project('Shares a picture');
    await at.importFiles(shared, [['a.jpg', await jpeg(1)], ['own.jpg', await jpeg(900)]]);
    const before = await at.keys('assets/');
    const own = await at.db.item.findFirstOrThrow({ where: { projectId: shared, path: 'own.jpg' } });
    const twin = await at.db.item.findFirstOrThrow({ where: { projectId: shared, path: 'a.jpg' } });
    await expect(items.erase(at.who, shared, [own.id])).rejects.toThrow(/not in the trash/);
    await items.setTrashed(at.who, shared, [own.id, twin.id], true);
    await at.finished((await items.erase(at.who, shared, [own.id, twin.id])).job);
    expect(await itemsOf(shared)).toEqual([]);
    expect(before.filter((k) => k.includes(own.hash))).toHaveLength(1);
    expect((await at.keys()).filter((k) => k.includes(own.hash))).toEqual([]);
    expect((await at.keys('assets/')).filter((k) => k.includes(twin.hash))).toHaveLength(1);
    expect((await itemsOf(id)).length).toBe(4);
  });

  it('removes a project whole: rows, log and objects', async () => {
    const id = await at.project('Gone', schema);
    await at.importFiles(id, [['x.jpg', await jpeg(777)], ['x.xml', vocXml('x.jpg', [64, 48], [{ name: 'red', box: [1, 1, 9, 9] }])]], { markDone: true });
    const version = await freeze(id);
    const exported = await rounds.createExport({ params: { id: version.id }, query: undefined, body: { format: 'coco', images: true } }, at.ctx);
    await at.finished(exported.job!);
    const { hash } = (await itemsOf(id))[0]!;
    await projects.trash(at.who, id);
    const { job } = await projects.erase(at.who, id, 'Gone');
    await at.finished(job);
    const keys = await at.keys();
    expect(keys.filter((k) => k.includes(hash) || k.includes(version.manifest!) || k.includes(exported.id))).toEqual([]);
    for (const count of [at.db.item.count({ where: { projectId: id } }), at.db.annotation.count({ where: { projectId: id } }), at.db.operation.count({ where: { document: { projectId: id } } }), at.db.export.count({ where: { projectId: id } }), at.db.job.count({ where: { projectId: id } }), at.db.asset.count({ where: { hash } }), at.db.project.count({ where: { id } })]) {
      expect(await count).toBe(0);
    }
  });
});
