import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskFromBitmap, maskToBitmap } from '@/lib/core/masks';
import type { BoxLabel, Label, LandmarksLabel } from '../tasks/types';
import { randomFor } from '../runtime/random';
import { augmentSchema, defaultAugmentation, noAugmentation, type AugmentOptions } from './augment';
import { IGNORED, labelMapOf } from './labelMap';
import { mapLabels, mapPolygon, swapPoints } from './mapLabels';
import { letterbox, toImage, toInput, type Size } from './letterbox';
import { type RgbImage } from './pixels';
import { drawMembers, planImage, type ImagePlan } from './plan';
import { renderImage, renderMap } from './render';
import { drawImage } from './resample';
import { displacement, frameWarp, inputMapper, toImagePoint } from './warp';

const size = fc.record({ width: fc.integer({ min: 20, max: 400 }), height: fc.integer({ min: 20, max: 400 }) });
const seed = fc.integer({ min: 0, max: 2 ** 31 });
const amount = (max: number) => fc.double({ min: 0, max, noNaN: true });

/** Any change of geometry; the image stays large enough in the input to be compared pixel by pixel. */
const geometry: fc.Arbitrary<AugmentOptions> = fc.record({
  mirrorX: fc.constantFrom(0, 0.5, 1), mirrorY: fc.constantFrom(0, 0.5, 1), low: fc.double({ min: 0.7, max: 1, noNaN: true }), high: fc.double({ min: 1, max: 1.4, noNaN: true }),
  translate: amount(0.2), aspect: amount(0.3), rotate: amount(180), shear: amount(20), elastic: amount(1), elasticCells: fc.integer({ min: 1, max: 6 }),
}).map(({ low, high, ...rest }) => ({ ...noAugmentation, ...rest, scale: [low, high] as const }));

const planOf = (full: Size, input: Size, options: AugmentOptions, key: number): ImagePlan => planImage([full], input, options, randomFor(key));

describe('letterbox', () => {
  it('keeps the image inside the input, and boxes come back where they were', () => {
    fc.assert(fc.property(size, size, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }), (image, input, [a, b, c, d]) => {
      const at = letterbox(image, input);
      expect(at.x >= 0 && at.y >= 0 && at.x + at.width <= input.width && at.y + at.height <= input.height).toBe(true);
      const box = { x0: a! * image.width, y0: b! * image.height, x1: c! * image.width, y1: d! * image.height };
      const back = toImage(toInput(box, image, at), image, at);
      for (const edge of ['x0', 'y0', 'x1', 'y1'] as const) expect(back[edge]).toBeCloseTo(box[edge], 6);
    }));
  });

  it('of a wide image fills the width and centres the height', () => {
    expect(letterbox({ width: 640, height: 480 }, { width: 320, height: 256 })).toEqual({ x: 0, y: 8, width: 320, height: 240 });
  });
});

/** Black, with a white rectangle of whole pixels. */
function rectangle({ width, height }: Size, box: Pick<BoxLabel, 'x0' | 'y0' | 'x1' | 'y1'>): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = box.y0; y < box.y1; y++) data.fill(255, (y * width + box.x0) * 3, (y * width + box.x1) * 3);
  return { data, width, height };
}

const blank = (input: Size): RgbImage => ({ data: new Uint8Array(input.width * input.height * 3), ...input });

/** Bounds of the pixels of which `is` holds, in continuous coordinates. */
function bounds({ width, height }: Size, is: (pixel: number) => boolean) {
  const found = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    if (!is(y * width + x)) continue;
    found.x0 = Math.min(found.x0, x);
    found.x1 = Math.max(found.x1, x + 1);
    found.y0 = Math.min(found.y0, y);
    found.y1 = Math.max(found.y1, y + 1);
  }
  return found;
}

const EDGES = ['x0', 'y0', 'x1', 'y1'] as const;

