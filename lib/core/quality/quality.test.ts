import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxIou } from '../geometry/box';
import { maskFromBitmap, maskToString, rectMask } from '../masks';
import { Random } from '../random';
import { ClusteredShare, QualityAccumulator, disagreementsOf, matchAnnotations, matchGreedily, matchOptimally, wilsonInterval, type Candidate, type Comparable } from '.';
import { hungarian } from './assignment';

let ids = 0;
const id = () => `00000000-0000-7000-8000-${String(ids++).padStart(12, '0')}`;
const box = (classId: string, x0: number, y0: number, w = 10, h = 10, extra: { crowd?: boolean } = {}): Comparable => ({ id: id(), classId, geometry: { kind: 'box', v: 1, x0, y0, x1: x0 + w, y1: y0 + h }, ...extra });
const landmarks = (classId: string, points: [number, number, 0 | 1 | 2][]): Comparable => ({ id: id(), classId, geometry: { kind: 'landmarks', v: 1, points: points.map(([x, y, v]) => ({ x, y, v })) } });
const mask = (classId: string, rect: { x: number; y: number; width: number; height: number }): Comparable => ({ id: id(), classId, geometry: { kind: 'mask', v: 1, mask: maskToString(rectMask(rect)) } });

describe('assignment', () => {
  const graphs = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })).chain(([n, m]) =>
    fc.array(fc.tuple(fc.nat(n - 1), fc.nat(m - 1), fc.integer({ min: 1, max: 20 })), { maxLength: 14 }).map((edges) => edges.map(([a, b, w]): Candidate => ({ a, b, weight: w / 20 }))));
  const total = (list: readonly Candidate[]) => list.reduce((sum, c) => sum + c.weight, 0);
  /** The best total over every one-to-one subset. */
  const exhaustive = (edges: readonly Candidate[]): number => {
    if (edges.length === 0) return 0;
    const [first, ...rest] = edges as [Candidate, ...Candidate[]];
    return Math.max(exhaustive(rest), first.weight + exhaustive(rest.filter((c) => c.a !== first.a && c.b !== first.b)));
  };

  it('finds the greatest total weight, one to one', () => {
    fc.assert(fc.property(graphs, (edges) => {
      const chosen = matchOptimally(edges);
      expect(new Set(chosen.map((c) => c.a)).size).toBe(chosen.length);
      expect(new Set(chosen.map((c) => c.b)).size).toBe(chosen.length);
      expect(total(chosen)).toBeCloseTo(exhaustive(edges), 9);
      const greedy = total(matchGreedily(edges));
      expect(greedy).toBeLessThanOrEqual(total(chosen) + 1e-9);
      expect(greedy).toBeGreaterThanOrEqual(total(chosen) / 2 - 1e-9);
    }), { numRuns: 400 });
  });

  it('the Hungarian method: a known case, and costs of either sign', () => {
    const cost = Float64Array.from([4, 1, 3, 2, 0, 5, 3, 2, 2]);
    expect([...hungarian(cost, 3, 3)]).toEqual([1, 0, 2]);
    expect([...hungarian(Float64Array.from([-1, -5, 2]), 1, 3)]).toEqual([-1, 0, -1]);
  });

  it('beats greedy where the best pair spoils two good ones', () => {
    const edges = [{ a: 0, b: 0, weight: 0.9 }, { a: 0, b: 1, weight: 0.8 }, { a: 1, b: 0, weight: 0.8 }];
    expect(total(matchOptimally(edges))).toBeCloseTo(1.6, 12);
    expect(total(matchGreedily(edges))).toBeCloseTo(0.9, 12);
  });
});

