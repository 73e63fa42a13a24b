import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabelSchema } from '@/lib/core/labels';
import { applyOperation, emptyDocument } from '@/lib/core/ops';
import { addItems, boxClass, drawBox, landmarkClass, maskClass, operationOf, png, schemaOf, send, startApi, type Person, type TestApi } from '@/lib/server/http/testing/api';
import { ensureDocument, readDocument } from './documents';
import { rewriteClasses } from './rewrite';
import { applyOperations } from './documents';

let api: TestApi;
let manager: Person;
beforeAll(async () => {
  api = await startApi();
  manager = await api.person('manager');
});
afterAll(() => api.stop());

async function projectWith(schema: LabelSchema, items = 2): Promise<{ id: string; items: string[]; documents: string[] }> {
  const { id } = await manager.api.createProject({ body: { name: `P ${uuidv7()}`, schema } });
  const ids = await addItems(api.db, id, Array.from({ length: items }, (_, i) => `${i}.png`));
  const documents = [];
  for (const item of ids) documents.push((await manager.api.itemDocuments({ params: { id: item } })).team.id);
  return { id, items: ids, documents };
}
const draw = (document: string, ...changes: ReturnType<typeof drawBox>[]) => manager.api.sendOperations({ params: { id: document }, body: { operations: changes.map((c) => operationOf(document, [c])) } });
const save = (project: string, base: number, schema: LabelSchema, removals: { classId: string; action: 'delete' }[] | { classId: string; action: 'reassign'; to: string }[] = []) =>
  manager.api.saveSchema({ params: { project }, body: { base, schema, removals } });

describe('projects', () => {
  it('are made with classes numbered in the order given, listed page by page, found by name', async () => {
    const [a, b] = [boxClass('a', { index: 7 }), boxClass('b', { index: 3 })];
    const made = await manager.api.createProject({ body: { name: '  Slides  ', description: 'of blood', schema: { classes: [a, b] } } });
    expect(made).toMatchObject({ name: 'Slides', schemaVersion: 1, guideVersion: 0, counts: { items: 0, open: 0, work: 0, done: 0, annotations: 0 }, cover: [] });
    const schema = await manager.api.schema({ params: { project: made.id } });
    expect(schema.schema.classes.map((c) => [c.name, c.index])).toEqual([['a', 0], ['b', 1]]);
    expect(schema.nextIndex).toBe(2);
    for (let i = 0; i < 5; i++) await manager.api.createProject({ body: { name: `Page ${i}` } });
    const names: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await manager.api.projects({ query: { limit: 2, q: 'page', cursor } });
      names.push(...page.items.map((p) => p.name));
      if (!page.next) break;
      cursor = page.next;
    }
    expect(names).toEqual(['Page 4', 'Page 3', 'Page 2', 'Page 1', 'Page 0']);
    await manager.api.updateProject({ params: { project: made.id }, body: { name: 'Blood slides' } });
    expect((await manager.api.project({ params: { project: made.id } })).name).toBe('Blood slides');
  });

  it('show their first images as a cover', async () => {
    const { id, items } = await projectWith(schemaOf(), 6);
    const listed = (await manager.api.projects({ query: { limit: 500 } })).items.find((p) => p.id === id)!;
    expect(listed.cover.map((c) => c.item)).toEqual(items.slice(0, 4));
  });

  it('go to the trash and come back; what is there cannot be worked on', async () => {
    const { id, items, documents } = await projectWith(schemaOf(boxClass('a')));
    await manager.api.trashProject({ params: { project: id } });
    await manager.api.trashProject({ params: { project: id } });
    expect((await manager.api.projects({ query: { limit: 500 } })).items.map((p) => p.id)).not.toContain(id);
    expect((await manager.api.projects({ query: { limit: 500, trash: true } })).items.map((p) => p.id)).toContain(id);
    await expect(manager.api.setStatus({ params: { id: items[0]! }, body: { status: 'done' } })).rejects.toMatchObject({ code: 'gone' });
    await expect(manager.api.updateProject({ params: { project: id }, body: { name: 'x' } })).rejects.toMatchObject({ code: 'gone' });
    // A journal that comes late loses nothing.
    const cls = (await manager.api.schema({ params: { project: id } })).schema.classes[0]!;
    expect((await draw(documents[0]!, drawBox(cls.id))).results[0]!.outcome).toBe('applied');
    expect((await manager.api.restoreProject({ params: { project: id } })).deletedAt).toBeNull();
    expect((await manager.api.item({ params: { id: items[0]! } })).annotations).toBe(1);
  });

  it('are erased only from the trash, by an owner, under their name', async () => {
    const { id } = await projectWith(schemaOf());
    const { name } = await manager.api.project({ params: { project: id } });
    const erase = (confirmName: string) => api.owner.api.eraseProject({ params: { project: id }, body: { confirmName } });
    await expect(erase(name)).rejects.toMatchObject({ code: 'conflict' });
    await manager.api.trashProject({ params: { project: id } });
    await expect(erase('another')).rejects.toMatchObject({ code: 'invalid' });
    const { job } = await erase(name);
    expect(await api.db.job.findUniqueOrThrow({ where: { id: job } })).toMatchObject({ kind: 'erase', state: 'queued', projectId: null, workspaceId: api.workspaceId, payload: { what: 'project', project: id } });
  });
});

