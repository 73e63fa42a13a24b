import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COCO_PERSON_SIGMAS, boxArea, boxContains, boxFromCorners, boxFromXywh, boxHandleAt, boxHandlePoint, boxIou, boxToXywh, clipBox, clipPolygonToBox, distanceToBoxEdge,
  distanceToPath, distanceToSegment, intersectBoxes, inverseOrientation, nms, oks, orientBox, orientPoint, orientedSize, pointBounds, polygonArea,
  polygonContains, polygonIntersectionArea, polygonIou, resizeBox, rotatedBoxCorners, rotatedIou, shapeIou, signedArea, swapsSides, translateBox,
  uniformSigmas, unionBounds, unorientBox, unorientPoint, type Box, type BoxHandle, type Orientation, type Point,
} from '.';

const coordinate = fc.integer({ min: -400, max: 400 }).map((v) => v / 4);
const points = fc.record({ x: coordinate, y: coordinate });
const boxes = fc.tuple(points, points).map(([a, b]) => boxFromCorners(a, b));
const orientations = fc.constantFrom<Orientation>(1, 2, 3, 4, 5, 6, 7, 8);

describe('boxes', () => {
  it('IoU: known values', () => {
    const a: Box = { x0: 0, y0: 0, x1: 10, y1: 10 };
    expect(boxIou(a, a)).toBe(1);
    expect(boxIou(a, { x0: 5, y0: 0, x1: 15, y1: 10 })).toBeCloseTo(1 / 3, 15);
    expect(boxIou(a, { x0: 0, y0: 0, x1: 10, y1: 5 })).toBe(0.5);
    expect(boxIou(a, { x0: 10, y0: 0, x1: 20, y1: 10 })).toBe(0);
    expect(boxIou({ x0: 3, y0: 3, x1: 3, y1: 9 }, { x0: 3, y0: 3, x1: 3, y1: 9 })).toBe(0);
  });

  it('IoU is symmetric, bounded, 1 only for equal boxes, and does not move with the boxes', () => {
    fc.assert(fc.property(boxes, boxes, coordinate, coordinate, (a, b, dx, dy) => {
      const iou = boxIou(a, b);
      expect(iou).toBe(boxIou(b, a));
      expect(iou).toBeGreaterThanOrEqual(0);
      expect(iou).toBeLessThanOrEqual(1);
      if (iou === 1) expect(a).toEqual(b);
      expect(boxIou(translateBox(a, dx, dy), translateBox(b, dx, dy))).toBeCloseTo(iou, 12);
      const shared = intersectBoxes(a, b);
      expect(iou).toBeCloseTo(shared ? boxArea(shared) / (boxArea(a) + boxArea(b) - boxArea(shared)) : 0, 12);
    }));
  });

  it('clip, bounds and conversions', () => {
    fc.assert(fc.property(boxes, boxes, points, (a, b, p) => {
      const inside = clipBox(a, { width: 50, height: 40 });
      if (inside) {
        expect(Math.min(inside.x0, inside.y0)).toBeGreaterThanOrEqual(0);
        expect(inside.x1 <= 50 && inside.y1 <= 40).toBe(true);
        expect(boxIou(inside, a)).toBeCloseTo(boxArea(inside) / boxArea(a), 12);
      }
      const around = unionBounds([a, b])!;
      expect(intersectBoxes(around, a) ?? a).toEqual(a);
      expect(boxFromXywh(...boxToXywh(a))).toEqual(a);
      if (boxContains(a, p)) expect(pointBounds([{ x: a.x0, y: a.y0 }, p, { x: a.x1, y: a.y1 }])).toEqual(a);
    }));
    expect(unionBounds([])).toBeNull();
    expect(pointBounds([])).toBeNull();
    expect(shapeIou({ w: 10, h: 20 }, { w: 20, h: 10 })).toBeCloseTo(100 / 300, 15);
    expect(shapeIou({ w: 0, h: 0 }, { w: 0, h: 0 })).toBe(0);
  });
});

