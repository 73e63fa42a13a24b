import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cropAround } from './crop';

const size = fc.integer({ min: 1, max: 5000 });
const cases = fc.tuple(size, size, fc.float({ min: 0, max: 1, noNaN: true }), fc.float({ min: 0, max: 1, noNaN: true }), fc.float({ min: 0, max: 1, noNaN: true }), fc.float({ min: 0, max: 1, noNaN: true }))
  .map(([width, height, a, b, c, d]) => ({ image: { width, height }, box: { x0: Math.min(a, b) * width, x1: Math.max(a, b) * width, y0: Math.min(c, d) * height, y1: Math.max(c, d) * height } }));

describe('cropAround', () => {
  it('always shows the whole box, in the wanted shape', () => {
    fc.assert(fc.property(cases, ({ image, box }) => {
      const v = cropAround(box, image);
      expect(v.width / v.height).toBeCloseTo(4 / 3);
      expect(v.x).toBeLessThanOrEqual(box.x0 + 1e-6);
      expect(v.y).toBeLessThanOrEqual(box.y0 + 1e-6);
      expect(v.x + v.width).toBeGreaterThanOrEqual(box.x1 - 1e-6);
      expect(v.y + v.height).toBeGreaterThanOrEqual(box.y1 - 1e-6);
    }));
  });
  it('stays inside an image that is large enough', () => {
    const v = cropAround({ x0: 0, y0: 590, x1: 20, y1: 600 }, { width: 800, height: 600 });
    expect([v.x, v.y + v.height]).toEqual([0, 600]);
  });
});
