import { describe, expect, it } from 'vitest';
import { Graph, gradients, ops } from '../graph';
import { tf, type LayersModel } from '../runtime/tf';
import { initialiseWeights, readWeights, writeWeights } from '../runtime/weights';
import { randomTensor, relativeDifference, runWithOrt } from '../testing/gradcheck';
import { lowerModel } from './lowerModel';

const L = tf.layers;
type Apply = (x: tf.SymbolicTensor) => tf.SymbolicTensor;
const chain = (...layers: tf.layers.Layer[]): Apply => (x) => layers.reduce((value, layer) => layer.apply(value) as tf.SymbolicTensor, x);

function build(shape: number[], apply: Apply): LayersModel {
  const input = tf.input({ shape });
  const model = tf.model({ inputs: input, outputs: apply(input) });
  initialiseWeights(model, 3);
  // Biases, scales and statistics away from zero and one, so that none can be left out unseen.
  const weights = readWeights(model);
  for (const [name, value] of Object.entries(weights)) {
    if (name.endsWith('kernel')) continue;
    const low = name.endsWith('moving_variance') || name.endsWith('gamma') ? 0.5 : -0.5;
    weights[name] = randomTensor(value.shape, name, [low, low + 1]);
  }
  writeWeights(model, weights);
  return model;
}

/** Largest relative difference between ONNX Runtime and tfjs on the same model and input. */
async function compare(model: LayersModel, shape: number[]): Promise<number> {
  const input = randomTensor(shape, 'input', [-2, 2]);
  const graph = new Graph();
  const lowered = lowerModel(graph, model, [graph.input('x', shape)], { training: false });
  const weights = readWeights(model);
  const constants = Object.fromEntries(lowered.weights.map(({ name, value }) => [name, { ...weights[name]!, shape: value.shape }]));
  const { y } = await runWithOrt({ outputs: { y: lowered.outputs[0]! }, constants }, { x: input });
  const expected = tf.tidy(() => (model.predict(tf.tensor(input.data, shape)) as tf.Tensor).dataSync());
  return relativeDifference(y!.data, expected);
}

const cases: [string, number[], Apply][] = [
  ['Conv2D valid', [9, 8, 3], chain(L.conv2d({ filters: 4, kernelSize: 3 }))],
  ['Conv2D same, stride 2, even size', [8, 10, 3], chain(L.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }))],
  ['Conv2D same, even kernel', [7, 6, 2], chain(L.conv2d({ filters: 3, kernelSize: [2, 4], padding: 'same' }))],
  ['Conv2D dilated', [9, 11, 2], chain(L.conv2d({ filters: 3, kernelSize: 3, dilationRate: 2, padding: 'same', useBias: false }))],
  ['DepthwiseConv2D', [9, 8, 4], chain(L.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'same' }))],
  ['DepthwiseConv2D, multiplier 2', [7, 7, 3], chain(L.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }))],
  ['SeparableConv2D', [8, 7, 3], chain(L.separableConv2d({ filters: 5, kernelSize: 3, padding: 'same' }))],
  ['Conv2DTranspose same', [5, 4, 3], chain(L.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }))],
  ['Conv2DTranspose valid, 2×2', [5, 4, 3], chain(L.conv2dTranspose({ filters: 4, kernelSize: 2, strides: 2 }))],
  ['Conv2DTranspose valid, overlap', [4, 5, 2], chain(L.conv2dTranspose({ filters: 3, kernelSize: 4, strides: 2 }))],
  ['BatchNormalization', [5, 4, 3], chain(L.batchNormalization({}))],
  ['BatchNormalization of rows', [6], chain(L.batchNormalization({ scale: false }))],
  ['ReLU, ReLU6, LeakyReLU, tanh', [5, 4, 3], chain(L.leakyReLU({ alpha: 0.1 }), L.activation({ activation: 'tanh' }), L.reLU({ maxValue: 0.4 }), L.reLU())],
  ['MaxPooling2D same', [7, 5, 3], chain(L.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }))],
  ['AveragePooling2D same', [7, 5, 3], chain(L.averagePooling2d({ poolSize: 2, strides: 2, padding: 'same' }))],
  ['GlobalAveragePooling2D', [7, 5, 3], chain(L.conv2d({ filters: 3, kernelSize: 1 }), L.globalAveragePooling2d({}))],
  ['UpSampling2D', [3, 5, 2], chain(L.upSampling2d({ size: [2, 3] }))],
  ['ZeroPadding2D', [3, 5, 2], chain(L.conv2d({ filters: 2, kernelSize: 1 }), L.zeroPadding2d({ padding: [[1, 0], [2, 3]] }))],
  ['Dense on four axes', [3, 5, 2], chain(L.conv2d({ filters: 3, kernelSize: 1 }), L.dense({ units: 4, activation: 'sigmoid' }))],
  ['Flatten after a convolution, Dropout, Dense, softmax', [4, 3, 2], chain(L.conv2d({ filters: 3, kernelSize: 2 }), L.flatten(), L.dropout({ rate: 0.5 }), L.dense({ units: 5, activation: 'softmax' }))],
  ['Reshape after a convolution', [4, 6, 2], chain(L.conv2d({ filters: 6, kernelSize: 1 }), L.reshape({ targetShape: [8, 3, 6] }), L.conv2d({ filters: 2, kernelSize: 3 }))],
  ['Softmax over channels', [4, 3, 5], chain(L.conv2d({ filters: 4, kernelSize: 1 }), L.softmax({ axis: -1 }))],
  ['Concatenate, Add and Multiply', [6, 5, 3], (x) => {
    const a = L.conv2d({ filters: 4, kernelSize: 1 }).apply(x) as tf.SymbolicTensor;
    const b = L.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }).apply(x) as tf.SymbolicTensor;
    return L.concatenate().apply([L.add().apply([a, b]) as tf.SymbolicTensor, L.multiply().apply([a, b]) as tf.SymbolicTensor, x]) as tf.SymbolicTensor;
  }],
];

