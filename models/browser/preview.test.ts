import { build } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskFromBitmap } from '@/lib/core/masks';
import { augmentSchema, defaultAugmentation, IGNORED, noAugmentation, previewAugmentation, type PreviewExample } from './preview';

/** A white rectangle on grey, as box, polygon, landmarks (its left and right corner) and mask. */
function example(width: number, height: number): PreviewExample {
  const [x0, y0, x1, y1] = [10, 10, 30, 20];
  const pixels = new Uint8ClampedArray(width * height * 4);
  const bitmap = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    const inside = x >= x0 && x < x1 && y >= y0 && y < y1;
    pixels.set(inside ? [255, 255, 255, 9] : [60, 60, 60, 255], (y * width + x) * 4);
    bitmap[y * width + x] = Number(inside);
  }
  return {
    pixels, width, height,
    labels: [
      { kind: 'box', classId: 'a', x0, y0, x1, y1 },
      { kind: 'polygon', classId: 'a', points: [{ x: x0, y: y0 }, { x: x1, y: y0 }, { x: x1, y: y1 }, { x: x0, y: y1 }] },
      { kind: 'landmarks', classId: 'a', points: [{ x: x0, y: y0, v: 2 }, { x: x1, y: y0, v: 1 }] },
      { kind: 'mask', classId: 'a', mask: maskFromBitmap(bitmap, width, height) },
    ],
  };
}

const settings = { input: { width: 64, height: 64 }, options: noAugmentation, seed: 1, classes: [{ id: 'a', name: 'A', points: ['left', 'right'], swaps: [[0, 1]] as const }] };

describe('the preview of augmentation', () => {
  it('shows pixels and every kind of label where training has them', () => {
    const { pixels, labels, labelMap } = previewAugmentation([example(64, 32)], { ...settings, options: { ...noAugmentation, mirrorX: 1 } });
    const rgba = (x: number, y: number) => Array.from(pixels.subarray((y * 64 + x) * 4, (y * 64 + x) * 4 + 4));
    expect([rgba(0, 0), rgba(0, 20), rgba(40, 30)]).toEqual([[114, 114, 114, 255], [60, 60, 60, 255], [255, 255, 255, 255]]);
    expect([labelMap![0], labelMap![20 * 64], labelMap![30 * 64 + 40]]).toEqual([IGNORED, 0, 1]);
    expect(labels).toEqual([
      { kind: 'box', classId: 'a', x0: 34, y0: 26, x1: 54, y1: 36 },
      { kind: 'landmarks', classId: 'a', points: [{ x: 34, y: 26, v: 1 }, { x: 54, y: 26, v: 2 }] },
      { kind: 'polygon', classId: 'a', points: [{ x: 54, y: 26 }, { x: 34, y: 26 }, { x: 34, y: 36 }, { x: 54, y: 36 }] },
    ]);
  });

  it('of a reduced copy has the labels of the full image', () => {
    const small = example(64, 32);
    const { labels } = previewAugmentation([{ ...small, full: { width: 128, height: 64 } }], settings);
    expect(labels[0]).toMatchObject({ x0: 5, y0: 21, x1: 15, y1: 26 });
  });

  it('is the same for a seed, mosaics included, and another for another', () => {
    fc.assert(fc.property(fc.nat(), (seed) => {
      const options = { ...defaultAugmentation, mosaic: 1, rotate: 15, elastic: 1, noise: 0.1, blur: 1 };
      const examples = [example(64, 32), example(50, 50)];
      const show = (key: number) => previewAugmentation(examples, { ...settings, options, seed: key });
      expect(show(seed)).toEqual(show(seed));
      const other = show(seed + 1);
      expect(show(seed).pixels.some((value, i) => value !== other.pixels[i])).toBe(true);
    }), { numRuns: 10 });
  });

  it('has settings with limits', () => {
    expect(augmentSchema.safeParse({ ...defaultAugmentation, rotate: 181 }).success).toBe(false);
    expect(augmentSchema.parse(noAugmentation)).toEqual(noAugmentation);
  });

  it('brings no deep-learning runtime and nothing of Node into the browser', async () => {
    const { metafile } = await build({ entryPoints: ['models/browser/preview.ts'], bundle: true, write: false, metafile: true, format: 'esm', platform: 'browser', tsconfig: 'tsconfig.json', external: ['zod'], logLevel: 'silent' });
    const files = Object.keys(metafile.inputs);
    expect(files).toContain('models/data/preview.ts');
    expect(files.filter((file) => !/^(models\/(browser|data|runtime\/random)|lib\/core)/.test(file))).toEqual([]);
    expect([...new Set(Object.values(metafile.outputs).flatMap(({ imports }) => imports.map((one) => one.path)))]).toEqual(['zod']);
  });
});
