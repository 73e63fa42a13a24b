import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { backbones } from '../../backbones';
import { Graph } from '../../graph';
import { lowerModel } from '../../lower';
import { graphModelProgram } from '../../pretrained/graphModel';
import { convBlock } from '../../layers/blocks';
import { commonSequence } from '../../pretrained/align';
import { initialiseWeights, readWeights, writeWeights } from '../../runtime/weights';
import { tf, type LayersModel } from '../../runtime/tf';
import { randomTensor, relativeDifference, runWithOrt } from '../../testing/gradcheck';
import { copyWeights, humanModels, loadInitialWeights, ModelSourceError, readGraph, readTfModel, trainedWeights } from '.';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-pretrained-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const coco = backbones['mobilenet3-coco']!;

function trunk(size: number): LayersModel {
  const image = tf.input({ shape: [size, size, 3], name: 'image' });
  return tf.model({ inputs: image, outputs: coco.build(image).maps.map(({ tensor }) => tensor) });
}

/** A small layers model on disk, as tfjs itself writes it. */
async function store(name: string, model: LayersModel): Promise<string> {
  await model.save({
    save: async ({ modelTopology, format, weightSpecs, weightData }) => {
      await writeFile(path.join(folder, `${name}.bin`), new Uint8Array(weightData as ArrayBuffer));
      await writeFile(path.join(folder, `${name}.json`), JSON.stringify({ format, modelTopology, weightsManifest: [{ paths: [`${name}.bin`], weights: weightSpecs }] }));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  return path.join(folder, `${name}.json`);
}

const small = (units: number): LayersModel => {
  const x = tf.input({ shape: [4], name: 'x' });
  const y = tf.layers.dense({ name: 'middle', units: 3 }).apply(x) as tf.SymbolicTensor;
  return tf.model({ inputs: x, outputs: tf.layers.dense({ name: 'head', units }).apply(y) as tf.SymbolicTensor });
};

describe('mobilenet3-coco', () => {
  it('has the features of the trained graph model at every stride', async () => {
    const size = 128;
    const model = trunk(size);
    const { missing, unused } = await loadInitialWeights(model, coco);
    expect([missing, unused]).toEqual([[], []]);

    const data = Float32Array.from({ length: size * size * 3 }, (_, i) => Math.floor(127.5 + 100 * Math.sin(i * 0.013) * Math.cos(i * 0.0007)));
    const feeds = { image: { dtype: 'float32' as const, shape: [1, size, size, 3], data } };
    const graph = new Graph();
    const lowered = lowerModel(graph, model, [graph.input('image', [1, size, size, 3])], { training: false });
    const weights = readWeights(model);
    const constants = Object.fromEntries(lowered.weights.map(({ name, value }) => [name, { ...weights[name]!, shape: value.shape }]));
    const features = await runWithOrt({ outputs: Object.fromEntries(lowered.outputs.map((value, i) => [`f${i}`, value])), constants }, feeds);

    // The file keeps 1/6 in half precision; that rounding, not ours, is the difference without this.
    const stored = await readGraph(path.join(humanModels(), 'centernet.json'));
    for (const [name, weight] of stored.weights) if (/(hard_swish|Conv_1)\/mul(_1)?\/y$/.test(name)) weight.data[0] = 1 / 6;
    const nodes = ['expanded_conv/add', 'expanded_conv_2/add', 'expanded_conv_5/add', 'expanded_conv_11/add'].map((name) => `tower_0/MobilenetV3/${name}`);
    const last = [...stored.nodes.values()].filter(({ name, op }) => name.startsWith('tower_0/extern1/') && op === 'Mul').at(-1)!.name;
    const outputs = [...nodes, last];
    const other = new Graph();
    const expected = await runWithOrt(graphModelProgram(other, stored, { inputs: { 'tower_0/images': other.input('image', [1, size, size, 3]) }, outputs }), feeds);
    expect(model.outputs.map(({ shape }) => shape.slice(1))).toEqual([[64, 64, 16], [32, 32, 24], [16, 16, 32], [8, 8, 88], [4, 4, 480]]);
    for (const [i, name] of outputs.entries()) expect(relativeDifference(features[`f${i}`]!.data, expected[name]!.data), name).toBeLessThan(1e-4);
    expect(model.countParams()).toBe(1_751_064);
    model.dispose();
  });

  it('is the only backbone that says so, and none says so without weights', async () => {
    const trained = Object.values(backbones).filter((backbone) => backbone.trained);
    for (const backbone of trained) expect(Object.keys(await trainedWeights(backbone)).length).toBeGreaterThan(0);
    await expect(trainedWeights({ name: 'compact' })).rejects.toThrow('no trained weights come with the backbone compact');
  });
});

describe('weights of another model', () => {
  it('are copied by layer and shape, and what does not fit is listed', async () => {
    const [from, to] = [small(5), small(2)];
    initialiseWeights(from, 1);
    initialiseWeights(to, 2);
    const result = await loadInitialWeights(to, await store('from', from));
    expect(result).toEqual({ copied: ['middle/kernel', 'middle/bias'], missing: ['head/kernel', 'head/bias'], unused: ['head/kernel', 'head/bias'] });
    expect(readWeights(to)['middle/kernel']!.data).toEqual(readWeights(from)['middle/kernel']!.data);
    for (const model of [from, to]) model.dispose();
  });

  it('come from an address too', async () => {
    const from = small(5);
    initialiseWeights(from, 1);
    const file = await store('served', from);
    const server = createServer((request, response) => {
      readFile(path.join(folder, path.basename(request.url!.split('?')[0]!))).then((bytes) => response.end(bytes), () => response.writeHead(404).end());
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const to = small(5);
      await expect(loadInitialWeights(to, `${base}/served.json`)).rejects.toThrow('FIELDMARK_PRIVATE_ADDRESSES=1');
      vi.stubEnv('FIELDMARK_PRIVATE_ADDRESSES', '1');
      expect((await loadInitialWeights(to, `${base}/served.json?key=1`)).missing).toEqual([]);
      expect(readWeights(to)).toEqual(readWeights(from));
      await expect(loadInitialWeights(to, `${base}/none.json`)).rejects.toThrow('answers 404');
      await writeFile(path.join(folder, 'page.json'), '\n<!DOCTYPE html><title>Sign in</title>');
      await expect(loadInitialWeights(to, `${base}/page.json`)).rejects.toThrow('is a web page, not a model');
      await writeFile(path.join(folder, 'half.json'), (await readFile(file, 'utf8')).replace('served.bin', 'page.json'));
      await expect(loadInitialWeights(to, `${base}/half.json`)).rejects.toThrow('is a web page, not weights');
      await expect(loadInitialWeights(to, 'http://[')).rejects.toThrow('is not an address');
      to.dispose();
    } finally {
      vi.unstubAllEnvs();
      server.close();
      from.dispose();
    }
  });

  it('of a graph model are read too', async () => {
    const read = await readTfModel(path.join(humanModels(), 'emotion.json'));
    expect(read.kind).toBe('graph');
    await expect(readGraph(path.join(folder, 'from.json'))).rejects.toThrow('is a layers model');
  });
});

/** Runs the trunk on a picture; its features by index. */
async function featuresOf(model: LayersModel, size: number): Promise<Record<string, { data: ArrayLike<number> }>> {
  const graph = new Graph();
  const lowered = lowerModel(graph, model, [graph.input('image', [1, size, size, 3])], { training: false });
  const weights = readWeights(model);
  const constants = Object.fromEntries(lowered.weights.map(({ name, value }) => [name, { ...weights[name]!, shape: value.shape }]));
  return runWithOrt({ outputs: Object.fromEntries(lowered.outputs.map((value, i) => [`f${i}`, value])), constants }, { image: randomTensor([1, size, size, 3], 'picture', [0, 255]) });
}

function trunkOf(name: string, size: number): LayersModel {
  const image = tf.input({ shape: [size, size, 3], name: 'image' });
  return tf.model({ inputs: image, outputs: backbones[name]!.build(image).maps.map(({ tensor }) => tensor) });
}

describe('weights of networks that are named otherwise', () => {
  it('of a graph model with folded batch norm go to the backbone in both its forms', async () => {
    const place = path.join(humanModels(), 'centernet.json');
    const [folded, normed, expected] = [trunkOf('mobilenet3-coco', 64), trunkOf('mobilenet3', 64), trunkOf('mobilenet3-coco', 64)];
    await loadInitialWeights(expected, coco);
    expect((await loadInitialWeights(folded, place)).missing).toEqual([]);
    const [mine, wanted] = [readWeights(folded), readWeights(expected)];
    for (const [name, { data }] of Object.entries(wanted)) expect(Buffer.compare(Buffer.from(mine[name]!.data.buffer), Buffer.from(data.buffer)), name).toBe(0);
    expect((await loadInitialWeights(normed, place)).missing).toEqual([]);
    const [a, b] = [await featuresOf(normed, 64), await featuresOf(expected, 64)];
    for (const name of Object.keys(b)) expect(relativeDifference(a[name]!.data, b[name]!.data), name).toBeLessThan(1e-4);
    for (const model of [folded, normed, expected]) model.dispose();
  });

  it('of a layers model go where order and shapes agree, with another epsilon and a bias', async () => {
    const foreign = () => {
      const x = tf.input({ shape: [32, 32, 3], name: 'input_1' });
      let y = x;
      const conv = (name: string, filters: number, useBias: boolean) => {
        y = tf.layers.conv2d({ name, filters, kernelSize: 3, strides: 2, padding: 'same', useBias }).apply(y) as tf.SymbolicTensor;
        y = tf.layers.batchNormalization({ name: `bn_${name}`, epsilon: 0.01 }).apply(y) as tf.SymbolicTensor;
        y = tf.layers.reLU({ name: `${name}_out` }).apply(y) as tf.SymbolicTensor;
      };
      conv('Conv_A', 8, true);
      conv('Conv_B', 12, false);
      return tf.model({ inputs: x, outputs: tf.layers.dense({ name: 'predictions', units: 1000 }).apply(tf.layers.globalAveragePooling2d({}).apply(y)) as tf.SymbolicTensor });
    };
    const mine = () => {
      const x = tf.input({ shape: [32, 32, 3], name: 'image' });
      const y = convBlock('two', convBlock('one', x, 8, 3, { strides: 2 }), 12, 3, { strides: 2 });
      return tf.model({ inputs: x, outputs: [y, tf.layers.dense({ name: 'head', units: 4 }).apply(tf.layers.globalAveragePooling2d({}).apply(y)) as tf.SymbolicTensor] });
    };
    const [from, to] = [foreign(), mine()];
    const weights = readWeights(from);
    writeWeights(from, Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, randomTensor(shape, name, name.endsWith('variance') ? [0.5, 2] : [-1, 1])])));
    const result = await loadInitialWeights(to, await store('foreign', from));
    expect(result.missing).toEqual(['head/kernel', 'head/bias']);
    const features = tf.model({ inputs: from.inputs, outputs: from.getLayer('Conv_B_out').output as tf.SymbolicTensor });
    const expected = tf.tidy(() => {
      const { data, shape } = randomTensor([1, 32, 32, 3], 'picture', [0, 255]);
      return Float32Array.from((features.predict(tf.tensor(data, [...shape])) as tf.Tensor).dataSync());
    });
    expect(relativeDifference((await featuresOf(to, 32)).f0!.data, expected)).toBeLessThan(1e-5);
  });

  it('are refused where the networks differ', async () => {
    const model = trunkOf('mobilenet2', 64);
    await expect(loadInitialWeights(model, path.join(humanModels(), 'centernet.json'))).rejects.toThrow('No weight of');
    model.dispose();
  });

  it('are matched by the longest common sequence', () => {
    const pairs = (a: string, b: string) => commonSequence(a.length, b.length, (i, j) => a[i] === b[j]).map(([i, j]) => a[i]! + (i - j));
    expect(pairs('abcde', 'xaybcze')).toEqual(['a-1', 'b-2', 'c-2', 'e-2']);
    expect(pairs('abc', 'xyz')).toEqual([]);
  });
});

describe('sources that cannot be used', () => {
  it('are refused with what to do', async () => {
    const model = small(2);
    await expect(loadInitialWeights(model, path.join(folder, 'nowhere.json'))).rejects.toThrow('There is no file');
    await writeFile(path.join(folder, 'text.json'), 'hello');
    await expect(loadInitialWeights(model, path.join(folder, 'text.json'))).rejects.toThrow('is not JSON');
    await writeFile(path.join(folder, 'other.json'), '{"a": 1}');
    await expect(loadInitialWeights(model, path.join(folder, 'other.json'))).rejects.toThrow('names no weights');
    await writeFile(path.join(folder, 'escape.json'), JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths: ['../../etc/passwd'], weights: [] }] }));
    await expect(loadInitialWeights(model, path.join(folder, 'escape.json'))).rejects.toThrow('does not lie beside it');
    await expect(loadInitialWeights(model, path.join(humanModels(), 'emotion.json'))).rejects.toBeInstanceOf(ModelSourceError);
    expect(copyWeights(model, {}).copied).toEqual([]);
    model.dispose();
  });
});
