import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { splitFraction } from '@/lib/core/labels';
import type { DatasetSplit } from '@/lib/core/formats';
import { splitCandidates, type SplitCandidate } from './splits';

const sha = (text: string) => createHash('sha256').update(text).digest('hex');
const candidate = (path: string, more: Partial<SplitCandidate> = {}): SplitCandidate => ({ path, hash: async () => sha(path), ...more });
const many = (n: number, more: (i: number) => Partial<SplitCandidate> = () => ({})) => Array.from({ length: n }, (_, i) => candidate(`${i}.jpg`, more(i)));
const paths = (list: readonly SplitCandidate[]) => list.map((i) => i.path);

describe('splitCandidates', () => {
  it('keeps the splits of the data, and leaves out what is in none', async () => {
    const items = many(10, (i) => ({ split: (['train', 'train', 'val', 'test', undefined] as (DatasetSplit | undefined)[])[i % 5] }));
    const split = await splitCandidates(items, { seed: 1 });
    expect([paths(split.train), paths(split.val), paths(split.test)]).toEqual([['0.jpg', '1.jpg', '5.jpg', '6.jpg'], ['2.jpg', '7.jpg'], ['3.jpg', '8.jpg']]);
    expect(split.notes).toEqual([expect.stringContaining('2 images are in no split')]);
  });
  it('goes by the hash where there are none: test from 0.8, watched images from the training side', async () => {
    const items = many(500);
    const split = await splitCandidates(items, { seed: 1 });
    for (const i of split.test) expect(splitFraction(sha(i.path))).toBeGreaterThanOrEqual(0.8);
    for (const i of [...split.train, ...split.val]) expect(splitFraction(sha(i.path))).toBeLessThan(0.8);
    expect(split.train.length + split.val.length + split.test.length).toBe(500);
    expect(split.val.length).toBeGreaterThan(30);
    // A single split is nobody's division; few images are all trained on.
    const few = await splitCandidates(many(20, () => ({ split: 'train' })), { seed: 1 });
    expect([few.val.length, few.train.length + few.test.length, few.notes]).toEqual([0, 20, [expect.stringContaining('without splits (all in train)')]]);
  });
  it('never learns from what is put aside, though nothing is left to learn from', async () => {
    for (const names of [['test'], ['val'], ['val', 'test']] as const) {
      for (const more of [{}, { perClass: 2 }, { limit: 5 }]) {
        const items = many(300, (i) => ({ split: names[i % names.length], className: 'c' }));
        const split = await splitCandidates(items, { seed: 1, ...more });
        expect([split.train, split.val.length + split.test.length, split.notes.filter((n) => n.includes('without splits'))]).toEqual([[], 300, []]);
      }
    }
    // Nor is what stands in no split taken for training then.
    const some = await splitCandidates(many(10, (i) => (i < 3 ? { split: 'test' } : {})), { seed: 1 });
    expect([some.train.length, some.test.length, some.notes]).toEqual([0, 3, [expect.stringContaining('7 images are in no split')]]);
  });
  it('keeps equal bytes together when it puts images aside', async () => {
    const items = many(600, (i) => ({ split: i < 500 ? 'train' : 'test', hash: async () => sha(`twin ${Math.floor(i / 2)}`) }));
    const { train, val } = await splitCandidates(items, { seed: 1 });
    const watched = new Set(await Promise.all(val.map((i) => i.hash())));
    for (const i of train) expect(watched.has(await i.hash())).toBe(false);
    expect([train.length + val.length, val.length % 2]).toEqual([500, 0]);
  });
  it('draws so many of each class by the seed; the rest is the test', async () => {
    const items = many(40, (i) => ({ className: `c${i % 4}` }));
    const a = await splitCandidates(items, { seed: 1, perClass: 2 });
    expect([a.train.length, a.val.length, a.test.length]).toEqual([8, 0, 32]);
    for (let c = 0; c < 4; c++) expect(a.train.filter((i) => i.className === `c${c}`)).toHaveLength(2);
    expect(paths((await splitCandidates(items, { seed: 1, perClass: 2 })).train)).toEqual(paths(a.train));
    expect(paths((await splitCandidates(items, { seed: 2, perClass: 2 })).train)).not.toEqual(paths(a.train));
    const own = await splitCandidates(many(40, (i) => ({ className: 'c', split: i < 20 ? 'train' : 'test' })), { seed: 1, perClass: 3 });
    expect([own.train.length, own.test.length]).toEqual([3, 20]);
  });
  it('draws a number of training images', async () => {
    const split = await splitCandidates(many(100, (i) => ({ split: i < 80 ? 'train' : 'val' })), { seed: 3, limit: 50 });
    expect([split.train.length, split.val.length]).toEqual([50, 20]);
  });
});