describe('matching two documents', () => {
  it('agreement, another class, another place, missing, extra', () => {
    const a = [box('cell', 0, 0), box('cell', 100, 0), box('cell', 200, 0), box('cell', 300, 0)];
    const b = [box('cell', 1, 0), box('debris', 100, 1), box('cell', 206, 0), box('cell', 500, 0)];
    const r = matchAnnotations(a, b);
    expect(r.matches.map((m) => [m.a.id, m.b.id])).toEqual([[a[0]!.id, b[0]!.id]]);
    expect(r.confusions.map((m) => [m.a.id, m.b.id])).toEqual([[a[1]!.id, b[1]!.id]]);
    expect(r.displaced.map((m) => [m.a.id, m.b.id, m.iou])).toEqual([[a[2]!.id, b[2]!.id, expect.closeTo(0.25, 12)]]);
    expect(r.missing.map((m) => m.annotation.id)).toEqual([a[3]!.id]);
    expect(r.extra.map((m) => m.annotation.id)).toEqual([b[3]!.id]);
    expect(disagreementsOf(r).map((d) => [d.kind, d.classA, d.classB])).toEqual([['missing', 'cell', null], ['extra', null, 'cell'], ['class', 'cell', 'debris'], ['place', 'cell', 'cell']]);
    expect(disagreementsOf(r)[3]!.box).toEqual({ x0: 200, y0: 0, x1: 216, y1: 10 });
  });

  it('agreement comes before confusion, even when the other class overlaps more', () => {
    const a = [box('cell', 0, 0)];
    const b = [box('debris', 0, 0), box('cell', 2, 0)];
    const r = matchAnnotations(a, b);
    expect(r.matches.map((m) => m.b.id)).toEqual([b[1]!.id]);
    expect(r.extra.map((m) => m.annotation.id)).toEqual([b[0]!.id]);
    const loose = matchAnnotations(a, b, { sameClass: false });
    expect(loose.matches.map((m) => m.b.id)).toEqual([b[0]!.id]);
    expect(loose.confusions).toHaveLength(1);
  });

  it('kinds never mix, and may be chosen', () => {
    const a = [box('cell', 0, 0), mask('cell', { x: 0, y: 0, width: 10, height: 10 })];
    const b = [mask('cell', { x: 0, y: 0, width: 10, height: 8 })];
    const r = matchAnnotations(a, b);
    expect(r.matches.map((m) => [m.kind, m.iou])).toEqual([['mask', 0.8]]);
    expect(r.missing.map((m) => m.kind)).toEqual(['box']);
    expect(matchAnnotations(a, b, { kinds: ['box'] }).extra).toEqual([]);
    expect(() => matchAnnotations([], [], { iou: 0 })).toThrow(RangeError);
  });

  it('masks are compared pixel by pixel', () => {
    const ring = maskFromBitmap(Uint8Array.from({ length: 100 }, (_, i) => (i % 10 < 1 || i < 10 || i % 10 === 9 || i >= 90 ? 1 : 0)), 10, 10);
    const a: Comparable = { id: id(), classId: 'c', geometry: { kind: 'mask', v: 1, mask: maskToString(ring) } };
    const r = matchAnnotations([a], [mask('c', { x: 0, y: 0, width: 10, height: 10 })], { iou: 0.3 });
    expect(r.matches[0]!.iou).toBeCloseTo(0.36, 12);
  });

  it('landmarks: same points are alike; a point only one has counts as different; a small object is not judged by its size', () => {
    const points: [number, number, 0 | 1 | 2][] = [[10, 10, 2], [60, 10, 2], [35, 80, 1]];
    const a = landmarks('face', points);
    expect(matchAnnotations([a], [landmarks('face', points)]).matches[0]!.iou).toBe(1);
    const without = landmarks('face', [points[0]!, points[1]!, [0, 0, 0]]);
    expect(matchAnnotations([a], [without]).matches[0]!.iou).toBeCloseTo(2 / 3, 12);
    expect(matchAnnotations([without], [a]).matches[0]!.iou).toBeCloseTo(2 / 3, 12);
    expect(matchAnnotations([a], [landmarks('face', points.slice(1))]).matches).toEqual([]);
    const single = (x: number) => landmarks('nose', [[x, 50, 2]]);
    expect(matchAnnotations([single(50)], [single(51)]).matches).toHaveLength(1);
    expect(matchAnnotations([single(50)], [single(60)]).matches).toHaveLength(0);
    expect(matchAnnotations([single(50)], [single(60)], { sigmas: { nose: [0.3] } }).matches).toHaveLength(1);
  });

  it('crowds, and what lies in them, count neither way', () => {
    const a = [box('cell', 0, 0, 100, 100, { crowd: true }), box('cell', 200, 0)];
    const b = [box('cell', 20, 20), box('cell', 50, 50), box('debris', 60, 60), box('cell', 200, 0)];
    const r = matchAnnotations(a, b);
    expect([r.matches.length, r.extra.length, r.missing.length, r.ignored]).toEqual([1, 1, 0, 3]);
    expect(r.extra[0]!.annotation.classId).toBe('debris');
  });

  const documents = fc.array(fc.tuple(fc.constantFrom('x', 'y'), fc.nat(8), fc.nat(8), fc.integer({ min: 2, max: 6 })), { maxLength: 8 }).map((list) => list.map(([c, x, y, s]) => box(c, x * 3, y * 3, s * 3, s * 3)));

  it('every annotation is in exactly one list; matches reach the threshold; turning round exchanges missing and extra', () => {
    fc.assert(fc.property(documents, documents, fc.constantFrom(0.1, 0.3, 0.5, 0.75), (a, b, iou) => {
      const r = matchAnnotations(a, b, { iou });
      const pairs = [...r.matches, ...r.confusions, ...r.displaced];
      expect([...pairs.map((p) => p.a.id), ...r.missing.map((m) => m.annotation.id)].sort()).toEqual(a.map((x) => x.id).sort());
      expect([...pairs.map((p) => p.b.id), ...r.extra.map((m) => m.annotation.id)].sort()).toEqual(b.map((x) => x.id).sort());
      for (const p of pairs) if (p.a.geometry.kind === 'box' && p.b.geometry.kind === 'box') expect(p.iou).toBe(boxIou(p.a.geometry, p.b.geometry));
      for (const p of r.matches) expect(p.iou >= iou && p.a.classId === p.b.classId).toBe(true);
      const back = matchAnnotations(b, a, { iou });
      const sum = (list: { iou: number }[]) => list.reduce((s, p) => s + p.iou, 0);
      expect(sum(back.matches)).toBeCloseTo(sum(r.matches), 9);
    }));
  });

  it('a document agrees with itself', () => {
    fc.assert(fc.property(documents, (a) => {
      const r = matchAnnotations(a, a);
      expect([r.matches.length, disagreementsOf(r).length]).toEqual([a.length, 0]);
      const q = new QualityAccumulator();
      q.add(a, a);
      if (a.length > 0) expect(q.summary().overall).toMatchObject({ precision: 1, recall: 1, f1: 1, meanIou: expect.closeTo(1, 12) });
    }));
  });
});

