import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MaskError, applyPaint, cropMask, decodeMask, deltaBetween, emptyMask, encodeMask, fromBase64, intersect, intersectionArea, invertPaint,
  maskArea, maskBounds, maskFromBitmap, maskFromIndices, maskFromString, maskHas, maskIou, maskToBitmap, maskToString, masksEqual, paintDelta, rectMask,
  subtract, toBase64, translateMask, union, unionAll, xor, type Mask,
} from '.';

const SIZE = { x: 0, y: 0, width: 23, height: 17 };

/** A mask of long and short runs somewhere in a 23 × 17 image, with its bitmap as the independent truth. */
const masks = fc
  .tuple(fc.nat(SIZE.width - 1), fc.nat(SIZE.height - 1), fc.integer({ min: 1, max: 23 }), fc.integer({ min: 1, max: 17 }), fc.constantFrom(0.05, 0.5, 0.9, 1), fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })))
  .map(([x, y, w, h, density, stream]) => {
    const bitmap = new Uint8Array(SIZE.width * SIZE.height);
    for (let py = y; py < Math.min(SIZE.height, y + h); py++)
      for (let px = x; px < Math.min(SIZE.width, x + w); px++) bitmap[py * SIZE.width + px] = (stream.next().value as number) <= density ? 1 : 0;
    return bitmap;
  });
const maskOf = (bitmap: Uint8Array) => maskFromBitmap(bitmap, SIZE.width, SIZE.height);
const bytesOf = (mask: Mask) => [...maskToBitmap(mask, SIZE)];

function expectCanonical(mask: Mask): void {
  expect(masksEqual(decodeMask(encodeMask(mask)), mask)).toBe(true);
}

describe('masks and bitmaps', () => {
  it('go back and forth', () => {
    fc.assert(fc.property(masks, (bitmap) => {
      const mask = maskOf(bitmap);
      expectCanonical(mask);
      expect(bytesOf(mask)).toEqual([...bitmap]);
      expect(maskArea(mask)).toBe(bitmap.reduce((a, b) => a + b, 0));
      const own = maskToBitmap(mask);
      expect(masksEqual(maskFromBitmap(own, mask.width, mask.height, mask), mask)).toBe(true);
    }));
  });

  it('have one canonical form whatever the frame', () => {
    fc.assert(fc.property(masks, fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }), (bitmap, dx, dy) => {
      const mask = maskOf(bitmap);
      const moved = translateMask(mask, dx, dy);
      expectCanonical(moved);
      const elsewhere = maskToBitmap(moved, { x: -20, y: -20, width: 80, height: 80 });
      expect(masksEqual(maskFromBitmap(elsewhere, 80, 80, { x: -20, y: -20 }), moved)).toBe(true);
    }));
  });

  it('leave out what is outside the frame', () => {
    fc.assert(fc.property(masks, fc.nat(20), fc.nat(14), fc.nat(12), fc.nat(12), (bitmap, x, y, width, height) => {
      const frame = { x, y, width, height };
      const whole = maskOf(bitmap);
      const cropped = cropMask(whole, frame);
      expectCanonical(cropped);
      expect([...maskToBitmap(whole, frame)]).toEqual([...maskToBitmap(cropped, frame)]);
      for (let py = 0; py < SIZE.height; py++)
        for (let px = 0; px < SIZE.width; px++) {
          const inside = px >= x && py >= y && px < x + width && py < y + height;
          expect(maskHas(cropped, px, py)).toBe(inside && bitmap[py * SIZE.width + px] === 1);
        }
    }), { numRuns: 60 });
  });

  it('pick one index', () => {
    const mask = maskFromIndices([0, 2, 2, 1, 2, 0], 3, 2, 2);
    expect([mask.x, mask.y, mask.width, mask.height, ...mask.runs]).toEqual([1, 0, 2, 2, 0, 3, 1]);
  });

  it('a full rectangle is one run, and an empty mask is nothing', () => {
    expect([...rectMask({ x: 3, y: 4, width: 5, height: 6 }).runs]).toEqual([0, 30]);
    expect(maskFromBitmap(new Uint8Array(12), 4, 3)).toBe(emptyMask());
    expect(maskBounds(emptyMask())).toEqual({ x: 0, y: 0, width: 0, height: 0 });
    expect(maskFromBitmap([], 0, 0)).toBe(emptyMask());
  });
});

