import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { splitOfHash } from '@/lib/core/labels';
import { invertOperation, type Change } from '@/lib/core/ops';
import { addItems, boxClass, drawBox, operationOf, schemaOf, startApi, type Person, type TestApi } from '@/lib/server/http/testing/api';
import { recountProject } from '@/lib/server/repositories/counts';
import { applyOperations, ensureDocument } from './documents';

let api: TestApi;
let labeler: Person;
let manager: Person;
let project: string;
const cell = boxClass('cell');
const debris = boxClass('debris');

beforeAll(async () => {
  api = await startApi();
  labeler = await api.person('labeler');
  manager = await api.person('manager');
});
afterAll(() => api.stop());
beforeEach(async () => {
  project = (await api.owner.api.createProject({ body: { name: uuidv7(), schema: schemaOf(cell, debris) } })).id;
});

const hashIn = (split: string): string => {
  for (let i = 0; ; i++) {
    const hash = createHash('sha256').update(`${split}${i}${Math.random()}`).digest('hex');
    if (splitOfHash(hash) === split) return hash;
  }
};
const counts = async () => (await labeler.api.project({ params: { project } })).counts;
const setStatus = (id: string, status: 'open' | 'work' | 'done', over: object = {}) => labeler.api.setStatus({ params: { id }, body: { status, ...over } });
async function drawOn(item: string, ...changes: Change[]) {
  const { team } = await labeler.api.itemDocuments({ params: { id: item } });
  return labeler.api.sendOperations({ params: { id: team.id }, body: { operations: [operationOf(team.id, changes)] } });
}

/** A model whose document of the item holds proposals of these scores, as the current one. */
async function propose(item: string, scores: number[]): Promise<{ model: string; proposals: string[] }> {
  const model = (await api.db.project.findUniqueOrThrow({ where: { id: project } })).currentModelId ?? uuidv7();
  await api.db.modelVersion.createMany({
    data: [{ id: model, projectId: project, number: 1, name: 'Model 1', task: 'detect', card: {}, metrics: {}, options: {}, objectPrefix: `models/${model}/`, bytes: 1n, parameters: 1, trainedSeconds: 1 }], skipDuplicates: true,
  });
  await api.db.project.update({ where: { id: project }, data: { currentModelId: model } });
  const document = await ensureDocument(api.db, { itemId: item, authorKind: 'model', authorId: model });
  const changes = scores.map((score) => {
    const c = drawBox(cell.id);
    c.after.score = score;
    return c;
  });
  await applyOperations(api.db, { documentId: document.id, operations: [operationOf(document.id, changes, { type: 'propose', batch: uuidv7() })], userId: null });
  return { model, proposals: changes.map((c) => c.annotation) };
}

