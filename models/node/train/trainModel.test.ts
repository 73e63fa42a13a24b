import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawnExamples, SHAPE_CLASSES } from '../../testing/shapes';
import { type BoxLabel, type Example } from '../../tasks/types';
import { type TrainCallbacks, type TrainEvaluation, type TrainOptions, type TrainProgress } from '../../training/types';
import { evaluateModel, loadModel, loadPredictor, trainModel, TrainingDataError } from '..';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-train-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const data = () => ({ train: drawnExamples(12, 1), val: drawnExamples(4, 2), classes: SHAPE_CLASSES, datasetHash: 'abc', credits: ['drawn for this test'] });
const options = (name: string, more: Partial<TrainOptions> = {}): TrainOptions => ({
  task: 'detect', backbone: 'compact', outDir: path.join(folder, name), checkpointDir: path.join(folder, `${name}.checkpoint`), inputSize: { width: 96, height: 96 }, batch: 4, ...more,
});
/** Of tests that are about the run and not about what it learns. */
const small = { inputSize: { width: 32, height: 32 } };
const boxesOf = ({ labels }: Pick<Example, 'labels'>) => labels.filter((label): label is BoxLabel => label.kind === 'box');
const weightsOf = (name: string) => readFile(path.join(folder, name, 'weights.bin'), 'base64');