describe('a warp', () => {
  it('and its inverse undo each other, elastic or not, and nothing folds', () => {
    fc.assert(fc.property(size, size, geometry, seed, fc.array(fc.tuple(fc.double({ min: -0.2, max: 1.2, noNaN: true }), fc.double({ min: -0.2, max: 1.2, noNaN: true })), { minLength: 1, maxLength: 8 }), (full, input, options, key, places) => {
      const { warp } = planOf(full, input, options, key).pieces[0]!;
      const map = inputMapper(warp);
      for (const [x, y] of places) {
        const point = { x: x * input.width, y: y * input.height };
        const back = map(toImagePoint(warp, point));
        // The last step of the iteration was below 1e-4; what is left may be a few of them.
        expect(Math.hypot(back.x - point.x, back.y - point.y)).toBeLessThan(0.01);
        if (!warp.elastic) continue;
        const [here, right, below] = [point, { ...point, x: point.x + 0.5 }, { ...point, y: point.y + 0.5 }].map((p) => {
          const shift = displacement(warp.elastic!, p);
          return { x: p.x + shift.x, y: p.y + shift.y };
        });
        const area = (right!.x - here!.x) * (below!.y - here!.y) - (right!.y - here!.y) * (below!.x - here!.x);
        expect(area).toBeGreaterThan(0);
      }
    }));
  });

  it('of a frame shows the region in its place, mirrored or not', () => {
    const region = { x: 10, y: 20, width: 40, height: 30 };
    const placement = { x: 5, y: 6, width: 80, height: 90 };
    expect(toImagePoint(frameWarp(region, placement), { x: 5, y: 96 })).toEqual({ x: 10, y: 50 });
    expect(toImagePoint(frameWarp(region, placement, true), { x: 5, y: 96 })).toEqual({ x: 50, y: 50 });
  });
});