describe('figures over items', () => {
  it('by hand', () => {
    const q = new QualityAccumulator();
    q.add([box('cell', 0, 0), box('cell', 100, 0), box('debris', 200, 0)], [box('cell', 0, 0), box('debris', 100, 0), box('debris', 200, 0, 10, 8), box('debris', 400, 0)]);
    q.add([], [box('cell', 0, 0)]);
    q.add([], []);
    const s = q.summary();
    expect(s.items).toBe(3);
    expect(s.overall).toMatchObject({ matches: 2, onlyA: 1, onlyB: 3, precision: 0.4, recall: expect.closeTo(2 / 3, 12), f1: 0.5, meanIou: expect.closeTo(0.9, 12) });
    expect(s.perClass.map((c) => [c.classId, c.matches, c.onlyA, c.onlyB])).toEqual([['cell', 1, 1, 1], ['debris', 1, 0, 2]]);
    expect(s.disagreements).toEqual({ missing: 0, extra: 2, class: 1, place: 0 });
    const at = (a: string | null, b: string | null) => s.confusion.find((c) => c.a === a && c.b === b)?.count ?? 0;
    expect([at('cell', 'cell'), at('cell', 'debris'), at('debris', 'debris'), at(null, 'debris'), at(null, 'cell')]).toEqual([1, 1, 1, 1, 1]);
    const empty = new QualityAccumulator().summary();
    expect(empty.overall).toMatchObject({ precision: null, recall: null, f1: null, meanIou: null, interval: { f1: null } });
  });

  it('the interval holds the figure and narrows with more items', () => {
    const width = (n: number) => {
      const q = new QualityAccumulator();
      for (let i = 0; i < n; i++) q.add([box('c', 0, 0), box('c', 50, 0)], i % 3 === 0 ? [box('c', 0, 0)] : [box('c', 0, 0), box('c', 50, 0)]);
      const { f1, interval } = q.summary().overall;
      expect(interval.f1![0] < f1! && f1! < interval.f1![1]).toBe(true);
      return interval.f1![1] - interval.f1![0];
    };
    expect(width(300)).toBeLessThan(width(30) / 2);
  });

  it('all right on few items is not certainty', () => {
    const q = new QualityAccumulator();
    q.add([box('c', 0, 0)], [box('c', 0, 0)]);
    expect(q.summary().overall.interval.f1![0]).toBeLessThan(0.5);
    expect(q.summary().overall.interval.f1![1]).toBe(1);
  });
});

describe('error bars', () => {
  it("Wilson's interval: published value, and its ends", () => {
    // Newcombe 1998, table I: 81 of 263.
    const [low, high] = wilsonInterval(81 / 263, 263);
    expect([low, high]).toEqual([expect.closeTo(0.2553, 4), expect.closeTo(0.3662, 4)]);
    expect(wilsonInterval(0, 10)[0]).toBe(0);
    expect(wilsonInterval(1, 10)[1]).toBe(1);
    expect(wilsonInterval(0.3, 0)).toEqual([0, 1]);
  });

  /** How often the interval holds the true share, over simulated sets of clusters with correlated outcomes. */
  const coverage = (correlated: boolean, useDesignEffect: boolean) => {
    const random = new Random(correlated ? 21 : 22);
    let held = 0;
    const runs = 600;
    for (let run = 0; run < runs; run++) {
      const share = new ClusteredShare();
      let x = 0;
      let y = 0;
      for (let c = 0; c < 60; c++) {
        const size = 1 + random.below(20);
        // Mean 0.8 either way; correlated clusters are easy or hard as a whole.
        const p = correlated ? (random.next() < 0.5 ? 0.65 : 0.95) : 0.8;
        let right = 0;
        for (let i = 0; i < size; i++) if (random.next() < p) right++;
        share.add(right, size);
        x += right;
        y += size;
      }
      const [low, high] = useDesignEffect ? share.interval()! : wilsonInterval(x / y, y);
      if (low <= 0.8 && 0.8 <= high) held++;
    }
    return held / runs;
  };

  it('hold the truth 95 times of 100, also when the objects of an image are alike', () => {
    expect(coverage(false, true)).toBeGreaterThan(0.93);
    expect(coverage(true, true)).toBeGreaterThan(0.92);
    // Without regard to images the bar would be too short: the reason it is done.
    expect(coverage(true, false)).toBeLessThan(0.9);
  });
});
