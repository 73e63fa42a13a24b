import { describe, expect, it } from 'vitest';
import { Graph, gradients, ops } from '../graph';
import { globalAveragePooling3d, groupedConv2d, statisticsPooling2d } from '../runtime/layers';
import { tf, type LayersModel } from '../runtime/tf';
import { initialiseWeights, readWeights, writeWeights } from '../runtime/weights';
import { composedLayers } from '../testing/composedLayers';
import { randomTensor, relativeDifference, runWithOrt } from '../testing/gradcheck';
import { lowerModel, weightNames } from './lowerModel';

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
  ['Conv1D', [9, 3], chain(L.conv1d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'tanh' }))],
  ['Conv1D dilated', [12, 3], chain(L.conv1d({ filters: 4, kernelSize: 3, dilationRate: 2 }))],
  ['Conv3D', [5, 6, 4, 2], chain(L.conv3d({ filters: 3, kernelSize: [3, 2, 3], strides: 2, padding: 'same' }))],
  ['Conv3D valid', [5, 6, 4, 2], chain(L.conv3d({ filters: 3, kernelSize: 2 }))],
  ['Conv3DTranspose', [3, 2, 4, 2], chain(L.conv3dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' }))],
  ['Conv3DTranspose valid', [3, 2, 4, 2], chain(L.conv3dTranspose({ filters: 2, kernelSize: 2, strides: 2 }))],
  ['GroupedConv2D', [7, 8, 4], chain(groupedConv2d({ filters: 6, kernelSize: 3, groups: 2, padding: 'same' }))],
  ['GroupedConv2D valid, strided, dilated, no bias', [9, 8, 6], chain(groupedConv2d({ filters: 3, kernelSize: [3, 2], groups: 3, strides: 2, useBias: false }), groupedConv2d({ filters: 6, kernelSize: 2, groups: 3, dilationRate: 2 }))],
  ['MaxPooling1D and AveragePooling1D', [13, 3], chain(L.maxPooling1d({ poolSize: 3, strides: 2, padding: 'same' }), L.averagePooling1d({ poolSize: 2 }))],
  ['MaxPooling3D and AveragePooling3D', [7, 8, 6, 2], chain(L.maxPooling3d({ poolSize: 2, strides: 2, padding: 'same' }), L.averagePooling3d({ poolSize: [2, 2, 3], strides: [2, 2, 2] }))],
  ['GlobalAveragePooling1D', [7, 3], chain(L.globalAveragePooling1d({}))],
  ['GlobalMaxPooling1D', [7, 3], chain(L.globalMaxPooling1d({}))],
  ['GlobalMaxPooling2D', [7, 5, 3], chain(L.globalMaxPooling2d({}))],
  ['GlobalAveragePooling3D', [4, 3, 5, 2], chain(L.conv3d({ filters: 3, kernelSize: 1 }), globalAveragePooling3d())],
  ['StatisticsPooling2D', [7, 5, 3], chain(L.conv2d({ filters: 3, kernelSize: 1 }), statisticsPooling2d())],
  ['UpSampling2D bilinear', [3, 5, 2], chain(L.conv2d({ filters: 3, kernelSize: 1 }), L.upSampling2d({ size: [2, 3], interpolation: 'bilinear' }))],
  ['Cropping2D', [6, 7, 2], chain(L.cropping2D({ cropping: [[1, 2], [0, 3]] }))],
  ['Permute', [3, 4, 2], chain(L.conv2d({ filters: 5, kernelSize: 1 }), L.permute({ dims: [3, 1, 2] }))],
  ['LayerNormalization', [4, 6], chain(L.layerNormalization({}))],
  ['LayerNormalization over three axes', [4, 3, 6], chain(L.layerNormalization({ axis: [1, 2, 3] }))],
  ['ELU, PReLU', [4, 3, 6], chain(L.elu(), L.prelu({ sharedAxes: [1, 2] }))],
  ['RepeatVector', [4], chain(L.repeatVector({ n: 3 }))],
  ['SpatialDropout1D in inference', [4, 3], chain(L.spatialDropout1d({ rate: 0.5 }))],
  ['Rescaling', [4, 3], chain(L.rescaling({ scale: 0.5, offset: -1 }))],
  ['UpSampling2D', [3, 5, 2], chain(L.upSampling2d({ size: [2, 3] }))],
  ['ZeroPadding2D', [3, 5, 2], chain(L.conv2d({ filters: 2, kernelSize: 1 }), L.zeroPadding2d({ padding: [[1, 0], [2, 3]] }))],
  ['Dense on four axes', [3, 5, 2], chain(L.conv2d({ filters: 3, kernelSize: 1 }), L.dense({ units: 4, activation: 'sigmoid' }))],
  ['Flatten after a convolution, Dropout, Dense, softmax', [4, 3, 2], chain(L.conv2d({ filters: 3, kernelSize: 2 }), L.flatten(), L.dropout({ rate: 0.5 }), L.dense({ units: 5, activation: 'softmax' }))],
  ['Reshape after a convolution', [4, 6, 2], chain(L.conv2d({ filters: 6, kernelSize: 1 }), L.reshape({ targetShape: [8, 3, 6] }), L.conv2d({ filters: 2, kernelSize: 3 }))],
  ['Softmax over channels', [4, 3, 5], chain(L.conv2d({ filters: 4, kernelSize: 1 }), L.softmax({ axis: -1 }))],
  ['Concatenate, Add, Multiply, Average, Maximum and Minimum', [6, 5, 3], (x) => {
    const a = L.conv2d({ filters: 4, kernelSize: 1 }).apply(x) as tf.SymbolicTensor;
    const b = L.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }).apply(x) as tf.SymbolicTensor;
    const c = L.average().apply([a, b, L.maximum().apply([a, b]) as tf.SymbolicTensor, L.minimum().apply([a, b]) as tf.SymbolicTensor]) as tf.SymbolicTensor;
    return L.concatenate().apply([c, L.add().apply([a, b]) as tf.SymbolicTensor, L.multiply().apply([a, b]) as tf.SymbolicTensor, x]) as tf.SymbolicTensor;
  }],
];