describe('non-max suppression', () => {
  const car = (x: number): Box => ({ x0: x, y0: 0, x1: x + 10, y1: 10 });

  it('textbook: 0.9 with overlapping 0.6 and 0.7, and 0.8 with an overlapping 0.7, leaves 0.9 and 0.8', () => {
    const all = [car(1), car(0), car(2), car(100), car(101)];
    const scores = [0.7, 0.9, 0.6, 0.7, 0.8];
    expect(nms(all, scores, 0.5).map((i) => scores[i])).toEqual([0.9, 0.8]);
    expect(nms(all, scores, 0.5, { scoreThreshold: 0.85 }).map((i) => scores[i])).toEqual([0.9]);
    expect(nms(all, scores, 0.5, { limit: 1 })).toEqual([1]);
    // pc ≤ 0.6 goes first, also where nothing overlaps it.
    expect(nms([...all, car(300), car(400)], [...scores, 0.6, 0.61], 0.5, { scoreThreshold: 0.6 }).map((i) => [...scores, 0.6, 0.61][i])).toEqual([0.9, 0.8, 0.61]);
  });

  it('drops at exactly the threshold, and only within a class', () => {
    const pair: Box[] = [{ x0: 0, y0: 0, x1: 10, y1: 10 }, { x0: 0, y0: 0, x1: 10, y1: 5 }];
    expect(nms(pair, [0.9, 0.8], 0.5)).toEqual([0]);
    expect(nms(pair, [0.9, 0.8], 0.500001)).toEqual([0, 1]);
    expect(nms(pair, [0.9, 0.8], 0.5, { classes: ['cat', 'dog'] })).toEqual([0, 1]);
    expect(nms(pair, [Number.NaN, 0.8], 0.5)).toEqual([1]);
  });

  it('what is kept overlaps nothing kept; what is dropped overlaps something better; typed arrays agree', () => {
    const scored = fc.array(fc.tuple(boxes, fc.integer({ min: 0, max: 10 }), fc.nat(2)), { maxLength: 30 });
    fc.assert(fc.property(scored, fc.constantFrom(0.1, 0.5, 0.8), (list, threshold) => {
      const bs = list.map((l) => l[0]);
      const scores = list.map((l) => l[1] / 10);
      const classes = list.map((l) => l[2]);
      const kept = nms(bs, scores, threshold, { classes });
      expect(kept.map((i) => scores[i])).toEqual(kept.map((i) => scores[i]).sort((a, b) => b! - a!));
      bs.forEach((b, i) => {
        const rivals = kept.filter((k) => k !== i && classes[k] === classes[i] && boxIou(bs[k]!, b) >= threshold);
        if (kept.includes(i)) expect(rivals).toEqual([]);
        else expect(rivals.some((k) => scores[k]! > scores[i]! || (scores[k] === scores[i] && k < i))).toBe(true);
      });
      const flat = Float64Array.from(bs.flatMap((b) => [b.x0, b.y0, b.x1, b.y1]));
      expect(nms(flat, Float32Array.from(scores), threshold, { classes: Uint8Array.from(classes) })).toEqual(kept);
    }));
    expect(() => nms([car(0)], [1, 2], 0.5)).toThrow(RangeError);
  });
});

describe('object keypoint similarity', () => {
  const truth = [{ x: 10, y: 10, v: 2 }, { x: 20, y: 10, v: 1 }, { x: 0, y: 0, v: 0 }];
  const sigmas = [0.05, 0.1, 0.05];
  it('is the mean over placed points of exp(−d² / 2·area·(2σ)²)', () => {
    expect(oks(truth, truth, 100, sigmas)).toBe(1);
    const moved = [{ x: 13, y: 14 }, { x: 20, y: 10 }, { x: 999, y: 999 }];
    expect(oks(truth, moved, 400, sigmas)).toBeCloseTo((Math.exp(-25 / (2 * 400 * 0.01)) + 1) / 2, 14);
  });
  it('falls with distance and grows with area', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100 }), fc.integer({ min: 10, max: 5000 }), (d, more, area) => {
      const at = (dx: number) => truth.map((p) => ({ x: p.x + dx, y: p.y }));
      expect(oks(truth, at(d + more), area, sigmas)).toBeLessThanOrEqual(oks(truth, at(d), area, sigmas));
      expect(oks(truth, at(d), area, sigmas)).toBeLessThanOrEqual(oks(truth, at(d), area + more, sigmas));
    }));
  });
  it('without placed points, measures from the doubled box', () => {
    const none = truth.map(() => ({ x: 0, y: 0, v: 0 }));
    const box = { x0: 10, y0: 10, x1: 20, y1: 20 };
    expect(oks(none, [{ x: 1, y: 5 }, { x: 29, y: 29 }, { x: 15, y: 15 }], 100, sigmas, box)).toBe(1);
    expect(oks(none, [{ x: -5, y: 5 }, { x: 29, y: 29 }, { x: 15, y: 15 }], 100, sigmas, box)).toBeLessThan(1);
    expect(oks(none, truth, 100, sigmas)).toBe(0);
    expect(() => oks(truth, truth.slice(1), 100, sigmas)).toThrow(RangeError);
  });
  it('COCO has 17 falloffs, symmetric left and right', () => {
    expect(COCO_PERSON_SIGMAS).toHaveLength(17);
    for (let k = 1; k < 17; k += 2) expect(COCO_PERSON_SIGMAS[k]).toBe(COCO_PERSON_SIGMAS[k + 1]);
    expect(uniformSigmas(3)).toEqual([0.05, 0.05, 0.05]);
  });
});

