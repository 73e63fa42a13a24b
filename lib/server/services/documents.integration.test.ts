import fc from 'fast-check';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { annotation, type LabelClass } from '@/lib/core/labels';
import { maskFromString, maskToString, rectMask, emptyMask, maskHas } from '@/lib/core/masks';
import { applyOperation, emptyDocument, invertOperation, type Change, type DocumentState, type Operation } from '@/lib/core/ops';
import { boxClass, addItems, drawBox, landmarkClass, maskClass, operationOf, schemaOf, startApi, type Person, type TestApi } from '@/lib/server/http/testing/api';
import { recountProject } from '@/lib/server/repositories/counts';
import { applyOperations, ensureDocument, readDocument } from './documents';

let api: TestApi;
let labeler: Person;
let project: string;
const cell = boxClass('cell');
const debris = boxClass('debris');
const nucleus = maskClass('nucleus');
const pose = landmarkClass('pose', ['head', 'tail']);
const selectId = uuidv7();
const optionId = uuidv7();
const stained: LabelClass = boxClass('stained', { attributes: [{ id: selectId, name: 'stain', type: 'select', options: [{ id: optionId, name: 'blue' }] }] });

beforeAll(async () => {
  api = await startApi();
  labeler = await api.person('labeler');
  project = (await api.owner.api.createProject({ body: { name: 'Blood', schema: schemaOf(cell, debris, nucleus, pose, stained) } })).id;
});
afterAll(() => api.stop());

let item: string;
let doc: string;
let n = 0;
beforeEach(async () => {
  [item] = (await addItems(api.db, project, [`image-${++n}.png`])) as [string];
  doc = (await labeler.api.itemDocuments({ params: { id: item } })).team.id;
});

const sendTo = (who: Person, operations: Operation[], id = doc) => who.api.sendOperations({ params: { id }, body: { operations } });
const read = async (id = doc) => labeler.api.documentOne({ params: { id } });

