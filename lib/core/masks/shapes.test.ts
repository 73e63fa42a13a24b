import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distanceToSegment } from '../geometry/hit';
import { polygonContains, signedArea } from '../geometry/polygon';
import {
  MIN_BRUSH_RADIUS, connectedComponents, countComponents, cropMask, emptyMask, largestComponent, maskArea, maskContours, maskFromBitmap, maskHas, maskRows, maskToBitmap,
  masksEqual, polygonMask, rectMask, strokeMask, union, unionAll, type Connectivity, type Mask,
} from '.';

const W = 21;
const H = 15;
const IMAGE = { width: W, height: H };
const FRAME = { x: 0, y: 0, ...IMAGE };
const bitmaps = fc.tuple(fc.constantFrom(2, 5, 8), fc.array(fc.nat(9), { minLength: W * H, maxLength: W * H })).map(([density, values]) => Uint8Array.from(values, (v) => (v < density ? 1 : 0)));
const maskOf = (bitmap: Uint8Array) => maskFromBitmap(bitmap, W, H);
const near = fc.integer({ min: -40, max: 120 }).map((v) => v / 4);
const points = fc.record({ x: near, y: near });

describe('strokes', () => {
  it('are the pixels whose centre lies within the radius', () => {
    fc.assert(fc.property(fc.array(points, { minLength: 1, maxLength: 5 }), fc.integer({ min: 0, max: 40 }).map((r) => r / 4), (path, radius) => {
      const stroke = strokeMask(path, radius, IMAGE);
      const distanceTo = (p: { x: number; y: number }) => path.reduce((best, q, i) => Math.min(best, distanceToSegment(p, path[Math.max(0, i - 1)]!, q)), Infinity);
      const got = maskToBitmap(stroke, FRAME);
      for (let y = 0; y < H; y++)
        for (let x = 0; x < W; x++) {
          const d = distanceTo({ x: x + 0.5, y: y + 0.5 });
          // On the rim itself the last bit of a square root decides; quarters make that rare but real.
          if (Math.abs(d - radius) > 1e-9) expect(got[y * W + x], `(${x}, ${y}) at ${d}`).toBe(d <= radius ? 1 : 0);
        }
    }), { numRuns: 300 });
  });

  it('a disc is symmetric and exact on its rim', () => {
    const disc = strokeMask([{ x: 10.5, y: 7.5 }], 5, IMAGE);
    expect(maskHas(disc, 15, 7) && maskHas(disc, 5, 7) && maskHas(disc, 10, 2) && maskHas(disc, 10, 12) && maskHas(disc, 13, 11)).toBe(true);
    expect(maskArea(disc)).toBe(81);
  });

  it('the smallest brush takes the pixel under it, and a stroke of it has no gaps', () => {
    const inside = fc.record({ x: fc.double({ min: 0, max: W - 0.001, noNaN: true }), y: fc.double({ min: 0, max: H - 0.001, noNaN: true }) });
    fc.assert(fc.property(inside, inside, (a, b) => {
      const stroke = strokeMask([a, b], MIN_BRUSH_RADIUS, IMAGE);
      expect(maskHas(stroke, a.x, a.y) && maskHas(stroke, b.x, b.y)).toBe(true);
      expect(countComponents(stroke)).toBe(1);
    }));
  });

  it('is the union of its parts, whatever repeats', () => {
    fc.assert(fc.property(points, points, points, fc.integer({ min: 1, max: 9 }), (a, b, c, r) => {
      const parts = union(strokeMask([a, b], r, IMAGE), strokeMask([b, c], r, IMAGE));
      expect(masksEqual(strokeMask([a, a, b, b, c], r, IMAGE), parts)).toBe(true);
    }));
    expect(strokeMask([], 4, IMAGE)).toBe(emptyMask());
    expect(strokeMask([{ x: -100, y: 0 }], 4, IMAGE)).toBe(emptyMask());
    expect(() => strokeMask([{ x: NaN, y: 0 }], 4, IMAGE)).toThrow(/numbers for its points/);
    expect(() => strokeMask([{ x: 0, y: 0 }], -1, IMAGE)).toThrow(/radius/);
  });
});

describe('polygons', () => {
  it('boxes on pixel edges give exactly their pixels', () => {
    fc.assert(fc.property(fc.nat(W - 1), fc.nat(H - 1), fc.integer({ min: 1, max: W }), fc.integer({ min: 1, max: H }), (x, y, w, h) => {
      const [x1, y1] = [Math.min(W, x + w), Math.min(H, y + h)];
      const ring = [{ x, y }, { x: x1, y }, { x: x1, y: y1 }, { x, y: y1 }];
      expect(masksEqual(polygonMask(ring, IMAGE), rectMask({ x, y, width: x1 - x, height: y1 - y }))).toBe(true);
      expect(masksEqual(polygonMask([...ring].reverse(), IMAGE), polygonMask(ring, IMAGE))).toBe(true);
    }));
  });

  it('agree with the even-odd rule at pixel centres, away from the outline', () => {
    fc.assert(fc.property(fc.array(points, { minLength: 3, maxLength: 7 }), (ring) => {
      const mask = polygonMask(ring, IMAGE);
      for (let y = 0; y < H; y++)
        for (let x = 0; x < W; x++) {
          const c = { x: x + 0.5, y: y + 0.5 };
          const d = ring.reduce((best, q, i) => Math.min(best, distanceToSegment(c, q, ring[(i + 1) % ring.length]!)), Infinity);
          if (d > 0.75) expect(maskHas(mask, x, y)).toBe(polygonContains(ring, c));
        }
    }), { numRuns: 200 });
  });

  it('several rings: all their pixels, or holes', () => {
    const square = (a: number, b: number) => [{ x: a, y: a }, { x: b, y: a }, { x: b, y: b }, { x: a, y: b }];
    expect(maskArea(polygonMask([square(1, 11), square(3, 6)], IMAGE))).toBe(100);
    expect(maskArea(polygonMask([square(1, 11), square(3, 6)], IMAGE, 'evenodd'))).toBe(91);
    expect(polygonMask([], IMAGE)).toBe(emptyMask());
    expect(polygonMask(square(1, 9).slice(0, 2), IMAGE)).toBe(emptyMask());
    expect(() => polygonMask([{ x: NaN, y: 0 }, { x: 1, y: 0 }, { x: 1, y: 1 }], IMAGE)).toThrow(/numbers for its points/);
  });
});