describe('labels follow the pixels', () => {
  it('boxes: bounds of the bright pixels, under any warp', () => {
    let seen = 0;
    fc.assert(fc.property(geometry, seed, fc.integer({ min: 0, max: 6 }), (options, key, step) => {
      const full = { width: 200, height: 150 };
      const input = { width: 128, height: 112 };
      const box = { kind: 'box' as const, classId: 'a', x0: 40 + 5 * step, y0: 30 + 5 * step, x1: 120 + 5 * step, y1: 90 + 5 * step };
      const plan = planOf(full, input, options, key);
      const target = blank(input);
      renderImage(target, plan, [rectangle(full, box)], 0);
      const [moved] = mapLabels([box], plan.pieces[0]!, []) as BoxLabel[];
      if (!moved) return;
      // A slanted corner that is cut off at the border leaves the visible pixels smaller than the outline's bounds.
      const whole = mapPolygon([{ x: box.x0, y: box.y0 }, { x: box.x1, y: box.y0 }, { x: box.x1, y: box.y1 }, { x: box.x0, y: box.y1 }], plan.pieces[0]!)
        .every(({ x, y }) => x >= 0 && y >= 0 && x <= input.width && y <= input.height);
      if (!whole) return;
      seen++;
      const bright = bounds(input, (i) => target.data[i * 3]! >= 128);
      // A pixel, and half of one more where a sharp corner covers too little of its last pixel.
      for (const edge of EDGES) expect(Math.abs(bright[edge] - moved[edge]), edge).toBeLessThan(2);
    }), { numRuns: 300 });
    expect(seen).toBeGreaterThan(100);
  });

  it('boxes of mirrored, scaled, shifted images and of mosaics: to the pixel, also where they are cut', () => {
    let seen = 0;
    for (let key = 0; key < 60; key++) {
      const random = randomFor(key);
      const full = { width: 200, height: 150 };
      const input = { width: 128, height: 96 };
      const box = { kind: 'box' as const, classId: 'a', x0: 40 + 5 * random.below(8), y0: 30 + 5 * random.below(6), x1: 130 + 5 * random.below(8), y1: 100 + 5 * random.below(8) };
      const image = rectangle({ width: 160, height: 120 }, { x0: box.x0 * 0.8, y0: box.y0 * 0.8, x1: box.x1 * 0.8, y1: box.y1 * 0.8 });
      const options = { ...noAugmentation, mosaic: key % 2, mirrorX: 0.5, mirrorY: 0.5, scale: defaultAugmentation.scale, translate: 0.15 };
      const members = drawMembers(0, 1, options, random);
      expect(members).toHaveLength(key % 2 === 1 ? 4 : 1);
      const plan = planImage(members.map(() => full), input, options, random);
      for (const piece of plan.pieces) {
        const target = blank(input);
        renderImage(target, { ...plan, pieces: [piece] }, [image], 0);
        const [moved] = mapLabels([box], piece, []) as BoxLabel[];
        if (!moved) continue;
        seen++;
        const bright = bounds(input, (i) => target.data[i * 3]! >= 128);
        for (const edge of EDGES) expect(Math.abs(bright[edge] - moved[edge])).toBeLessThanOrEqual(1.01);
      }
    }
    expect(seen).toBeGreaterThan(80);
  });

  it('points: the middle of a bright spot', () => {
    let seen = 0;
    fc.assert(fc.property(geometry, seed, fc.integer({ min: 0, max: 3 }), (options, key, at) => {
      const full = { width: 160, height: 128 };
      const input = { width: 128, height: 128 };
      const [x, y] = [40 + 25 * at, 100 - 20 * at];
      const plan = planOf(full, input, options, key);
      const target = blank(input);
      renderImage(target, plan, [rectangle(full, { x0: x - 4, x1: x + 4, y0: y - 4, y1: y + 4 })], 0);
      const label: LandmarksLabel = { kind: 'landmarks', classId: 'a', points: [{ x, y, v: 2 }, { x: 0, y: 0, v: 0 }] };
      const [moved] = mapLabels([label], plan.pieces[0]!, []) as LandmarksLabel[];
      if (!moved) return;
      const [point, absent] = moved.points;
      expect(absent!.v).toBe(0);
      const margin = 8;
      if (point!.x < margin || point!.y < margin || point!.x > input.width - margin || point!.y > input.height - margin) return;
      seen++;
      let [sum, sumX, sumY] = [0, 0, 0];
      for (let i = 0; i < input.width * input.height; i++) {
        const value = target.data[i * 3]!;
        sum += value;
        sumX += value * ((i % input.width) + 0.5);
        sumY += value * (Math.floor(i / input.width) + 0.5);
      }
      expect(Math.hypot(sumX / sum - point!.x, sumY / sum - point!.y)).toBeLessThan(0.75);
    }), { numRuns: 200 });
    expect(seen).toBeGreaterThan(100);
  });

  it('masks and polygons: the same pixels as the image, but for its soft edge', () => {
    let compared = 0;
    fc.assert(fc.property(geometry, seed, (options, key) => {
      const full = { width: 120, height: 100 };
      const input = { width: 96, height: 96 };
      const box = { x0: 30, y0: 25, x1: 85, y1: 80 };
      const plan = planOf(full, input, options, key);
      const image = rectangle(full, box);
      const target = blank(input);
      renderImage(target, plan, [image], 0);
      const bitmap = Uint8Array.from({ length: full.width * full.height }, (_, i) => (image.data[i * 3]! > 0 ? 1 : 0));
      const map = labelMapOf([{ kind: 'mask', classId: 'b', mask: maskFromBitmap(bitmap, full.width, full.height) }], [{ id: 'a' }, { id: 'b' }], full, full);
      const warped = { data: new Uint8Array(input.width * input.height), ...input };
      renderMap(warped, plan, [map]);
      const wrong = warped.data.findIndex((label, i) => (label === 2 ? target.data[i * 3]! < 64 : target.data[i * 3]! > 192));
      expect(wrong).toBe(-1);
      compared += warped.data.reduce((n, label) => n + Number(label === 2), 0);
      const ring = mapPolygon([{ x: box.x0, y: box.y0 }, { x: box.x1, y: box.y0 }, { x: box.x1, y: box.y1 }, { x: box.x0, y: box.y1 }], plan.pieces[0]!);
      const bright = bounds(input, (i) => warped.data[i] === 2);
      const at = { x0: Math.min(...ring.map(({ x }) => x)), y0: Math.min(...ring.map(({ y }) => y)), x1: Math.max(...ring.map(({ x }) => x)), y1: Math.max(...ring.map(({ y }) => y)) };
      if (at.x0 < 0 || at.y0 < 0 || at.x1 > input.width || at.y1 > input.height) return;
      for (const edge of EDGES) expect(Math.abs(bright[edge] - at[edge])).toBeLessThan(2);
    }), { numRuns: 100 });
    expect(compared).toBeGreaterThan(10_000);
  });

  it('what no image covers is fill in the pixels and left out of the map, to the pixel', () => {
    fc.assert(fc.property(size, size, geometry, seed, (full, input, options, key) => {
      const plan = planOf(full, input, options, key);
      const white = { data: new Uint8Array(full.width * full.height * 3).fill(200), ...full };
      const target = blank(input);
      renderImage(target, plan, [white], 7);
      const warped = { data: new Uint8Array(input.width * input.height), ...input };
      renderMap(warped, plan, [{ data: new Uint8Array(full.width * full.height), ...full }]);
      expect(warped.data.findIndex((label, i) => target.data[i * 3] !== (label === IGNORED ? 7 : 200))).toBe(-1);
    }), { numRuns: 40 });
  });

  it('boxes of which little is left are dropped, crowds are not, and the rest is clipped', () => {
    const full = { width: 100, height: 100 };
    const piece = { full, window: { x: 10, y: 0, width: 50, height: 96 }, warp: frameWarp({ x: 0, y: 0, width: 50, height: 100 }, { x: 10, y: 0, width: 50, height: 96 }), mirrored: false, colour: { gain: [1, 1, 1] as const, offset: [0, 0, 0] as const } };
    const box = (x0: number, y0: number, x1: number, y1: number) => ({ kind: 'box' as const, classId: 'a', x0, y0, x1, y1 });
    expect(mapLabels([box(40, 0, 90, 50)], piece, [])).toEqual([]);
    expect(mapLabels([{ ...box(40, 0, 90, 50), crowd: true }], piece, [])).toEqual([{ ...box(50, 0, 60, 48), crowd: true }]);
    expect(mapLabels([box(30, 0, 60, 50)], piece, [])).toEqual([box(40, 0, 60, 48)]);
    expect(mapLabels([box(20, 0, 21, 50)], piece, [])).toEqual([]);
    expect(mapLabels([{ kind: 'class', classId: 'a' }], piece, [])).toEqual([{ kind: 'class', classId: 'a' }]);
  });
});