/** The document that the log gives, applied from nothing. */
async function replay(id = doc): Promise<DocumentState> {
  const state = emptyDocument();
  for (let after = 0; ; ) {
    const { operations } = await labeler.api.log({ params: { id }, query: { after, limit: 100 } });
    if (operations.length === 0) return state;
    operations.forEach((o, i) => expect(o.seq).toBe(after + i + 1));
    for (const o of operations) applyOperation(state, o.operation);
    after = operations.at(-1)!.seq;
  }
}
const sorted = (state: DocumentState) => [...state.annotations.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map((a) => annotation.parse(a));

describe('applying operations', () => {
  it('numbers them without gaps, writes rows, and keeps counts', async () => {
    const a = drawBox(cell.id);
    const b = drawBox(debris.id, 100, 100, 120, 130);
    const { seq, results } = await sendTo(labeler, [operationOf(doc, [a]), operationOf(doc, [b])]);
    expect(seq).toBe(2);
    expect(results.map((r) => [r.outcome, r.seq])).toEqual([['applied', 1], ['applied', 2]]);
    const state = await read();
    expect(state.document).toMatchObject({ seq: 2, annotations: 2 });
    expect(state.annotations).toEqual([a, b].map((c) => ({ ...c.after, id: c.annotation, rev: 1 })));
    const row = await api.db.annotation.findFirstOrThrow({ where: { documentId: doc, id: b.annotation } });
    expect(row).toMatchObject({ x0: 100, y0: 100, x1: 120, y1: 130, area: 600, kind: 'box', createdById: labeler.id });
    expect(await labeler.api.item({ params: { id: item } })).toMatchObject({ annotations: 2, status: 'work' });
  });

  it('answers what comes twice as duplicate, alone and in the same batch', async () => {
    const op = operationOf(doc, [drawBox(cell.id)]);
    const first = await sendTo(labeler, [op, op]);
    expect(first.results.map((r) => [r.outcome, r.seq])).toEqual([['applied', 1], ['duplicate', 1]]);
    const again = await sendTo(labeler, [op]);
    expect(again).toMatchObject({ seq: 1, results: [{ outcome: 'duplicate', seq: 1 }] });
    expect((await read()).annotations).toHaveLength(1);
    expect(await api.db.operation.count({ where: { documentId: doc } })).toBe(1);
  });

  it('takes one of the same operation sent many times at once', async () => {
    const op = operationOf(doc, [drawBox(cell.id)]);
    const answers = await Promise.all(Array.from({ length: 10 }, () => sendTo(labeler, [op])));
    expect(answers.flatMap((a) => a.results.map((r) => r.outcome)).sort()).toEqual(['applied', ...Array.from({ length: 9 }, () => 'duplicate')]);
    expect((await read()).document.seq).toBe(1);
  });

  it('refuses what cannot be, says why, and goes on with the next', async () => {
    const outside = drawBox(cell.id, 600, 10, 700, 50);
    const wrongKind = drawBox(nucleus.id);
    const unknownClass = drawBox(uuidv7());
    const badAttribute = drawBox(stained.id);
    badAttribute.after.attributes = { [selectId]: uuidv7() };
    const missing: Change = { kind: 'update', annotation: uuidv7(), rev: 1, before: { truncated: false }, after: { truncated: true } };
    const halfGood = operationOf(doc, [drawBox(cell.id), unknownClass]);
    const good = operationOf(doc, [drawBox(cell.id)]);
    const { seq, results } = await sendTo(labeler, [
      ...[outside, wrongKind, unknownClass, badAttribute, missing].map((c) => operationOf(doc, [c])),
      halfGood,
      operationOf(uuidv7(), [drawBox(cell.id)]),
      operationOf(doc, [drawBox(cell.id)], { batch: uuidv7() }),
      good,
    ]);
    expect(results.map((r) => r.outcome)).toEqual([...Array.from({ length: 8 }, () => 'refused'), 'applied']);
    expect(results.map((r) => r.reason)).toEqual([
      expect.stringContaining('reaches beyond the image of 640 × 480'),
      expect.stringContaining('"nucleus" takes mask, not box'),
      expect.stringContaining('there is no class'),
      expect.stringContaining('attribute "stain"'),
      expect.stringContaining('does not exist'),
      expect.stringContaining('change 2 of 2: there is no class'),
      'it names another document',
      expect.stringContaining('batches'),
      null,
    ]);
    expect(seq).toBe(1);
    expect((await read()).annotations).toHaveLength(1);
    expect(sorted(await replay())).toEqual((await read()).annotations);
  });

  it('keeps masks as bytes with their bounds and area, and gives them back the same', async () => {
    const id = uuidv7();
    const mask = maskToString(rectMask({ x: 20, y: 30, width: 40, height: 10 }));
    const create = drawBox(nucleus.id, 0, 0, 1, 1, id);
    create.after.geometry = { kind: 'mask', v: 1, mask };
    await sendTo(labeler, [operationOf(doc, [create])]);
    expect((await read()).annotations[0]!.geometry).toEqual({ kind: 'mask', v: 1, mask });
    const row = await api.db.annotation.findFirstOrThrow({ where: { documentId: doc, id } });
    expect(row).toMatchObject({ x0: 20, y0: 30, x1: 60, y1: 40, area: 400, geometry: null });
    const beyond: Change = { kind: 'paint', annotation: id, rev: 1, set: maskToString(rectMask({ x: 630, y: 0, width: 20, height: 5 })), cleared: maskToString(emptyMask()) };
    expect((await sendTo(labeler, [operationOf(doc, [beyond])])).results[0]).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('beyond the image') });
  });

  it('gives landmarks of an older skeleton the points they lack, as an operation of its own', async () => {
    const create = drawBox(pose.id);
    create.after.geometry = { kind: 'landmarks', v: 1, points: [{ x: 5, y: 5, v: 2 }] };
    const answer = await sendTo(labeler, [operationOf(doc, [create])]);
    expect(answer).toMatchObject({ seq: 2, results: [{ outcome: 'applied', seq: 1 }] });
    const state = await read();
    expect(state.annotations[0]).toMatchObject({ rev: 2, geometry: { points: [{ x: 5, y: 5, v: 2 }, { x: 0, y: 0, v: 0 }] } });
    expect(sorted(await replay())).toEqual(state.annotations);
    const three = drawBox(pose.id);
    three.after.geometry = { kind: 'landmarks', v: 1, points: [0, 1, 2].map((i) => ({ x: i, y: i, v: 2 as const })) };
    expect((await sendTo(labeler, [operationOf(doc, [three])])).results[0]).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('has 2 points, not 3') });
  });
});

