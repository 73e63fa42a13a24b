import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shapeIou } from '../geometry/box';
import { Random } from '../random';
import { anchorCurve, distinctShapes, kmeansAnchors, meanBestIou, type Shape } from '.';

const shapes = (min: number, max: number) => fc.array(fc.record({ w: fc.integer({ min: 1, max: 60 }), h: fc.integer({ min: 1, max: 60 }) }), { minLength: min, maxLength: max });
const fitOf = (list: readonly Shape[], anchors: readonly Shape[]) => list.reduce((sum, s) => sum + Math.max(...anchors.map((a) => shapeIou(s, a))), 0) / list.length;

/** Highest mean IoU of one anchor with these shapes: every point of a fine logarithmic grid around them. */
function bestSingle(list: Shape[]): number {
  let best = 0;
  for (let i = 0; i <= 150; i++)
    for (let j = 0; j <= 150; j++) {
      const a = { w: Math.exp((Math.log(60) * i) / 150), h: Math.exp((Math.log(60) * j) / 150) };
      best = Math.max(best, list.reduce((sum, s) => sum + shapeIou(s, a), 0));
    }
  return best;
}

describe('K-means with distance 1 − IoU', () => {
  it('agrees with an exhaustive search over all partitions of small sets', () => {
    fc.assert(fc.property(shapes(4, 6), fc.constantFrom(1, 2), (list, k) => {
      let exhaustive = 0;
      for (let bits = 0; bits < (k === 1 ? 1 : 2 ** (list.length - 1)); bits++) {
        const groups = [list.filter((_, i) => !((bits >> i) & 1)), list.filter((_, i) => (bits >> i) & 1)];
        exhaustive = Math.max(exhaustive, groups.reduce((sum, g) => sum + (g.length ? bestSingle(g) : 0), 0) / list.length);
      }
      const found = kmeansAnchors(list, k, { restarts: 20 });
      expect(found.meanBestIou).toBeGreaterThan(exhaustive - 1e-3);
      if (new Set(list.map((s) => `${s.w} ${s.h}`)).size > k) expect(found.meanBestIou).toBeLessThan(exhaustive + 0.01);
    }), { numRuns: 12, seed: 5 });
  });

  it('finds clusters that are there', () => {
    const random = new Random(3);
    const centers = [{ w: 10, h: 10 }, { w: 40, h: 15 }, { w: 30, h: 90 }];
    const list = centers.flatMap((c) => Array.from({ length: 200 }, () => ({ w: c.w * random.between(0.93, 1.07), h: c.h * random.between(0.93, 1.07) })));
    const { anchors, counts, meanBestIou: fit } = kmeansAnchors(list, 3);
    anchors.forEach((a, i) => expect(shapeIou(a, centers[i]!)).toBeGreaterThan(0.97));
    expect(counts).toEqual([200, 200, 200]);
    expect(fit).toBeGreaterThan(0.9);
  });

  it('the figure is the mean best IoU; counts add up; anchors by rising area; the same for a seed', () => {
    fc.assert(fc.property(shapes(1, 40), fc.integer({ min: 1, max: 6 }), (list, k) => {
      const found = kmeansAnchors(list, k, { seed: 4, restarts: 3 });
      expect(found.meanBestIou).toBeCloseTo(fitOf(list, found.anchors), 12);
      expect(meanBestIou(list, found.anchors)).toBeCloseTo(found.meanBestIou, 12);
      expect(found.counts.reduce((a, b) => a + b, 0)).toBe(list.length);
      const areas = found.anchors.map((a) => a.w * a.h);
      expect(areas).toEqual([...areas].sort((a, b) => a - b));
      expect(kmeansAnchors({ w: list.map((s) => s.w), h: list.map((s) => s.h) }, k, { seed: 4, restarts: 3 })).toEqual(found);
      // Where there are no more shapes than anchors, each shape is an anchor.
      if (found.distinct <= k) expect([found.anchors.length, found.meanBestIou]).toEqual([found.distinct, 1]);
      else expect(found.anchors).toHaveLength(k);
    }), { numRuns: 60 });
  });

  it('shapes scale: twice the size gives twice the anchors', () => {
    fc.assert(fc.property(shapes(8, 30), (list) => {
      const one = kmeansAnchors(list, 3);
      const two = kmeansAnchors(list.map((s) => ({ w: 2 * s.w, h: 2 * s.h })), 3);
      expect(two.meanBestIou).toBeCloseTo(one.meanBestIou, 9);
      two.anchors.forEach((a, i) => expect([a.w, a.h]).toEqual([expect.closeTo(2 * one.anchors[i]!.w, 6), expect.closeTo(2 * one.anchors[i]!.h, 6)]));
    }), { numRuns: 20 });
  });

  it('the curve never falls and ends at 1', () => {
    fc.assert(fc.property(shapes(1, 25), (list) => {
      const curve = anchorCurve(list, 8, { restarts: 2 });
      curve.forEach((c, i) => expect(c.meanBestIou).toBeGreaterThanOrEqual((curve[i - 1]?.meanBestIou ?? 0) - 1e-9));
      if (curve.at(-1)!.distinct <= 8) expect(curve.at(-1)!.meanBestIou).toBeCloseTo(1, 12);
    }), { numRuns: 25 });
  });

  it('nothing gives nothing; bad input is named', () => {
    expect(kmeansAnchors([], 3)).toEqual({ anchors: [], meanBestIou: 0, counts: [], shapes: 0, distinct: 0 });
    expect(meanBestIou([{ w: 1, h: 1 }], [])).toBe(0);
    expect(() => kmeansAnchors([{ w: 1, h: 1 }], 0)).toThrow(/number of anchors/);
    expect(() => kmeansAnchors([{ w: 1, h: 1 }, { w: 0, h: 5 }], 1)).toThrow(/box shape 1 is 0 × 5/);
    expect(() => kmeansAnchors({ w: [1], h: [] }, 1)).toThrow(/1 widths, but 0 heights/);
  });

  it('equal shapes are counted, not repeated', () => {
    const { w, h, weight, total } = distinctShapes([{ w: 1, h: 2 }, { w: 2, h: 1 }, { w: 1, h: 2 }, { w: 1.5, h: 2 }]);
    expect([[...w], [...h], [...weight], total]).toEqual([[1, 2, 1.5], [2, 1, 2], [2, 1, 1], 4]);
  });

  it('a million boxes, all different: figures over all of them, close to those of a tenth', () => {
    const random = new Random(11);
    const n = 1_000_000;
    const w = new Float64Array(n);
    const h = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      w[i] = 5 + 300 * random.next() ** 3;
      h[i] = w[i]! * (0.5 + random.next());
    }
    const all = kmeansAnchors({ w, h }, 6, { restarts: 2 });
    expect(all.counts.reduce((a, b) => a + b, 0)).toBe(n);
    expect(all.distinct).toBeGreaterThan(999_000);
    const tenth = kmeansAnchors({ w: w.subarray(0, n / 10), h: h.subarray(0, n / 10) }, 6, { restarts: 2 });
    expect(Math.abs(all.meanBestIou - tenth.meanBestIou)).toBeLessThan(0.003);
  });
});

