import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFeatureCache } from './featureCache';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-features-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('the cache of features', () => {
  it('gives back what was put, also after it was opened anew', async () => {
    const arrays = [Float32Array.of(1, -0.5, 3), Float32Array.of(), Float32Array.of(1024)];
    const cache = await openFeatureCache({ dir, maxBytes: 1e6 });
    expect(await cache.get('a/b')).toBeNull();
    await cache.put('a/b', arrays);
    expect(await cache.get('a/b')).toEqual(arrays);
    const again = await openFeatureCache({ dir, maxBytes: 1e6 });
    expect(again.has('a/b')).toBe(true);
    expect(await again.get('a/b')).toEqual(arrays);
    expect(again.has('a')).toBe(false);
  });

  it('stays under its budget, and forgets the least recently used first', async () => {
    // 8 bytes of lengths and 2 for each number.
    const cache = await openFeatureCache({ dir, maxBytes: 3 * 108 });
    for (const key of ['a', 'b', 'c']) await cache.put(key, [new Float32Array(50)]);
    await cache.get('a');
    await cache.put('d', [new Float32Array(50)]);
    expect(['a', 'b', 'c', 'd'].map((key) => cache.has(key))).toEqual([true, false, true, true]);
    expect(await readdir(dir)).toHaveLength(3);
  });
});