describe('lowered layers give what tf.layers gives', () => {
  it.each(cases)('%s', async (_name, shape, apply) => {
    expect(await compare(build(shape, apply), [2, ...shape])).toBeLessThan(2e-6);
  });
});

describe('training mode', () => {
  it('normalises by the batch, moves the running statistics, and has the gradients of tfjs', async () => {
    const model = build([5, 7, 3], chain(L.batchNormalization({ momentum: 0.9, name: 'norm' })));
    const shape = [3, 5, 7, 3];
    const input = randomTensor(shape, 'input', [-1, 5]);
    const weightOf = randomTensor(shape, 'weights');
    const graph = new Graph();
    const x = graph.input('x', shape);
    const lowered = lowerModel(graph, model, [x], { training: true });
    const loss = ops.reduceSum(ops.mul(lowered.outputs[0]!, graph.constant(weightOf.data, shape)));
    const weights = readWeights(model);
    const values = Object.fromEntries(lowered.weights.map(({ name, value }) => [name, value]));
    const wrt = [x, values['norm/gamma']!, values['norm/beta']!];
    const derived = gradients(loss, wrt);
    const result = await runWithOrt({
      outputs: {
        y: lowered.outputs[0]!, mean: lowered.updates.get('norm/moving_mean')!, variance: lowered.updates.get('norm/moving_variance')!,
        dx: derived[0]!, dgamma: derived[1]!, dbeta: derived[2]!,
      },
      constants: Object.fromEntries(Object.entries(weights).filter(([name]) => name in values)),
    }, { x: input });

    tf.tidy(() => {
      const forward = (tx: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => {
        const { mean, variance } = tf.moments(tx, [0, 1, 2]);
        return tf.batchNorm(tx, mean as tf.Tensor1D, variance as tf.Tensor1D, beta as tf.Tensor1D, gamma as tf.Tensor1D, 1e-3);
      };
      const args = [tf.tensor(input.data, shape), tf.tensor(weights['norm/gamma']!.data), tf.tensor(weights['norm/beta']!.data)] as const;
      expect(relativeDifference(result.y!.data, forward(...args).dataSync())).toBeLessThan(2e-6);
      const expected = tf.grads((...[a, b, c]: tf.Tensor[]) => tf.sum(tf.mul(forward(a!, b!, c!), tf.tensor(weightOf.data, shape))))([...args]);
      for (const [i, name] of ['dx', 'dgamma', 'dbeta'].entries()) expect(relativeDifference(result[name]!.data, expected[i]!.dataSync())).toBeLessThan(2e-5);
      const { mean, variance } = tf.moments(args[0], [0, 1, 2]);
      const n = 3 * 5 * 7;
      const moved = (old: Float32Array, batch: tf.Tensor, factor = 1) => Array.from(batch.dataSync(), (v, c) => 0.9 * old[c]! + 0.1 * v * factor);
      expect(relativeDifference(result.mean!.data, moved(weights['norm/moving_mean']!.data as Float32Array, mean))).toBeLessThan(1e-6);
      expect(relativeDifference(result.variance!.data, moved(weights['norm/moving_variance']!.data as Float32Array, variance, n / (n - 1)))).toBeLessThan(1e-6);
    });
  });

  it('leaves a frozen layer in inference mode, with nothing to update', () => {
    const model = build([4, 4, 2], chain(L.batchNormalization({ name: 'frozen' })));
    model.getLayer('frozen').trainable = false;
    const graph = new Graph();
    const lowered = lowerModel(graph, model, [graph.input('x', [2, 4, 4, 2])], { training: true });
    expect(lowered.updates.size).toBe(0);
    expect(lowered.weights.every((weight) => !weight.trainable)).toBe(true);
    expect(graph.nodes.some((node) => node.op === 'reduceSum')).toBe(false);
  });

  it('asks for a dropout mask and scales what is kept', async () => {
    const model = build([6], chain(L.dropout({ rate: 0.25, name: 'drop' })));
    const graph = new Graph();
    const lowered = lowerModel(graph, model, [graph.input('x', [1, 6])], { training: true });
    expect(lowered.masks).toEqual([{ name: 'drop/mask', shape: [1, 6], keep: 0.75 }]);
    const x = { dtype: 'float32' as const, shape: [1, 6], data: Float32Array.of(3, 3, 3, 6, 6, 6) };
    const mask = { ...x, data: Float32Array.of(1, 0, 1, 1, 1, 0) };
    const { y } = await runWithOrt({ outputs: { y: lowered.outputs[0]! } }, { x, 'drop/mask': mask });
    expect(Array.from(y!.data)).toEqual([4, 0, 4, 8, 8, 0]);
  });
});

describe('errors', () => {
  it('name a layer of an unknown class', () => {
    const model = build([6, 4], chain(L.conv1d({ filters: 2, kernelSize: 3, name: 'signal' })));
    const graph = new Graph();
    expect(() => lowerModel(graph, model, [graph.input('x', [1, 6, 4])], { training: false })).toThrow(/layer signal: the class Conv1D is unknown; known are Activation/);
  });
  it('name an input of the wrong size', () => {
    const model = build([6, 4, 3], chain(L.flatten()));
    const graph = new Graph();
    expect(() => lowerModel(graph, model, [graph.input('x', [1, 6, 5, 3])], { training: false })).toThrow('[batch, 6, 4, 3], given was [1, 6, 5, 3]');
  });
});