describe('rows', () => {
  it('give the pixels of any rectangle, in order', () => {
    fc.assert(fc.property(bitmaps, fc.integer({ min: -5, max: 25 }), fc.integer({ min: -5, max: 20 }), fc.nat(20), fc.nat(20), (bitmap, x, y, width, height) => {
      const mask = maskOf(bitmap);
      const rect = { x, y, width, height };
      const out = new Uint8Array(W * H);
      let last = { y: -Infinity, x1: -1 };
      for (const run of maskRows(mask, rect)) {
        expect(run.y > last.y || run.x0 > last.x1).toBe(true);
        out.fill(1, run.y * W + run.x0, run.y * W + run.x1);
        last = run;
      }
      expect([...out]).toEqual([...maskToBitmap(cropMask(mask, rect), FRAME)]);
    }));
  });
});

/** Components by flood fill, the independent truth. */
function flood(bitmap: Uint8Array, connectivity: Connectivity): number {
  const seen = new Set<number>();
  let count = 0;
  for (let start = 0; start < bitmap.length; start++) {
    if (!bitmap[start] || seen.has(start)) continue;
    count++;
    const stack = [start];
    while (stack.length > 0) {
      const i = stack.pop()!;
      if (seen.has(i)) continue;
      seen.add(i);
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) {
          const [x, y] = [(i % W) + dx, Math.floor(i / W) + dy];
          if (x < 0 || y < 0 || x >= W || y >= H || (connectivity === 4 && dx !== 0 && dy !== 0)) continue;
          if (bitmap[y * W + x]) stack.push(y * W + x);
        }
    }
  }
  return count;
}

describe('components and contours', () => {
  for (const connectivity of [4, 8] as const)
    it(`${connectivity}-connected: as many parts as flood fill finds; together they are the mask; contours fill to it`, () => {
      fc.assert(fc.property(bitmaps, (bitmap) => {
        const mask = maskOf(bitmap);
        const parts = connectedComponents(mask, connectivity);
        expect(parts).toHaveLength(flood(bitmap, connectivity));
        expect(countComponents(mask, connectivity)).toBe(parts.length);
        expect(masksEqual(unionAll(parts), mask)).toBe(true);
        expect(parts.reduce((sum, p) => sum + maskArea(p), 0)).toBe(maskArea(mask));
        for (const part of parts) expect(flood(maskToBitmap(part, FRAME), connectivity)).toBe(1);
        expect(maskArea(largestComponent(mask, connectivity))).toBe(Math.max(0, ...parts.map(maskArea)));

        const contours = maskContours(mask, connectivity);
        // One outer contour a part, clockwise on screen; signed areas add up to the pixels.
        expect(contours.filter((c) => !c.hole)).toHaveLength(parts.length);
        for (const c of contours) expect(signedArea(c.points) < 0).toBe(c.hole);
        expect(contours.reduce((sum, c) => sum + signedArea(c.points), 0)).toBe(maskArea(mask));
        // Only corners, each a right angle.
        for (const c of contours)
          c.points.forEach((p, i) => {
            const q = c.points[(i + 1) % c.points.length]!;
            const r = c.points[(i + 2) % c.points.length]!;
            expect((p.x === q.x) !== (p.y === q.y) && (p.x === q.x) === (q.y === r.y)).toBe(true);
          });
        expect(masksEqual(polygonMask(contours.map((c) => c.points), IMAGE, 'evenodd'), mask)).toBe(true);
      }), { numRuns: 120 });
    });

  it('a ring has an outer contour and a hole, each beginning at its upper left', () => {
    const ring = maskFromBitmap([1, 1, 1, 1, 0, 1, 1, 1, 1], 3, 3, { x: 10, y: 20 });
    const contours = maskContours(ring);
    expect(contours.map((c) => [c.hole, c.points.length, c.points[0]])).toEqual([[false, 4, { x: 10, y: 20 }], [true, 4, { x: 11, y: 21 }]]);
    expect(maskContours(emptyMask())).toEqual([]);
  });

  it('pixels that touch at a corner: one outline each, or one for both', () => {
    const pair: Mask = maskFromBitmap([0, 1, 1, 0], 2, 2);
    expect(maskContours(pair, 4).map((c) => c.points.length)).toEqual([4, 4]);
    expect(maskContours(pair, 8).map((c) => c.points.length)).toEqual([8]);
    expect([countComponents(pair, 4), countComponents(pair, 8)]).toEqual([2, 1]);
  });
});
