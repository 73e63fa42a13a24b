import { describe, expect, it } from 'vitest';
import { costOf } from '../graph/cost';
import { ops } from '../graph';
import { weightedMean } from '../losses/basic';
import { ortEngine } from '../node/ortEngine';
import { tfEngine } from '../node/tfEngine';
import { float32, type Tensors } from '../runtime/engine';
import { tf, type LayersModel } from '../runtime/tf';
import { initialiseWeights, readWeights } from '../runtime/weights';
import { randomTensor, relativeDifference } from '../testing/gradcheck';
import { estimateMemory, fitToMemory } from './memory';
import { adamW, sgd } from './optimizers';
import { buildStep, type TrainerSpec } from './step';
import { Trainer } from './trainer';

const L = tf.layers;
const BATCH = 6;

function network({ norm = false, dropout = 0 } = {}): LayersModel {
  const input = tf.input({ shape: [7, 6, 3] });
  let x = L.conv2d({ name: 'conv', filters: 4, kernelSize: 3, strides: 2, padding: 'same' }).apply(input) as tf.SymbolicTensor;
  if (norm) x = L.batchNormalization({ name: 'norm', momentum: 0.9 }).apply(x) as tf.SymbolicTensor;
  x = L.reLU({ name: 'relu' }).apply(x) as tf.SymbolicTensor;
  if (dropout > 0) x = L.dropout({ name: 'drop', rate: dropout }).apply(x) as tf.SymbolicTensor;
  x = L.flatten({ name: 'flat' }).apply(x) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: L.dense({ name: 'dense', units: 2 }).apply(x) as tf.SymbolicTensor });
  initialiseWeights(model, 2);
  return model;
}

/** Squared error of each example, weighted: what a loss with per-sample weights looks like. */
const specOf = (model: LayersModel, more: Partial<TrainerSpec> = {}): TrainerSpec => ({
  model, optimizer: adamW({ weightDecay: 0.05 }), clipNorm: 0.5, averageDecay: 0.9,
  inputs: { x: { shape: [BATCH, 7, 6, 3], dtype: 'float32' }, y: { shape: [BATCH, 2], dtype: 'float32' }, w: { shape: [BATCH], dtype: 'float32' } },
  loss: ({ x, y, w }, net, sums) => {
    const each = ops.reduceSum(ops.square(ops.sub(net(x!)[0]!, y!)), [1]);
    return { loss: weightedMean(each, w!, sums), parts: {} };
  },
  ...more,
});
const batch = (step: number): Tensors => ({ x: randomTensor([BATCH, 7, 6, 3], `x${step}`), y: randomTensor([BATCH, 2], `y${step}`), w: randomTensor([BATCH], `w${step}`, [0, 2]) });

describe('micro-batches', () => {
  it.each([2, 3, 6])('%i of them are one batch, for weighted losses too', async (microBatches) => {
    const results = [];
    for (const parts of [1, microBatches]) {
      const trainer = await Trainer.create(ortEngine, specOf(network(), { microBatches: parts }));
      const reports = [];
      for (let step = 0; step < 4; step++) reports.push(await trainer.train(batch(step), 3e-2));
      results.push({ reports, weights: trainer.weights('average'), snapshot: Object.keys(trainer.snapshot().state), steps: trainer.steps });
      await trainer.dispose();
    }
    const [whole, parts] = results as [(typeof results)[0], (typeof results)[0]];
    expect(parts.steps).toBe(4);
    expect(parts.snapshot).toEqual(whole.snapshot);
    for (const [i, report] of whole.reports.entries()) {
      expect(parts.reports[i]!.loss).toBeCloseTo(report.loss!, 5);
      expect(parts.reports[i]!.gradientNorm).toBeCloseTo(report.gradientNorm!, 4);
    }
    for (const [name, { data }] of Object.entries(whole.weights)) expect(relativeDifference(parts.weights[name]!.data, data), name).toBeLessThan(1e-4);
  });

  it('give the same on tfjs', async () => {
    const losses = [];
    for (const engine of [ortEngine, tfEngine]) {
      const trainer = await Trainer.create(engine, specOf(network(), { microBatches: 2 }));
      losses.push([(await trainer.train(batch(0), 3e-2)).loss!, (await trainer.train(batch(1), 3e-2)).loss!]);
      await trainer.dispose();
    }
    expect(relativeDifference(losses[0]!, losses[1]!)).toBeLessThan(1e-5);
  });

  it('are repeated bit for bit, and go on from a snapshot', async () => {
    const spec = () => specOf(network({ norm: true, dropout: 0.3 }), { microBatches: 3 });
    const first = await Trainer.create(ortEngine, spec());
    const losses: number[] = [];
    for (let step = 0; step < 3; step++) losses.push((await first.train(batch(step), 1e-2)).loss!);
    const saved = first.snapshot();
    losses.push((await first.train(batch(3), 1e-2)).loss!);
    const second = await Trainer.create(ortEngine, spec());
    for (let step = 0; step < 3; step++) expect((await second.train(batch(step), 1e-2)).loss).toBe(losses[step]);
    const third = await Trainer.create(ortEngine, spec());
    third.restore(saved);
    expect((await third.train(batch(3), 1e-2)).loss).toBe(losses[3]);
    await Promise.all([first, second, third].map((trainer) => trainer.dispose()));
  });

  it('must divide the batch, and be fed whole', async () => {
    expect(() => buildStep(specOf(network(), { microBatches: 4 }))).toThrow('a batch of 6 does not divide into 4 micro-batches');
    const trainer = await Trainer.create(ortEngine, specOf(network(), { microBatches: 2 }));
    await expect(trainer.train({ ...batch(0), y: randomTensor([3, 2], 'y') }, 0.1)).rejects.toThrow('input y was not fed as [6, 2]');
    await trainer.dispose();
  });

  it('are as many as the memory asks for', async () => {
    const input = tf.input({ shape: [512, 512, 3] });
    const model = tf.model({ inputs: input, outputs: L.conv2d({ filters: 16, kernelSize: 3, padding: 'same' }).apply(input) as tf.SymbolicTensor });
    const spec: TrainerSpec = {
      model, optimizer: sgd(), inputs: { x: { shape: [6, 512, 512, 3], dtype: 'float32' } },
      loss: ({ x }, net) => ({ loss: ops.reduceMean(ops.square(net(x!)[0]!)), parts: {} }),
    };
    const whole = estimateMemory(spec);
    expect(await fitToMemory(spec, whole)).toEqual({ microBatches: 1, bytes: whole });
    const fitted = await fitToMemory(spec, whole * 0.6);
    expect(fitted.microBatches).toBe(3);
    expect(fitted.bytes).toBeLessThanOrEqual(whole * 0.6);
    expect((await fitToMemory(spec, 1)).microBatches).toBe(6);
  });
});

