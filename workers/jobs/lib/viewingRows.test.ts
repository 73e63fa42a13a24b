import { expect, it } from 'vitest';
import type { ViewingReport } from '@/lib/api/routes/viewings';
import { mergedRows } from './viewingRows';

const about = { version: 'v1', versionNumber: 1, split: 'test' as const, images: 20, threads: 2 };
const row = (viewing: ViewingReport['rows'][number]['viewing'], mAP50: number, vote: string[] = []) => ({ viewing, vote, values: { mAP50 }, milliseconds: 10, times: 1 });

it('what was measured before on the same images stays, unless it was measured again', () => {
  const before = { ...about, rows: [row('once', 0.5), row('flip', 0.6), row('once', 0.7, ['b'])] };
  const rows = mergedRows(before, about, [row('once', 0.51), row('flip', 0.65, ['b'])]);
  expect(rows.map((r) => [r.viewing, r.vote, r.values.mAP50])).toEqual([['flip', [], 0.6], ['once', ['b'], 0.7], ['once', [], 0.51], ['flip', ['b'], 0.65]]);
});

it('figures of other images are not shown beside the new ones', () => {
  const before = { ...about, rows: [row('flip', 0.6)] };
  for (const other of [{ version: 'v2' }, { split: 'val' as const }, { images: 19 }]) expect(mergedRows(before, { ...about, ...other }, [row('once', 0.5)])).toEqual([row('once', 0.5)]);
  expect(mergedRows(null, about, [row('once', 0.5)])).toHaveLength(1);
});
