import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskFromBitmap } from '@/lib/core/masks';
import { bundle, threads as threadPrograms } from '../../../scripts/build.mjs';
import { defaultAugmentation, noAugmentation } from '../../data/augment';
import { IGNORED } from '../../data/labelMap';
import type { ModelDesign } from '../../runtime/card';
import type { Example, Sample, Task } from '../../tasks/types';
import { digest, smallDesign, threeBatches } from '../../testing/loaderProgram';
import { drawnExamples } from '../../testing/shapes';
import { createLoader, type Loader, type LoaderOptions } from './loader';
import { cachedSize, makeBatch } from './makeBatch';
import { createStore, PixelStore } from './pixelStore';

const base = { design: smallDesign, batch: 4, seed: 3, augmentation: () => ({ ...defaultAugmentation, rotate: 10, elastic: 0.3, noise: 0.05 }) } satisfies Partial<LoaderOptions>;

let folder: string;
/** The first half as files, the rest by callback. */
let examples: Example[];
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-loader-'));
  examples = await Promise.all(drawnExamples(10, 5).map(async (example, i) => {
    if (i >= 5) return example;
    const raw = await (example.image as { load: () => Promise<{ data: Uint8Array; width: number; height: number }> }).load();
    const file = path.join(folder, `${i}.png`);
    await sharp(raw.data, { raw: { width: raw.width, height: raw.height, channels: 3 } }).png().toFile(file);
    return { ...example, image: { path: file } };
  }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function take(loader: Loader, count: number): Promise<string[]> {
  try {
    const digests: string[] = [];
    for (let i = 0; i < count; i++) digests.push(digest(await loader.next()));
    return digests;
  } finally {
    await loader.dispose();
  }
}

describe('the loader', () => {
  it('makes the same batches in this thread, in one and in two, whatever the cache holds, also when it begins in the middle', async () => {
    const reference = await take(createLoader({ ...base, examples, threads: 0 }), 8);
    expect(new Set(reference).size).toBe(8);
    const [one, two] = await Promise.all([
      take(createLoader({ ...base, examples, threads: 1, from: 5 }), 3),
      take(createLoader({ ...base, examples, threads: 2, cacheBytes: 3 * 80 * 80 * 3 }), 8),
    ]);
    expect(one).toEqual(reference.slice(5));
    expect(two).toEqual(reference);
    expect(await take(createLoader({ ...base, examples, threads: 0, cacheBytes: 0 }), 8)).toEqual(reference);
    expect(await take(createLoader({ ...base, examples, threads: 0, seed: 4 }), 8)).not.toEqual(reference);
  });

  it('feeds what the task asks for, and every example once a pass', async () => {
    const plain = examples.map((example, i) => ({ ...example, image: { load: async () => ({ data: new Uint8Array(96 * 96 * 3).fill(20 * i), width: 96, height: 96, channels: 3 as const }) } }));
    const loader = createLoader({ design: smallDesign, batch: 5, seed: 1, examples: plain, threads: 1 });
    try {
      for (let pass = 0; pass < 2; pass++) {
        const seen: number[] = [];
        for (let k = 0; k < 2; k++) {
          const { image, target0, target1 } = await loader.next();
          expect([image!.dtype, image!.shape, target0!.dtype, target1!.shape[0]]).toEqual(['uint8', [5, 64, 64, 3], 'float32', 5]);
          for (let i = 0; i < 5; i++) seen.push(image!.data[i * 64 * 64 * 3]!);
        }
        expect(seen.sort((a, b) => a - b)).toEqual(plain.map((_, i) => 20 * i));
      }
    } finally {
      await loader.dispose();
    }
  });

  it.each([0, 1])('names the image that cannot be read, and goes on with the others (%i threads)', async (threads) => {
    const bad = path.join(folder, 'bad.jpg');
    await writeFile(bad, 'no image at all');
    const fails = async () => { throw new Error('the store is away'); };
    const broken = [{ ...examples[0]!, id: 'broken file', image: { path: bad } }, { ...examples[1]!, id: 'lost', image: { load: fails } }, ...examples.slice(2)];
    const loader = createLoader({ ...base, augmentation: () => noAugmentation, batch: 1, examples: broken, threads });
    const results = [];
    for (let i = 0; i < 10; i++) results.push(await loader.next().then(() => 'made', (error: Error) => error.message));
    await loader.dispose();
    expect(results.filter((result) => result === 'made')).toHaveLength(8);
    expect(results.find((result) => result.startsWith('image broken file cannot be read:'))).toMatch(/unsupported|format/i);
    expect(results).toContain('image lost cannot be read: the store is away');
  });

  it.each([0, 2])('ends at once when it is aborted or disposed of (%i threads)', async (threads) => {
    const controller = new AbortController();
    const stuck = examples.map((example) => ({ ...example, image: { load: () => new Promise<Uint8Array>(() => undefined) } }));
    const loader = createLoader({ ...base, examples: stuck, threads, signal: controller.signal });
    const waiting = loader.next();
    controller.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow('no longer wanted');
    await expect(loader.next()).rejects.toThrow('no longer wanted');
    await loader.dispose();

    const busy = createLoader({ ...base, examples, threads });
    await busy.next();
    const next = [busy.next(), busy.next(), busy.next(), busy.next()];
    next.forEach((promise) => promise.catch(() => undefined));
    await busy.dispose();
    await expect(busy.next()).rejects.toThrow('disposed');
  });

  it('finds its thread in a bundled program', async () => {
    const out = path.resolve('.cache/test-loader');
    await bundle({ ...threadPrograms, program: 'models/testing/loaderProgram.ts' }, out);
    const { stdout } = await promisify(execFile)(process.execPath, [path.join(out, 'program.js'), '2'], { env: { ...process.env, FIELDMARK_LOADER_PROGRAM: '1' } });
    expect(JSON.parse(stdout)).toEqual(await threeBatches(0));
  });

  it('refuses to begin without examples', () => {
    expect(() => createLoader({ ...base, examples: [] })).toThrow('at least one');
  });
});

describe('a batch with label maps', () => {
  const input = { width: 32, height: 32 };
  const segment = { ...smallDesign, task: 'segment' as const, inputSize: input };
  const samples: Sample[] = [];
  const task = {
    labelMap: true,
    targets: (_: ModelDesign, batch: number) => ({ labels: { shape: [batch, 32, 32], dtype: 'int32' } }),
    writeTargets(_: ModelDesign, arrays: Record<string, Int32Array>, index: number, sample: Sample) {
      samples.push(sample);
      arrays.labels!.set(sample.labelMap!, index * 32 * 32);
    },
  } as unknown as Task;

  it('has the masks at the input\'s size, cached with the pixels, and leaves out what no image covers', async () => {
    const [width, height] = [64, 32];
    const half = Uint8Array.from({ length: width * height }, (_, i) => Number(i % width >= 32));
    const labels = [{ kind: 'mask' as const, classId: 'disc', mask: maskFromBitmap(half, width, height) }];
    const load = async () => ({ data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (Math.floor(i / 3) % width >= 32 ? 200 : 0)), width, height, channels: 3 as const });
    const store = new PixelStore(createStore(1, 4 * width * height, 1 << 20));
    const kitchen = { design: segment, task, store, load, check: () => undefined };
    const ingredient = { index: 0, id: 'a', width, height, labels };
    expect(cachedSize(ingredient, input)).toEqual({ width: 40, height: 20 });
    const make = (batch: number, given: typeof labels) => makeBatch(kitchen, { batch, drawn: [{ members: [0], augmentation: { ...noAugmentation, mirrorX: batch }, key: [1, batch] }], ingredients: [{ ...ingredient, labels: given }] });
    const { image, labels: target } = await make(0, labels);
    const wanted = Array.from({ length: 32 * 32 }, (_, i) => (i < 8 * 32 || i >= 24 * 32 ? IGNORED : i % 32 < 16 ? 0 : 2));
    expect(Array.from(target!.data)).toEqual(wanted);
    expect(samples[0]!.labels).toEqual([]);
    expect([image!.data[0], image!.data[(16 * 32 + 3) * 3], image!.data[(16 * 32 + 28) * 3]]).toEqual([114, 0, 200]);
    // From the cache: the labels given now are not looked at.
    const again = await make(1, []);
    expect(Array.from(again.labels!.data)).toEqual(wanted.map((value) => (value === IGNORED ? value : 2 - value)));
  });
});

describe('the pixel store', () => {
  it('never shows one example another\'s bytes, keeps what is pinned, and stays within its slots', () => {
    const command = fc.record({ example: fc.nat({ max: 7 }), hold: fc.boolean(), letGo: fc.nat({ max: 3 }) });
    fc.assert(fc.property(fc.nat({ max: 5 }), fc.array(command, { maxLength: 80 }), (slots, commands) => {
      const memory = createStore(8, 4, slots * 4 + 3);
      expect(memory.slots).toBe(slots);
      const store = new PixelStore(memory);
      const held: { slot: NonNullable<ReturnType<PixelStore['acquire']>>; example: number }[] = [];
      for (const { example, hold, letGo } of commands) {
        let slot = store.acquire(example);
        expect(slot !== null).toBe(slot !== null && store.has(example));
        if (!slot) {
          slot = store.reserve();
          expect(slot === null).toBe(new Set(held.map((one) => one.slot.index)).size === slots);
          if (slot) {
            slot.bytes.fill(example + 1);
            store.publish(slot, example);
          }
        }
        if (slot) {
          expect(Array.from(slot.bytes)).toEqual(new Array(4).fill(example + 1));
          held.push({ slot, example });
          if (!hold) store.release(held.pop()!.slot);
        }
        if (letGo === 0 && held.length > 0) store.release(held.shift()!.slot);
        for (const one of held) expect(one.slot.bytes[0]).toBe(one.example + 1);
      }
    }));
  });

  it('keeps what is used and lets go what is not', () => {
    const store = new PixelStore(createStore(3, 1, 2));
    const put = (example: number) => {
      const slot = store.reserve()!;
      store.publish(slot, example);
      store.release(slot);
    };
    put(0);
    put(1);
    put(2); // takes the place of one; the other's mark is gone as well
    expect(store.has(2)).toBe(true);
    const kept = store.has(0) ? 0 : 1;
    store.release(store.acquire(2)!);
    put(1 - kept);
    expect([store.has(kept), store.has(2)]).toEqual([false, true]);
  });
});
