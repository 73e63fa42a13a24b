import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fit, fitBounds, MAX_SCALE, minScale, pan, resized, toImage, toScreen, visibleBounds, zoom, zoomTo, type Viewport } from './viewport';

const size = fc.record({ width: fc.integer({ min: 1, max: 20_000 }), height: fc.integer({ min: 1, max: 20_000 }) });
const screen = fc.record({ width: fc.integer({ min: 200, max: 4000 }), height: fc.integer({ min: 200, max: 3000 }) });
const point = fc.record({ x: fc.double({ min: -500, max: 5000, noNaN: true }), y: fc.double({ min: -500, max: 5000, noNaN: true }) });
const viewport = fc.record({ scale: fc.double({ min: 0.01, max: 64, noNaN: true }), x: fc.double({ min: -1e4, max: 1e4, noNaN: true }), y: fc.double({ min: -1e4, max: 1e4, noNaN: true }) });

function inSight(v: Viewport, image: { width: number; height: number }, s: { width: number; height: number }): boolean {
  const b = visibleBounds(v, s);
  return b.x0 < image.width && b.y0 < image.height && b.x1 > 0 && b.y1 > 0;
}

describe('viewport', () => {
  it('turns screen into image and back', () => {
    fc.assert(fc.property(viewport, point, (v, p) => {
      const back = toScreen(v, toImage(v, p));
      expect(back.x).toBeCloseTo(p.x, 5);
      expect(back.y).toBeCloseTo(p.y, 5);
    }));
  });

  it('zooms so that what is under the pointer stays there, while the image fills the screen', () => {
    fc.assert(fc.property(screen, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 1.01, max: 3, noNaN: true }), (s, fx, fy, factor) => {
      const image = { width: s.width * 3, height: s.height * 3 };
      const start = zoomTo(fit(image, s), { x: s.width / 2, y: s.height / 2 }, 1, image, s);
      const at = { x: fx * s.width, y: fy * s.height };
      const before = toImage(start, at);
      const after = toImage(zoom(start, at, factor, image, s), at);
      expect(after.x).toBeCloseTo(before.x, 6);
      expect(after.y).toBeCloseTo(before.y, 6);
    }));
  });

  it('keeps the scale in its limits and the image in sight, whatever is done', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('zoom' as const), at: point, factor: fc.double({ min: 0.01, max: 100, noNaN: true }) }),
      fc.record({ kind: fc.constant('pan' as const), at: fc.record({ x: fc.double({ min: -1e5, max: 1e5, noNaN: true }), y: fc.double({ min: -1e5, max: 1e5, noNaN: true }) }), factor: fc.constant(1) }),
    );
    fc.assert(fc.property(size, screen, fc.array(step, { maxLength: 12 }), (image, s, steps) => {
      let v = fit(image, s);
      for (const { kind, at, factor } of steps) v = kind === 'zoom' ? zoom(v, at, factor, image, s) : pan(v, at.x, at.y, image, s);
      expect(v.scale).toBeLessThanOrEqual(MAX_SCALE);
      expect(v.scale).toBeGreaterThanOrEqual(minScale(image, s) * 0.999999);
      expect(inSight(v, image, s)).toBe(true);
    }));
  });

  it('fits the whole image in the middle', () => {
    fc.assert(fc.property(size, screen, (image, s) => {
      const v = fit(image, s);
      expect(v.x).toBeGreaterThanOrEqual(-1e-6);
      expect(v.y).toBeGreaterThanOrEqual(-1e-6);
      expect(v.x * 2 + image.width * v.scale).toBeCloseTo(s.width, 3);
      expect(v.y * 2 + image.height * v.scale).toBeCloseTo(s.height, 3);
    }));
  });

  it('shows a place whole when asked for it', () => {
    fc.assert(fc.property(screen, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 1, max: 300, noNaN: true }), (s, fx, fy, side) => {
      const image = { width: 3000, height: 2000 };
      const b = { x0: fx * (image.width - side), y0: fy * (image.height - side), x1: fx * (image.width - side) + side, y1: fy * (image.height - side) + side };
      const seen = visibleBounds(fitBounds(b, image, s), s);
      expect(seen.x0).toBeLessThanOrEqual(b.x0);
      expect(seen.y0).toBeLessThanOrEqual(b.y0);
      expect(seen.x1).toBeGreaterThanOrEqual(b.x1);
      expect(seen.y1).toBeGreaterThanOrEqual(b.y1);
    }));
  });

  it('keeps the middle in the middle when the window changes', () => {
    const image = { width: 4000, height: 3000 };
    const before = { width: 800, height: 600 };
    const v = zoomTo(fit(image, before), { x: 400, y: 300 }, 1, image, before);
    const after = { width: 1000, height: 700 };
    const middle = toImage(v, { x: 400, y: 300 });
    expect(toImage(resized(v, image, before, after), { x: 500, y: 350 })).toEqual(middle);
  });
});