describe('polygons', () => {
  const ring = (b: Box): Point[] => [{ x: b.x0, y: b.y0 }, { x: b.x1, y: b.y0 }, { x: b.x1, y: b.y1 }, { x: b.x0, y: b.y1 }];
  /** A star-shaped, usually concave, simple polygon. */
  const stars = fc.tuple(points, fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 3, maxLength: 9 })).map(([c, radii]) =>
    radii.map((r, i) => ({ x: c.x / 3 + r * Math.cos((2 * Math.PI * i) / radii.length), y: c.y / 3 + r * Math.sin((2 * Math.PI * i) / radii.length) })));

  it('agree with boxes', () => {
    fc.assert(fc.property(boxes, boxes, (a, b) => {
      expect(polygonArea(ring(a))).toBeCloseTo(boxArea(a), 9);
      expect(polygonIou(ring(a), ring(b))).toBeCloseTo(boxIou(a, b), 9);
      expect(polygonArea(clipPolygonToBox(ring(a), b))).toBeCloseTo(boxArea(intersectBoxes(a, b) ?? { x0: 0, y0: 0, x1: 0, y1: 0 }), 9);
    }));
    expect(signedArea(ring({ x0: 0, y0: 0, x1: 2, y1: 3 }))).toBe(6);
  });

  it('the shared area of concave polygons is what sampling finds', () => {
    fc.assert(fc.property(stars, stars, (a, b) => {
      const bounds = pointBounds([...a, ...b])!;
      const step = Math.max(bounds.x1 - bounds.x0, bounds.y1 - bounds.y0) / 150;
      let hits = 0;
      for (let y = bounds.y0 + step / 2; y < bounds.y1; y += step)
        for (let x = bounds.x0 + step / 2; x < bounds.x1; x += step) if (polygonContains(a, { x, y }) && polygonContains(b, { x, y })) hits++;
      const perimeter = (p: Point[]) => p.reduce((sum, q, i) => sum + Math.hypot(q.x - p[(i + 1) % p.length]!.x, q.y - p[(i + 1) % p.length]!.y), 0);
      expect(Math.abs(polygonIntersectionArea(a, b) - hits * step * step)).toBeLessThan((perimeter(a) + perimeter(b)) * step);
    }), { numRuns: 25 });
  });

  it('rotated boxes: turning both changes nothing; a quarter turn swaps the sides', () => {
    const rotated = fc.record({ cx: coordinate, cy: coordinate, width: fc.integer({ min: 1, max: 90 }), height: fc.integer({ min: 1, max: 90 }), angle: fc.double({ min: -7, max: 7, noNaN: true }) });
    fc.assert(fc.property(rotated, rotated, (a, b) => {
      expect(rotatedIou(a, a)).toBeCloseTo(1, 9);
      expect(rotatedIou(a, b)).toBeCloseTo(rotatedIou(b, a), 9);
      expect(rotatedIou(a, b)).toBeCloseTo(polygonIou(rotatedBoxCorners(a), rotatedBoxCorners(b)), 9);
      expect(rotatedIou(a, { ...a, width: a.height, height: a.width, angle: a.angle + Math.PI / 2 })).toBeCloseTo(1, 9);
      expect(rotatedIou({ ...a, angle: 0 }, { ...b, angle: 0 })).toBeCloseTo(
        boxIou({ x0: a.cx - a.width / 2, y0: a.cy - a.height / 2, x1: a.cx + a.width / 2, y1: a.cy + a.height / 2 }, { x0: b.cx - b.width / 2, y0: b.cy - b.height / 2, x1: b.cx + b.width / 2, y1: b.cy + b.height / 2 }), 9);
    }));
    // Two unit squares on one centre, one turned 45°, share a regular octagon of area 2(√2 − 1).
    const octagon = 2 * (Math.SQRT2 - 1);
    expect(rotatedIou({ cx: 0, cy: 0, width: 1, height: 1, angle: 0 }, { cx: 0, cy: 0, width: 1, height: 1, angle: Math.PI / 4 })).toBeCloseTo(octagon / (2 - octagon), 12);
  });
});

