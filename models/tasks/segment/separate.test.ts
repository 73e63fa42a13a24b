import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectedComponents, maskArea, maskFromBitmap, maskIou, masksEqual, unionAll, type Mask } from '@/lib/core/masks';
import { type Example } from '../types';
import { chooseNeck } from './plan';
import { objectsIn, separate, squaredDistances } from './separate';

const size = 60;
function discs(...list: readonly (readonly [x: number, y: number, r: number])[]): Mask {
  return maskFromBitmap(Uint8Array.from({ length: size * size }, (_, i) =>
    (list.some(([x, y, r]) => ((i % size) + 0.5 - x) ** 2 + (Math.floor(i / size) + 0.5 - y) ** 2 <= r * r) ? 1 : 0)), size, size);
}

it('distances are those to the nearest pixel that is not set, exactly', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.infiniteStream(fc.boolean()), (width, height, bits) => {
    const bitmap = Uint8Array.from({ length: width * height }, () => (bits.next().value ? 1 : 0));
    const found = squaredDistances(bitmap, width, height);
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
      let nearest = Infinity;
      for (let v = -1; v <= height; v++) for (let u = -1; u <= width; u++) {
        const set = u >= 0 && v >= 0 && u < width && v < height && bitmap[v * width + u] === 1;
        if (!set) nearest = Math.min(nearest, (x - u) ** 2 + (y - v) ** 2);
      }
      expect(found[y * width + x]).toBe(nearest);
    }
  }));
});

describe('touching objects', () => {
  it('are taken apart at their neck, and no further', () => {
    const touching = discs([20, 30, 12], [41, 30, 12]);
    expect(connectedComponents(touching)).toHaveLength(1);
    const parts = separate(touching, 0.8);
    expect(parts).toHaveLength(2);
    [discs([20, 30, 12]), discs([41, 30, 12])].forEach((disc, i) => expect(maskIou(parts[i]!, disc)).toBeGreaterThan(0.93));
    expect(separate(touching, 0.3)).toHaveLength(1);
    expect(separate(discs([30, 30, 20]), 0.8)).toHaveLength(1);
    // Deep in one another they are one object, or nobody could say.
    expect(separate(discs([26, 30, 12], [32, 30, 12]), 0.8)).toHaveLength(1);
  });

  it('are measured by the smaller one', () => {
    expect(separate(discs([22, 30, 18], [44, 30, 6]), 0.8).map(maskArea).map((area) => Math.round(area / 100))).toEqual([10, 1]);
    expect(objectsIn(discs([12, 12, 8], [26, 12, 8], [45, 45, 10]), 0.8)).toHaveLength(3);
    expect(objectsIn(discs([12, 12, 8], [26, 12, 8], [45, 45, 10]), 0)).toHaveLength(2);
  });

  it('share no pixel and make up the mask, whatever it is', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 12 }), fc.infiniteStream(fc.boolean()), fc.double({ min: 0, max: 1, noNaN: true }), (side, bits, neck) => {
      const mask = maskFromBitmap(Uint8Array.from({ length: side * side }, () => (bits.next().value ? 1 : 0)), side, side, { x: 3, y: 5 });
      fc.pre(maskArea(mask) > 0);
      const parts = objectsIn(mask, neck);
      expect(masksEqual(unionAll(parts), mask)).toBe(true);
      expect(parts.reduce((sum, part) => sum + maskArea(part), 0)).toBe(maskArea(mask));
    }));
  });
});

describe('the neck', () => {
  const example = (masks: Mask[]): Example => ({ id: 'x', image: { path: '' }, width: size, height: size, labels: masks.map((mask) => ({ kind: 'mask', classId: 'a', mask })) });

  it('is chosen where taking apart finds the training objects again', () => {
    const neck = chooseNeck([example([discs([20, 30, 12]), discs([41, 30, 12])])], ['a']);
    expect(neck).toBeGreaterThan(0);
    expect(objectsIn(discs([20, 30, 12], [41, 30, 12]), neck)).toHaveLength(2);
  });

  it('is 0 where objects keep apart, or are narrow in the middle themselves', () => {
    expect(chooseNeck([example([discs([15, 30, 10]), discs([45, 30, 10])])], ['a'])).toBe(0);
    const dumbbell = (y: number) => discs([20, y, 9], [36, y, 9]);
    expect(chooseNeck([example([dumbbell(15), dumbbell(45)])], ['a'])).toBe(0);
  });
});
