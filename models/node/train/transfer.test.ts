import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawnExamples, SHAPE_CLASSES } from '../../testing/shapes';
import { type TrainOptions, type TrainProgress } from '../../training/types';
import { readWeights } from '../../runtime/weights';
import { saveModel } from '../modelFiles';
import { loadModel, trainModel } from '..';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-transfer-'));
  await trainModel(data(), options('start', { epochs: 2 }));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const data = () => ({ train: drawnExamples(8, 1), val: drawnExamples(3, 2), classes: SHAPE_CLASSES });
const options = (name: string, more: Partial<TrainOptions> = {}): TrainOptions => ({
  task: 'detect', backbone: 'compact', outDir: path.join(folder, name), checkpointDir: path.join(folder, `${name}.checkpoint`), inputSize: { width: 64, height: 64 }, batch: 4, epochs: 3, ...more,
});
const weightsOf = async (name: string) => {
  const { model } = await loadModel(path.join(folder, name));
  const weights = readWeights(model);
  model.dispose();
  return weights;
};

describe('training from trained weights', () => {
  it('leaves a frozen backbone as it was, on features that are kept; goes deeper in stages', async () => {
    const start = path.join(folder, 'start');
    const notes: string[] = [];
    const progress: TrainProgress[] = [];
    const features = path.join(folder, 'features');
    await trainModel(data(), options('head', { start, depth: 'head', featureDir: features }), { onNote: (note) => notes.push(note), onProgress: (p) => progress.push(p) });
    expect(notes.join()).toContain('Beginning with trained weights');
    expect(progress.every(({ stage }) => stage.includes('head'))).toBe(true);
    const [before, after] = [await weightsOf('start'), await weightsOf('head')];
    const changed = Object.keys(before).filter((name) => Buffer.compare(Buffer.from(before[name]!.data.buffer), Buffer.from(after[name]!.data.buffer)) !== 0);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.every((name) => /^(neck|head|output)/.test(name))).toBe(true);
    // Features outlive the run: a second one finds all of them.
    const kept = await readdir(features);
    expect(kept.length).toBeGreaterThan(8);
    await trainModel(data(), options('again', { start, depth: 'head', featureDir: features }));
    expect((await readdir(features)).sort()).toEqual(kept.sort());
    expect(await readFile(path.join(folder, 'again/weights.bin'), 'base64')).toBe(await readFile(path.join(folder, 'head/weights.bin'), 'base64'));

    await trainModel(data(), options('full', { start, depth: 'full', epochs: 10 }), { onProgress: (p) => progress.push(p) });
    const full = await weightsOf('full');
    expect(Object.keys(full).filter((name) => Buffer.compare(Buffer.from(before[name]!.data.buffer), Buffer.from(full[name]!.data.buffer)) === 0)).toEqual([]);
  }, 120_000);

  it('goes on in the stage where it was cancelled, to the very weights of a run that was not', async () => {
    const start = path.join(folder, 'start');
    const staged = { start, depth: 'partial', epochs: 5 } as const;
    await trainModel(data(), options('whole', staged));
    const abort = new AbortController();
    const stop = trainModel(data(), options('parts', staged), { onEvaluation: ({ step }) => step >= 6 && abort.abort() }, abort.signal);
    await expect(stop).rejects.toMatchObject({ name: 'AbortError' });
    const result = await trainModel(data(), options('parts', staged));
    expect(result.resumed).toBe(true);
    expect(await readFile(path.join(folder, 'parts/weights.bin'), 'base64')).toBe(await readFile(path.join(folder, 'whole/weights.bin'), 'base64'));
  }, 120_000);

  it('prepares the input as the model that it begins with does; one without a card says nothing about it', async () => {
    const own = { resize: 'letterbox' as const, fill: 114, mean: [1, 2, 3], deviation: [50, 60, 70] };
    const { model, card } = await loadModel(path.join(folder, 'start'));
    const place = path.join(folder, 'elsewhere');
    await saveModel(place, { model, card: { ...card, normalisation: own } });
    model.dispose();
    const notes: string[] = [];
    const begin = (name: string) => trainModel(data(), options(name, { start: place, depth: 'head', epochs: 1 }), { onNote: (note) => notes.push(note) });
    expect((await begin('scaled')).card.normalisation).toEqual(own);
    expect(notes.join()).not.toContain('card');
    await rm(path.join(place, 'card.json'));
    expect((await begin('cardless')).card.normalisation).toEqual(card.normalisation);
    expect(notes.join()).toContain(`No card beside ${place} says how its input is prepared`);
  }, 60_000);

  it('goes as deep as images with labels carry, whatever there is without', async () => {
    const labelled = drawnExamples(12, 1).filter(({ labels }) => labels.length > 0);
    const empty = drawnExamples(60, 4).map((example) => ({ ...example, labels: [] }));
    const stop = new AbortController();
    const notes: string[] = [];
    const onNote = (note: string) => {
      notes.push(note);
      if (note.includes('labelled images')) stop.abort();
    };
    await expect(trainModel({ ...data(), train: [...labelled, ...empty] }, options('sparse', { start: path.join(folder, 'start') }), { onNote }, stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(notes.at(-1)).toContain(`Only the head is trained, on features of the trained backbone that are computed once: ${labelled.length} labelled images`);
  }, 60_000);

  it('says when nothing of the given model fits', async () => {
    await expect(trainModel(data(), options('none', { start: path.join(folder, 'start'), backbone: 'resnet18' }))).rejects.toThrow(/fits/);
  });
});