describe('the label schema', () => {
  it('is saved version by version; an old base is refused', async () => {
    const cell = boxClass('cell');
    const { id } = await projectWith(schemaOf(cell));
    const next = await save(id, 1, schemaOf({ ...cell, name: 'white cell' }, boxClass('red cell')));
    expect(next).toMatchObject({ version: 2, nextIndex: 2 });
    await expect(save(id, 1, schemaOf(cell))).rejects.toMatchObject({ code: 'conflict', details: { extra: { version: 2 } } });
    expect((await manager.api.schema({ params: { project: id }, query: { version: 1 } })).schema.classes.map((c) => c.name)).toEqual(['cell']);
    const both = await Promise.allSettled([save(id, 2, schemaOf(cell)), save(id, 2, schemaOf({ ...cell, name: 'other' }))]);
    expect(both.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
  });

  it('never gives an index twice, and gives a class that comes back its own', async () => {
    const [a, b, c] = [boxClass('a'), boxClass('b'), boxClass('c')];
    const { id } = await projectWith(schemaOf(a, b));
    await save(id, 1, schemaOf(a));
    await save(id, 2, schemaOf(c, a));
    const last = await save(id, 3, schemaOf(b, c, a));
    expect(Object.fromEntries(last.schema.classes.map((x) => [x.name, x.index]))).toEqual({ a: 0, b: 1, c: 2 });
    expect(last.nextIndex).toBe(3);
  });

  it('keeps what is in use: kind, points of the skeleton, attribute types', async () => {
    const attribute = uuidv7();
    const cell = boxClass('cell', { attributes: [{ id: attribute, name: 'size', type: 'number' }] });
    const pose = landmarkClass('pose', ['head', 'tail']);
    const idle = boxClass('idle');
    const { id, documents } = await projectWith(schemaOf(cell, pose, idle));
    const landmarks = drawBox(pose.id);
    landmarks.after.geometry = { kind: 'landmarks', v: 1, points: [{ x: 1, y: 1, v: 2 }, { x: 2, y: 2, v: 1 }] };
    await draw(documents[0]!, drawBox(cell.id), landmarks);
    const points = pose.skeleton!.points;
    const faulty = await save(id, 1, schemaOf(
      { ...cell, kind: 'mask', attributes: [{ id: attribute, name: 'size', type: 'text', maxLength: 10 }] },
      { ...pose, skeleton: { points: [points[1]!, points[0]!], edges: [], pairs: [] } },
      { ...idle, kind: 'mask' },
    )).catch((e: { details: { errors: { path: string }[] } }) => e.details.errors.map((x) => x.path));
    expect(faulty).toEqual(['schema.classes.0.attributes.0.type', 'schema.classes.0.kind', 'schema.classes.1.skeleton.points.0']);
    await save(id, 1, schemaOf(cell, { ...pose, skeleton: { points: [{ ...points[0]!, name: 'nose' }, points[1]!], edges: [[0, 1]], pairs: [] } }, { ...idle, kind: 'mask' }));
  });

  it('gives annotations the points that their skeleton gains, not placed, through the log', async () => {
    const pose = landmarkClass('pose', ['head']);
    const { id, documents } = await projectWith(schemaOf(pose));
    const create = drawBox(pose.id);
    create.after.geometry = { kind: 'landmarks', v: 1, points: [{ x: 9, y: 9, v: 2 }] };
    await draw(documents[0]!, create);
    await save(id, 1, schemaOf({ ...pose, skeleton: { points: [...pose.skeleton!.points, { id: uuidv7(), name: 'tail' }], edges: [], pairs: [] } }));
    const { annotations, seq } = await readDocument(api.db, documents[0]!);
    expect(annotations[0]!.geometry).toEqual({ kind: 'landmarks', v: 1, points: [{ x: 9, y: 9, v: 2 }, { x: 0, y: 0, v: 0 }] });
    expect(seq).toBe(2);
  });

  it('does not let a class in use go without word on its annotations', async () => {
    const [a, b] = [boxClass('a'), boxClass('b')];
    const { id, documents } = await projectWith(schemaOf(a, b));
    await draw(documents[0]!, drawBox(a.id), drawBox(a.id));
    await draw(documents[1]!, drawBox(a.id));
    expect((await manager.api.classUse({ params: { project: id } })).classes).toEqual([{ classId: a.id, annotations: 3, items: 2, elsewhere: 0 }]);
    await expect(save(id, 1, schemaOf(b))).rejects.toMatchObject({ code: 'conflict', details: { extra: { classes: [{ classId: a.id, name: 'a', annotations: 3 }] } } });
    expect((await manager.api.schema({ params: { project: id } })).version).toBe(1);
  });

  it('counts the labels of the team; a class that only others name is in use all the same', async () => {
    const [a, b] = [boxClass('a'), boxClass('b')];
    const { id, items, documents } = await projectWith(schemaOf(a, b));
    await draw(documents[0]!, drawBox(a.id), drawBox(a.id));
    await draw(documents[1]!, drawBox(a.id));
    for (const [authorKind, count] of [['model', 3], ['truth', 2], ['import', 1], ['person', 1]] as const) {
      const document = await ensureDocument(api.db, { itemId: items[0]!, authorKind, authorId: authorKind === 'truth' ? null : uuidv7() });
      await applyOperations(api.db, { documentId: document.id, operations: [operationOf(document.id, Array.from({ length: count }, () => drawBox(b.id)))], userId: null });
    }
    const use = async () => (await manager.api.classUse({ params: { project: id } })).classes.sort((x, y) => y.annotations - x.annotations);
    expect(await use()).toEqual([{ classId: a.id, annotations: 3, items: 2, elsewhere: 0 }, { classId: b.id, annotations: 0, items: 0, elsewhere: 7 }]);
    await expect(save(id, 1, schemaOf(a))).rejects.toMatchObject({ code: 'conflict', details: { extra: { classes: [{ classId: b.id, annotations: 7 }] } } });
    await expect(save(id, 1, schemaOf(a, { ...b, kind: 'mask' }))).rejects.toMatchObject({ code: 'invalid' });
    await manager.api.trashItems({ params: { project: id }, body: { items: [items[1]!] } });
    expect(await use()).toEqual([{ classId: a.id, annotations: 2, items: 1, elsewhere: 1 }, { classId: b.id, annotations: 0, items: 0, elsewhere: 7 }]);
    expect((await manager.api.project({ params: { project: id } })).counts.annotations).toBe(2);
  });

  it('deletes or reassigns them in one batch, in every document, and kept counts follow', async () => {
    const [a, b, c] = [boxClass('a'), boxClass('b'), boxClass('c', { attributes: [{ id: uuidv7(), name: 'ripe', type: 'checkbox', default: false }] })];
    const { id, items, documents } = await projectWith(schemaOf(a, b, c));
    const ripe = drawBox(c.id);
    ripe.after.attributes = { [c.attributes[0]!.id]: true };
    await draw(documents[0]!, drawBox(a.id), drawBox(b.id), ripe);
    const imported = await ensureDocument(api.db, { itemId: items[1]!, authorKind: 'import', authorId: uuidv7() });
    await applyOperations(api.db, { documentId: imported.id, operations: [operationOf(imported.id, [drawBox(a.id), drawBox(c.id)])], userId: null });
    await manager.api.saveSchema({ params: { project: id }, body: { base: 1, schema: schemaOf(b), removals: [{ classId: a.id, action: 'delete' }, { classId: c.id, action: 'reassign', to: b.id }] } });
    const team = await readDocument(api.db, documents[0]!);
    expect(team.annotations.map((x) => [x.classId, x.attributes])).toEqual([[b.id, {}], [b.id, {}]]);
    expect((await readDocument(api.db, imported.id)).annotations.map((x) => x.classId)).toEqual([b.id]);
    const batch = await api.db.batch.findFirstOrThrow({ where: { projectId: id } });
    expect(batch).toMatchObject({ kind: 'reassign', documents: 2, annotations: 4, createdById: manager.id });
    expect((await manager.api.project({ params: { project: id } })).counts.annotations).toBe(2);
    const state = emptyDocument();
    for (const { operation } of (await manager.api.log({ params: { id: documents[0]! } })).operations) applyOperation(state, operation);
    expect([...state.annotations.values()].map((x) => x.classId)).toEqual([b.id, b.id]);
    // What comes late for a class that is gone is refused, with the reason.
    expect((await draw(documents[0]!, drawBox(a.id))).results[0]).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('there is no class') });
  });

  it('reassigns only to what means the same', async () => {
    const [a, mask, pose, other] = [boxClass('a'), maskClass('m'), landmarkClass('p', ['1', '2']), landmarkClass('q', ['1', '2', '3'])];
    const { id, documents } = await projectWith(schemaOf(a, mask, pose, other));
    const landmarks = drawBox(pose.id);
    landmarks.after.geometry = { kind: 'landmarks', v: 1, points: [{ x: 1, y: 1, v: 2 }, { x: 2, y: 2, v: 1 }] };
    await draw(documents[0]!, drawBox(a.id), landmarks);
    await expect(save(id, 1, schemaOf(mask, pose, other), [{ classId: a.id, action: 'reassign', to: mask.id }])).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('"m" takes mask') });
    await expect(save(id, 1, schemaOf(a, mask, other), [{ classId: pose.id, action: 'reassign', to: other.id }])).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('2 points') });
    await expect(save(id, 1, schemaOf(mask, pose, other), [{ classId: a.id, action: 'reassign', to: a.id }])).rejects.toMatchObject({ code: 'invalid' });
  });

  it('leaves many annotations to a job, which does the same and may be run twice', async () => {
    const [a, b] = [boxClass('a'), boxClass('b')];
    const { id, documents } = await projectWith(schemaOf(a, b));
    await manager.api.sendOperations({ params: { id: documents[0]! }, body: { operations: [operationOf(documents[0]!, Array.from({ length: 600 }, () => drawBox(a.id)))] } });
    await save(id, 1, schemaOf(b), [{ classId: a.id, action: 'reassign', to: b.id }]);
    const job = await api.db.job.findFirstOrThrow({ where: { projectId: id, kind: 'reassign' } });
    expect((await readDocument(api.db, documents[0]!)).annotations[0]!.classId).toBe(a.id);
    const payload = job.payload as unknown as { batch: string; rewrites: Parameters<typeof rewriteClasses>[1]['rewrites'] };
    expect(await rewriteClasses(api.db, { batchId: payload.batch, rewrites: payload.rewrites })).toEqual({ documents: 1, annotations: 600 });
    expect(await rewriteClasses(api.db, { batchId: payload.batch, rewrites: payload.rewrites })).toEqual({ documents: 0, annotations: 0 });
    expect(new Set((await readDocument(api.db, documents[0]!)).annotations.map((x) => x.classId))).toEqual(new Set([b.id]));
  });

  it('does not let an operation slip in between while it changes', async () => {
    const [a, b] = [boxClass('a'), boxClass('b')];
    const { id, documents } = await projectWith(schemaOf(a, b));
    const drawing = Array.from({ length: 20 }, () => draw(documents[0]!, drawBox(a.id)));
    const saving = save(id, 1, schemaOf(b), [{ classId: a.id, action: 'delete' }]).catch((e: { code: string }) => e.code);
    const drawn = (await Promise.all(drawing)).flatMap((d) => d.results.map((r) => r.outcome));
    const saved = await saving;
    const left = (await readDocument(api.db, documents[0]!)).annotations.length;
    // Either nothing of the class is left, or it was not in use yet when the schema was saved… and then nothing came after.
    expect(typeof saved).toBe('object');
    expect(left).toBe(0);
    expect(new Set(drawn).size).toBeGreaterThan(0);
  });
});

