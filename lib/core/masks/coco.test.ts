import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MaskError, compressCounts, decompressCounts, fromCocoRle, maskArea, maskBounds, maskFromBitmap, maskToBitmap, masksEqual, polygonMask, rectMask, toCocoCounts, toCocoRle,
  type CocoRle,
} from '.';

const root = path.join(process.env['FIELDMARK_TEST_DATA'] ?? path.resolve(import.meta.dirname, '../../../../shared/data'), 'metrics');
const present = existsSync(root);
if (!present) console.log('masks/coco: skipped against the reference rasteriser, no data at FIELDMARK_TEST_DATA');

const images = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })).chain(([width, height]) =>
  fc.record({ width: fc.constant(width), height: fc.constant(height), bitmap: fc.array(fc.constantFrom(0, 0, 1, 1, 1), { minLength: width * height, maxLength: width * height }) }));

describe('COCO run lengths', () => {
  it('are the counts down the columns', () => {
    fc.assert(fc.property(images, ({ width, height, bitmap }) => {
      const mask = maskFromBitmap(bitmap, width, height);
      const counts: number[] = [0];
      for (let x = 0, last = 0; x < width; x++)
        for (let y = 0; y < height; y++) {
          const v = bitmap[y * width + x]!;
          if (v !== last) counts.push(0);
          last = v;
          counts[counts.length - 1]!++;
        }
      expect(toCocoCounts(mask, { width, height })).toEqual(counts);
      for (const rle of [toCocoRle(mask, { width, height }), toCocoRle(mask, { width, height }, false)]) expect(masksEqual(fromCocoRle(rle), mask)).toBe(true);
    }), { numRuns: 300 });
  });

  it('text and numbers are one-to-one', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.nat(40), fc.nat(2 ** 31)), { maxLength: 20 }), (counts) => {
      expect(decompressCounts(compressCounts(counts))).toEqual(counts);
    }));
  });

  it('malformed ones are refused with a MaskError', () => {
    const refused: [CocoRle, RegExp][] = [
      [{ size: [2, 2], counts: [1, 2] }, /add up to 3/],
      [{ size: [2, 2], counts: [1, 4] }, /beyond/],
      [{ size: [2, 2], counts: [-1, 5] }, /count 1/],
      [{ size: [2, 2], counts: [1.5, 2.5] }, /whole number/],
      [{ size: [2.5, 2], counts: [5] }, /whole numbers/],
      [{ size: [2, 2], counts: 'P' }, /cut off/],
      [{ size: [2, 2], counts: '!' }, /alphabet/],
    ];
    for (const [rle, message] of refused) expect(() => fromCocoRle(rle)).toThrow(message);
    fc.assert(fc.property(fc.string({ maxLength: 12 }), (counts) => {
      try {
        fromCocoRle({ size: [3, 4], counts });
      } catch (error) {
        expect(error).toBeInstanceOf(MaskError);
      }
    }), { numRuns: 500 });
    // A few thousand columns that are set by turns would be a hundred million runs along the rows.
    expect(() => fromCocoRle({ size: [40_000, 4000], counts: new Array<number>(4000).fill(40_000) })).toThrow(/places/);
    expect(() => toCocoRle(rectMask({ x: -1, y: 0, width: 3, height: 3 }), { width: 9, height: 9 })).toThrow(/reaches outside/);
  });
});

describe.skipIf(!present)('against the reference code', () => {
  interface Vector { ann_id: number; h: number; w: number; kind: string; counts: string; area: number; bbox: number[]; iscrowd: number }

  it('every annotation of 100 COCO images: the same text, area and box, from text and from polygons', () => {
    const vectors = (JSON.parse(readFileSync(path.join(root, 'rle/coco_val2014_100_rle.json'), 'utf8')) as { vectors: Vector[] }).vectors;
    const annotations = new Map((JSON.parse(readFileSync(path.join(root, 'coco_val2014_100/instances_val2014_100.json'), 'utf8')) as { annotations: { id: number; segmentation: number[][] | CocoRle }[] }).annotations.map((a) => [a.id, a.segmentation]));
    expect(vectors.length).toBe(annotations.size);
    for (const v of vectors) {
      const image = { width: v.w, height: v.h };
      const read = fromCocoRle({ size: [v.h, v.w], counts: v.counts });
      expect(toCocoRle(read, image).counts, `annotation ${v.ann_id}, read and written`).toBe(v.counts);
      const { x, y, width, height } = maskBounds(read);
      expect([maskArea(read), x, y, width, height]).toEqual([v.area, ...v.bbox]);
      const segmentation = annotations.get(v.ann_id)!;
      const drawn = Array.isArray(segmentation)
        ? polygonMask(segmentation.map((flat) => Array.from({ length: flat.length / 2 }, (_, i) => ({ x: flat[2 * i]!, y: flat[2 * i + 1]! }))), image)
        : fromCocoRle(segmentation);
      expect(toCocoRle(drawn, image).counts, `annotation ${v.ann_id}, drawn`).toBe(v.counts);
      expect(maskToBitmap(drawn, { x: 0, y: 0, ...image }).reduce((a, b) => a + b, 0)).toBe(v.area);
    }
  });

  it('the two edge cases: invalid counts raise, leading empty runs keep the box', () => {
    const [first, second] = [...readFileSync(path.join(root, 'rle/ppwwyyxx_test_strings.txt'), 'utf8').matchAll(/\[(\d+), (\d+)\], 'counts': '([^']*)'/g)].map((m) => ({ size: [Number(m[1]), Number(m[2])] as [number, number], counts: m[3]!.replaceAll('\\\\', '\\') }));
    expect(() => fromCocoRle(first!)).toThrow(MaskError);
    const mask = fromCocoRle(second!);
    const again = fromCocoRle(toCocoRle(mask, { width: second!.size[1], height: second!.size[0] }));
    expect(maskBounds(again)).toEqual(maskBounds(mask));
    expect(maskArea(mask)).toBeGreaterThan(1000);
  });
});
