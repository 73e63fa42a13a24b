import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logger } from '@/lib/server/log';
import { DiskStore, objectsUnder, type ObjectStore } from '@/lib/server/storage';
import { checkpointPrefix, SharedCheckpoint } from './checkpoint';

const jobId = '01938a52-0000-7000-8000-000000000001';
let base: string;
let store: ObjectStore;
beforeEach(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-checkpoint-'));
  store = new DiskStore(path.join(base, 'objects'));
});
afterEach(() => rm(base, { recursive: true }));

const of = (machine: string, attempt: number, everyMs?: number) => new SharedCheckpoint({ jobId, attempt, store, log: logger('test') }, path.join(base, machine, 'checkpoint'), everyMs);
const write = (checkpoint: SharedCheckpoint, text: string) => writeFile(path.join(checkpoint.folder, 'detector.ckpt'), text);
const local = (checkpoint: SharedCheckpoint) => readFile(path.join(checkpoint.folder, 'detector.ckpt'), 'utf8');
const stored = async () => (await store.read(`${checkpointPrefix(jobId)}detector.ckpt`)).toString();

describe('the checkpoint of a training', () => {
  it('is in the store once the training has ended, however it ended, and another machine goes on from it', async () => {
    const a = of('a', 1);
    await a.fetch();
    await expect(a.during(async () => {
      await write(a, 'step 10');
      await writeFile(path.join(a.folder, 'detector.ckpt.17.tmp'), 'half');
      throw new Error('stopped');
    })).rejects.toThrow('stopped');
    expect(await stored()).toBe('step 10');
    const b = of('b', 2);
    await b.fetch();
    expect(await local(b)).toBe('step 10');
    expect(await readdir(b.folder)).toEqual(['detector.ckpt']);
  });

  it('goes to the store while the training runs', async () => {
    const a = of('a', 1, 10);
    await a.fetch();
    await a.during(async () => {
      await write(a, 'step 1');
      await expect.poll(stored).toBe('step 1');
      await write(a, 'step 22');
      await expect.poll(stored).toBe('step 22');
    });
  });

  it('is taken from this machine when it ran here last, and from the store when another did since', async () => {
    const first = of('a', 1);
    await first.fetch();
    await first.during(() => write(first, 'step 10'));
    // Killed before the store had it.
    await write(first, 'step 20');
    const second = of('a', 2);
    await second.fetch();
    expect(await local(second)).toBe('step 20');
    const elsewhere = of('b', 3);
    await elsewhere.fetch();
    await elsewhere.during(() => write(elsewhere, 'step 30'));
    const back = of('a', 4);
    await back.fetch();
    expect(await local(back)).toBe('step 30');
  });

  it('is not sent twice, and not taken away because the training has removed its own', async () => {
    const a = of('a', 1);
    await a.fetch();
    await a.during(() => write(a, 'step 10'));
    const key = `${checkpointPrefix(jobId)}detector.ckpt`;
    const past = new Date(Date.now() - 60_000);
    await utimes(store.localPath(key)!, past, past);
    await a.during(async () => undefined);
    await rm(path.join(a.folder, 'detector.ckpt'));
    await a.during(async () => undefined);
    expect((await store.stat(key))?.modifiedAt).toEqual(past);
    // What measures the model is killed: there is nothing here any more, so the store's is taken.
    const again = of('a', 2);
    await again.fetch();
    expect(await local(again)).toBe('step 10');
    await again.remove();
    for await (const object of objectsUnder(store, 'checkpoints/')) expect.unreachable(object.key);
  });
});