describe('merging', () => {
  const move = (id: string, from: number, to: number): Change => ({
    kind: 'update', annotation: id, rev: 1,
    before: { geometry: { kind: 'box', v: 1, x0: from, y0: 10, x1: from + 40, y1: 40 } }, after: { geometry: { kind: 'box', v: 1, x0: to, y0: 10, x1: to + 40, y1: 40 } },
  });

  it('lets different fields be, and lists the same field that two people set', async () => {
    const draw = drawBox(cell.id);
    await sendTo(labeler, [operationOf(doc, [draw])]);
    const other = await api.person('labeler');
    const mine = operationOf(doc, [move(draw.annotation, 10, 60)], { base: 1 });
    const theirs = operationOf(doc, [move(draw.annotation, 10, 90)], { base: 1 });
    const reclass = operationOf(doc, [{ kind: 'update', annotation: draw.annotation, rev: 1, before: { classId: cell.id }, after: { classId: debris.id } }], { base: 1 });
    expect((await sendTo(labeler, [mine, reclass])).results.flatMap((r) => r.conflicts)).toEqual([]);
    const [late] = (await sendTo(other, [theirs])).results;
    expect(late!.conflicts).toEqual([{ annotation: draw.annotation, field: 'geometry', lost: expect.objectContaining({ x0: 60 }), kept: expect.objectContaining({ x0: 90 }) }]);
    const state = await read();
    expect(state.annotations[0]).toMatchObject({ classId: debris.id, geometry: { x0: 90 }, rev: 4 });

    const { items } = await labeler.api.conflicts({ params: { id: doc } });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ field: 'geometry', operation: theirs.id, restoredAt: null });
    const { seq } = await labeler.api.restoreConflict({ params: { id: items[0]!.id } });
    expect(seq).toBe(5);
    expect((await read()).annotations[0]).toMatchObject({ geometry: { x0: 60 } });
    expect((await labeler.api.restoreConflict({ params: { id: items[0]!.id } })).seq).toBe(5);
    expect((await labeler.api.conflicts({ params: { id: doc } })).items[0]!.restoredAt).not.toBeNull();
    expect(sorted(await replay())).toEqual((await read()).annotations);
  });

  it('lets delete beat update, and brings both back on request', async () => {
    const draw = drawBox(cell.id);
    await sendTo(labeler, [operationOf(doc, [draw])]);
    await sendTo(labeler, [operationOf(doc, [{ kind: 'delete', annotation: draw.annotation, rev: 1, before: draw.after }])]);
    const [late] = (await sendTo(labeler, [operationOf(doc, [move(draw.annotation, 10, 90)])])).results;
    expect(late).toMatchObject({ outcome: 'applied', conflicts: [{ field: '*', kept: null }] });
    expect((await read()).annotations).toEqual([]);
    const { items } = await labeler.api.conflicts({ params: { id: doc } });
    await labeler.api.restoreConflict({ params: { id: items[0]!.id } });
    expect((await read()).annotations[0]).toMatchObject({ id: draw.annotation, geometry: { x0: 90 } });
    expect(await labeler.api.item({ params: { id: item } })).toMatchObject({ annotations: 1 });
  });

  it('brings back paint that met a delete, and a decision that met another', async () => {
    const id = uuidv7();
    const create = drawBox(nucleus.id, 0, 0, 1, 1, id);
    create.after.geometry = { kind: 'mask', v: 1, mask: maskToString(rectMask({ x: 0, y: 0, width: 4, height: 4 })) };
    await sendTo(labeler, [operationOf(doc, [create]), operationOf(doc, [{ kind: 'delete', annotation: id, rev: 1, before: create.after }])]);
    const stroke: Change = { kind: 'paint', annotation: id, rev: 1, set: maskToString(rectMask({ x: 10, y: 10, width: 3, height: 3 })), cleared: maskToString(emptyMask()) };
    await sendTo(labeler, [operationOf(doc, [stroke])]);
    const [lost] = (await labeler.api.conflicts({ params: { id: doc } })).items;
    await labeler.api.restoreConflict({ params: { id: lost!.id } });
    const back = (await read()).annotations[0]!.geometry as { mask: string };
    expect(maskHas(maskFromString(back.mask), 1, 1)).toBe(true);
    expect(maskHas(maskFromString(back.mask), 11, 11)).toBe(true);
  });

  it('undoes and redoes as operations under the same check', async () => {
    const draw = drawBox(cell.id);
    const op = operationOf(doc, [draw]);
    await sendTo(labeler, [op]);
    const undo = invertOperation(op, { id: uuidv7(), at: new Date().toISOString(), base: 1, type: 'undo' });
    const redo = invertOperation(undo, { id: uuidv7(), at: new Date().toISOString(), base: 2, type: 'redo' });
    await sendTo(labeler, [undo]);
    expect((await read()).annotations).toEqual([]);
    await sendTo(labeler, [redo]);
    expect((await read()).annotations[0]).toMatchObject({ id: draw.annotation, rev: 3 });
    expect((await labeler.api.log({ params: { id: doc } })).operations.map((o) => o.operation.undoes)).toEqual([null, op.id, undo.id]);
  });
});