describe('training a detector', () => {
  it('learns drawn shapes, reports, and stores a model that finds them', async () => {
    const progress: TrainProgress[] = [];
    const evaluations: TrainEvaluation[] = [];
    const result = await trainModel(data(), options('a', { epochs: 24 }), { onProgress: (p) => progress.push(p), onEvaluation: (e) => evaluations.push(e) });
    expect(result).toMatchObject({ steps: 72, epochs: 24, resumed: false });
    expect(result.metrics!.values.mAP50).toBeGreaterThan(0.7);
    expect(evaluations.map(({ step }) => step)).toEqual([9, 18, 27, 36, 45, 54, 63, 72]);
    expect(evaluations.filter(({ best }) => best).at(-1)!.values.mAP50).toBe(result.metrics!.values.mAP50);
    expect(progress.at(-1)!.loss).toBeLessThan(progress[0]!.loss);
    expect(progress.every(({ steps }) => steps === 72)).toBe(true);

    expect((await readdir(path.join(folder, 'a'))).sort()).toEqual(['card.json', 'model.json', 'weights.bin']);
    expect(await readdir(path.join(folder, 'a.checkpoint')).catch(() => [])).toEqual([]);
    const { card } = await loadModel(path.join(folder, 'a'));
    expect(card).toEqual(result.card);
    expect(card).toMatchObject({ task: 'detect', classes: SHAPE_CLASSES, datasetHash: 'abc', credits: ['drawn for this test'], metrics: { split: 'val', images: 4 } });

    // On images of another size and aspect, boxes come in their own pixels.
    const predictor = await loadPredictor(path.join(folder, 'a'), { threads: 1 });
    const fresh = drawnExamples(6, 3, { width: 192, height: 120 }).map((example) => ({ ...example }));
    const found = await predictor.predict(drawnExamples(6, 2).map(({ image }) => image), { minScore: 0.3 });
    const truth = drawnExamples(6, 2);
    let matched = 0;
    let total = 0;
    truth.forEach((example, i) => boxesOf(example).forEach((box) => {
      total++;
      if (boxesOf(found[i]!).some((d) => d.classId === box.classId && Math.abs(d.x0 - box.x0) < 5 && Math.abs(d.y1 - box.y1) < 5)) matched++;
    }));
    expect(matched / total).toBeGreaterThan(0.6);
    for (const prediction of await predictor.predict(fresh.map(({ image }) => image))) {
      expect([prediction.width, prediction.height]).toEqual([192, 120]);
      for (const { x0, y0, x1, y1 } of boxesOf(prediction)) expect(x0 >= 0 && y0 >= 0 && x1 <= 192 && y1 <= 120 && x1 > x0 && y1 > y0).toBe(true);
    }
    // More views and more models are measured like one.
    const once = await evaluateModel(predictor, data().val);
    expect(once.values).toEqual(result.metrics!.values);
    for (const viewing of ['flip', 'ten-crop'] as const) expect((await evaluateModel(predictor, data().val, { viewing })).values.mAP50).toBeGreaterThan(0.6);
    await predictor.dispose();
    const twice = await loadPredictor([path.join(folder, 'a'), path.join(folder, 'a')]);
    expect((await evaluateModel(twice, data().val)).values.mAP50).toBeCloseTo(once.values.mAP50!, 1);
    await twice.dispose();
  }, 120_000);

  it('cancelled, stops before the next step and goes on from its checkpoint to the very weights of a run that was not', async () => {
    await trainModel(data(), options('whole', { ...small, epochs: 4 }));
    const abort = new AbortController();
    let askedAt = 0;
    const stopping: TrainCallbacks = {
      onEvaluation: ({ step }) => {
        if (step >= 5 && !abort.signal.aborted) {
          askedAt = step;
          abort.abort();
        }
      },
    };
    await expect(trainModel(data(), options('parts', { ...small, epochs: 4 }), stopping, abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
    await expect(readdir(path.join(folder, 'parts'))).rejects.toThrow('ENOENT');
    expect(await readdir(path.join(folder, 'parts.checkpoint'))).toEqual(['training.ckpt']);

    const notes: string[] = [];
    const result = await trainModel(data(), options('parts', { ...small, epochs: 4 }), { onNote: (note) => notes.push(note) });
    expect(result.resumed).toBe(true);
    // Not one step more was taken.
    expect(notes).toContain(`Going on from step ${askedAt}.`);
    expect(await weightsOf('parts')).toBe(await weightsOf('whole'));
  }, 120_000);

  it.each(['training', 'validation'] as const)('cancelled while an image of the %s split is awaited, ends at once and misses nothing when it goes on', async (split) => {
    const name = `late-${split}`;
    const given = () => ({ ...data(), train: drawnExamples(12, 1), val: drawnExamples(4, 2) });
    await trainModel(given(), options(`${name}-whole`, { epochs: 4 }));
    const abort = new AbortController();
    let askedAt = 0;
    const late = given();
    const slow = split === 'training' ? late.train[5]! : late.val[2]!;
    const { image } = slow;
    let asked = 0;
    slow.image = {
      load: () => {
        // Images for training are kept: the second time they are seen is not asked for.
        if (++asked < (split === 'training' ? 1 : 2)) return (image as { load: () => Promise<Uint8Array> }).load();
        setTimeout(() => {
          askedAt = performance.now();
          abort.abort();
        }, 500);
        return new Promise(() => undefined);
      },
    };
    await expect(trainModel(late, options(name, { epochs: 4 }), {}, abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - askedAt).toBeLessThan(2000);
    const result = await trainModel(given(), options(name, { epochs: 4 }));
    expect(result.resumed).toBe(split === 'validation');
    expect(await weightsOf(name)).toBe(await weightsOf(`${name}-whole`));
  }, 120_000);

  it('cancelled while it prepares, says so before a step is taken', async () => {
    const abort = new AbortController();
    const late = (async function* () {
      yield* drawnExamples(3, 1);
      abort.abort();
      yield* drawnExamples(3, 4);
    })();
    const notes: string[] = [];
    await expect(trainModel({ ...data(), train: late }, options('early', { epochs: 1 }), { onNote: (note) => notes.push(note) }, abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(notes).toEqual([]);
  }, 60_000);

  it('does not go on from the checkpoint of another run', async () => {
    const abort = new AbortController();
    await trainModel(data(), options('other', { ...small, epochs: 4 }), { onEvaluation: () => abort.abort() }, abort.signal).catch(() => undefined);
    const notes: string[] = [];
    const result = await trainModel(data(), options('other', { ...small, epochs: 1, seed: 2 }), { onNote: (note) => notes.push(note) });
    expect(result.resumed).toBe(false);
    expect(notes.join()).toContain('belongs to another run');
  }, 120_000);

  it('learns by the optimizer and schedule asked for', async () => {
    const run = async (name: string, more: Partial<TrainOptions>) => {
      const notes: string[] = [];
      const { card } = await trainModel({ ...data(), val: [] }, options(name, { ...small, epochs: 1, ...more }), { onNote: (note) => notes.push(note) });
      return { notes: notes.join('\n'), card, weights: await weightsOf(name) };
    };
    const usual = await run('usual', {});
    expect(usual.notes).not.toContain('As asked');
    expect(await run('named', { optimizer: 'adamw', schedule: 'cosine', taskOptions: { box: 'ciou' } })).toMatchObject({ weights: usual.weights, card: { head: usual.card.head } });
    const asked = await run('asked', { optimizer: 'nesterov', taskOptions: { box: 'squared' } });
    expect(asked.notes).toContain('As asked: SGD with Nesterov momentum; the learning rate falls along a cosine.');
    expect(asked.card.head).toMatchObject({ box: 'squared' });
    const constant = await run('constant', { schedule: 'constant' });
    expect(new Set([usual, asked, constant].map(({ weights }) => weights)).size).toBe(3);
  }, 60_000);

  it('refuses settings that the task does not have, before it looks at an image', async () => {
    const never = { [Symbol.iterator]: () => { throw new Error('looked'); } } as unknown as Example[];
    await expect(trainModel({ ...data(), train: never }, options('misspelt', { ...small, epochs: 1, taskOptions: { anchorcount: 3 } }))).rejects.toThrow('There is no setting anchorcount. The task detect has anchors, anchorCount, box.');
  });

  it('ends by the clock when given minutes, on eight images without validation', async () => {
    const result = await trainModel({ ...data(), train: drawnExamples(8, 1), val: [] }, options('timed', { ...small, minutes: 0.05 }));
    expect(result.metrics).toBeNull();
    // The limit of steps is far beyond what three seconds allow.
    expect(result.steps).toBeGreaterThan(0);
    expect(result.steps).toBeLessThan(2000);
  }, 120_000);

  it('takes a batch in parts where memory is short', async () => {
    const notes: string[] = [];
    const large = { epochs: 1, batch: 8, inputSize: { width: 256, height: 256 } };
    const result = await trainModel({ ...data(), val: [] }, options('tight', { ...large, memoryBytes: 600 * 2 ** 20 }), { onNote: (note) => notes.push(note) });
    expect(notes.join()).toMatch(/takes its 8 images in [248] parts, to stay within 600 MB/);
    expect(result.steps).toBe(2);
  }, 120_000);

  it('takes a single image with a single box', async () => {
    const [one] = drawnExamples(1, 5);
    const result = await trainModel({ train: [{ ...one!, labels: one!.labels.slice(0, 1) }], val: [], classes: SHAPE_CLASSES }, options('one', { ...small, epochs: 2, batch: undefined }));
    expect(result.steps).toBeGreaterThan(0);
  }, 120_000);

  it('says what is wrong with the data', async () => {
    const [example] = drawnExamples(1, 1);
    const fails = async (input: Partial<ReturnType<typeof data>>) => {
      const error: unknown = await trainModel({ ...data(), ...input }, options('bad', { ...small, epochs: 1 })).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TrainingDataError);
      return (error as Error).message;
    };
    expect(await fails({ train: [] })).toContain('no training images');
    expect(await fails({ train: [{ ...example!, labels: [{ kind: 'box', classId: 'square', x0: 5, y0: 5, x1: 5, y1: 9 }] }] })).toContain('None of the training images has a box');
    expect(await fails({ train: [{ ...example!, labels: [{ kind: 'box', classId: 'ghost', x0: 5, y0: 5, x1: 9, y1: 9 }] }] })).toContain('class ghost');
    const broken = trainModel({ ...data(), train: [{ ...example!, image: { load: async () => new Uint8Array(10) } }], val: [] }, options('bad', { ...small, epochs: 1 }));
    await expect(broken).rejects.toThrow(/image drawn-1-0 cannot be read/);
  });
});