describe('the guide', () => {
  it('keeps every version as it was written, with pictures of the project only', async () => {
    const cell = boxClass('cell');
    const { id } = await projectWith(schemaOf(cell));
    expect(await manager.api.guide({ params: { project: id } })).toMatchObject({ version: 0, markdown: '', examples: [] });
    const picture = await manager.api.addGuideImage({ params: { project: id }, body: png(30, 20), contentType: 'image/png' });
    expect(picture).toMatchObject({ width: 30, height: 20 });
    const markdown = '# Cells\n<script>alert(1)</script>\n';
    const saved = await manager.api.saveGuide({ params: { project: id }, body: { base: 0, markdown, examples: [{ classId: cell.id, asset: picture.asset, caption: 'one' }] } });
    expect(saved).toMatchObject({ version: 1, markdown, createdBy: expect.stringContaining('manager') });
    await expect(manager.api.saveGuide({ params: { project: id }, body: { base: 0, markdown: 'late', examples: [] } })).rejects.toMatchObject({ code: 'conflict' });
    await expect(manager.api.saveGuide({ params: { project: id }, body: { base: 1, markdown: '', examples: [{ classId: cell.id, asset: 'c'.repeat(64) }] } })).rejects.toMatchObject({ code: 'invalid', details: { errors: [{ path: 'examples.0.asset' }] } });
    await manager.api.saveGuide({ params: { project: id }, body: { base: 1, markdown: 'v2', examples: [] } });
    expect((await manager.api.guide({ params: { project: id }, query: { version: 1 } })).markdown).toBe(markdown);
    const shown = await send(`/api/v1/projects/${id}/assets/${picture.asset}/thumb`, { token: manager.token });
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/webp']);
  });
});
