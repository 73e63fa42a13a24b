import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskFromBitmap, maskHas, rectMask, strokeMask, union, type Mask } from '@/lib/core/masks';
import { abgr, inkOn, rgbOf } from './colors';
import { changedRect, paintTile, TILE, tilesOf } from './tiles';

const style = { fill: 1, border: 2 };
function naive(mask: Mask, x: number, y: number): number {
  if (!maskHas(mask, x, y)) return 0;
  return maskHas(mask, x - 1, y) && maskHas(mask, x + 1, y) && maskHas(mask, x, y - 1) && maskHas(mask, x, y + 1) ? 1 : 2;
}

describe('mask tiles', () => {
  it('paint every pixel as looking at each one would, over tile borders too', () => {
    const arbitrary = fc.record({ x: fc.integer({ min: 200, max: 300 }), y: fc.integer({ min: 200, max: 300 }), bits: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 64, maxLength: 64 }) });
    fc.assert(fc.property(arbitrary, ({ x, y, bits }) => {
      const mask = maskFromBitmap(bits, 8, 8, { x, y });
      const words = new Uint32Array(TILE * TILE);
      for (const { column, row } of tilesOf({ x: mask.x, y: mask.y, width: mask.width, height: mask.height })) {
        paintTile(mask, column, row, style, words);
        for (let py = y - 2; py < y + 10; py++) {
          for (let px = x - 2; px < x + 10; px++) {
            if (Math.floor(px / TILE) !== column || Math.floor(py / TILE) !== row) continue;
            expect(words[(py - row * TILE) * TILE + px - column * TILE]).toBe(naive(mask, px, py));
          }
        }
      }
    }), { numRuns: 60 });
  });

  it('are made anew wherever a stroke changed a pixel or a border, and nowhere far from it', () => {
    const before = rectMask({ x: 10, y: 10, width: 600, height: 20 });
    const after = union(before, strokeMask([{ x: 300, y: 20 }, { x: 300, y: 60 }], 6, { width: 1000, height: 500 }));
    const stale = new Set(tilesOf(changedRect(before, after)).map((t) => `${t.column},${t.row}`));
    const a = new Uint32Array(TILE * TILE);
    const b = new Uint32Array(TILE * TILE);
    for (const { column, row } of tilesOf({ x: 0, y: 0, width: 1000, height: 500 })) {
      paintTile(before, column, row, style, a);
      paintTile(after, column, row, style, b);
      if (!a.every((v, i) => v === b[i])) expect(stale.has(`${column},${row}`)).toBe(true);
    }
    expect(stale.size).toBe(1);
    expect(tilesOf(changedRect(before, before))).toEqual([]);
  });
});

describe('colours', () => {
  it('reads hexadecimal, packs pixels and picks readable ink', () => {
    expect(rgbOf('#1c7ed6')).toEqual([28, 126, 214]);
    expect(abgr([1, 2, 3], 1)).toBe(0xff030201);
    expect(inkOn('#ffffff')).toBe('#000000');
    expect(inkOn('#000000')).toBe('#ffffff');
    expect(inkOn('#e03131')).toBe('#ffffff');
  });
});