describe('mirroring', () => {
  const swaps = fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 0, maxLength: 10 }).map((order) => Array.from({ length: order.length >> 1 }, (_, i) => [order[2 * i]!, order[2 * i + 1]!] as const));

  it('left and right twice swapped are as before', () => {
    fc.assert(fc.property(swaps, (pairs) => {
      const points = Array.from({ length: 10 }, (_, i) => i);
      expect(swapPoints(swapPoints(points, pairs), pairs)).toEqual(points);
      for (const [a, b] of pairs) expect(swapPoints(points, pairs)[a]).toBe(b);
    }));
  });

  it('twice is the identity, of pixels and of labels', () => {
    fc.assert(fc.property(fc.integer({ min: 8, max: 60 }), fc.integer({ min: 8, max: 60 }), swaps, seed, (width, height, pairs, key) => {
      const input = { width, height };
      const random = randomFor(key);
      const image = { data: Uint8Array.from({ length: width * height * 3 }, () => random.below(256)), ...input };
      const plan = planOf(input, input, { ...noAugmentation, mirrorX: 1 }, key);
      const mirror = (from: RgbImage) => {
        const target = blank(input);
        renderImage(target, plan, [from], 0);
        return target;
      };
      const once = mirror(image);
      const row = (data: Uint8Array, y: number) => Array.from({ length: width }, (_, x) => data[(y * width + x) * 3]!);
      for (let y = 0; y < height; y++) expect(row(once.data, y)).toEqual(row(image.data, y).reverse());
      expect(Buffer.compare(mirror(once).data, image.data)).toBe(0);
      const label: LandmarksLabel = { kind: 'landmarks', classId: 'a', points: Array.from({ length: 10 }, () => ({ x: width * random.between(0.01, 0.99), y: height * random.between(0.01, 0.99), v: 2 })) };
      const move = (from: LandmarksLabel) => mapLabels([from], plan.pieces[0]!, [{ id: 'a', swaps: pairs }])[0] as LandmarksLabel;
      const moved = move(label);
      for (const [a, b] of pairs) expect(moved.points[a]!.x).toBeCloseTo(width - label.points[b]!.x, 6);
      move(moved).points.forEach((point, i) => {
        expect(point.x).toBeCloseTo(label.points[i]!.x, 6);
        expect(point.y).toBeCloseTo(label.points[i]!.y, 6);
      });
    }), { numRuns: 40 });
  });

  it('both ways is half a turn: left stays left', () => {
    const plan = planOf({ width: 10, height: 10 }, { width: 10, height: 10 }, { ...noAugmentation, mirrorX: 1, mirrorY: 1 }, 1);
    expect(plan.pieces[0]!.mirrored).toBe(false);
  });

  it('points that leave the image are no longer labelled', () => {
    const plan = planOf({ width: 100, height: 100 }, { width: 100, height: 100 }, { ...noAugmentation, scale: [2, 2] }, 1);
    const label: LandmarksLabel = { kind: 'landmarks', classId: 'a', points: [{ x: 50, y: 50, v: 1 }, { x: 10, y: 50, v: 2 }] };
    expect(mapLabels([label], plan.pieces[0]!, [])).toEqual([{ ...label, points: [{ x: 50, y: 50, v: 1 }, { x: 0, y: 0, v: 0 }] }]);
    expect(mapLabels([{ ...label, points: [label.points[1]!] }], plan.pieces[0]!, [])).toEqual([]);
  });
});

