import { describe, expect, it } from 'vitest';
import type { AnnotationFields, LabelSchema } from '../labels';
import { emptyMask, maskToString, rectMask } from '../masks';
import { checkResult, checkWithin, completions } from './check';
import { applyOperation, OPERATION_VERSION, type Change, type Operation } from './operation';
import { emptyDocument } from './state';

const idOf = (n: number) => `01890000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
const colour = '#1c7ed6';
const schema: LabelSchema = {
  classes: [
    { id: idOf(10), index: 0, name: 'cell', color: colour, kind: 'box', description: '', attributes: [{ id: idOf(20), name: 'count', type: 'number', min: 0, max: 5 }] },
    { id: idOf(11), index: 1, name: 'nucleus', color: colour, kind: 'mask', description: '', attributes: [] },
    { id: idOf(12), index: 2, name: 'pose', color: colour, kind: 'landmarks', description: '', attributes: [], skeleton: { points: [1, 2, 3].map((n) => ({ id: idOf(30 + n), name: `p${n}` })), edges: [], pairs: [] } },
  ],
};
const size = { width: 100, height: 50 };
const fields = (over: Partial<AnnotationFields>): AnnotationFields => ({
  classId: idOf(10), geometry: { kind: 'box', v: 1, x0: 0, y0: 0, x1: 100, y1: 50 }, attributes: {}, truncated: false, occluded: false, difficult: false, crowd: false, group: null, track: null, at: null, score: null, origin: null, ...over,
});
const op = (changes: Change[], undoes: string | null = null): Operation => ({ id: idOf(1), v: OPERATION_VERSION, type: 'test', document: idOf(0), base: 0, changes, tool: 't', at: '2026-01-01T00:00:00Z', activeMs: 0, undoes, batch: null });

function check(changes: Change[], options: { undoes?: string; held?: AnnotationFields } = {}): string | null {
  const state = emptyDocument();
  if (options.held) state.annotations.set(idOf(2), { ...options.held, id: idOf(2), rev: 1 });
  const o = op(changes, options.undoes ?? null);
  applyOperation(state, o);
  return checkResult(state, o, schema, size);
}
const create = (over: Partial<AnnotationFields>): Change => ({ kind: 'create', annotation: idOf(2), after: fields(over) });

describe('checkResult', () => {
  it('takes what lies in the image to its very edge', () => {
    expect(check([create({})])).toBeNull();
    expect(check([create({ classId: idOf(12), geometry: { kind: 'landmarks', v: 1, points: [{ x: 100, y: 50, v: 2 }, { x: 0, y: 0, v: 0 }, { x: 0, y: 0, v: 1 }] } })])).toBeNull();
    expect(check([create({ classId: idOf(11), geometry: { kind: 'mask', v: 1, mask: maskToString(emptyMask()) } })])).toBeNull();
  });

  it('says where something reaches beyond the image', () => {
    expect(check([create({ geometry: { kind: 'box', v: 1, x0: -1, y0: 0, x1: 5, y1: 5 } })])).toBe('change 1 of 1: the box from (-1, 0) to (5, 5) reaches beyond the image of 100 × 50');
    expect(check([create({ classId: idOf(12), geometry: { kind: 'landmarks', v: 1, points: [{ x: 101, y: 5, v: 1 }, { x: 0, y: 0, v: 0 }, { x: 0, y: 0, v: 0 }] } })])).toMatch(/landmarks .* beyond/);
    const held = fields({ classId: idOf(11), geometry: { kind: 'mask', v: 1, mask: maskToString(emptyMask()) } });
    expect(check([{ kind: 'paint', annotation: idOf(2), rev: 1, set: maskToString(rectMask({ x: 99, y: 0, width: 2, height: 1 })), cleared: maskToString(emptyMask()) }], { held })).toMatch(/mask .* beyond/);
    expect(checkWithin({ kind: 'box', v: 1, x0: 0, y0: 0, x1: 100.0000001, y1: 50 }, size)).toBeNull();
  });

  it('looks at what was set only: a value that the schema dropped does not stop a move', () => {
    const held = fields({ attributes: { [idOf(99)]: 'left over', [idOf(20)]: 77 } });
    const move: Change = { kind: 'update', annotation: idOf(2), rev: 1, before: { geometry: held.geometry }, after: { geometry: { kind: 'box', v: 1, x0: 1, y0: 1, x1: 2, y1: 2 } } };
    expect(check([move], { held })).toBeNull();
    const set = (value: number): Change => ({ kind: 'update', annotation: idOf(2), rev: 1, before: { attributes: { [idOf(20)]: 77 } }, after: { attributes: { [idOf(20)]: value } } });
    expect(check([set(3)], { held })).toBeNull();
    expect(check([set(6)], { held })).toMatch(/"count" .* does not take 6/);
    expect(check([create({ attributes: { [idOf(99)]: 'x' } })])).toMatch(/has no attribute/);
    expect(check([create({ attributes: { [idOf(99)]: 'x' } })], { undoes: idOf(5) })).toBeNull();
  });

  it('refuses another kind, also by a change of class alone', () => {
    expect(check([{ kind: 'update', annotation: idOf(2), rev: 1, before: { classId: idOf(10) }, after: { classId: idOf(11) } }], { held: fields({}) })).toBe('change 1 of 1: class "nucleus" takes mask, not box');
  });

  it('does not look at what is deleted again in the same operation', () => {
    expect(check([create({ classId: idOf(77) }), { kind: 'delete', annotation: idOf(2), rev: 1, before: fields({ classId: idOf(77) }) }])).toBeNull();
  });
});

describe('completions', () => {
  it('adds the points that a skeleton gained, not placed, and takes none away', () => {
    const state = emptyDocument();
    const points = (n: number) => Array.from({ length: n }, (_, i) => ({ x: i, y: i, v: 2 as const }));
    const put = (n: number, count: number) => state.annotations.set(idOf(n), { ...fields({ classId: idOf(12), geometry: { kind: 'landmarks', v: 1, points: points(count) } }), id: idOf(n), rev: 1 });
    put(1, 1);
    put(2, 3);
    put(3, 4);
    const changes = completions(state, [idOf(1), idOf(2), idOf(3), idOf(4)], schema);
    expect(changes).toEqual([{ kind: 'update', annotation: idOf(1), rev: 1, before: { geometry: { kind: 'landmarks', v: 1, points: points(1) } }, after: { geometry: { kind: 'landmarks', v: 1, points: [...points(1), { x: 0, y: 0, v: 0 }, { x: 0, y: 0, v: 0 }] } } }]);
    const short: Change = { kind: 'create', annotation: idOf(9), after: fields({ classId: idOf(12), geometry: { kind: 'landmarks', v: 1, points: points(2) } }) };
    expect(check([{ ...short, annotation: idOf(2) }])).toBeNull();
    expect(check([{ ...short, annotation: idOf(2), after: { ...short.after, geometry: { kind: 'landmarks', v: 1, points: points(4) } } }])).toBe('change 1 of 1: class "pose" has 3 points, not 4');
  });
});