describe('whose documents', () => {
  it('people write to the team’s and to their own, to no other', async () => {
    const mine = await labeler.api.openMine({ params: { id: item } });
    const other = await api.person('labeler');
    const op = operationOf(mine.id, [drawBox(cell.id)]);
    await expect(sendTo(other, [op], mine.id)).rejects.toMatchObject({ code: 'forbidden' });
    expect((await sendTo(labeler, [op], mine.id)).seq).toBe(1);
    for (const authorKind of ['model', 'import', 'truth', 'consensus'] as const) {
      const document = await ensureDocument(api.db, { itemId: item, authorKind, authorId: authorKind === 'truth' ? null : uuidv7() });
      await expect(sendTo(labeler, [operationOf(document.id, [drawBox(cell.id)])], document.id), authorKind).rejects.toMatchObject({ code: 'forbidden' });
    }
    const documents = await labeler.api.itemDocuments({ params: { id: item } });
    expect(documents.team.author).toEqual({ kind: 'team', id: null, name: 'Team' });
    expect(documents.mine).toMatchObject({ id: mine.id, annotations: 1 });
    expect(documents.others.map((d) => d.author.kind).sort()).toEqual(['consensus', 'import', 'model', 'truth']);
    expect(await labeler.api.item({ params: { id: item } })).toMatchObject({ annotations: 0 });
  });

  it('are made once when many ask at once', async () => {
    const asked = await Promise.all(Array.from({ length: 8 }, () => labeler.api.openMine({ params: { id: item } })));
    expect(new Set(asked.map((d) => d.id)).size).toBe(1);
  });
});

describe('the log', () => {
  it('comes in pages, with who did it', async () => {
    await sendTo(labeler, Array.from({ length: 7 }, () => operationOf(doc, [drawBox(cell.id)])));
    await applyOperations(api.db, { documentId: doc, operations: [operationOf(doc, [drawBox(cell.id)])], userId: null });
    const first = await labeler.api.log({ params: { id: doc }, query: { limit: 5 } });
    expect(first.operations.map((o) => o.seq)).toEqual([1, 2, 3, 4, 5]);
    expect(first.seq).toBe(8);
    expect(first.operations[0]!.by).toMatchObject({ id: labeler.id });
    const rest = await labeler.api.log({ params: { id: doc }, query: { after: 5 } });
    expect(rest.operations.map((o) => o.by.name).at(-1)).toBe('Fieldmark');
    expect(rest.operations.map((o) => o.seq)).toEqual([6, 7, 8]);
  });
});