describe('boolean operations', () => {
  const table: [string, (a: Mask, b: Mask) => Mask, (a: number, b: number) => number][] = [
    ['union', union, (a, b) => a | b],
    ['intersect', intersect, (a, b) => a & b],
    ['subtract', subtract, (a, b) => a & ~b & 1],
    ['xor', xor, (a, b) => a ^ b],
  ];
  for (const [name, operation, bit] of table) {
    it(`${name} agrees with bitmaps, pixel by pixel`, () => {
      fc.assert(fc.property(masks, masks, (p, q) => {
        const result = operation(maskOf(p), maskOf(q));
        expectCanonical(result);
        expect(bytesOf(result)).toEqual([...p].map((v, i) => bit(v, q[i]!)));
      }), { numRuns: 300 });
    });
  }

  it('areas and IoU', () => {
    fc.assert(fc.property(masks, masks, (p, q) => {
      const [a, b] = [maskOf(p), maskOf(q)];
      const both = [...p].filter((v, i) => v && q[i]).length;
      const either = [...p].filter((v, i) => v || q[i]).length;
      expect(intersectionArea(a, b)).toBe(both);
      expect(maskIou(a, b)).toBe(either === 0 ? 0 : both / either);
    }));
  });

  it('unionAll is the union in any order', () => {
    fc.assert(fc.property(fc.array(masks, { maxLength: 7 }), (list) => {
      const all = list.map(maskOf);
      expect(masksEqual(unionAll(all), all.reduceRight(union, emptyMask()))).toBe(true);
    }), { numRuns: 50 });
  });

  it('never makes a box too large to count', () => {
    const far = rectMask({ x: 900_000, y: 900_000, width: 1, height: 1 });
    expect(() => union(rectMask({ x: 0, y: 0, width: 1, height: 1 }), far)).toThrow(MaskError);
    expect(() => rectMask({ x: 0.5, y: 0, width: 1, height: 1 })).toThrow(MaskError);
    expect(() => translateMask(far, 0.5, 0)).toThrow(MaskError);
  });
});

describe('paint', () => {
  it('keeps only real changes, and its inverse undoes it', () => {
    fc.assert(fc.property(masks, masks, fc.constantFrom('add' as const, 'erase' as const), (p, q, mode) => {
      const [mask, stroke] = [maskOf(p), maskOf(q)];
      const delta = paintDelta(mask, stroke, mode);
      expect(maskArea(intersect(delta.set, mask))).toBe(0);
      expect(masksEqual(intersect(delta.cleared, mask), delta.cleared)).toBe(true);
      const after = applyPaint(mask, delta);
      expect(masksEqual(after, mode === 'add' ? union(mask, stroke) : subtract(mask, stroke))).toBe(true);
      expect(masksEqual(applyPaint(after, invertPaint(delta)), mask)).toBe(true);
      expect(masksEqual(applyPaint(mask, deltaBetween(mask, stroke)), stroke)).toBe(true);
    }));
  });
});

describe('codec', () => {
  it('text and bytes are one-to-one', () => {
    fc.assert(fc.property(masks, masks, (p, q) => {
      const [a, b] = [translateMask(maskOf(p), -7, 130), translateMask(maskOf(q), -7, 130)];
      expect(masksEqual(maskFromString(maskToString(a)), a)).toBe(true);
      expect(maskToString(a) === maskToString(b)).toBe(masksEqual(a, b));
    }));
  });

  it('refuses whatever is not a canonical mask, with a MaskError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const withVersion = Uint8Array.of(1, ...bytes);
      try {
        const mask = decodeMask(withVersion);
        expect([...encodeMask(mask)]).toEqual([...withVersion]);
      } catch (error) {
        expect(error).toBeInstanceOf(MaskError);
      }
    }), { numRuns: 3000 });
    fc.assert(fc.property(fc.string(), (text) => {
      try {
        expect(maskToString(maskFromString(text))).toBe(text);
      } catch (error) {
        expect(error).toBeInstanceOf(MaskError);
      }
    }), { numRuns: 1000 });
  });

  it('refuses every truncation and every changed byte that is not another mask', () => {
    const bytes = encodeMask(maskFromBitmap(Uint8Array.from({ length: 200 }, (_, i) => (i * i) % 7 < 3 ? 1 : 0), 20, 10));
    for (let n = 0; n < bytes.length; n++) expect(() => decodeMask(bytes.slice(0, n))).toThrow(MaskError);
    expect(() => decodeMask(Uint8Array.of(...bytes, 0))).toThrow(/after the mask's last run/);
  });

  const cases: [string, number[], RegExp][] = [
    ['nothing', [], /ends in the middle of its version/],
    ['another version', [2, 0, 0, 0, 0], /version 2/],
    ['a place but no size', [1, 2, 0, 0, 0], /empty mask/],
    ['a box with nothing in it', [1, 0, 0, 2, 2, 4], /not tight/],
    ['an empty row at the top', [1, 0, 0, 2, 2, 2, 2], /not tight/],
    ['an empty column at the left', [1, 0, 0, 2, 2, 1, 1, 1, 1], /not tight/],
    ['an empty run', [1, 0, 0, 4, 1, 0, 1, 0, 3], /run 3 of the mask is empty/],
    ['runs beyond the box', [1, 0, 0, 2, 1, 0, 3], /beyond its box/],
    ['a long form of a small number', [1, 0x80, 0, 0, 1, 1, 0, 1], /shortest form/],
    ['a number beyond 32 bits', [1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f, 1], /too large/],
    ['a box beyond the limit', [1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 0, 1], /too (large|far)/],
  ];
  for (const [name, bytes, message] of cases) it(`refuses ${name}`, () => expect(() => decodeMask(Uint8Array.from(bytes))).toThrow(message));

  it('base64 is that of RFC 4648', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect([...fromBase64(toBase64(bytes))]).toEqual([...bytes]);
    }));
    expect(() => fromBase64('AB==')).toThrow(/stray bits/);
    expect(() => fromBase64('A===')).toThrow(MaskError);
    expect(() => fromBase64('AAA')).toThrow(/cut off/);
    expect(() => fromBase64('AÿAA')).toThrow(/character 2/);
  });
});
