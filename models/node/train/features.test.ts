import { mkdtemp, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { digest } from '../../testing/loaderProgram';
import { drawnExamples, SHAPE_CLASSES } from '../../testing/shapes';
import { type Example } from '../../tasks/types';
import { Trainer } from '../../training/trainer';
import { type TrainCallbacks, type TrainOptions } from '../../training/types';
import { trainModel } from '..';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-kept-'));
  await trainModel({ ...data(), train: drawnExamples(2, 1), val: [] }, options('start', { epochs: 1, start: undefined }));
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const data = (train: Example[] = drawnExamples(6, 1)) => ({ train, val: [], classes: SHAPE_CLASSES });
const options = (name: string, more: Partial<TrainOptions> = {}): TrainOptions => ({
  task: 'detect', backbone: 'compact', outDir: path.join(folder, name), checkpointDir: path.join(folder, `${name}.checkpoint`), inputSize: { width: 32, height: 32 },
  batch: 3, epochs: 12, start: path.join(folder, 'start'), depth: 'head', augmentation: { mosaic: 0 }, ...more,
});
const weightsOf = (name: string) => readFile(path.join(folder, name, 'weights.bin'), 'base64');
const filesIn = async (name: string) => (await readdir(path.join(folder, name), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile() && entry.name.endsWith('.f16')).map((entry) => path.join(entry.parentPath, entry.name)).sort();
const train = (name: string, more: Partial<TrainOptions> = {}, examples?: Example[], callbacks?: TrainCallbacks) => trainModel(data(examples), options(name, more), callbacks);

describe('training on kept features', () => {
  it('computes ten variants of each image, says how far it is, and finds all but the new when there is an image more', async () => {
    const said: [number, number][] = [];
    await train('first', { featureDir: path.join(folder, 'kept') }, undefined, { onPreparing: (done, of) => said.push([done, of]) });
    expect(said.at(-1)).toEqual([60, 60]);
    const kept = await filesIn('kept');
    expect(kept).toHaveLength(60);
    await train('more', { featureDir: path.join(folder, 'kept'), epochs: 1 }, [drawnExamples(1, 9)[0]!, ...drawnExamples(6, 1)]);
    const now = await filesIn('kept');
    expect(now).toHaveLength(70);
    expect(now).toEqual(expect.arrayContaining(kept));
  }, 120_000);

  it('makes again what is gone or broken, and comes to the very same weights', async () => {
    const dir = path.join(folder, 'lost');
    await train('undisturbed', { featureDir: path.join(folder, 'whole') });
    let lost: Promise<unknown> = Promise.resolve();
    const create = Trainer.prototype.train;
    let steps = 0;
    vi.spyOn(Trainer.prototype, 'train').mockImplementation(async function (this: Trainer, ...args) {
      // At several moments of the run, and whatever the loader has asked for already.
      if (steps++ % 7 === 0) {
        lost = filesIn('lost').then((files) => Promise.all(files.map((file, i) => (i % 3 === 0 ? truncate(file, 30).catch(() => undefined) : rm(file, { force: true })))));
        await lost;
      }
      return create.apply(this, args);
    });
    await train('disturbed', { featureDir: dir });
    expect(steps).toBe(24);
    expect(await weightsOf('disturbed')).toBe(await weightsOf('undisturbed'));
    expect((await filesIn('lost')).length).toBeGreaterThan(0);
  }, 120_000);

  it('keeps as many variants as the room holds to the byte, and does without where it holds none', async () => {
    const { size } = await stat((await filesIn('kept'))[0]!);
    await train('narrow', { featureDir: path.join(folder, 'narrow-kept'), featureBytes: 2 * 6 * size, epochs: 2 });
    expect(await filesIn('narrow-kept')).toHaveLength(12);
    const said = vi.fn<(done: number, of: number) => void>();
    const notes: string[] = [];
    await train('none', { featureDir: path.join(folder, 'none-kept'), featureBytes: 6 * size - 1, epochs: 1 }, undefined, { onPreparing: said, onNote: (note) => notes.push(note) });
    expect(said).not.toHaveBeenCalled();
    expect(notes.join()).toContain('The features of 6 images do not fit');
    await expect(filesIn('none-kept')).rejects.toThrow('ENOENT');
  }, 120_000);
});

describe('a run in stages', () => {
  it.each(['head', 'partial', 'full'] as const)('to depth %s shows each image once a pass, through all stages', async (depth) => {
    const examples = drawnExamples(10, 4).map((example, i): Example => ({ ...example, labels: [{ kind: 'box', classId: 'square', x0: 6 * i, y0: 30, x1: 6 * i + 30, y1: 60 }] }));
    const still = { mosaic: 0, mirrorX: 0, scale: [1, 1] as [number, number], translate: 0 };
    const shown: string[] = [];
    const step = Trainer.prototype.train;
    vi.spyOn(Trainer.prototype, 'train').mockImplementation(function (this: Trainer, batch, rate) {
      const targets = Object.entries(batch).filter(([name]) => name !== 'image' && !name.startsWith('feature'));
      shown.push(digest(Object.fromEntries(targets)));
      return step.call(this, batch, rate);
    });
    await train(`once-${depth}`, { depth, batch: 1, epochs: 2, augmentation: still }, examples);
    expect(shown).toHaveLength(20);
    expect([new Set(shown).size, new Set(shown.slice(0, 10)).size, new Set(shown.slice(10)).size]).toEqual([10, 10, 10]);
  }, 120_000);

  it('cancelled between two of them, goes on behind the first to the very weights of a run that was not', async () => {
    const staged = { depth: 'partial', epochs: 5 } as const;
    await train('whole-stages', staged);
    const abort = new AbortController();
    const create = Trainer.create.bind(Trainer);
    let created = 0;
    vi.spyOn(Trainer, 'create').mockImplementation(async (...args) => {
      if (++created === 2) {
        abort.abort();
        abort.signal.throwIfAborted();
      }
      return create(...args);
    });
    await expect(trainModel(data(), options('cut', staged), {}, abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
    vi.restoreAllMocks();
    const notes: string[] = [];
    const preparing = vi.fn();
    const result = await trainModel(data(), options('cut', staged), { onNote: (note) => notes.push(note), onPreparing: preparing });
    // 40 % of ten steps; the features of the first stage are of no use any more.
    expect(notes).toContain('Going on from step 4.');
    expect(preparing.mock.calls.filter(([done, of]) => done === of)).toHaveLength(1);
    expect(result).toMatchObject({ resumed: true, steps: 10 });
    expect(await weightsOf('cut')).toBe(await weightsOf('whole-stages'));
  }, 120_000);
});

describe('a run with little memory', () => {
  it('warns, and goes on in parts of the same size where there is more, to the very weights of a run that stayed', async () => {
    const tight = { start: 'scratch', epochs: 3, memoryBytes: 1 } as const;
    const notes: string[] = [];
    await train('stayed', tight, undefined, { onNote: (note) => notes.push(note) });
    expect(notes.join()).toMatch(/Even one image at a time is expected to need up to \d+ MB, more than the 0 MB allowed/);
    const abort = new AbortController();
    const step = Trainer.prototype.train;
    let steps = 0;
    vi.spyOn(Trainer.prototype, 'train').mockImplementation(function (this: Trainer, batch, rate) {
      if (++steps === 3) abort.abort();
      return step.call(this, batch, rate);
    });
    await expect(trainModel(data(), options('moved', tight), {}, abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
    vi.restoreAllMocks();
    expect(await train('moved', { ...tight, memoryBytes: 2 ** 32 })).toMatchObject({ resumed: true, steps: 6 });
    expect(await weightsOf('moved')).toBe(await weightsOf('stayed'));
    // Whole batches have other means and deviations: that they were taken in parts is to be seen.
    await train('roomy', { ...tight, memoryBytes: 2 ** 32 });
    expect(await weightsOf('roomy')).not.toBe(await weightsOf('stayed'));
  }, 120_000);
});
