import { describe, expect, it } from 'vitest';
import { ops, type TensorData } from '../graph';
import { ortEngine } from '../node/ortEngine';
import { tfEngine } from '../node/tfEngine';
import { float32, type Tensors } from '../runtime/engine';
import { tf, type LayersModel } from '../runtime/tf';
import { initialiseWeights, readWeights } from '../runtime/weights';
import { randomTensor, relativeDifference } from '../testing/gradcheck';
import { evaluateWithTf } from '../graph/tf/oracle';
import { adam, adamW, sgd, type Optimizer } from './optimizers';
import { constant, cosine, stepped, withWarmUp } from './schedules';
import { buildStep, Trainer, type TrainerSpec } from './trainer';

const L = tf.layers;

function network(seed = 5): LayersModel {
  const input = tf.input({ shape: [8, 6, 3] });
  let x = L.conv2d({ name: 'conv1', filters: 4, kernelSize: 3, strides: 2, padding: 'same', useBias: false }).apply(input) as tf.SymbolicTensor;
  x = L.batchNormalization({ name: 'norm1', momentum: 0.9 }).apply(x) as tf.SymbolicTensor;
  x = L.reLU({ name: 'relu1' }).apply(x) as tf.SymbolicTensor;
  x = L.depthwiseConv2d({ name: 'conv2', kernelSize: 3, padding: 'same' }).apply(x) as tf.SymbolicTensor;
  x = L.globalAveragePooling2d({ name: 'pool' }).apply(x) as tf.SymbolicTensor;
  x = L.dropout({ name: 'drop', rate: 0.2 }).apply(x) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: L.dense({ name: 'dense', units: 2 }).apply(x) as tf.SymbolicTensor });
  initialiseWeights(model, seed);
  return model;
}

const specOf = (model: LayersModel, optimizer: Optimizer, more: Partial<TrainerSpec> = {}): TrainerSpec => ({
  model, optimizer,
  inputs: { x: { shape: [4, 8, 6, 3], dtype: 'float32' }, y: { shape: [4, 2], dtype: 'float32' } },
  loss: ({ x, y }, net) => ({ loss: ops.reduceMean(ops.square(ops.sub(net(x!)[0]!, y!))), parts: {} }),
  ...more,
});
const batch = (step: number): Tensors => ({ x: randomTensor([4, 8, 6, 3], `x${step}`), y: randomTensor([4, 2], `y${step}`) });

async function run(trainer: Trainer, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (let step = from; step < to; step++) losses.push((await trainer.train(batch(step), 1e-2)).loss!);
  return losses;
}
const bytes = (weights: Tensors): string => Object.entries(weights).map(([name, { data }]) => `${name}:${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')}`).sort().join('\n');

