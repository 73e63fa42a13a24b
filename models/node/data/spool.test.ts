import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Spool } from './spool';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-spool-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('tensors that wait on disk', () => {
  it('come back bit for bit, in any order, and leave nothing behind', async () => {
    const entry = fc.record({ a: fc.float32Array({ minLength: 6, maxLength: 6 }), b: fc.int32Array({ minLength: 1, maxLength: 1 }), c: fc.uint8Array({ minLength: 3, maxLength: 3 }) });
    await fc.assert(fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 8 }), fc.infiniteStream(fc.nat()), async (entries, picks) => {
      const spool = await Spool.open(dir);
      const given = entries.map(({ a, b, c }) => ({
        a: { dtype: 'float32' as const, shape: [2, 3], data: a }, b: { dtype: 'int32' as const, shape: [], data: b }, c: { dtype: 'uint8' as const, shape: [3], data: c },
      }));
      // Several at a time, as batches bring them.
      const numbers = await Promise.all(given.map((tensors) => spool.add(tensors)));
      for (const pick of [...picks.take(12)]) {
        const i = pick % given.length;
        expect(await spool.get(numbers[i]!)).toEqual(given[i]);
      }
      await expect(spool.add({ ...given[0]!, a: { dtype: 'float32', shape: [1], data: new Float32Array(1) } })).rejects.toThrow('a has 4 bytes, and those before had 24');
      await spool.close();
      expect(await readdir(dir)).toEqual([]);
    }), { numRuns: 20 });
  });

  it('take little where they are mostly zeros', async () => {
    const spool = await Spool.open(dir);
    const sizes = await Promise.all(Array.from({ length: 20 }, async (_, i) => {
      const data = new Float32Array(12 * 192 * 144);
      data.fill(1, i * 1000, i * 1000 + 500);
      await spool.add({ classes: { dtype: 'float32', shape: [192, 144, 12], data } });
      return data.byteLength;
    }));
    const onDisk = (spool as unknown as { end: number }).end;
    expect(onDisk).toBeLessThan(sizes.reduce((a, b) => a + b) / 50);
    expect((await spool.get(7)).classes!.data[7200]).toBe(1);
    await spool.close();
  });
});
