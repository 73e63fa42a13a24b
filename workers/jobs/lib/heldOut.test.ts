import { expect, it } from 'vitest';
import type { ManifestItem } from '@/lib/core/formats/manifest';
import { heldOutOf, heldOutSplits } from './heldOut';

const [known, unknown] = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002'];
const box = (classId: string): ManifestItem['annotations'][number] =>
  ({ id: '00000000-0000-7000-8000-00000000000a', classId, geometry: { kind: 'box', v: 1, x0: 1, y0: 2, x1: 3, y1: 4 }, crowd: false, attributes: {}, score: null, source: null }) as unknown as ManifestItem['annotations'][number];
async function* items(...splits: ManifestItem['split'][]): AsyncGenerator<ManifestItem> {
  for (const [i, split] of splits.entries()) yield { path: `${i}.png`, hash: String(i).repeat(64), mime: 'image/png', width: 10, height: 10, orientation: 1, split, annotations: [box(known), box(unknown)] };
}
const held = (...splits: ManifestItem['split'][]) => heldOutOf('detect', new Set([known]), items(...splits));

it('is the test split, else val, and never what the model learned from', async () => {
  expect(await held('train', 'val', 'test', 'test')).toMatchObject({ split: 'test', images: [{ path: '2.png' }, { path: '3.png' }] });
  expect(await held('train', 'val')).toMatchObject({ split: 'val', images: [{ path: '1.png' }] });
  expect(await held('train', 'train')).toBeNull();
});

it('has the labels of the kind and the classes that the model knows', async () => {
  expect((await held('test'))!.images[0]!.labels).toEqual([{ kind: 'box', classId: known, x0: 1, y0: 2, x1: 3, y1: 4, crowd: false }]);
  expect((await heldOutOf('segment', new Set([known]), items('test')))!.images[0]!.labels).toEqual([]);
});

it('leaves out what the model learned from when the images were split otherwise', async () => {
  const { val, test, left } = await heldOutSplits('detect', new Set([known]), items('val', 'test', 'train', 'test'), new Set(['1'.repeat(64)]));
  expect([val.map((i) => i.path), test.map((i) => i.path), left]).toEqual([['0.png'], ['3.png'], 1]);
});