describe('status', () => {
  it('goes to work with the first operation of a person, and by hand; counts follow', async () => {
    const [a, b] = (await addItems(api.db, project, ['a.png', 'b.png'])) as [string, string];
    await drawOn(a, drawBox(cell.id));
    expect(await counts()).toEqual({ items: 2, open: 1, work: 1, done: 0, annotations: 1 });
    expect(await setStatus(b, 'done')).toMatchObject({ status: 'done', doneBy: expect.stringContaining('labeler'), doneAt: expect.any(String) });
    expect(await counts()).toEqual({ items: 2, open: 1 - 1, work: 1, done: 1, annotations: 1 });
    expect(await setStatus(b, 'open')).toMatchObject({ status: 'open', doneBy: null, doneAt: null });
    await setStatus(b, 'open');
    expect(await counts()).toEqual({ items: 2, open: 1, work: 1, done: 0, annotations: 1 });
    // Drawing on what is done leaves it done; what was computed from its boxes is out of date.
    await setStatus(a, 'done');
    const before = await api.db.project.findUniqueOrThrow({ where: { id: project } });
    await drawOn(a, drawBox(cell.id));
    const after = await api.db.project.findUniqueOrThrow({ where: { id: project } });
    expect((await labeler.api.item({ params: { id: a } })).status).toBe('done');
    expect(after.boxRevision).toBe(before.boxRevision + 1);
    await recountProject(api.db, project);
    expect(await counts()).toEqual({ items: 2, open: 1, work: 0, done: 1, annotations: 2 });
  });

  it('of an item that a run wrote to stays open', async () => {
    const [a] = (await addItems(api.db, project, ['a.png'])) as [string];
    const team = await ensureDocument(api.db, { itemId: a, authorKind: 'team', authorId: null });
    await applyOperations(api.db, { documentId: team.id, operations: [operationOf(team.id, [drawBox(cell.id)], { batch: uuidv7() })], userId: labeler.id });
    expect(await labeler.api.item({ params: { id: a } })).toMatchObject({ status: 'open', annotations: 1 });
  });

  it('done is refused while proposals at or above the threshold are undecided, unless the rest is rejected', async () => {
    const [a] = (await addItems(api.db, project, ['a.png'])) as [string];
    const { proposals } = await propose(a, [0.9, 0.6, 0.2]);
    expect((await labeler.api.item({ params: { id: a } })).proposals).toBe(3);
    await expect(setStatus(a, 'done', { threshold: 0.5 })).rejects.toMatchObject({ code: 'conflict', details: { extra: { undecided: 2 } } });
    const accept = drawBox(cell.id);
    accept.after.origin = { annotation: proposals[0]!, modelVersion: uuidv7(), score: 0.9 };
    await drawOn(a, accept, { kind: 'decide', proposal: proposals[0]!, before: null, after: 'accepted', threshold: 0.5 });
    expect(await labeler.api.item({ params: { id: a } })).toMatchObject({ proposals: 2, annotations: 1, status: 'work' });
    await expect(setStatus(a, 'done', { threshold: 0.5 })).rejects.toMatchObject({ details: { extra: { undecided: 1 } } });
    expect(await setStatus(a, 'done', { threshold: 0.5, rejectRest: true })).toMatchObject({ status: 'done', proposals: 1 });
    const { team } = await labeler.api.itemDocuments({ params: { id: a } });
    expect((await labeler.api.documentOne({ params: { id: team.id } })).decisions).toEqual({ [proposals[0]!]: 'accepted', [proposals[1]!]: 'rejected' });
    const log = (await labeler.api.log({ params: { id: team.id } })).operations;
    expect(log.at(-1)!.operation).toMatchObject({ type: 'reject', changes: [{ kind: 'decide', proposal: proposals[1], after: 'rejected', threshold: 0.5 }] });
    const rows = await api.db.proposalDecision.findMany({ where: { documentId: team.id }, orderBy: { score: 'desc' } });
    expect(rows.map((r) => [r.decision, r.score, r.classId, r.userId])).toEqual([['accepted', 0.9, cell.id, labeler.id], ['rejected', 0.6, cell.id, labeler.id]]);
  });

  it('decisions are taken back by undo, and two that differ are a conflict', async () => {
    const [a] = (await addItems(api.db, project, ['a.png'])) as [string];
    const { proposals } = await propose(a, [0.9]);
    const { team } = await labeler.api.itemDocuments({ params: { id: a } });
    const decide = (after: 'accepted' | 'rejected'): Change => ({ kind: 'decide', proposal: proposals[0]!, before: null, after, threshold: 0.5 });
    const reject = operationOf(team.id, [decide('rejected')], { type: 'reject' });
    const sendOne = async (op: typeof reject) => (await labeler.api.sendOperations({ params: { id: team.id }, body: { operations: [op] } })).results[0]!;
    await sendOne(reject);
    expect((await labeler.api.item({ params: { id: a } })).proposals).toBe(0);
    await sendOne(invertOperation(reject, { id: uuidv7(), at: new Date().toISOString(), base: 1, type: 'undo' }));
    expect((await labeler.api.item({ params: { id: a } })).proposals).toBe(1);
    await sendOne(operationOf(team.id, [decide('accepted')]));
    expect((await sendOne(operationOf(team.id, [decide('rejected')]))).conflicts).toEqual([{ annotation: proposals[0], field: 'decision', lost: 'accepted', kept: 'rejected' }]);
    const [conflict] = (await labeler.api.conflicts({ params: { id: team.id } })).items;
    await labeler.api.restoreConflict({ params: { id: conflict!.id } });
    expect((await labeler.api.documentOne({ params: { id: team.id } })).decisions).toEqual({ [proposals[0]!]: 'accepted' });
    // A proposal whose model was erased: the decision stays in the log, and harms nobody.
    expect((await sendOne(operationOf(team.id, [{ kind: 'decide', proposal: uuidv7(), before: null, after: 'rejected', threshold: 0.5 }]))).outcome).toBe('applied');
  });
});

describe('the split', () => {
  it('is given by the bytes when an item is first done, and stays', async () => {
    for (const side of ['train', 'val', 'test'] as const) {
      const [id] = (await addItems(api.db, project, [`${side}.png`], { hash: hashIn(side) })) as [string];
      expect((await labeler.api.item({ params: { id } })).split).toBeNull();
      expect((await setStatus(id, 'done')).split).toBe(side);
      expect((await setStatus(id, 'open')).split).toBe(side);
    }
  });

  it('that came with the data wins, also for a twin of the same bytes', async () => {
    const hash = hashIn('train');
    const [first, twin] = (await addItems(api.db, project, ['x/1.png', 'y/1.png'], { hash })) as [string, string];
    await api.db.item.update({ where: { id: first }, data: { split: 'test', splitSource: 'data' } });
    expect((await setStatus(first, 'done')).split).toBe('test');
    expect((await setStatus(twin, 'done')).split).toBe('test');
    expect(await api.db.item.findUniqueOrThrow({ where: { id: twin } })).toMatchObject({ splitSource: 'data' });
  });
});