describe('lowered layers give what tf.layers gives', () => {
  it.each(cases)('%s', async (_name, shape, apply) => {
    expect(await compare(build(shape, apply), [2, ...shape])).toBeLessThan(2e-6);
  });
});

/** Holds the gradients of a lowered model, with respect to its weights and its input, to those that tfjs derives of `truth`. */
async function expectGradientsOfTf(model: LayersModel, shape: number[], training: boolean, truth: (x: tf.Tensor) => tf.Tensor): Promise<void> {
  const full = [3, ...shape];
  const input = randomTensor(full, 'gradient input', [-2, 2]);
  const graph = new Graph();
  const x = graph.input('x', full);
  const lowered = lowerModel(graph, model, [x], { training });
  const y = lowered.outputs[0]!;
  const factors = randomTensor(y.shape, 'factors');
  const trained = lowered.weights.filter((weight) => weight.trainable);
  const derived = gradients(ops.reduceSum(ops.mul(y, graph.constant(factors.data, y.shape))), [x, ...trained.map(({ value }) => value)]);
  const all = readWeights(model);
  const constants = Object.fromEntries(lowered.weights.map(({ name, value }) => [name, { ...all[name]!, shape: value.shape }]));
  const results = await runWithOrt({ outputs: { y, ...Object.fromEntries(derived.map((value, i) => [`d${i}`, value!])) }, constants }, { x: input });
  tf.tidy(() => {
    const fed = tf.tensor(input.data, full);
    expect(relativeDifference(results.y!.data, truth(fed).dataSync())).toBeLessThan(1e-5);
    const loss = (from: tf.Tensor) => tf.sum(tf.mul(truth(from), tf.tensor(factors.data, [...y.shape]))) as tf.Scalar;
    expect(relativeDifference(results.d0!.data, tf.grad(loss)(fed).dataSync()), 'input').toBeLessThan(2e-5);
    if (trained.length === 0) return;
    const variables = model.layers.flatMap((layer) => weightNames(layer).map(({ name, variable }) => [name, variable] as const));
    const found = tf.variableGrads(() => loss(fed)).grads;
    for (const [i, { name }] of trained.entries()) {
      const variable = variables.find(([own]) => own === name)![1];
      expect(relativeDifference(results[`d${i + 1}`]!.data, found[variable.name]!.dataSync()), name).toBeLessThan(2e-5);
    }
  });
}

describe('gradients of lowered layers, with respect to weights and input, are those of tfjs', () => {
  it.each(cases)('%s', async (name, shape, apply) => {
    const model = build(shape, apply);
    await expectGradientsOfTf(model, shape, false, (x) => composedLayers[name]?.(model, x) ?? (model.apply(x) as tf.Tensor));
  });

  it('has a case for every layer that is composed', () => {
    expect(cases.map(([name]) => name)).toEqual(expect.arrayContaining(Object.keys(composedLayers)));
  });

  // A bias before batch norm has no gradient: what comes of it is rounding.
  const block = (filters: number, strides: number) => [L.conv2d({ filters, kernelSize: 3, strides, padding: 'same', useBias: false }), L.batchNormalization({}), L.reLU()];
  it.each<[string, number[], tf.layers.Layer[]]>([
    ['of maps', [7, 9, 3], [L.batchNormalization({})]],
    ['between convolutions by two, on odd sizes', [9, 7, 3], [...block(6, 2), ...block(4, 1), ...block(5, 2)]],
    ['after depthwise and before 1×1 convolutions', [7, 5, 4], [L.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'same', useBias: false }), L.batchNormalization({}), L.leakyReLU({ alpha: 0.1 }), L.conv2d({ filters: 6, kernelSize: 1 })]],
    ['after transposed convolution, then pooled and dense', [3, 4, 2], [L.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', useBias: false }), L.batchNormalization({}), L.reLU(), L.globalAveragePooling2d({}), L.dense({ units: 3 })]],
    ['of rows', [6], [L.dense({ units: 5, useBias: false }), L.batchNormalization({}), L.activation({ activation: 'tanh' }), L.dense({ units: 2 })]],
  ])('batch norm in training, %s', async (_name, shape, layers) => {
    const model = build(shape, chain(...layers));
    await expectGradientsOfTf(model, shape, true, (x) => model.apply(x, { training: true }) as tf.Tensor);
  });
});

