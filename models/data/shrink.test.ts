import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { shrink } from './shrink';

/** Smooth waves with an edge and some noise. */
function scene(width: number, height: number, seed: number) {
  let state = seed + 1;
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    data[i] = Math.max(0, Math.min(255, 128 + 60 * Math.sin(x / 5 + (i % 3)) + 40 * Math.cos(y / 7) + (x > width / 2 ? 40 : 0) + (state % 40) - 20));
  }
  return { data, width, height };
}

describe('a smaller copy', () => {
  it('has the pixels that libvips gives the worker', async () => {
    for (const [width, height, w, h] of [[320, 240, 224, 168], [640, 480, 280, 210], [641, 479, 280, 209], [1000, 750, 120, 90], [130, 97, 130, 60], [97, 500, 40, 499], [64, 64, 64, 64]] as const) {
      const image = scene(width, height, width);
      const theirs = await sharp(image.data, { raw: { width, height, channels: 3 } }).resize(w, h, { fit: 'fill', kernel: 'linear' }).raw().toBuffer();
      const ours = shrink(image, { width: w, height: h });
      expect([ours.width, ours.height]).toEqual([w, h]);
      const differences = ours.data.map((value, i) => Math.abs(value - theirs[i]!));
      const name = `${width} × ${height} to ${w} × ${h}`;
      expect(differences.reduce((a, b) => Math.max(a, b), 0), name).toBeLessThanOrEqual(2);
      expect(differences.reduce((a, b) => a + b, 0) / differences.length, name).toBeLessThan(0.5);
    }
  });

  it('of one colour has that colour, and is never larger', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), fc.nat(255), fc.double({ min: 0.01, max: 1, noNaN: true }), (width, height, value, part) => {
      const size = { width: Math.max(1, Math.round(width * part)), height: Math.max(1, Math.round(height * part)) };
      expect(shrink({ data: new Uint8Array(width * height * 3).fill(value), width, height }, size).data.every((v) => v === value)).toBe(true);
    }), { numRuns: 50 });
    expect(() => shrink(scene(4, 4, 1), { width: 5, height: 4 })).toThrow('cannot be shrunk to 5 × 4');
  });
});