describe('a run', () => {
  it('is bit-identical when repeated, with two threads too', async () => {
    const results = [];
    for (const threads of [1, 1, 2]) {
      const trainer = await Trainer.create(ortEngine, specOf(network(), adamW({ weightDecay: 0.01 }), { averageDecay: 0.9, clipNorm: 1 }), { threads });
      results.push({ losses: await run(trainer, 0, 12), weights: bytes(trainer.weights('current')), average: bytes(trainer.weights('average')) });
      await trainer.dispose();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    expect(results[0]!.average).not.toBe(results[0]!.weights);
  });

  it('goes on from a snapshot to the same curve and the same weights', async () => {
    const options = { averageDecay: 0.9 };
    const whole = await Trainer.create(ortEngine, specOf(network(), adam(), options));
    const expected = await run(whole, 0, 10);
    const first = await Trainer.create(ortEngine, specOf(network(), adam(), options));
    const before = await run(first, 0, 4);
    const saved = first.snapshot();
    await first.dispose();
    const second = await Trainer.create(ortEngine, specOf(network(99), adam(), options));
    second.restore(saved);
    expect(second.steps).toBe(4);
    expect([...before, ...(await run(second, 4, 10))]).toEqual(expected);
    expect(bytes(second.weights('average'))).toBe(bytes(whole.weights('average')));
    await whole.dispose();
    await second.dispose();
  });

  it('compiled anew for other threads on the way is the same run', async () => {
    const options = { averageDecay: 0.9, clipNorm: 1, microBatches: 2 };
    const whole = await Trainer.create(ortEngine, specOf(network(), adam(), options), { threads: 2 });
    const expected = await run(whole, 0, 10);
    const parts = await Trainer.create(ortEngine, specOf(network(), adam(), options), { threads: 2 });
    const losses = await run(parts, 0, 4);
    await parts.recompile(ortEngine, { threads: 1 });
    losses.push(...(await run(parts, 4, 7)));
    const broken = { name: 'broken', compile: () => Promise.reject(new Error('no memory')) };
    await expect(parts.recompile(broken, { threads: 2 })).rejects.toThrow('no memory');
    losses.push(...(await run(parts, 7, 10)));
    expect(losses).toEqual(expected);
    for (const which of ['current', 'average'] as const) expect(bytes(parts.weights(which))).toBe(bytes(whole.weights(which)));
    await whole.dispose();
    await parts.dispose();
  });

  it('on ONNX Runtime is, within rounding, the run on tfjs', async () => {
    const options = { averageDecay: 0.9, clipNorm: 1 };
    const results = [];
    for (const engine of [ortEngine, tfEngine]) {
      const trainer = await Trainer.create(engine, specOf(network(), adamW({ weightDecay: 0.01 }), options));
      results.push({ losses: await run(trainer, 0, 5), weights: trainer.weights('average') });
      await trainer.dispose();
    }
    const [onnx, oracle] = results as [(typeof results)[0], (typeof results)[0]];
    expect(relativeDifference(onnx.losses, oracle.losses)).toBeLessThan(1e-4);
    for (const [name, { data }] of Object.entries(onnx.weights)) expect(relativeDifference(data, oracle.weights[name]!.data)).toBeLessThan(2e-3);
  });

  it('with a weight that is a pack of its own is the run on tfjs, and is repeated bit for bit', async () => {
    const wide = (): LayersModel => {
      const input = tf.input({ shape: [8, 6, 3] });
      const x = L.dense({ name: 'wide', units: 512, activation: 'tanh' }).apply(L.flatten().apply(input)) as tf.SymbolicTensor;
      const model = tf.model({ inputs: input, outputs: L.dense({ name: 'dense', units: 2 }).apply(x) as tf.SymbolicTensor });
      initialiseWeights(model, 1);
      return model;
    };
    const results = [];
    for (const engine of [ortEngine, ortEngine, tfEngine]) {
      const trainer = await Trainer.create(engine, specOf(wide(), adamW({ weightDecay: 0.1 }), { averageDecay: 0.9, clipNorm: 1 }));
      results.push({ packs: Object.keys(trainer.snapshot().state), losses: await run(trainer, 0, 5), weights: trainer.weights('average') });
      await trainer.dispose();
    }
    const [onnx, again, oracle] = results as [(typeof results)[0], (typeof results)[0], (typeof results)[0]];
    expect(onnx.packs.filter((name) => name.startsWith('decayed:'))).toHaveLength(1);
    expect(bytes(again.weights)).toBe(bytes(onnx.weights));
    for (const [name, { data }] of Object.entries(onnx.weights)) expect(relativeDifference(data, oracle.weights[name]!.data)).toBeLessThan(2e-3);
  });

  it('lowers the loss on a batch that stays the same', async () => {
    const trainer = await Trainer.create(ortEngine, specOf(network(), adam(), { clipNorm: 1 }));
    const losses: number[] = [];
    for (let i = 0; i < 40; i++) losses.push((await trainer.train(batch(0), 2e-2)).loss!);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    await trainer.dispose();
  });

  it('refuses a snapshot of another model', async () => {
    const trainer = await Trainer.create(ortEngine, specOf(network(), adam()));
    expect(() => trainer.restore({ steps: 1, state: {} })).toThrow('belongs to another model');
    await trainer.dispose();
  });

  it('keeps frozen layers as they are and updates the rest', async () => {
    const model = network();
    for (const name of ['conv1', 'norm1']) model.getLayer(name).trainable = false;
    const before = readWeights(model);
    const trainer = await Trainer.create(ortEngine, specOf(model, sgd()));
    await run(trainer, 0, 3);
    trainer.copyToModel('current');
    const after = readWeights(model);
    const changed = Object.keys(after).filter((name) => relativeDifference(after[name]!.data, before[name]!.data) > 0);
    expect(changed.sort()).toEqual(['conv2/bias', 'conv2/depthwise_kernel', 'dense/bias', 'dense/kernel']);
    await trainer.dispose();
  });

  it('moves each weight at its own rate: half the rate is half the way of a first plain step', async () => {
    const moved = async (rateOf?: (name: string) => number) => {
      const model = network();
      const before = readWeights(model);
      const trainer = await Trainer.create(ortEngine, specOf(model, sgd({ momentum: 0 }), { rateOf }));
      await run(trainer, 0, 1);
      const after = trainer.weights('current');
      await trainer.dispose();
      return (name: string) => Float32Array.from(after[name]!.data, (w, i) => w - before[name]!.data[i]!);
    };
    const [all, halved] = [await moved(), await moved((name) => (name.startsWith('conv') ? 0.5 : 1))];
    for (const name of ['conv1/kernel', 'conv2/depthwise_kernel', 'conv2/bias']) expect(relativeDifference(halved(name), all(name).map((way) => way / 2)), name).toBeLessThan(1e-3);
    for (const name of ['dense/kernel', 'dense/bias']) expect(relativeDifference(halved(name), all(name)), name).toBeLessThan(1e-3);
  });
});

/** One parameter p of four numbers with the gradient it is fed; three steps of the optimizer. */
async function optimise(optimizer: Optimizer, gradientsOf: number[][], rates: number[]): Promise<number[]> {
  const input = tf.input({ shape: [4] });
  const layer = L.dense({ name: 'p', units: 1, useBias: false });
  const model = tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
  layer.setWeights([tf.tensor2d([1, -2, 0.5, 3], [4, 1])]);
  const spec: TrainerSpec = {
    model, optimizer, inputs: { g: { shape: [1, 4], dtype: 'float32' } },
    loss: ({ g }, net) => ({ loss: ops.reduceSum(net(g!)[0]!), parts: {} }),
  };
  const trainer = await Trainer.create(ortEngine, spec);
  for (const [i, g] of gradientsOf.entries()) await trainer.train({ g: float32(Float32Array.from(g), [1, 4]) }, rates[i]!);
  const result = Array.from(trainer.weights('current')['p/kernel']!.data);
  await trainer.dispose();
  return result;
}

describe('optimizers follow their formulas', () => {
  const gs = [[0.5, -1, 2, 0], [1, 1, -1, 0.1], [-0.3, 0.2, 0.1, 4]];
  const rates = [0.1, 0.1, 0.05];
  const start = [1, -2, 0.5, 3];

  it.each([[false, 0], [true, 0], [false, 0.1]])('SGD with momentum, Nesterov %s, decay %s', async (nesterov, weightDecay) => {
    const expected = start.map((p, i) => {
      let m = 0;
      gs.forEach((g, t) => {
        const gradient = g[i]! + weightDecay * p;
        m = 0.9 * m + gradient;
        p -= rates[t]! * (nesterov ? gradient + 0.9 * m : m);
      });
      return p;
    });
    expect(relativeDifference(await optimise(sgd({ nesterov, weightDecay }), gs, rates), expected)).toBeLessThan(1e-6);
  });

  it.each([[0, false], [0.1, false], [0.1, true]])('Adam with decay %s, decoupled %s', async (weightDecay, decoupled) => {
    const expected = start.map((p, i) => {
      let [m, v] = [0, 0];
      gs.forEach((g, t) => {
        const gradient = g[i]! + (decoupled ? 0 : weightDecay * p);
        m = 0.9 * m + 0.1 * gradient;
        v = 0.999 * v + 0.001 * gradient ** 2;
        const step = (rates[t]! * (m / (1 - 0.9 ** (t + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8);
        p = p * (decoupled ? 1 - rates[t]! * weightDecay : 1) - step;
      });
      return p;
    });
    expect(relativeDifference(await optimise(adam({ weightDecay, decoupled }), gs, rates), expected)).toBeLessThan(1e-5);
  });

  it('clipping scales all gradients to the norm', async () => {
    const model = network();
    const step = buildStep(specOf(model, sgd({ momentum: 0 }), { clipNorm: 0.01 }));
    const weights = readWeights(model);
    const state = Object.fromEntries(step.packs.map((pack): [string, TensorData] => [pack.name, pack.write(weights)]));
    const mask = { dtype: 'float32' as const, shape: [4, 4], data: new Float32Array(16).fill(1) };
    const { outputs, state: next } = evaluateWithTf(step.program, { ...batch(0), ...state, learningRate: float32(Float32Array.of(1), []), 'drop/mask': mask });
    let moved = 0;
    for (const name of ['decayed', 'plain']) next[name]!.data.forEach((value, i) => (moved += (value - state[name]!.data[i]!) ** 2));
    expect(outputs.gradientNorm!.data[0]).toBeGreaterThan(0.01);
    expect(Math.sqrt(moved)).toBeCloseTo(0.01, 4);
  });
});

describe('schedules', () => {
  it('are what they say', () => {
    expect(constant(0.1)(0.7)).toBe(0.1);
    expect([0, 0.5, 0.9].map(stepped(1, [0.5, 0.8]))).toEqual([1, 0.1, 0.1 ** 2]);
    expect(cosine(1, 0)(0.5)).toBeCloseTo(0.5);
    expect(cosine(2, 0.1)(1)).toBeCloseTo(0.2);
    expect(withWarmUp(constant(1), 0.1)(0.05)).toBeCloseTo(0.5);
  });
});