describe('lists', () => {
  it('come by path in pages, under every filter', async () => {
    const paths = ['b/2.png', 'a/1.png', 'a/10.png', 'c_1.png', 'c%1.png'];
    const ids = await addItems(api.db, project, paths);
    const list = async (query: object) => (await labeler.api.items({ params: { project }, query })).items.map((i) => i.path);
    const all: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await labeler.api.items({ params: { project }, query: { limit: 2, cursor } });
      all.push(...page.items.map((i) => i.path));
      if (!page.next) break;
      cursor = page.next;
    }
    expect([...all].sort()).toEqual([...paths].sort());
    expect(new Set(all).size).toBe(paths.length);
    expect(await list({ q: 'A/1' })).toEqual(all.filter((p) => p.startsWith('a/1')));
    expect(await list({ q: 'c_1' })).toEqual(['c_1.png']);
    expect(await list({ q: '%' })).toEqual(['c%1.png']);
    await drawOn(ids[0]!, drawBox(debris.id));
    await setStatus(ids[1]!, 'done');
    await propose(ids[2]!, [0.5]);
    expect(await list({ status: 'work' })).toEqual(['b/2.png']);
    expect(await list({ status: 'done' })).toEqual(['a/1.png']);
    expect(await list({ classId: debris.id })).toEqual(['b/2.png']);
    expect(await list({ classId: cell.id })).toEqual([]); // a proposal is not a label
    expect(await list({ proposals: true })).toEqual(['a/10.png']);
    const { split } = await labeler.api.item({ params: { id: ids[1]! } });
    expect(await list({ split })).toEqual(['a/1.png']);
  });

  it('tell the neighbours of an item, its place, and the next that is not done', async () => {
    const ids = await addItems(api.db, project, ['1.png', '2.png', '3.png', '4.png']);
    const beside = (i: number, query: object = {}) => labeler.api.neighbours({ params: { id: ids[i]! }, query });
    expect(await beside(0)).toEqual({ previous: null, next: ids[1], nextOpen: ids[1], position: 1, total: 4 });
    expect(await beside(3)).toEqual({ previous: ids[2], next: null, nextOpen: ids[0], position: 4, total: 4 });
    await setStatus(ids[1]!, 'done');
    await setStatus(ids[2]!, 'done');
    expect(await beside(0)).toMatchObject({ next: ids[1], nextOpen: ids[3] });
    expect(await beside(0, { status: 'done' })).toEqual({ previous: null, next: ids[1], nextOpen: ids[3], position: 1, total: 2 });
    expect(await beside(2, { status: 'open' })).toEqual({ previous: ids[0], next: ids[3], nextOpen: ids[3], position: 2, total: 2 });
    for (const i of [0, 3]) await setStatus(ids[i]!, 'done');
    expect((await beside(0)).nextOpen).toBeNull();
  });
});

describe('the trash', () => {
  it('takes items out of lists and counts, and gives them back', async () => {
    const ids = await addItems(api.db, project, ['1.png', '2.png', '3.png']);
    await drawOn(ids[0]!, drawBox(cell.id), drawBox(cell.id));
    await setStatus(ids[1]!, 'done');
    const before = await counts();
    expect(await manager.api.trashItems({ params: { project }, body: { items: [ids[0]!, ids[1]!, ids[1]!] } })).toEqual({ count: 2 });
    expect(await counts()).toEqual({ items: 1, open: 1, work: 0, done: 0, annotations: 0 });
    expect(await manager.api.trashItems({ params: { project }, body: { items: ids } })).toEqual({ count: 1 });
    expect((await labeler.api.items({ params: { project } })).items).toEqual([]);
    expect((await labeler.api.items({ params: { project }, query: { trash: true } })).items).toHaveLength(3);
    await expect(setStatus(ids[0]!, 'done')).rejects.toMatchObject({ code: 'conflict' });
    await drawOn(ids[0]!, drawBox(cell.id)); // late, and kept
    expect(await manager.api.restoreItems({ params: { project }, body: { items: ids } })).toEqual({ count: 3 });
    expect(await counts()).toEqual({ ...before, annotations: before.annotations + 1 });
    await recountProject(api.db, project);
    expect(await counts()).toEqual({ ...before, annotations: before.annotations + 1 });
  });

  it('is where erasing begins', async () => {
    const ids = await addItems(api.db, project, ['1.png', '2.png']);
    await manager.api.trashItems({ params: { project }, body: { items: [ids[0]!] } });
    await expect(api.owner.api.eraseItems({ params: { project }, body: { items: ids } })).rejects.toMatchObject({ code: 'conflict' });
    const { job } = await api.owner.api.eraseItems({ params: { project }, body: { items: [ids[0]!] } });
    expect(await api.db.job.findUniqueOrThrow({ where: { id: job } })).toMatchObject({ kind: 'erase', payload: { what: 'items', project, items: [ids[0]] } });
  });
});