describe('classes of our own', () => {
  it('come back from a stored model with what they were made with', async () => {
    const model = build([6, 8, 4], chain(groupedConv2d({ name: 'grouped', filters: 6, kernelSize: [3, 2], groups: 2, strides: 2, padding: 'same', useBias: false }), groupedConv2d({ name: 'second', filters: 2, kernelSize: 1, groups: 2, trainable: false })));
    const again = await tf.models.modelFromJSON(JSON.parse(model.toJSON() as unknown as string) as Parameters<typeof tf.models.modelFromJSON>[0]);
    expect(again.getLayer('grouped').getConfig()).toEqual(model.getLayer('grouped').getConfig());
    expect(again.outputs[0]!.shape).toEqual([null, 3, 4, 2]);
    expect(again.getLayer('second').trainable).toBe(false);
    writeWeights(again, readWeights(model));
    const x = tf.tensor(randomTensor([2, 6, 8, 4], 'x').data, [2, 6, 8, 4]);
    expect((again.predict(x) as tf.Tensor).dataSync()).toEqual((model.predict(x) as tf.Tensor).dataSync());
  });
  it('refuse groups that do not divide', () => {
    expect(() => groupedConv2d({ filters: 5, kernelSize: 1, groups: 2 })).toThrow('5 filters do not divide into 2 groups');
    expect(() => groupedConv2d({ filters: 4, kernelSize: 1, groups: 2 }).apply(tf.input({ shape: [4, 4, 3] }))).toThrow('3 channels do not divide into 2 groups');
  });
});

it('transposed convolution of tf.layers with "same" pads 0 before and 1 after, on both engines', async () => {
  const model = build([2, 2, 1], chain(L.conv2dTranspose({ name: 'up', filters: 1, kernelSize: 3, strides: 2, padding: 'same', useBias: false })));
  writeWeights(model, { 'up/kernel': { dtype: 'float32', shape: [3, 3, 1, 1], data: Float32Array.of(1, 2, 1, 2, 0, 1, 0, 2, 1) } });
  const x = { dtype: 'float32' as const, shape: [1, 2, 2, 1], data: Float32Array.of(2, 1, 3, 2) };
  const graph = new Graph();
  const { outputs, weights } = lowerModel(graph, model, [graph.input('x', x.shape)], { training: false });
  const values = readWeights(model);
  const { y } = await runWithOrt({ outputs: { y: outputs[0]! }, constants: Object.fromEntries(weights.map(({ name, value }) => [name, { ...values[name]!, shape: value.shape }])) }, { x });
  const expected = [2, 4, 3, 2, 4, 0, 4, 0, 3, 10, 7, 6, 6, 0, 7, 0];
  expect(Array.from(y!.data)).toEqual(expected);
  expect(Array.from(tf.tidy(() => (model.predict(tf.tensor(x.data, [1, 2, 2, 1])) as tf.Tensor).dataSync()))).toEqual(expected);
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

  it('drops whole examples where the noise shape says so', async () => {
    const model = build([2, 2], chain(L.dropout({ rate: 0.5, noiseShape: [null as unknown as number, 1, 1], name: 'depth' })));
    const graph = new Graph();
    const lowered = lowerModel(graph, model, [graph.input('x', [3, 2, 2])], { training: true });
    expect(lowered.masks).toEqual([{ name: 'depth/mask', shape: [3, 1, 1], keep: 0.5 }]);
    const x = { dtype: 'float32' as const, shape: [3, 2, 2], data: Float32Array.from({ length: 12 }, (_, i) => i) };
    const { y } = await runWithOrt({ outputs: { y: lowered.outputs[0]! } }, { x, 'depth/mask': { dtype: 'float32', shape: [3, 1, 1], data: Float32Array.of(1, 0, 1) } });
    expect(Array.from(y!.data)).toEqual([0, 2, 4, 6, 0, 0, 0, 0, 16, 18, 20, 22]);
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
    const model = build([6, 4], chain(L.simpleRNN({ units: 2, name: 'signal' }) as unknown as tf.layers.Layer));
    const graph = new Graph();
    expect(() => lowerModel(graph, model, [graph.input('x', [1, 6, 4])], { training: false })).toThrow(/layer signal: the class SimpleRNN is unknown; known are Activation/);
  });
  it('name an input of the wrong size', () => {
    const model = build([6, 4, 3], chain(L.flatten()));
    const graph = new Graph();
    expect(() => lowerModel(graph, model, [graph.input('x', [1, 6, 5, 3])], { training: false })).toThrow('[batch, 6, 4, 3], given was [1, 6, 5, 3]');
  });
});
