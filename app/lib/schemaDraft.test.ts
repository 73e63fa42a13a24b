import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelSchema, skeleton, type Skeleton } from '@/lib/core/labels';
import { addClass, addPoint, changeClass, draftOf, emptySkeleton, faultsOf, hotkeyConflict, isChanged, moveClass, movePoint, nextColor, nextHotkey, pathInWords, rebase, removeClass, removePoint, schemaOf, setKind, skeletonLayout, toggleEdge, togglePair } from './schemaDraft';

const A = '00000000-0000-7000-8000-00000000000a';
const B = '00000000-0000-7000-8000-00000000000b';
const C = '00000000-0000-7000-8000-00000000000c';
const saved = labelSchema.parse({ classes: [
  { id: A, index: 0, name: 'red cell', color: '#e03131', hotkey: '1', kind: 'box' },
  { id: B, index: 3, name: 'white cell', color: '#1c7ed6', kind: 'mask' },
] });
const draft = () => draftOf({ version: 4, nextIndex: 5, schema: saved });
const none = new Map<string, string>();

describe('schema draft', () => {
  it('gives new classes the next indices, without gaps when one is taken back', () => {
    let d = addClass(draft(), { id: C, name: 'one' });
    d = addClass(d, { name: 'two' });
    d = removeClass(d, C, null);
    d = addClass(d, { name: 'three' });
    expect(schemaOf(d).classes.map((c) => [c.name, c.index])).toEqual([['red cell', 0], ['white cell', 3], ['two', 5], ['three', 6]]);
    expect(faultsOf(d)).toEqual([]);
  });

  it('keeps indices when classes change places', () => {
    const d = moveClass(draft(), B, -1);
    expect(schemaOf(d).classes.map((c) => c.index)).toEqual([3, 0]);
    expect(isChanged(d)).toBe(true);
    expect(isChanged(moveClass(d, B, 1))).toBe(false);
  });

  it('gives classes colours that are free', () => {
    expect(nextColor(saved.classes)).not.toBe('#e03131');
    expect(nextColor(saved.classes)).not.toBe('#1c7ed6');
  });

  it('finds key conflicts with classes and with the labelling page', () => {
    const reserved = new Map([['b', 'box tool'], ['2', 'zoom']]);
    expect(hotkeyConflict(draft(), B, '1', reserved)).toContain('red cell');
    expect(hotkeyConflict(draft(), A, '1', reserved)).toBeNull();
    expect(hotkeyConflict(draft(), B, 'b', reserved)).toContain('box tool');
    expect(hotkeyConflict(draft(), B, 'ß', reserved)).not.toBeNull();
    expect(nextHotkey(saved.classes, reserved)).toBe('3');
  });

  it('says what is wrong, by class', () => {
    const d = addClass(changeClass(draft(), B, { name: 'Red Cell' }), { id: C });
    const faults = faultsOf(d);
    expect(faults.find((f) => f.classId === B)?.path).toBe('name');
    expect(faults.find((f) => f.classId === C)?.path).toBe('name');
    expect(pathInWords('attributes.0.options.1.name')).toBe('attribute 1 option 2 name');
    expect(pathInWords('skeleton.pairs')).toBe('pairs');
  });

  it('keeps points while the kind is tried out, and drops them for boxes', () => {
    const d = setKind(draft(), A, 'landmarks');
    expect(d.classes[0]!.skeleton!.points).toHaveLength(1);
    expect(setKind(d, A, 'box').classes[0]!.skeleton).toBeNull();
  });

  it('leads reassigned annotations on when their new class goes too', () => {
    let d = addClass(draft(), { id: C, name: 'x' });
    d = removeClass(d, A, { classId: A, action: 'reassign', to: B });
    expect(removeClass(d, B, { classId: B, action: 'reassign', to: C }).removals).toEqual([{ classId: A, action: 'reassign', to: C }, { classId: B, action: 'reassign', to: C }]);
    expect(removeClass(d, B, { classId: B, action: 'delete' }).removals).toEqual([{ classId: A, action: 'delete' }, { classId: B, action: 'delete' }]);
    expect(hotkeyConflict(d, C, '1', none)).toBeNull();
  });
});

