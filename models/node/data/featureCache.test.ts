import { mkdir, mkdtemp, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asKept, openFeatureCache, storedBytes } from './featureCache';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-features-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const files = async () => (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));

describe('the cache of features', () => {
  it('gives back what was put up to half precision, also after it was opened anew', async () => {
    const arrays = fc.array(fc.array(fc.float({ min: -60000, max: 60000, noNaN: true })).map((list) => Float32Array.from(list)), { maxLength: 4 });
    await fc.assert(fc.asyncProperty(fc.uniqueArray(fc.tuple(fc.string(), arrays), { selector: ([key]) => key, maxLength: 4 }), async (entries) => {
      const own = await mkdtemp(path.join(dir, 'run-'));
      const cache = await openFeatureCache({ dir: own, maxBytes: 1e6 });
      await Promise.all(entries.map(([key, value]) => cache.put(key, value)));
      for (const opened of [cache, await openFeatureCache({ dir: own, maxBytes: 1e6 })]) {
        for (const [key, value] of entries) {
          expect(opened.has(key)).toBe(true);
          const back = (await opened.get(key))!;
          expect(back.map(({ length }) => length)).toEqual(value.map(({ length }) => length));
          expect(value.map(asKept)).toEqual(back);
          back.forEach((array, k) => array.forEach((number, i) => expect(Math.abs(number - value[k]![i]!)).toBeLessThanOrEqual(Math.max(2 ** -25, Math.abs(value[k]![i]!) * 2 ** -11))));
        }
        expect(await opened.get('never put, and no key that is drawn is so long as this one')).toBeNull();
      }
    }), { numRuns: 20 });
  });

  it('stays under its budget, and forgets the least recently used first, also of earlier runs', async () => {
    // 16 bytes of digest, 8 of lengths and 2 for each number.
    expect(storedBytes([50])).toBe(124);
    const maxBytes = 3 * 124;
    const cache = await openFeatureCache({ dir, maxBytes });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    for (const key of ['a', 'b', 'c']) await cache.put(key, [new Float32Array(50)]);
    await cache.get('a');
    await cache.put('d', [new Float32Array(50)]);
    expect(keys.map((key) => cache.has(key))).toEqual([true, false, true, true, false]);
    expect(await files()).toHaveLength(3);
    // To be asked for is to be used.
    expect(cache.has('a')).toBe(true);
    await cache.put('e', [new Float32Array(50)]);
    expect(keys.map((key) => cache.has(key))).toEqual([true, false, false, true, true]);
    // Times on disk may be too coarse to order what was just used.
    for (const [i, file] of (await files()).entries()) await utimes(file, new Date(), new Date(Date.now() - 1000 * (i + 1)));
    const [newest] = await files();
    const again = await openFeatureCache({ dir, maxBytes });
    await again.put('f', [new Float32Array(50), new Float32Array(46)]);
    expect(await files()).toHaveLength(2);
    expect(await files()).toContain(newest);
    expect(again.has('f')).toBe(true);
  });

  it('takes broken files for missing ones, and clears away what an interrupted process left', async () => {
    const cache = await openFeatureCache({ dir, maxBytes: 1e6 });
    await Promise.all([cache.put('a', [Float32Array.of(1, 2, 3)]), cache.put('a', [Float32Array.of(1, 2, 3)])]);
    const [file] = await files();
    await truncate(file!, 29);
    expect(await cache.get('a')).toBeNull();
    expect([cache.has('a'), await files()]).toEqual([false, []]);
    await mkdir(path.join(dir, 'ab'), { recursive: true });
    const left = path.join(dir, 'ab', 'x.f16.7.tmp');
    await writeFile(left, 'half');
    await openFeatureCache({ dir, maxBytes: 1e6 });
    expect(await files()).toEqual([left]);
    await utimes(left, new Date(), new Date(Date.now() - 2 * 3600_000));
    await openFeatureCache({ dir, maxBytes: 1e6 });
    expect(await files()).toEqual([]);
  });
});
