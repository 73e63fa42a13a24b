import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergePoints, rowsOfCurves, smoothed, thinned } from './curves';

const p = (n: number, step: number, name: string, value: number) => ({ n, step, name, value });

describe('curves', () => {
  it('takes every point once', () => {
    const a = mergePoints([], [p(1, 0, 'loss', 5), p(2, 1, 'loss', 4)]);
    expect(mergePoints(a, [p(2, 1, 'loss', 4), p(3, 2, 'loss', 3)]).map((x) => x.n)).toEqual([1, 2, 3]);
    expect(mergePoints(a, [])).toBe(a);
  });
  it('puts the values of a step into one row', () => {
    expect(rowsOfCurves([p(1, 4, 'val.mAP50', 0.1), p(2, 4, 'val.mAP', 0.05), p(3, 2, 'loss', 9), p(4, 4, 'val.mAP50', 0.2)], ['val.mAP', 'val.mAP50'])).toEqual([{ step: 4, 'val.mAP50': 0.2, 'val.mAP': 0.05 }]);
  });
  it('keeps both ends when it thins', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 2, max: 400 }), (n, limit) => {
      const rows = Array.from({ length: n }, (_, i) => i);
      const out = thinned(rows, limit);
      expect(out.length).toBeLessThanOrEqual(limit);
      if (n > 0) expect([out[0], out.at(-1)]).toEqual([0, n - 1]);
      expect(out).toEqual([...out].sort((a, b) => a - b));
    }));
  });
  it('smooths without shifting a constant curve', () => {
    const rows = smoothed(Array.from({ length: 20 }, (_, step) => ({ step, loss: 3 })), 'loss', 0.9);
    for (const r of rows) expect(r['loss.smooth']).toBeCloseTo(3);
  });
});
