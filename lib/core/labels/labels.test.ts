import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyMask, maskToString, rectMask } from '../masks';
import { annotationFields, boxGeometry, checkAgainstSchema, defaultAttributes, geometryBounds, landmarksGeometry, maskGeometry } from './annotation';
import { checkSchemaChange, numberClasses } from './change';
import { labelSchema, type LabelClass, type LabelSchema } from './schema';
import { splitFraction, splitOfHash } from './split';

const idOf = (n: number) => `01890000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
const cls = (n: number, over: Partial<LabelClass> = {}): LabelClass => ({ id: idOf(n), index: n, name: `class ${n}`, color: '#1c7ed6', kind: 'box', description: '', attributes: [], ...over });
const points = (...ns: number[]) => ns.map((n) => ({ id: idOf(n), name: `p${n}` }));
const faultsOf = (schema: unknown) => labelSchema.safeParse(schema).error?.issues.map((i) => `${i.path.join('.')}: ${i.message}`) ?? [];

describe('the split rule', () => {
  it('takes the first 52 bits of the SHA-256', () => {
    // SHA-256("abc") = ba7816bf 8f01c… : its first 13 hexadecimal digits over 2^52.
    const hash = createHash('sha256').update('abc').digest('hex');
    expect(hash.slice(0, 13)).toBe('ba7816bf8f01c');
    expect(splitFraction(hash)).toBe(0xba7816bf8f01c / 2 ** 52);
    expect(splitOfHash(hash)).toBe('train');
    expect(splitFraction('0'.repeat(64))).toBe(0);
    expect(splitFraction('f'.repeat(64))).toBe(1 - 2 ** -52);
  });

  it('has its borders where the rule says', () => {
    const at = (u: bigint) => splitOfHash(u.toString(16).padStart(13, '0') + '0'.repeat(51));
    const two52 = 1n << 52n;
    const first = (share: number) => BigInt(Math.ceil(share * 2 ** 52));
    expect([at(0n), at(first(0.8) - 1n), at(first(0.8)), at(first(0.9) - 1n), at(first(0.9)), at(two52 - 1n)]).toEqual(['train', 'train', 'val', 'val', 'test', 'test']);
  });

  it('gives about 80, 10 and 10 of a hundred', () => {
    const n = 20_000;
    const counts = { train: 0, val: 0, test: 0 };
    for (let i = 0; i < n; i++) counts[splitOfHash(createHash('sha256').update(String(i)).digest('hex'))]++;
    // Four standard deviations of a binomial.
    for (const [side, share] of [['train', 0.8], ['val', 0.1], ['test', 0.1]] as const) expect(Math.abs(counts[side] / n - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / n));
  });

  it('refuses what is not a hash', () => {
    expect(() => splitOfHash('abc')).toThrow(RangeError);
  });
});

describe('the label schema', () => {
  it('refuses names, ids, indices and keys that two classes share, and says whose', () => {
    expect(faultsOf({ classes: [cls(1, { hotkey: 'a' }), cls(2, { hotkey: 'a', name: 'CLASS 1' })] })).toEqual(['classes.1.name: two classes have the same name: "class 1" is also used by "class 1"', 'classes.1.hotkey: two classes have the same key: "a" is also used by "class 1"']);
    expect(faultsOf({ classes: [cls(1), cls(1, { name: 'other' })] })).toHaveLength(2);
    expect(faultsOf({ classes: [cls(1), cls(2), cls(3, { hotkey: null })] })).toEqual([]);
  });

  it('wants points for landmarks, and for nothing else', () => {
    const skeleton = { points: points(1, 2), edges: [], pairs: [] };
    expect(faultsOf({ classes: [cls(1, { kind: 'landmarks' })] })[0]).toContain('needs its points');
    expect(faultsOf({ classes: [cls(1, { skeleton })] })[0]).toContain('has no points');
    expect(faultsOf({ classes: [cls(1, { kind: 'landmarks', skeleton })] })).toEqual([]);
    const bad = (over: object) => faultsOf({ classes: [cls(1, { kind: 'landmarks', skeleton: { ...skeleton, ...over } })] });
    expect(bad({ edges: [[0, 2]] })[0]).toContain('refers to point 2, but there are 2');
    expect(bad({ pairs: [[1, 1]] })).toHaveLength(2);
    expect(bad({ pairs: [[0, 1], [1, 0]] })[0]).toContain('one pair only');
    expect(bad({ points: [{ id: idOf(1), name: 'Left' }, { id: idOf(2), name: 'left' }] })[0]).toContain('same name');
  });

  it('numbers classes once and for ever', () => {
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(fc.nat(9), { maxLength: 8 }), { minLength: 1, maxLength: 8 }), (versions) => {
        const known = new Map<string, number>();
        let next = 0;
        for (const version of versions) {
          const made = numberClasses({ classes: version.map((n) => cls(n, { index: 99 - n })) }, known, next);
          next = made.nextIndex;
          for (const c of made.schema.classes) {
            expect(known.get(c.id) ?? c.index).toBe(c.index);
            known.set(c.id, c.index);
          }
        }
        expect([...known.values()].sort((a, b) => a - b)).toEqual([...known].map((_, i) => i));
        expect(next).toBe(known.size);
      }),
    );
  });

  it('may rename anything, and append points; may not change what is in use', () => {
    const pose = (ps: { id: string; name: string }[]) => cls(1, { kind: 'landmarks', skeleton: { points: ps, edges: [], pairs: [] } });
    const one = (c: LabelClass): LabelSchema => ({ classes: [c] });
    const paths = (before: LabelClass, after: LabelClass, used = true) => checkSchemaChange(one(before), one(after), () => used).map((f) => f.path);
    expect(paths(pose(points(1, 2)), pose([{ id: idOf(1), name: 'nose' }, ...points(2, 3)]))).toEqual([]);
    expect(paths(pose(points(1, 2)), pose(points(1)))).toEqual(['schema.classes.0.skeleton.points.1']);
    expect(paths(pose(points(1, 2)), pose(points(1, 3, 2)))).toEqual(['schema.classes.0.skeleton.points.1']);
    expect(paths(pose(points(1, 2)), pose(points(2)), false)).toEqual([]);
    expect(paths(cls(1), cls(1, { kind: 'mask' }))).toEqual(['schema.classes.0.kind']);
    expect(paths(cls(1), cls(1, { kind: 'mask' }), false)).toEqual([]);
    const withAttribute = (type: 'number' | 'checkbox') => cls(1, { attributes: [type === 'number' ? { id: idOf(5), name: 'a', type } : { id: idOf(5), name: 'a', type, default: false }] });
    expect(paths(withAttribute('number'), withAttribute('checkbox'), false)).toEqual(['schema.classes.0.attributes.0.type']);
  });
});

describe('annotations', () => {
  it('have an area to be boxes, and points that are placed or nowhere', () => {
    const box = (x0: number, x1: number) => boxGeometry.safeParse({ kind: 'box', v: 1, x0, y0: 0, x1, y1: 1 }).success;
    expect([box(0, 1), box(1, 1), box(2, 1), box(0, Infinity), box(NaN, 1)]).toEqual([true, false, false, false, false]);
    const point = (p: object) => landmarksGeometry.safeParse({ kind: 'landmarks', v: 1, points: [p] }).success;
    expect([point({ x: 0, y: 0, v: 0 }), point({ x: 1, y: 0, v: 0 }), point({ x: 1, y: 0, v: 1 }), point({ x: 1, y: 0, v: 3 })]).toEqual([true, false, true, false]);
    expect(maskGeometry.safeParse({ kind: 'mask', v: 1, mask: 'not base64!' }).success).toBe(false);
  });

  it('have bounds', () => {
    expect(geometryBounds({ kind: 'landmarks', v: 1, points: [{ x: 5, y: 1, v: 2 }, { x: 0, y: 0, v: 0 }, { x: 3, y: 9, v: 1 }] })).toEqual({ x0: 3, y0: 1, x1: 5, y1: 9 });
    expect(geometryBounds({ kind: 'landmarks', v: 1, points: [{ x: 0, y: 0, v: 0 }] })).toEqual({ x0: 0, y0: 0, x1: 0, y1: 0 });
    expect(geometryBounds({ kind: 'mask', v: 1, mask: maskToString(rectMask({ x: 2, y: 3, width: 4, height: 5 })) })).toEqual({ x0: 2, y0: 3, x1: 6, y1: 8 });
    expect(geometryBounds({ kind: 'mask', v: 1, mask: maskToString(emptyMask()) })).toEqual({ x0: 0, y0: 0, x1: 0, y1: 0 });
  });

  it('are held against the schema: class, kind, values', () => {
    const options = [{ id: idOf(50), name: 'blue' }];
    const c = cls(1, { attributes: [
      { id: idOf(20), name: 'stain', type: 'select', options, default: idOf(50) }, { id: idOf(21), name: 'size', type: 'number', min: 0, max: 9 },
      { id: idOf(22), name: 'note', type: 'text', maxLength: 3 }, { id: idOf(23), name: 'sure', type: 'checkbox', default: true },
    ] });
    const schema: LabelSchema = { classes: [c] };
    const with_ = (attributes: Record<string, string | number | boolean | null>, classId = c.id) => checkAgainstSchema({ classId, geometry: { kind: 'box', v: 1, x0: 0, y0: 0, x1: 1, y1: 1 }, attributes }, schema);
    for (const good of [{}, { [idOf(20)]: idOf(50) }, { [idOf(21)]: 9 }, { [idOf(22)]: 'abc' }, { [idOf(23)]: false }, { [idOf(20)]: null }, { [idOf(99)]: null }]) expect(with_(good)).toBeNull();
    for (const bad of [{ [idOf(20)]: 'blue' }, { [idOf(21)]: 10 }, { [idOf(21)]: '1' }, { [idOf(22)]: 'abcd' }, { [idOf(23)]: 'true' }, { [idOf(99)]: 1 }]) expect(with_(bad)).toMatch(/attribute/);
    expect(with_({}, idOf(9))).toContain('there is no class');
    expect(defaultAttributes(c)).toEqual({ [idOf(20)]: idOf(50), [idOf(23)]: true });
  });

  it('fill in what is left out', () => {
    expect(annotationFields.parse({ classId: idOf(1), geometry: { kind: 'box', v: 1, x0: 0, y0: 0, x1: 1, y1: 1 } })).toMatchObject({ attributes: {}, truncated: false, group: null, score: null, origin: null });
  });
});