describe('rebase', () => {
  it('joins what two people did to different classes', () => {
    let mine = changeClass(draft(), A, { name: 'erythrocyte' });
    mine = addClass(mine, { name: 'mine' });
    const newer = { version: 5, nextIndex: 6, schema: labelSchema.parse({ classes: [saved.classes[0], { ...saved.classes[1], color: '#000000' }, { id: C, index: 5, name: 'theirs', color: '#2f9e44', kind: 'box' }] }) };
    const joined = rebase(mine, newer);
    expect(schemaOf(joined).classes.map((c) => [c.name, c.index, c.color])).toEqual([['erythrocyte', 0, '#e03131'], ['white cell', 3, '#000000'], ['theirs', 5, '#2f9e44'], ['mine', 6, expect.any(String)]]);
    expect(joined.base).toBe(5);
    expect(faultsOf(joined)).toEqual([]);
  });
  it('lets go of a class that the other took out', () => {
    const newer = { version: 5, nextIndex: 5, schema: labelSchema.parse({ classes: [saved.classes[1]] }) };
    expect(rebase(changeClass(draft(), A, { name: 'changed' }), newer).classes.map((c) => c.id)).toEqual([B]);
    const removing = removeClass(draft(), B, { classId: B, action: 'reassign', to: A });
    expect(rebase(removing, newer).removals).toEqual([]);
  });
});

/** Links by names of points, which no reordering may change. */
const named = (s: Skeleton) => ({ edges: s.edges.map((e) => e.map((k) => s.points[k]!.name).sort()), pairs: s.pairs.map((p) => p.map((k) => s.points[k]!.name)) });
const skeletons = fc.integer({ min: 2, max: 9 }).chain((n) => fc.array(fc.tuple(fc.nat(n - 1), fc.nat(n - 1), fc.boolean()), { maxLength: 12 }).map((links) => {
  let s = emptySkeleton();
  for (let i = 1; i < n; i++) s = addPoint(s);
  for (const [a, b, pair] of links) s = pair ? togglePair(s, a, b) : toggleEdge(s, a, b);
  return s;
}));

describe('skeleton editing', () => {
  it('makes only valid skeletons, and links follow their points', () => {
    fc.assert(fc.property(skeletons, fc.nat(8), fc.integer({ min: -3, max: 3 }), (s, at, by) => {
      const k = at % s.points.length;
      expect(skeleton.safeParse(s).success).toBe(true);
      expect(named(movePoint(s, k, by))).toEqual(named(s));
      if (s.points.length > 1) {
        const less = removePoint(s, k);
        const gone = s.points[k]!.name;
        expect(skeleton.safeParse(less).success).toBe(true);
        expect(named(less).edges).toEqual(named(s).edges.filter((e) => !e.includes(gone)));
      }
    }));
  });

  it('draws every point inside the square, and partners at the same height', () => {
    fc.assert(fc.property(skeletons, (s) => {
      const places = skeletonLayout(s);
      expect(places.every((p) => p.x >= 0 && p.x <= 1 && p.y >= 0 && p.y <= 1)).toBe(true);
      for (const [a, b] of s.pairs) expect(places[a]!.y).toBeCloseTo(places[b]!.y);
      expect(new Set(places.map((p) => `${p.x.toFixed(4)},${p.y.toFixed(4)}`)).size).toBe(places.length);
    }));
  });

  it('never adds two points of one name', () => {
    let s = addPoint(addPoint(emptySkeleton()));
    s = addPoint(removePoint(s, 0));
    expect(new Set(s.points.map((p) => p.name)).size).toBe(s.points.length);
  });
});
