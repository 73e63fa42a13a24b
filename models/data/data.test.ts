import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderTiles } from '../node/data/render';
import { randomFor } from '../runtime/random';
import { boxesOfTile, defaultAugmentation, noAugmentation, planImage } from './augment';
import { letterbox, toImage, toInput } from './letterbox';
import { type RgbImage } from './pixels';

const size = fc.record({ width: fc.integer({ min: 20, max: 400 }), height: fc.integer({ min: 20, max: 400 }) });

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

/** Black, with one white rectangle. */
function rectangle(width: number, height: number, box: { x0: number; y0: number; x1: number; y1: number }): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = box.y0; y < box.y1; y++) data.fill(255, (y * width + box.x0) * 3, (y * width + box.x1) * 3);
  return { data, width, height };
}

/** Bounds of the pixels brighter than half, in continuous coordinates. */
function brightBounds({ data, width, height }: RgbImage) {
  const bounds = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    if (data[(y * width + x) * 3]! < 128) continue;
    bounds.x0 = Math.min(bounds.x0, x);
    bounds.x1 = Math.max(bounds.x1, x + 1);
    bounds.y0 = Math.min(bounds.y0, y);
    bounds.y1 = Math.max(bounds.y1, y + 1);
  }
  return bounds;
}

describe('augmentation', () => {
  const input = { width: 128, height: 96 };
  const noColour = { contrast: 0, brightness: 0, tint: 0 };

  it('moves boxes with the pixels: mirrored, scaled, shifted, cut and in mosaics', async () => {
    let seen = 0;
    for (let seed = 0; seed < 60; seed++) {
      const random = randomFor(seed);
      const full = { width: 200, height: 150 };
      const cached = { width: 160, height: 120 };
      const box = { x0: 40 + 5 * random.below(8), y0: 30 + 5 * random.below(6), x1: 130 + 5 * random.below(8), y1: 100 + 5 * random.below(8) };
      const scaled = { x0: box.x0 * 0.8, y0: box.y0 * 0.8, x1: box.x1 * 0.8, y1: box.y1 * 0.8 };
      const image = rectangle(cached.width, cached.height, scaled);
      const options = { ...defaultAugmentation, ...noColour, mosaic: seed % 2, mirrorY: 0.5 };
      for (const tile of planImage(0, [cached], input, options, random, () => 0)) {
        const target = { data: new Uint8Array(input.width * input.height * 3), ...input };
        await renderTiles(target, [tile], [image], 0);
        const [moved] = boxesOfTile([box], full, cached, tile);
        if (!moved) continue;
        seen++;
        const bright = brightBounds(target);
        for (const edge of ['x0', 'y0', 'x1', 'y1'] as const) expect(Math.abs(bright[edge] - moved[edge])).toBeLessThanOrEqual(1.01);
      }
    }
    expect(seen).toBeGreaterThan(80);
  });

  it('drops boxes of which little is left, and clips the rest', () => {
    const tile = { example: 0, from: { x: 0, y: 0, width: 50, height: 100 }, to: { x: 10, y: 0, width: 50, height: 96 }, mirrorX: false, mirrorY: false, colour: { gain: [1, 1, 1] as [number, number, number], offset: [0, 0, 0] as [number, number, number] } };
    const cached = { width: 100, height: 100 };
    expect(boxesOfTile([{ x0: 40, y0: 0, x1: 90, y1: 50 }], cached, cached, tile)).toEqual([]);
    expect(boxesOfTile([{ x0: 30, y0: 0, x1: 60, y1: 50 }], cached, cached, tile)).toEqual([{ x0: 40, x1: 60, y0: 0, y1: 48 }]);
  });

  it('turned off, is the letterbox', () => {
    const image = { width: 160, height: 100 };
    const [tile] = planImage(0, [image], input, noAugmentation, randomFor(1), () => 0);
    expect(tile!.to).toEqual(letterbox(image, input));
    expect(tile!.from).toEqual({ x: 0, y: 0, ...image });
  });

  it('is a function of its seed', () => {
    const plan = (seed: number) => planImage(0, [{ width: 160, height: 100 }, { width: 90, height: 90 }], input, defaultAugmentation, randomFor(seed), () => 1);
    expect(plan(4)).toEqual(plan(4));
    expect(plan(4)).not.toEqual(plan(5));
  });

  it('shifts colours by gain and offset', async () => {
    const grey = { data: new Uint8Array(12).fill(100), width: 2, height: 2 };
    const target = { data: new Uint8Array(12), width: 2, height: 2 };
    const whole = { x: 0, y: 0, width: 2, height: 2 };
    await renderTiles(target, [{ example: 0, from: whole, to: whole, mirrorX: false, mirrorY: false, colour: { gain: [2, 1, 0.5], offset: [10, 0, 300] } }], [grey], 0);
    expect(Array.from(target.data.subarray(0, 3))).toEqual([210, 100, 255]);
  });
});