describe('a plan', () => {
  it('without any strength is the letterbox, exactly', () => {
    fc.assert(fc.property(size, size, seed, (full, input, key) => {
      const plan = planOf(full, input, noAugmentation, key);
      const [{ warp, colour, mirrored }] = plan.pieces as [ImagePlan['pieces'][0]];
      const at = letterbox(full, input);
      // An image that already has the size of its place comes out byte by byte.
      const random = randomFor(key);
      const image = { data: Uint8Array.from({ length: at.width * at.height * 3 }, () => random.below(256)), width: at.width, height: at.height };
      const target = blank(input);
      renderImage(target, plan, [image], 9);
      const wanted = new Uint8Array(input.width * input.height * 3).fill(9);
      for (let y = 0; y < at.height; y++) wanted.set(image.data.subarray(y * at.width * 3, (y + 1) * at.width * 3), ((at.y + y) * input.width + at.x) * 3);
      expect(Buffer.compare(target.data, wanted)).toBe(0);
      expect([warp.elastic, mirrored, plan.noise, plan.blur]).toEqual([null, false, 0, 0]);
      expect(colour).toEqual({ gain: [1, 1, 1], offset: [0, 0, 0] });
      warp.toImage.forEach((value, i) => expect(value).toBeCloseTo(frameWarp({ x: 0, y: 0, ...full }, at).toImage[i]!, 9));
    }), { numRuns: 60 });
  });

  it('is a function of its seed; a stronger noise leaves the geometry', () => {
    const all: AugmentOptions = { ...defaultAugmentation, rotate: 20, shear: 10, elastic: 0.5, noise: 0.1, blur: 1, colourShift: 0.1 };
    augmentSchema.parse(all);
    fc.assert(fc.property(seed, seed, (a, b) => {
      const plan = (key: number, options = all) => {
        const random = randomFor(key);
        const sizes = drawMembers(0, 5, options, random).map((i) => ({ width: 100 + i, height: 90 }));
        return planImage(sizes, { width: 64, height: 64 }, options, random);
      };
      expect(plan(a)).toEqual(plan(a));
      if (a !== b) expect(plan(a)).not.toEqual(plan(b));
      expect(plan(a, { ...all, noise: 0.5, contrast: 0.7 }).pieces.map(({ warp }) => warp)).toEqual(plan(a).pieces.map(({ warp }) => warp));
    }), { numRuns: 30 });
  });
});

