import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxFromXywh } from '../geometry/box';
import { ClassificationAccumulator, DetectionConfusion, precisionRecallAt, type DetectionImage } from '.';

describe('confusion of detections', () => {
  const box = (x: number) => boxFromXywh(x, 0, 10, 10);
  it('by hand: right, wrong class, missed, from nothing, beside a crowd, below the score', () => {
    const m = new DetectionConfusion(['cat', 'dog'], { score: 0.3 });
    m.add(
      [{ classId: 'cat', box: box(0) }, { classId: 'dog', box: box(100) }, { classId: 'cat', box: box(200) }, { classId: 'cat', box: box(300), crowd: true }, { classId: 'bird', box: box(500) }],
      [{ classId: 'cat', box: box(1), score: 0.9 }, { classId: 'cat', box: box(2), score: 0.8 }, { classId: 'cat', box: box(101), score: 0.7 }, { classId: 'cat', box: box(300), score: 0.6 }, { classId: 'dog', box: box(200), score: 0.2 }, { classId: 'dog', box: box(400), score: 0.4 }, { classId: 'bird', box: box(500), score: 1 }],
    );
    expect(m.rows()).toEqual([[1, 0, 1], [1, 0, 0], [1, 1, 0]]);
    expect(m.matrix.recall()).toEqual([0.5, 0, 0]);
  });
  it('prefers an object of its own class to a nearer one of another', () => {
    const m = new DetectionConfusion([1, 2]);
    m.add([{ classId: 1, box: box(0) }, { classId: 2, box: box(2) }], [{ classId: 2, box: box(0), score: 0.9 }, { classId: 1, box: box(0), score: 0.8 }]);
    expect(m.rows()).toEqual([[1, 0, 0], [0, 1, 0], [0, 0, 0]]);
  });
  it('the diagonal counts what average precision counts as right; rows and columns add up', () => {
    const shape = fc.record({ classId: fc.nat(2), x: fc.nat(30) });
    fc.assert(fc.property(fc.array(shape, { maxLength: 8 }), fc.array(fc.tuple(shape, fc.nat(100)), { maxLength: 8 }), (truths, found) => {
      const gt = truths.map((t) => ({ classId: t.classId, box: box(t.x) }));
      // Scores of their own, so that order is not a matter of luck.
      const dt = found.map(([d, s], i) => ({ classId: d.classId, box: box(d.x), score: (s + i / 100) / 101 }));
      const m = new DetectionConfusion([0, 1, 2], { score: 0.5 });
      m.add(gt, dt);
      const rows = m.rows();
      const image: DetectionImage<number> = { gt, dt };
      const figures = precisionRecallAt([image], 0.5, { classes: [0, 1, 2] });
      for (const c of figures.perClass) {
        expect(rows[c.classId]![c.classId]).toBe(c.truePositives);
        expect(rows[c.classId]!.reduce((a, b) => a + b)).toBe(gt.filter((t) => t.classId === c.classId).length);
        expect(rows.reduce((sum, r) => sum + r[c.classId]!, 0)).toBe(dt.filter((d) => d.classId === c.classId && d.score >= 0.5).length);
      }
      expect(rows[3]![3]).toBe(0);
    }));
  });
});

describe('top-1 and top-5', () => {
  it('by hand', () => {
    const a = new ClassificationAccumulator<string>(['a', 'b', 'c', 'd', 'e', 'f']);
    a.add('a', ['a', 'b', 'c', 'd', 'e', 'f']);
    a.add('a', ['b', 'c', 'd', 'e', 'a', 'f']);
    a.add('b', ['a', 'c', 'd', 'e', 'f', 'b']);
    a.add('c', []);
    expect(a.result()).toMatchObject({ images: 4, top1: 0.25, top5: 0.5 });
    expect(a.result().perClass.slice(0, 4)).toEqual([{ classId: 'a', images: 2, top1: 0.5, top5: 1 }, { classId: 'b', images: 1, top1: 0, top5: 0 }, { classId: 'c', images: 1, top1: 0, top5: 0 }, { classId: 'd', images: 0, top1: null, top5: null }]);
    expect(() => a.add('z', [])).toThrow(RangeError);
  });
  it('has no top-5 where there are five classes or fewer, and no figures of nothing', () => {
    const a = new ClassificationAccumulator([1, 2]);
    expect(a.result()).toMatchObject({ images: 0, top1: null, top5: null });
    a.add(1, [1, 2]);
    expect(a.result()).toMatchObject({ top1: 1, top5: null });
  });
});
