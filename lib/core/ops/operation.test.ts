import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Annotation, AnnotationFields } from '../labels';
import { deltaBetween, emptyMask, maskFromBitmap, maskFromString, maskToBitmap, maskToString, rectMask, type Mask } from '../masks';
import { applyOperation, change, invertOperation, operation, OPERATION_VERSION, upgradeOperation, type Change, type Operation } from './operation';
import { decisions, emptyDocument, OperationRefused, type Conflict, type DocumentState } from './state';

// Ids by small numbers, so that what is generated meets.
const idOf = (n: number) => `01890000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
let last = 1_000_000;
const freshId = () => idOf(++last);
const AT = '2026-01-01T00:00:00.000Z';
const SIZE = 12;

const op = (changes: Change[], over: Partial<Operation> = {}): Operation => ({ id: freshId(), v: OPERATION_VERSION, type: 'test', document: idOf(0), base: 0, changes, tool: 'test', at: AT, activeMs: 0, undoes: null, batch: null, ...over });
const undoOf = (o: Operation) => invertOperation(o, { id: freshId(), at: AT, base: 0, type: 'undo' });

const bitmap = fc.array(fc.constantFrom(0, 1), { minLength: SIZE * SIZE, maxLength: SIZE * SIZE });
const mask: fc.Arbitrary<Mask> = bitmap.map((bits) => maskFromBitmap(bits, SIZE, SIZE));
const box = fc.tuple(fc.nat(9), fc.nat(9)).map(([x, y]) => ({ kind: 'box' as const, v: 1 as const, x0: x, y0: y, x1: x + 2, y1: y + 3 }));
const geometryOf = fc.oneof(box, mask.map((m) => ({ kind: 'mask' as const, v: 1 as const, mask: maskToString(m) })));
const attributes = fc.dictionary(fc.constantFrom(idOf(901), idOf(902), idOf(903)), fc.oneof(fc.boolean(), fc.nat(3), fc.constant(null)));
const fields: fc.Arbitrary<AnnotationFields> = fc.record({
  classId: fc.constantFrom(idOf(800), idOf(801)), geometry: geometryOf, attributes, truncated: fc.boolean(), occluded: fc.boolean(), difficult: fc.boolean(), crowd: fc.boolean(),
  group: fc.constantFrom(null, idOf(700)), track: fc.constant(null), at: fc.constant(null), score: fc.constant(null), origin: fc.constant(null),
});

const plainFields = ({ id: _id, rev: _rev, ...f }: Annotation): AnnotationFields => f;
function copy(state: DocumentState): DocumentState {
  return { annotations: new Map(state.annotations), deleted: new Map(state.deleted), decisions: new Map(state.decisions) };
}
/** What people see of a document: nothing of revisions, nothing of what is deleted. */
function seen(state: DocumentState) {
  return { annotations: Object.fromEntries([...state.annotations].sort().map(([id, a]) => [id, plainFields(a)])), decisions: Object.fromEntries([...state.decisions].sort()) };
}

const state: fc.Arbitrary<DocumentState> = fc
  .record({ live: fc.uniqueArray(fc.nat(5)), contents: fc.array(fields, { minLength: 6, maxLength: 6 }), gone: fc.uniqueArray(fc.integer({ min: 6, max: 8 })), decided: fc.dictionary(fc.constantFrom(idOf(600), idOf(601)), fc.constantFrom(...decisions)) })
  .map(({ live, contents, gone, decided }) => {
    const s = emptyDocument();
    for (const n of live) s.annotations.set(idOf(n), { ...contents[n]!, id: idOf(n), rev: 1 });
    for (const n of gone) s.deleted.set(idOf(n), { ...contents[0]!, id: idOf(n), rev: 2 });
    for (const [id, d] of Object.entries(decided)) s.decisions.set(id, d);
    return s;
  });

/** A change that an author makes who sees the document as it is. */
function faithful(s: DocumentState): fc.Arbitrary<Change> {
  const live = [...s.annotations.values()];
  const unused = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(idOf).filter((id) => !s.annotations.has(id));
  const options: fc.Arbitrary<Change>[] = [
    fc.tuple(fc.constantFrom(idOf(600), idOf(601)), fc.option(fc.constantFrom(...decisions), { nil: null })).map(([proposal, after]) => ({ kind: 'decide', proposal, before: s.decisions.get(proposal) ?? null, after, threshold: 0.5 })),
  ];
  if (unused.length > 0) options.push(fc.tuple(fc.constantFrom(...unused), fields).map(([annotation, after]) => ({ kind: 'create', annotation, after })));
  if (live.length > 0) {
    const any = fc.constantFrom(...live);
    options.push(any.map((a) => ({ kind: 'delete', annotation: a.id, rev: a.rev, before: plainFields(a) })));
    options.push(
      fc.tuple(any, fields, fc.subarray(['classId', 'geometry', 'attributes', 'truncated', 'group'] as const, { minLength: 1 })).map(([a, to, keys]) => ({
        kind: 'update', annotation: a.id, rev: a.rev, before: Object.fromEntries(keys.map((k) => [k, a[k]])), after: Object.fromEntries(keys.map((k) => [k, to[k]])),
      })),
    );
    const masks = live.filter((a) => a.geometry.kind === 'mask');
    if (masks.length > 0) {
      options.push(
        fc.tuple(fc.constantFrom(...masks), mask).map(([a, to]) => {
          const delta = deltaBetween(maskFromString((a.geometry as { mask: string }).mask), to);
          return { kind: 'paint', annotation: a.id, rev: a.rev, set: maskToString(delta.set), cleared: maskToString(delta.cleared) };
        }),
      );
    }
  }
  return fc.oneof(...options);
}
/** A document, and an operation of several changes each of which sees what the one before did. */
const documentAndOperation = state.chain((s) =>
  fc.integer({ min: 1, max: 4 }).chain((n) => {
    let chain: fc.Arbitrary<{ at: DocumentState; changes: Change[] }> = fc.constant({ at: s, changes: [] });
    for (let i = 0; i < n; i++) {
      chain = chain.chain(({ at, changes }) =>
        faithful(at).map((c) => {
          const after = copy(at);
          applyOperation(after, op([c]));
          return { at: after, changes: [...changes, c] };
        }),
      );
    }
    return chain.map(({ changes }) => ({ s, operation: op(changes) }));
  }),
);

describe('laws', () => {
  it('an operation and its inverse leave the document as it was, up to revisions, and without a conflict', () => {
    fc.assert(
      fc.property(documentAndOperation, ({ s, operation: o }) => {
        const after = copy(s);
        expect(applyOperation(after, o).conflicts).toEqual([]);
        expect(applyOperation(after, undoOf(o)).conflicts).toEqual([]);
        expect(seen(after)).toEqual(seen(s));
      }),
      { numRuns: 300 },
    );
  });

  it('the inverse of the inverse does it again', () => {
    fc.assert(
      fc.property(documentAndOperation, ({ s, operation: o }) => {
        const once = copy(s);
        applyOperation(once, o);
        const again = copy(s);
        for (const x of [o, undoOf(o), undoOf(undoOf(o))]) applyOperation(again, x);
        expect(seen(again)).toEqual(seen(once));
      }),
    );
  });

  it('revisions only grow, and only of what was touched', () => {
    fc.assert(
      fc.property(documentAndOperation, ({ s, operation: o }) => {
        const after = copy(s);
        const { touched } = applyOperation(after, o);
        const revOf = (d: DocumentState, id: string) => (d.annotations.get(id) ?? d.deleted.get(id))?.rev ?? 0;
        for (const id of new Set([...s.annotations.keys(), ...s.deleted.keys(), ...after.annotations.keys()])) {
          if (touched.includes(id)) expect(revOf(after, id)).toBeGreaterThan(revOf(s, id));
          else expect(revOf(after, id)).toBe(revOf(s, id));
        }
        // Annotations are values: what the operation did not touch is the same object, and nothing was changed in place.
        for (const [id, a] of s.annotations) if (!touched.includes(id)) expect(after.annotations.get(id)).toBe(a);
      }),
    );
  });

  it('an operation of which one change is refused changes nothing', () => {
    fc.assert(
      fc.property(documentAndOperation, ({ s, operation: o }) => {
        const impossible: Change = { kind: 'update', annotation: idOf(999), rev: 1, before: { truncated: false }, after: { truncated: true } };
        const after = copy(s);
        expect(() => applyOperation(after, { ...o, changes: [...o.changes, impossible] })).toThrow(OperationRefused);
        expect(after).toEqual(s);
      }),
    );
  });

  it('survive JSON and the schema unchanged, and are read as they were stored', () => {
    fc.assert(
      fc.property(documentAndOperation, ({ operation: o }) => {
        const stored: unknown = JSON.parse(JSON.stringify(o));
        expect(operation.parse(stored)).toEqual(o);
        expect(upgradeOperation(stored)).toEqual(o);
        const undo = undoOf(o);
        expect(operation.parse(JSON.parse(JSON.stringify(undo)))).toEqual(undo);
      }),
    );
  });
});

describe('merging', () => {
  const base: AnnotationFields = { classId: idOf(800), geometry: { kind: 'box', v: 1, x0: 0, y0: 0, x1: 2, y1: 2 }, attributes: { [idOf(901)]: 1 }, truncated: false, occluded: false, difficult: false, crowd: false, group: null, track: null, at: null, score: null, origin: null };
  const withBox = () => {
    const s = emptyDocument();
    s.annotations.set(idOf(1), { ...base, id: idOf(1), rev: 1 });
    return s;
  };
  const set = (before: Partial<AnnotationFields>, after: Partial<AnnotationFields>): Change => change.parse({ kind: 'update', annotation: idOf(1), rev: 1, before, after });
  const applyAll = (s: DocumentState, ...changes: Change[]): Conflict[] => changes.flatMap((c) => applyOperation(s, op([c])).conflicts);

  it('two people who set different fields both win, in either order', () => {
    const a = set({ classId: idOf(800) }, { classId: idOf(801) });
    const b = set({ truncated: false }, { truncated: true });
    for (const order of [[a, b], [b, a]]) {
      const s = withBox();
      expect(applyAll(s, ...order)).toEqual([]);
      expect(s.annotations.get(idOf(1))).toMatchObject({ classId: idOf(801), truncated: true, rev: 3 });
    }
  });

  it('of the same field, the later arrival wins and the earlier value is listed', () => {
    const s = withBox();
    expect(applyAll(s, set({ classId: idOf(800) }, { classId: idOf(801) }), set({ classId: idOf(800) }, { classId: idOf(802) }))).toEqual([{ annotation: idOf(1), field: 'classId', lost: idOf(801), kept: idOf(802) }]);
    expect(s.annotations.get(idOf(1))!.classId).toBe(idOf(802));
  });

  it('two who set the same value do not disagree', () => {
    expect(applyAll(withBox(), set({ truncated: false }, { truncated: true }), set({ truncated: false }, { truncated: true }))).toEqual([]);
  });

  it('attributes merge one by one', () => {
    const s = withBox();
    const a = set({ attributes: { [idOf(901)]: 1 } }, { attributes: { [idOf(901)]: 2 } });
    const b = set({ attributes: {} }, { attributes: { [idOf(902)]: true } });
    const c = set({ attributes: { [idOf(901)]: 1 } }, { attributes: {} });
    expect(applyAll(s, a, b)).toEqual([]);
    expect(s.annotations.get(idOf(1))!.attributes).toEqual({ [idOf(901)]: 2, [idOf(902)]: true });
    expect(applyAll(s, c)).toEqual([{ annotation: idOf(1), field: `attributes.${idOf(901)}`, lost: 2, kept: null }]);
    expect(s.annotations.get(idOf(1))!.attributes).toEqual({ [idOf(902)]: true });
  });

  it('delete beats update, whichever comes first, and what is lost is listed', () => {
    const remove: Change = { kind: 'delete', annotation: idOf(1), rev: 1, before: base };
    const move = set({ truncated: false }, { truncated: true });
    const first = withBox();
    expect(applyAll(first, remove, move)).toEqual([{ annotation: idOf(1), field: '*', lost: { truncated: true }, kept: null }]);
    const second = withBox();
    expect(applyAll(second, move, remove)).toEqual([{ annotation: idOf(1), field: '*', lost: { ...base, truncated: true }, kept: null }]);
    for (const s of [first, second]) expect([s.annotations.size, s.deleted.size]).toEqual([0, 1]);
    expect(applyAll(first, remove)).toEqual([]);
  });

  it('paint on a changed base: every pixel is as the last stroke over it left it', () => {
    fc.assert(
      fc.property(mask, fc.array(fc.record({ stroke: mask, erase: fc.boolean(), seen: mask }), { maxLength: 5 }), (start, strokes) => {
        const s = emptyDocument();
        s.annotations.set(idOf(1), { ...base, geometry: { kind: 'mask', v: 1, mask: maskToString(start) }, id: idOf(1), rev: 1 });
        const frame = { x: 0, y: 0, width: SIZE, height: SIZE };
        const expected = maskToBitmap(start, frame);
        for (const { stroke, erase, seen: base } of strokes) {
          // The author saw another mask than there is: only what was a change to them is sent.
          const bits = maskToBitmap(stroke, frame);
          const known = maskToBitmap(base, frame);
          const changed = bits.map((b, i) => (b && known[i] === (erase ? 1 : 0) ? 1 : 0));
          changed.forEach((c, i) => c && (expected[i] = erase ? 0 : 1));
          const delta = maskToString(maskFromBitmap(changed, SIZE, SIZE));
          const none = maskToString(emptyMask());
          expect(applyAll(s, { kind: 'paint', annotation: idOf(1), rev: 1, set: erase ? none : delta, cleared: erase ? delta : none })).toEqual([]);
        }
        const now = s.annotations.get(idOf(1))!.geometry as { mask: string };
        expect(maskToBitmap(maskFromString(now.mask), frame)).toEqual(expected);
      }),
    );
  });

  it('paint needs a mask; of a deleted one it is lost and listed', () => {
    const stroke: Change = { kind: 'paint', annotation: idOf(1), rev: 1, set: maskToString(rectMask({ x: 0, y: 0, width: 1, height: 1 })), cleared: maskToString(emptyMask()) };
    expect(() => applyAll(withBox(), stroke)).toThrow('is a box, which cannot be painted');
    const s = withBox();
    applyAll(s, { kind: 'delete', annotation: idOf(1), rev: 1, before: base });
    expect(applyAll(s, stroke)).toMatchObject([{ field: '*', lost: { set: stroke.set }, kept: null }]);
  });

  it('a create over what is there by now wins as a whole; over the same it is nothing', () => {
    const s = withBox();
    expect(applyOperation(s, op([{ kind: 'create', annotation: idOf(1), after: base }]))).toEqual({ touched: [], conflicts: [] });
    const other = { ...base, truncated: true };
    expect(applyAll(s, { kind: 'create', annotation: idOf(1), after: other })).toEqual([{ annotation: idOf(1), field: '*', lost: base, kept: other }]);
  });
});

describe('reading operations', () => {
  it('refuses what is not one, and versions of the future', () => {
    const good = op([{ kind: 'decide', proposal: idOf(1), before: null, after: 'accepted', threshold: 0.5 }]);
    expect(() => upgradeOperation({ ...good, v: OPERATION_VERSION + 1 })).toThrow();
    expect(() => upgradeOperation({ ...good, changes: [{ kind: 'explode' }] })).toThrow();
    expect(() => upgradeOperation({ ...good, changes: [] })).toThrow();
    expect(() => upgradeOperation(null)).toThrow();
  });

  it('an update names the same fields before and after, and none that the document keeps', () => {
    const update = (before: object, after: object) => change.safeParse({ kind: 'update', annotation: idOf(1), rev: 1, before, after }).success;
    expect(update({ truncated: false }, { truncated: true })).toBe(true);
    expect(update({}, {})).toBe(false);
    expect(update({ truncated: false }, { occluded: true })).toBe(false);
    expect(update({ rev: 1 }, { rev: 2 })).toBe(false);
    // A field left out stays out: it must not come back as its default.
    expect(change.parse({ kind: 'update', annotation: idOf(1), rev: 1, before: { truncated: false }, after: { truncated: true } })).toMatchObject({ after: { truncated: true } });
    expect(Object.keys((change.parse({ kind: 'update', annotation: idOf(1), rev: 1, before: { truncated: false }, after: { truncated: true } }) as { after: object }).after)).toEqual(['truncated']);
  });
});