describe('two clients at once', () => {
  const ids = Array.from({ length: 6 }, () => uuidv7());
  const maskIds = Array.from({ length: 2 }, () => uuidv7());
  type Gesture = { who: 0 | 1; kind: 'create' | 'move' | 'class' | 'delete' | 'paint' | 'flag'; which: number; at: number };
  const gesture: fc.Arbitrary<Gesture> = fc.record({
    who: fc.constantFrom(0, 1), kind: fc.constantFrom('create', 'move', 'class', 'delete', 'paint', 'flag'), which: fc.nat(5), at: fc.nat(300),
  });

  /** What a client sends that knows only its own doings: bases and `before` are often stale. */
  function changeOf(g: Gesture, known: Map<string, Extract<Change, { kind: 'create' }>['after']>, document: string): Operation {
    if (g.kind === 'paint') {
      const id = maskIds[g.which % 2]!;
      const stroke = maskToString(rectMask({ x: g.at, y: g.which, width: 5, height: 3 }));
      return operationOf(document, [{ kind: 'paint', annotation: id, rev: 0, set: g.at % 2 ? stroke : maskToString(emptyMask()), cleared: g.at % 2 ? maskToString(emptyMask()) : stroke }]);
    }
    const id = ids[g.which]!;
    const before = known.get(id) ?? drawBox(cell.id, 0, 0, 10, 10).after;
    const set = (after: Partial<typeof before>): Operation => {
      known.set(id, { ...before, ...after });
      return operationOf(document, [{ kind: 'update', annotation: id, rev: 0, before: Object.fromEntries(Object.keys(after).map((k) => [k, before[k as keyof typeof before]])), after }]);
    };
    switch (g.kind) {
      case 'create': {
        const create = drawBox(cell.id, g.at, 0, g.at + 10, 10, id);
        known.set(id, create.after);
        return operationOf(document, [create]);
      }
      case 'move': return set({ geometry: { kind: 'box', v: 1, x0: g.at, y0: 5, x1: g.at + 20, y1: 25 } });
      case 'class': return set({ classId: g.at % 2 ? cell.id : debris.id });
      case 'flag': return set({ truncated: g.at % 2 === 0, occluded: g.at % 3 === 0 });
      case 'delete': return operationOf(document, [{ kind: 'delete', annotation: id, rev: 0, before }]);
    }
  }

  it('two hundred random operations: no gap in the numbers, and the rows are what the log gives', async () => {
    const other = await api.person('labeler');
    const people = [labeler, other];
    await fc.assert(
      fc.asyncProperty(fc.array(gesture, { minLength: 200, maxLength: 200 }), async (gestures) => {
        [item] = (await addItems(api.db, project, [`random-${++n}.png`])) as [string];
        doc = (await labeler.api.itemDocuments({ params: { id: item } })).team.id;
        const masks = maskIds.map((id) => {
          const create = drawBox(nucleus.id, 0, 0, 1, 1, id);
          create.after.geometry = { kind: 'mask', v: 1, mask: maskToString(emptyMask()) };
          return create;
        });
        await sendTo(labeler, [operationOf(doc, masks)]);
        const queues = people.map((_, who) => {
          const known = new Map();
          return gestures.filter((g) => g.who === who).map((g) => changeOf(g, known, doc));
        });
        // Each client sends its own in order, in bites, some of them twice; the two do not wait for each other.
        const outcomes = await Promise.all(
          queues.map(async (queue, who) => {
            const results = [];
            for (let i = 0; i < queue.length; i += 9) {
              const bite = queue.slice(i, i + 9);
              const first = (await sendTo(people[who]!, bite)).results;
              results.push(...first);
              if (i % 4 !== 0) continue;
              // What was refused may have become possible meanwhile; what was applied never happens again.
              const again = (await sendTo(people[who]!, bite)).results;
              again.forEach((r, k) => first[k]!.outcome === 'applied' && expect(r).toMatchObject({ outcome: 'duplicate', seq: first[k]!.seq }));
              results.push(...again);
            }
            return results;
          }),
        );
        const applied = outcomes.flat().filter((r) => r.outcome === 'applied');
        const state = await read();
        expect(state.document.seq).toBe(applied.length + 1);
        expect(applied.map((r) => r.seq!).sort((a, b) => a - b)).toEqual(applied.map((_, i) => i + 2));
        expect(sorted(await replay())).toEqual(state.annotations);
        expect(state.document.annotations).toBe(state.annotations.length);
        expect((await labeler.api.item({ params: { id: item } })).annotations).toBe(state.annotations.length);
        const conflicts = await api.db.conflict.count({ where: { documentId: doc } });
        expect(conflicts).toBe(applied.reduce((sum, r) => sum + r.conflicts.length, 0));
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });

  it('many people drawing on many items at once leave the project’s counts right', async () => {
    const items = await addItems(api.db, project, Array.from({ length: 6 }, (_, i) => `crowd-${++n}-${i}.png`));
    const other = await api.person('labeler');
    await Promise.all(
      items.flatMap((id) => [labeler, other].map(async (who) => {
        const { team } = await who.api.itemDocuments({ params: { id } });
        await sendTo(who, [operationOf(team.id, [drawBox(cell.id), drawBox(debris.id)])], team.id);
        await who.api.setStatus({ params: { id }, body: { status: 'done' } });
      })),
    );
    const kept = (await labeler.api.project({ params: { project } })).counts;
    await recountProject(api.db, project);
    expect((await labeler.api.project({ params: { project } })).counts).toEqual(kept);
  });
});

describe('a large operation', () => {
  it('of twenty thousand annotations is written in seconds, and read back whole', async () => {
    const changes = Array.from({ length: 20_000 }, (_, i) => drawBox(cell.id, i % 600, 5, (i % 600) + 10, 15));
    const document = await ensureDocument(api.db, { itemId: item, authorKind: 'import', authorId: uuidv7() });
    const { results } = await applyOperations(api.db, { documentId: document.id, operations: [operationOf(document.id, changes, { type: 'import', batch: uuidv7() })], userId: null });
    expect(results[0]!.outcome).toBe('applied');
    expect((await readDocument(api.db, document.id)).annotations).toHaveLength(20_000);
    expect(await labeler.api.item({ params: { id: item } })).toMatchObject({ status: 'open', annotations: 0 });
  });
});