describe('hit tests', () => {
  it('distances', () => {
    expect(distanceToSegment({ x: 5, y: 3 }, { x: 0, y: 0 }, { x: 10, y: 0 })).toBe(3);
    expect(distanceToSegment({ x: 13, y: 4 }, { x: 0, y: 0 }, { x: 10, y: 0 })).toBe(5);
    expect(distanceToSegment({ x: 3, y: 4 }, { x: 0, y: 0 }, { x: 0, y: 0 })).toBe(5);
    expect(distanceToPath({ x: 0, y: 5 }, [{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 10, y: 10 }], false)).toBe(5);
    expect(distanceToPath({ x: 0, y: 0 }, [], true)).toBe(Infinity);
    fc.assert(fc.property(points, boxes, (p, b) => {
      const corners = [{ x: b.x0, y: b.y0 }, { x: b.x1, y: b.y0 }, { x: b.x1, y: b.y1 }, { x: b.x0, y: b.y1 }];
      expect(distanceToBoxEdge(p, b)).toBeCloseTo(distanceToPath(p, corners, true), 9);
    }));
  });

  it('handles are found at their places and move their edges only', () => {
    const box = { x0: 0, y0: 0, x1: 100, y1: 60 };
    for (const handle of ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w'] as BoxHandle[]) {
      const at = boxHandlePoint(box, handle);
      expect(boxHandleAt({ x: at.x + 2, y: at.y - 2 }, box, 4)).toBe(handle);
      expect(resizeBox(box, handle, at)).toEqual(box);
    }
    expect(boxHandleAt({ x: 50, y: 30 }, box, 4)).toBeNull();
    expect(resizeBox(box, 'e', { x: -20, y: 999 })).toEqual({ x0: -20, y0: 0, x1: 0, y1: 60 });
  });
});

describe('orientation', () => {
  const stored = { width: 40, height: 30 };
  it('has an inverse, keeps areas, and stays inside the upright image', () => {
    fc.assert(fc.property(orientations, fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 30 }), boxes, (o, x, y, box) => {
      const upright = orientedSize(stored, o);
      const p = orientPoint({ x, y }, stored, o);
      expect(p.x >= 0 && p.x <= upright.width && p.y >= 0 && p.y <= upright.height).toBe(true);
      expect(unorientPoint(p, stored, o)).toEqual({ x, y });
      expect(orientedSize(upright, inverseOrientation(o))).toEqual(stored);
      const turned = orientBox(box, stored, o);
      expect(boxArea(turned)).toBeCloseTo(boxArea(box), 9);
      expect(unorientBox(turned, stored, o)).toEqual(box);
    }));
  });
  it('puts the stored upper-left pixel where Exif says', () => {
    // Exif: the visual side of row 0, then of column 0.
    const sides: Record<Orientation, [string, string]> = { 1: ['top', 'left'], 2: ['top', 'right'], 3: ['bottom', 'right'], 4: ['bottom', 'left'], 5: ['left', 'top'], 6: ['right', 'top'], 7: ['right', 'bottom'], 8: ['left', 'bottom'] };
    for (const [key, [row, column]] of Object.entries(sides)) {
      const o = Number(key) as Orientation;
      const { width, height } = orientedSize(stored, o);
      const pixel = orientBox({ x0: 0, y0: 0, x1: 1, y1: 1 }, stored, o);
      const where = [row, column];
      expect(pixel.x0).toBe(where.includes('left') ? 0 : width - 1);
      expect(pixel.y0).toBe(where.includes('top') ? 0 : height - 1);
      expect(swapsSides(o)).toBe(row === 'left' || row === 'right');
      // Walking along stored row 0 moves along the side that row 0 lies on.
      const next = orientBox({ x0: 1, y0: 0, x1: 2, y1: 1 }, stored, o);
      expect(row === 'top' || row === 'bottom' ? next.y0 : next.x0).toBe(row === 'top' || row === 'bottom' ? pixel.y0 : pixel.x0);
    }
  });
});
