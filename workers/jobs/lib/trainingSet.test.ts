import { describe, expect, it } from 'vitest';
import type { ManifestItem } from '@/lib/core/formats/manifest';
import { classPalette, type LabelClass, type LabelSchema } from '@/lib/core/labels';
import { trainingSetOf } from './trainingSet';

const id = (n: number) => `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const cls = (n: number, kind: 'box' | 'mask'): LabelClass => ({ id: id(n), index: n, name: `class ${n}`, kind, color: classPalette[0], hotkey: null, description: '', skeleton: null, attributes: [] });
const schema: LabelSchema = { classes: [cls(2, 'box'), cls(0, 'box'), cls(1, 'mask')] };
const box = (classId: string, crowd = false) => ({
  id: id(99), classId, geometry: { kind: 'box' as const, v: 1 as const, x0: 1, y0: 2, x1: 30, y1: 40 }, attributes: {}, truncated: false, occluded: false, difficult: false, crowd, group: null, track: null, at: null, score: null, origin: null,
});
const item = (n: number, split: 'train' | 'val' | 'test', classes: string[], crowd = false): ManifestItem => ({
  path: `${n}.jpg`, hash: String(n).padStart(64, '0'), mime: 'image/jpeg', width: 64, height: 48, orientation: 1, split, annotations: classes.map((c) => box(c, crowd)),
});
async function* of(...items: ManifestItem[]) {
  yield* items;
}

describe('trainingSetOf', () => {
  it('takes the box classes of the train split in creation order, and negative examples', async () => {
    const set = await trainingSetOf('detect', schema, of(item(1, 'train', [id(2), id(0)]), item(2, 'train', []), item(3, 'val', [id(2)])));
    expect(set.classes.map((c) => c.name)).toEqual(['class 0', 'class 2']);
    expect([set.train.length, set.val.length, set.test.length]).toEqual([2, 1, 0]);
    expect(set.train.map((i) => i.labels.length)).toEqual([2, 0]);
    expect(set.notes).toEqual([]);
  });

  it('leaves out a class that only val shows, and says so', async () => {
    const set = await trainingSetOf('detect', schema, of(item(1, 'train', [id(0)]), item(2, 'train', [id(0)]), item(3, 'val', [id(2), id(0)])));
    expect(set.classes.map((c) => c.id)).toEqual([id(0)]);
    expect(set.val[0]!.labels.map((b) => 'classId' in b && b.classId)).toEqual([id(0)]);
    expect(set.notes.join()).toMatch(/"class 2"/);
  });

  it('says what to do when there is too little', async () => {
    await expect(trainingSetOf('detect', { classes: [cls(1, 'mask')] }, of())).rejects.toThrow(/no class of kind box/);
    await expect(trainingSetOf('detect', schema, of(item(1, 'train', [id(0)])))).rejects.toThrow(/at least 2 done images.*has 1/);
    await expect(trainingSetOf('detect', schema, of(item(1, 'train', [id(0)]), item(2, 'val', []), item(3, 'test', [])))).rejects.toThrow(/Only 1 of this version's 3 images is in the train split/);
    await expect(trainingSetOf('detect', schema, of(item(1, 'train', []), item(2, 'train', [])))).rejects.toThrow(/has a box/);
    await expect(trainingSetOf('detect', schema, of(item(1, 'train', [id(0)], true), item(2, 'train', [])))).rejects.toThrow(/has a box/);
  });
});