describe('what is frozen costs nothing in the backward pass', () => {
  /** Three convolutions of the same cost, the first `frozen` of them not trainable. */
  function step(frozen: number) {
    const input = tf.input({ shape: [8, 8, 4] });
    let x: tf.SymbolicTensor = input;
    for (let i = 0; i < 3; i++) {
      x = L.conv2d({ name: `conv${i}`, filters: 4, kernelSize: 3, padding: 'same', useBias: false, trainable: i >= frozen }).apply(x) as tf.SymbolicTensor;
      x = L.batchNormalization({ name: `norm${i}`, trainable: i >= frozen }).apply(x) as tf.SymbolicTensor;
      x = L.reLU({ name: `relu${i}` }).apply(x) as tf.SymbolicTensor;
    }
    const model = tf.model({ inputs: input, outputs: x });
    const { program, packs } = buildStep({
      model, optimizer: sgd(), inputs: { x: { shape: [2, 8, 8, 4], dtype: 'float32' } },
      loss: ({ x: image }, net) => ({ loss: ops.reduceMean(ops.square(net(image!)[0]!)), parts: {} }),
    });
    return { cost: costOf(program), packs };
  }
  const one = 2 * 8 * 8 * 4 * 9 * 4;

  it('each trained convolution costs three: forward, by its filter, and by its input unless nothing before it learns', () => {
    expect([0, 1, 2].map((frozen) => step(frozen).cost.multiplications / one)).toEqual([3 + 3 + 2, 3 + 2 + 1, 3 + 1]);
  });
  it('and has no weights, moments or statistics among what is kept', () => {
    const kept = (frozen: number) => step(frozen).packs.flatMap(({ weights }) => weights.map(({ name }) => name.split('/')[0]!));
    expect(new Set(kept(2))).toEqual(new Set(['conv2', 'norm2']));
    expect(step(2).cost.peakBytes).toBeLessThan(step(0).cost.peakBytes);
  });
});

describe('masks and weights of examples', () => {
  it('an example of weight zero changes nothing', async () => {
    const results: Tensors[] = [];
    for (const value of [0.3, -5]) {
      const trainer = await Trainer.create(ortEngine, specOf(network()));
      const feeds = batch(0);
      feeds.w!.data[1] = 0;
      feeds.x!.data.fill(value, 7 * 6 * 3, 2 * 7 * 6 * 3);
      await trainer.train(feeds, 1e-2);
      results.push(trainer.weights('current'));
      await trainer.dispose();
    }
    expect(results[1]).toEqual(results[0]);
  });

  it('an example of weight two counts as two', async () => {
    const results: Tensors[] = [];
    for (const double of [true, false]) {
      const trainer = await Trainer.create(ortEngine, specOf(network(), { optimizer: sgd() }));
      const feeds = batch(0);
      feeds.w = float32(Float32Array.from(double ? [2, 0, 1, 1, 1, 1] : [1, 1, 1, 1, 1, 1]), [BATCH]);
      for (const [name, size] of [['x', 7 * 6 * 3], ['y', 2]] as const) feeds[name]!.data.copyWithin(size, 0, size);
      await trainer.train(feeds, 1e-2);
      results.push(trainer.weights('current'));
      await trainer.dispose();
    }
    for (const [name, { data }] of Object.entries(results[0]!)) expect(relativeDifference(results[1]![name]!.data, data), name).toBeLessThan(1e-6);
  });

  it('the weights of a model not trained yet come through unchanged', async () => {
    const model = network({ norm: true });
    const trainer = await Trainer.create(ortEngine, specOf(model));
    const all = readWeights(model);
    for (const [name, { data }] of Object.entries(trainer.weights('average'))) expect(data, name).toEqual(all[name]!.data);
    await trainer.dispose();
  });
});
