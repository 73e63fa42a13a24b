/** The layers of LeNet-5 and AlexNet: the same on tfjs and on ONNX Runtime, with right gradients, and readable from model.json. */
import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../../graph';
import { lowerModel } from '../../lower';
import { checkGradients, randomTensor, relativeDifference, runWithOrt } from '../../testing/gradcheck';
import { tf, type LayersModel } from '../tf';
import { initialiseWeights, readWeights, writeWeights } from '../weights';
import { ConnectedConv2D, LocalResponseNormalization, Subsampling2D } from '.';

const TABLE = [[0, 1], [1, 2, 3], [3], [0, 2]];
const cases: [string, () => tf.layers.Layer][] = [
  ['ConnectedConv2D valid', () => new ConnectedConv2D({ connections: TABLE, kernelSize: 3 })],
  ['ConnectedConv2D same', () => new ConnectedConv2D({ connections: TABLE, kernelSize: 3, padding: 'same' })],
  ['Subsampling2D', () => new Subsampling2D()],
  ['LocalResponseNormalization', () => new LocalResponseNormalization({ depthRadius: 1, bias: 2, alpha: 0.5, beta: 0.75 })],
];
const SHAPE = [2, 7, 6, 4];

function build(layer: tf.layers.Layer): LayersModel {
  const input = tf.input({ shape: SHAPE.slice(1) });
  const model = tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
  writeWeights(model, Object.fromEntries(Object.entries(readWeights(model)).map(([name, { shape }]) => [name, randomTensor(shape, name)])));
  return model;
}
const onTf = (model: LayersModel): Float32Array => tf.tidy(() => (model.predict(tf.tensor(randomTensor(SHAPE, 'x').data, SHAPE)) as tf.Tensor).dataSync() as Float32Array);

describe.each(cases)('%s', (_name, layer) => {
  it('gives on ONNX Runtime what it gives on tfjs', async () => {
    const model = build(layer());
    const graph = new Graph();
    const { outputs, weights } = lowerModel(graph, model, [graph.input('x', SHAPE)], { training: false });
    const values = readWeights(model);
    const constants = Object.fromEntries(weights.map(({ name, value }) => [name, { ...values[name]!, shape: value.shape }]));
    const { y } = await runWithOrt({ outputs: { y: outputs[0]! }, constants }, { x: randomTensor(SHAPE, 'x') });
    expect(relativeDifference(y!.data, onTf(model))).toBeLessThan(2e-6);
  });

  it('has the gradients of differences', async () => {
    const model = build(layer());
    const weights = readWeights(model);
    const inputs = { x: { shape: SHAPE }, ...Object.fromEntries(Object.entries(weights).map(([name, { shape, data }]) => [name, { shape, data: data as Float32Array }])) };
    const check = await checkGradients(inputs, (values: Record<string, Value>) => {
      const x = values.x!;
      return lowerModel(x.graph as Graph, model, [x], { training: true, weight: (name) => values[name] }).outputs[0]!;
    });
    expect(check.engines).toBeLessThan(1e-4);
    expect(check.differences).toBeLessThan(1e-2);
  });

  it('is read back from model.json', async () => {
    const model = build(layer());
    let artifacts: tf.io.ModelArtifacts | undefined;
    await model.save({ save: async (given) => ((artifacts = given), { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }) });
    const copy = await tf.loadLayersModel({ load: async () => JSON.parse(JSON.stringify({ modelTopology: artifacts!.modelTopology })) as tf.io.ModelArtifacts });
    writeWeights(copy, readWeights(model));
    expect(onTf(copy)).toEqual(onTf(model));
  });
});

describe('a table of connections', () => {
  it('hides what is not connected', () => {
    const model = build(new ConnectedConv2D({ connections: TABLE, kernelSize: 3 }));
    const outputOf = (change: (data: Float32Array) => void) => {
      const data = randomTensor(SHAPE, 'x').data as Float32Array;
      change(data);
      return tf.tidy(() => (model.predict(tf.tensor(data, SHAPE)) as tf.Tensor).dataSync());
    };
    const [before, after] = [outputOf(() => undefined), outputOf((data) => data.forEach((_, i) => i % 4 === 3 && (data[i] = 9)))];
    // Input map 3 is seen by the outputs 1 and 2 alone.
    const changed = [0, 1, 2, 3].map((out) => before.some((value, i) => i % 4 === out && value !== after[i]));
    expect(changed).toEqual([false, true, true, false]);
  });

  it('sets the variance of fresh weights', () => {
    const model = build(new ConnectedConv2D({ connections: Array.from({ length: 40 }, () => [0, 1, 2]), kernelSize: 5 }));
    initialiseWeights(model, 1);
    const { data } = Object.values(readWeights(model))[0]!;
    const variance = (data as Float32Array).reduce((sum, w) => sum + w * w, 0) / data.length;
    expect(Math.abs(variance * (75 / 2) - 1)).toBeLessThan(0.1);
  });

  it('must name maps that are there', () => {
    expect(() => build(new ConnectedConv2D({ connections: [[4]], kernelSize: 3 }))).toThrow('not to one of the 4 input maps');
  });
});