describe('colours', () => {
  const plan = (change: Partial<ImagePlan> & { colour?: ImagePlan['pieces'][0]['colour'] }, input = { width: 40, height: 40 }): ImagePlan => {
    const { colour, ...rest } = change;
    const made = { ...planOf(input, input, noAugmentation, 1), ...rest };
    return colour ? { ...made, pieces: made.pieces.map((piece) => ({ ...piece, colour })) } : made;
  };
  const grey = (value: number, input = { width: 40, height: 40 }) => ({ data: new Uint8Array(input.width * input.height * 3).fill(value), ...input });

  it('shift by gain and offset, each channel on its own, and end at 0 and 255', () => {
    const target = blank({ width: 40, height: 40 });
    renderImage(target, plan({ colour: { gain: [2, 1, 0.5], offset: [10, -20, 300] } }), [grey(100)], 0);
    expect(Array.from(target.data.subarray(0, 3))).toEqual([210, 80, 255]);
  });

  it('a colour shift adds a number to each channel and no more', () => {
    fc.assert(fc.property(seed, (key) => {
      const { colour } = planOf({ width: 9, height: 9 }, { width: 9, height: 9 }, { ...noAugmentation, colourShift: 0.2 }, key).pieces[0]!;
      expect(colour.gain).toEqual([1, 1, 1]);
      for (const offset of colour.offset) expect(Math.abs(offset)).toBeLessThanOrEqual(51);
      expect(new Set(colour.offset).size).toBe(3);
      // The label stays what it was.
      const piece = planOf({ width: 9, height: 9 }, { width: 9, height: 9 }, { ...noAugmentation, colourShift: 0.2 }, key).pieces[0]!;
      const labels: Label[] = [{ kind: 'class', classId: 'a' }, { kind: 'box', classId: 'a', x0: 1, y0: 2, x1: 8, y1: 7 }];
      expect(mapLabels(labels, piece, [])).toEqual(labels);
    }), { numRuns: 20 });
  });

  it('noise has the deviation asked for, a mean of zero, and spares what no image covers', () => {
    const target = blank({ width: 80, height: 40 });
    const input = { width: 80, height: 40 };
    const made = { ...planOf({ width: 40, height: 40 }, input, noAugmentation, 1), noise: 12, key: 99 };
    renderImage(target, made, [grey(128)], 50);
    const [inner, outer] = [[] as number[], [] as number[]];
    for (let i = 0; i < 3200; i++) (i % 80 >= 20 && i % 80 < 60 ? inner : outer).push(...target.data.subarray(i * 3, i * 3 + 3));
    expect(new Set(outer)).toEqual(new Set([50]));
    const mean = inner.reduce((a, b) => a + b, 0) / inner.length;
    expect(Math.abs(mean - 128)).toBeLessThan(1);
    expect(Math.abs(Math.sqrt(inner.reduce((a, b) => a + (b - mean) ** 2, 0) / inner.length) - 12)).toBeLessThan(0.8);
    const again = blank(input);
    renderImage(again, made, [grey(128)], 50);
    expect(again.data).toEqual(target.data);
  });

  it('a blur keeps the mean and spreads a point as a Gaussian does', () => {
    const image = grey(0, { width: 41, height: 41 });
    image.data.fill(255, (20 * 41 + 19) * 3, (20 * 41 + 22) * 3);
    const target = blank({ width: 41, height: 41 });
    renderImage(target, plan({ blur: 2 }, { width: 41, height: 41 }), [image], 0);
    const row = Array.from({ length: 41 }, (_, x) => target.data[(20 * 41 + x) * 3]!);
    const column = Array.from({ length: 41 }, (_, y) => target.data[(y * 41 + 20) * 3]!);
    const variance = (values: number[]) => values.reduce((sum, v, i) => sum + v * (i - 20) ** 2, 0) / values.reduce((a, b) => a + b, 0);
    expect(Math.abs(variance(column) - 4)).toBeLessThan(0.5);
    expect(Math.abs(variance(row) - 4 - 2 / 3)).toBeLessThan(0.5);
  });
});

