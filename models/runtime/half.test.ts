import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHalf, encodeHalf, fromHalf, toHalf } from './half';

describe('half precision', () => {
  it('has the known bits', () => {
    const known: [number, number][] = [[0, 0], [1, 0x3c00], [-2, 0xc000], [65504, 0x7bff], [65520, 0x7c00], [2 ** -14, 0x0400], [2 ** -24, 1], [2 ** -25, 0], [1 / 3, 0x3555], [Infinity, 0x7c00]];
    expect(known.map(([value]) => toHalf(value))).toEqual(known.map(([, half]) => half));
    expect(fromHalf(toHalf(NaN))).toBeNaN();
  });

  it('comes back from every pattern of bits', () => {
    for (let h = 0; h < 65536; h++) if (!Number.isNaN(fromHalf(h))) expect(toHalf(fromHalf(h))).toBe(h);
  });

  it('is within half a unit of the last place', () => {
    fc.assert(fc.property(fc.array(fc.float({ min: -60000, max: 60000, noNaN: true })), (list) => {
      const values = Float32Array.from(list);
      decodeHalf(encodeHalf(values)).forEach((back, i) => expect(Math.abs(back - values[i]!)).toBeLessThanOrEqual(Math.max(2 ** -25, Math.abs(values[i]!) * 2 ** -11)));
    }));
  });
});