const bccd = path.join(process.env['FIELDMARK_TEST_DATA'] ?? path.resolve(import.meta.dirname, '../../../../shared/data'), 'detection/bccd');
const present = existsSync(bccd);
if (!present) console.log('anchors: skipped on blood cells, no data at FIELDMARK_TEST_DATA');

/** Every file below a folder whose name ends so. */
function filesBelow(folder: string, end: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile() && e.name.endsWith(end)).map((e) => path.join(e.parentPath, e.name));
}

describe.skipIf(!present)('anchors of blood cells', () => {
  it('k = 1 … 9: never falls, and beats anchors picked by hand', () => {
    const list: Shape[] = [];
    let flat = 0;
    for (const file of filesBelow(bccd, '.xml'))
      for (const [, box] of readFileSync(file, 'utf8').matchAll(/<bndbox>([\s\S]*?)<\/bndbox>/g)) {
        const side = (name: string) => Number(new RegExp(`<${name}>\\s*([\\d.]+)\\s*<`).exec(box!)![1]);
        const [w, h] = [side('xmax') - side('xmin'), side('ymax') - side('ymin')];
        if (w > 0 && h > 0) list.push({ w, h });
        else flat++;
      }
    expect([list.length, flat]).toEqual([4886, 2]);
    const curve = anchorCurve(list, 9);
    curve.forEach((c, i) => expect(c.meanBestIou, `k = ${c.k}`).toBeGreaterThanOrEqual((curve[i - 1]?.meanBestIou ?? 0) - 1e-9));
    const byHand: Record<string, Shape[]> = {
      'YOLOv3 on COCO, 9': [[10, 13], [16, 30], [33, 23], [30, 61], [62, 45], [59, 119], [116, 90], [156, 198], [373, 326]].map(([w, h]) => ({ w: w!, h: h! })),
      'Faster R-CNN, 9': [128, 256, 512].flatMap((s) => [0.5, 1, 2].map((r) => ({ w: s / Math.sqrt(r), h: s * Math.sqrt(r) }))),
      'powers of two, 5': [16, 32, 64, 128, 256].map((s) => ({ w: s, h: s })),
      'cells by eye, 3': [{ w: 40, h: 40 }, { w: 105, h: 105 }, { w: 200, h: 180 }],
    };
    for (const [name, anchors] of Object.entries(byHand)) expect(curve[anchors.length - 1]!.meanBestIou, name).toBeGreaterThan(meanBestIou(list, anchors));
    expect(curve[8]!.meanBestIou).toBeGreaterThan(0.85);
  });
});