describe('reducing', () => {
  it('a fine pattern to its mean, without moiré', () => {
    const full = { width: 256, height: 256 };
    const image = blank(full);
    for (let i = 0; i < 256 * 256; i++) image.data.fill((i % 2 ^ (i >> 8) % 2) * 255, i * 3, i * 3 + 3);
    const target = blank({ width: 50, height: 50 });
    drawImage(target, { x: 0, y: 0, width: 50, height: 50 }, image, full, frameWarp({ x: 0, y: 0, ...full }, { x: 0, y: 0, width: 50, height: 50 }));
    for (const value of target.data) expect(Math.abs(value - 128)).toBeLessThanOrEqual(1);
  });

  it('agrees with the mean of the covered pixels on smooth images of odd sizes', () => {
    fc.assert(fc.property(fc.integer({ min: 30, max: 200 }), fc.integer({ min: 30, max: 200 }), fc.integer({ min: 8, max: 30 }), (width, height, side) => {
      const full = { width, height };
      const image = blank(full);
      for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) image.data.fill(Math.round((100 * (x + 0.5)) / width + (100 * (y + 0.5)) / height), (y * width + x) * 3, (y * width + x + 1) * 3);
      const input = { width: side, height: side };
      const target = blank(input);
      drawImage(target, { x: 0, y: 0, ...input }, image, full, frameWarp({ x: 0, y: 0, ...full }, { x: 0, y: 0, ...input }));
      for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
        expect(Math.abs(target.data[(y * side + x) * 3]! - (100 * (x + 0.5)) / side - (100 * (y + 0.5)) / side)).toBeLessThan(3);
      }
    }), { numRuns: 40 });
  });
});

describe('label maps', () => {
  const small = fc.record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) });

  it('at any size hold what the full bitmap has under the centres', () => {
    fc.assert(fc.property(small, small, fc.integer({ min: -5, max: 10 }), fc.integer({ min: -5, max: 10 }), fc.array(fc.nat({ max: 1 }), { minLength: 400, maxLength: 400 }), (full, reduced, x, y, bits) => {
      const mask = maskFromBitmap(bits, 20, 20, { x, y });
      const map = labelMapOf([{ kind: 'mask', classId: 'a', mask }], [{ id: 'a' }], full, reduced);
      const bitmap = maskToBitmap(mask, { x: 0, y: 0, ...full });
      for (let v = 0; v < reduced.height; v++) for (let u = 0; u < reduced.width; u++) {
        const from = Math.floor(((v + 0.5) * full.height) / reduced.height) * full.width + Math.floor(((u + 0.5) * full.width) / reduced.width);
        expect(map.data[v * reduced.width + u]).toBe(bitmap[from]);
      }
    }));
  });

  it('later masks cover earlier ones, crowds are under all, what is to be ignored over all', () => {
    const strip = (x: number, width: number) => maskFromBitmap(new Uint8Array(width).fill(1), width, 1, { x, y: 0 });
    const map = labelMapOf([
      { kind: 'ignore', mask: strip(7, 1) }, { kind: 'mask', classId: 'a', mask: strip(0, 4) }, { kind: 'mask', classId: 'b', mask: strip(2, 4) },
      { kind: 'mask', classId: 'b', mask: strip(5, 4), crowd: true },
    ], [{ id: 'a' }, { id: 'b' }], { width: 10, height: 1 }, { width: 10, height: 1 });
    expect(Array.from(map.data)).toEqual([1, 1, 2, 2, 2, 2, IGNORED, IGNORED, IGNORED, 0]);
    expect(() => labelMapOf([{ kind: 'mask', classId: 'c', mask: strip(0, 1) }], [{ id: 'a' }], { width: 2, height: 1 }, { width: 2, height: 1 })).toThrow(/class c/);
  });
});
