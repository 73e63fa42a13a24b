import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Graph, gradients, ops, sizeOf, type TensorData } from '../../graph';
import { humanModels } from '../../node/pretrained/packages';
import { tf } from '../../runtime/tf';
import { randomTensor, relativeDifference, runWithOrt } from '../../testing/gradcheck';
import { graphModelProgram, lowerGraphModel, parseGraphModel, pathsOf, readGraphModel, type GraphModel } from '.';
import { decodeWeights } from './weights';

beforeAll(async () => {
  setWasmPaths(`${path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`);
  await tf.setBackend('wasm');
});
afterAll(() => tf.setBackend('cpu'));

interface Stored {
  json: { modelTopology: object; format?: string; signature?: object; weightsManifest: { weights: object[] }[] };
  bytes: Uint8Array;
  model: GraphModel;
}

function stored(name: string): Stored {
  const json = JSON.parse(readFileSync(path.join(humanModels(), `${name}.json`), 'utf8')) as Stored['json'];
  const bytes = Buffer.concat(pathsOf(parseGraphModel(json).weightsManifest).map((file) => readFileSync(path.join(humanModels(), file))));
  return { json, bytes, model: readGraphModel(json, bytes) };
}

/** The same model as tfjs runs it. */
async function byTf({ json, bytes }: Stored, feeds: Record<string, TensorData>, outputs: readonly string[]): Promise<Float32Array[]> {
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const weightSpecs = json.weightsManifest.flatMap((group) => group.weights) as tf.io.WeightsManifestEntry[];
  const model = await tf.loadGraphModel({ load: async () => ({ modelTopology: json.modelTopology, format: json.format, weightSpecs, weightData }) });
  return tf.tidy(() => {
    const tensors = Object.fromEntries(Object.entries(feeds).map(([name, { data, shape, dtype }]) => [name, tf.tensor(data, [...shape], dtype === 'int32' ? 'int32' : 'float32')]));
    const results = [model.execute(tensors, [...outputs])].flat();
    return results.map((tensor) => Float32Array.from(tensor.dataSync()));
  });
}

/** Smooth but lively pixels, so that feature maps are not all alike. */
const picture = (shape: readonly number[], scale = 1): TensorData => ({
  dtype: 'float32', shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => scale * Math.floor(127.5 + 100 * Math.sin(i * 0.013) * Math.cos(i * 0.0007))),
});

const centre = 'StatefulPartitionedCall';
const cases: { name: string; input: string; shape: number[]; scale?: number; outputs?: string[] }[] = [
  { name: 'centernet', input: 'tower_0/images', shape: [1, 512, 512, 3], outputs: ['tower_0/keypoints', 'tower_0/wh'] },
  {
    name: 'movenet-lightning', input: 'input', shape: [1, 192, 192, 3],
    outputs: [`${centre}/Sigmoid`, `${centre}/truediv_2`, `${centre}/kpt_regress_0/conv2d_6/BiasAdd`, `${centre}/kpt_offset_0/conv2d_7/BiasAdd`],
  },
  { name: 'facemesh', input: 'input_1', shape: [1, 192, 192, 3], scale: 1 / 255 },
  { name: 'blazeface', input: 'input', shape: [1, 256, 256, 3], scale: 1 / 255 },
  { name: 'faceres', input: 'input_1', shape: [1, 224, 224, 3], scale: 1 / 255, outputs: ['global_pooling/Mean'] },
  { name: 'iris', input: 'input_1', shape: [1, 64, 64, 3], scale: 1 / 255 },
  { name: 'handlandmark-lite', input: 'input_1', shape: [1, 224, 224, 3], scale: 1 / 255 },
  { name: 'emotion', input: 'input_1', shape: [1, 64, 64, 1], scale: 1 / 255 },
];

describe('trained graph models give what tfjs gives', () => {
  it.each(cases)('$name', async ({ name, input, shape, scale, outputs: asked }) => {
    const model = stored(name);
    const outputs = asked ?? model.model.outputs;
    const image = picture(shape, scale);
    const graph = new Graph();
    const program = graphModelProgram(graph, model.model, { inputs: { [input]: graph.input(input, shape) }, outputs });
    const results = await runWithOrt(program, { [input]: image });
    // MoveNet's placeholder holds whole numbers.
    const expected = await byTf(model, { [input]: name.startsWith('movenet') ? { ...image, dtype: 'int32' } : image }, outputs);
    for (const [i, output] of outputs.entries()) expect(relativeDifference(results[output]!.data, expected[i]!), output).toBeLessThan(1e-4);
  });

  it('at another size than the file names, and with a batch', async () => {
    const { model } = stored('faceres');
    const one = async (batch: number, data: TensorData) => {
      const graph = new Graph();
      const program = graphModelProgram(graph, model, { inputs: { input_1: graph.input('x', [batch, 128, 96, 3]) }, outputs: ['global_pooling/Mean'] });
      return (await runWithOrt(program, { x: data }))['global_pooling/Mean']!;
    };
    const both = picture([2, 128, 96, 3], 1 / 255);
    const half = both.data.length / 2;
    const second = await one(1, { ...both, shape: [1, 128, 96, 3], data: both.data.slice(half) as Float32Array });
    const batch = await one(2, both);
    expect(batch.shape).toEqual([2, 1024]);
    expect(relativeDifference(batch.data.slice(batch.data.length / 2), second.data)).toBeLessThan(1e-5);
  });

  it('is differentiable in its weights and its input', async () => {
    const { model } = stored('emotion');
    const graph = new Graph();
    const x = graph.input('x', [1, 64, 64, 1]);
    const { outputs, weights } = lowerGraphModel(graph, model, { inputs: { input_1: x } });
    const [name, kernel] = [...graph.inputs].find(([, value]) => value.shape.length === 4 && value !== x)!;
    const loss = ops.reduceSum(ops.square(outputs[0]!));
    const [dx, dw] = gradients(loss, [x, kernel]);
    const image = picture([1, 64, 64, 1], 1 / 255);
    const { dx: measured, dw: ofKernel } = await runWithOrt({ outputs: { dx: dx!, dw: dw! }, constants: weights }, { x: image });
    const lossAt = async (delta: number) => {
      const moved = { ...weights, [name]: { ...weights[name]!, data: weights[name]!.data.map((v, i) => v + delta * ofKernel!.data[i]!) as Float32Array } };
      return (await runWithOrt({ outputs: { loss }, constants: moved }, { x: image })).loss!.data[0]!;
    };
    const squared = Array.from(ofKernel!.data).reduce((sum, v) => sum + v * v, 0);
    const step = 1e-3 / Math.sqrt(squared);
    expect(((await lossAt(step)) - (await lossAt(-step))) / (2 * step) / squared).toBeCloseTo(1, 1);
    expect(measured!.data.some((v) => v !== 0)).toBe(true);
  });
});

type Attr = Record<string, unknown>;
const text = (value: string): Attr => ({ s: Buffer.from(value).toString('base64') });
const list = (...values: number[]): Attr => ({ list: { i: values.map(String) } });

/** A graph model of one operation on x, with constants as its further inputs. */
function single(op: string, attr: Attr, shape: number[], constants: { at: number; value: number[]; shape?: number[]; dtype?: 'int32' | 'float32' }[]): Stored {
  const inputs = Array.from({ length: 1 + constants.length }, (_, i) => (constants.some(({ at }) => at === i) ? `c${i}` : 'x'));
  const type = (dtype: string) => ({ type: dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT' });
  const node = [
    { name: 'x', op: 'Placeholder', attr: { dtype: type('float32'), shape: { shape: { dim: shape.map((size) => ({ size: String(size) })) } } } },
    ...constants.map(({ at, dtype = 'int32' }) => ({ name: `c${at}`, op: 'Const', attr: { dtype: type(dtype) } })),
    { name: 'result', op, input: inputs, attr: { T: type('float32'), ...attr } },
  ];
  const weights = constants.map(({ at, value, shape: own, dtype = 'int32' }) => ({ name: `c${at}`, shape: own ?? [value.length], dtype }));
  const bytes = Buffer.concat(constants.map(({ value, dtype = 'int32' }) => Buffer.from(dtype === 'int32' ? Int32Array.from(value).buffer : Float32Array.from(value).buffer)));
  const json = { format: 'graph-model', modelTopology: { node, versions: { producer: 1 } }, weightsManifest: [{ paths: [], weights }] };
  return { json, bytes, model: readGraphModel(json, bytes) };
}

const resize = (align: boolean, half: boolean): Attr => ({ align_corners: { b: align }, half_pixel_centers: { b: half } });
const operations: [string, Stored, number[], number?][] = [
  ...[[6, 10], [5, 4], [11, 3]].flatMap(([h, w]) => [[false, false], [false, true], [true, false]].flatMap(([align, half]): [string, Stored, number[]][] => [
    [`ResizeBilinear to ${h}×${w}, corners ${align}, half pixels ${half}`, single('ResizeBilinear', resize(align!, half!), [1, 3, 5, 2], [{ at: 1, value: [h!, w!] }]), [1, 3, 5, 2]],
    [`ResizeNearestNeighbor to ${h}×${w}, corners ${align}, half pixels ${half}`, single('ResizeNearestNeighbor', resize(align!, half!), [1, 3, 5, 2], [{ at: 1, value: [h!, w!] }]), [1, 3, 5, 2]],
  ])),
  ['StridedSlice', single('StridedSlice', { begin_mask: { i: '1' }, end_mask: { i: '4' }, shrink_axis_mask: { i: '0' }, ellipsis_mask: { i: '0' }, new_axis_mask: { i: '0' } }, [4, 5, 6], [{ at: 1, value: [1, 3, 1] }, { at: 2, value: [3, 4, 5] }, { at: 3, value: [1, 1, 2] }]), [4, 5, 6]],
  ['Slice', single('Slice', {}, [4, 5, 6], [{ at: 1, value: [1, 0, 2] }, { at: 2, value: [2, -1, 3] }]), [4, 5, 6]],
  ['Pack', single('Pack', { axis: { i: '1' }, N: { i: '2' } }, [2, 3], [{ at: 1, value: [1, 2, 3, 4, 5, 6], shape: [2, 3], dtype: 'float32' }]), [2, 3]],
  ['Unpack', single('Unpack', { axis: { i: '-1' }, num: { i: '3' } }, [2, 3], []), [2, 3], 3],
  ['Split', single('Split', { num_split: { i: '3' } }, [2, 6], [{ at: 0, value: [1], shape: [] }]), [2, 6], 3],
  ['SplitV', single('SplitV', { num_split: { i: '3' } }, [2, 6], [{ at: 1, value: [1, -1, 2] }, { at: 2, value: [1], shape: [] }]), [2, 6], 3],
  ['ConcatV2', single('ConcatV2', { N: { i: '2' } }, [2, 3], [{ at: 1, value: [7, 8], shape: [2, 1], dtype: 'float32' }, { at: 2, value: [-1], shape: [] }]), [2, 3]],
  ['Squeeze', single('Squeeze', { squeeze_dims: list(1) }, [2, 1, 3, 1], []), [2, 1, 3, 1]],
  ['ExpandDims', single('ExpandDims', {}, [2, 3], [{ at: 1, value: [-1], shape: [] }]), [2, 3]],
  ['Transpose', single('Transpose', {}, [2, 3, 4], [{ at: 1, value: [2, 0, 1] }]), [2, 3, 4]],
  ['Reshape', single('Reshape', {}, [2, 3, 4], [{ at: 1, value: [4, -1] }]), [2, 3, 4]],
  ['PadV2', single('PadV2', {}, [2, 3], [{ at: 1, value: [1, 0, 0, 2], shape: [2, 2] }, { at: 2, value: [0.5], shape: [], dtype: 'float32' }]), [2, 3]],
  ['Tile', single('Tile', {}, [2, 3], [{ at: 1, value: [2, 3] }]), [2, 3]],
  ['GatherV2', single('GatherV2', {}, [3, 4], [{ at: 1, value: [2, 0, 0, 1], shape: [2, 2] }, { at: 2, value: [1], shape: [] }]), [3, 4]],
  ['DepthToSpace', single('DepthToSpace', { block_size: { i: '2' }, data_format: text('NHWC') }, [1, 2, 3, 8], []), [1, 2, 3, 8]],
  ['Mean', single('Mean', { keep_dims: { b: true } }, [2, 3, 4], [{ at: 1, value: [-1, 0] }]), [2, 3, 4]],
  ['Min', single('Min', { keep_dims: { b: false } }, [2, 3, 4], [{ at: 1, value: [1] }]), [2, 3, 4]],
  ['Softmax', single('Softmax', {}, [2, 5], []), [2, 5]],
  ['Prelu', single('Prelu', {}, [2, 3], [{ at: 1, value: [0.1, 0.2, 0.3], dtype: 'float32' }]), [2, 3]],
  ['Elu', single('Elu', {}, [2, 3], []), [2, 3]],
  ['LeakyRelu', single('LeakyRelu', { alpha: { f: 0.3 } }, [2, 3], []), [2, 3]],
  ['FusedBatchNormV3', single('FusedBatchNormV3', { epsilon: { f: 0.01 }, is_training: { b: false } }, [1, 2, 2, 3], [[1, 2, 3], [0.1, -0.2, 0.3], [0.5, 0, -0.5], [1, 4, 9]].map((value, i) => ({ at: i + 1, value, dtype: 'float32' as const }))), [1, 2, 2, 3]],
  ['AvgPool', single('AvgPool', { ksize: list(1, 2, 2, 1), strides: list(1, 1, 1, 1), padding: text('SAME'), data_format: text('NHWC') }, [1, 3, 4, 2], []), [1, 3, 4, 2]],
  ['Conv2D with explicit pads', single('Conv2D', { strides: list(1, 2, 1, 1), dilations: list(1, 1, 1, 1), padding: text('EXPLICIT'), explicit_paddings: list(0, 0, 1, 0, 0, 2, 0, 0), data_format: text('NHWC') }, [1, 5, 4, 2], [{ at: 1, value: Array.from({ length: 24 }, (_, i) => Math.sin(i)), shape: [3, 2, 2, 2], dtype: 'float32' }]), [1, 5, 4, 2]],
  ['Conv2DBackpropInput', single('Conv2DBackpropInput', { strides: list(1, 2, 2, 1), dilations: list(1, 1, 1, 1), padding: text('SAME'), data_format: text('NHWC') }, [1, 3, 2, 4], [{ at: 0, value: [1, 6, 4, 3] }, { at: 1, value: Array.from({ length: 108 }, (_, i) => Math.sin(i)), shape: [3, 3, 3, 4], dtype: 'float32' }]), [1, 3, 2, 4]],
];

describe('operations that the trained models do not use', () => {
  it.each(operations)('%s', async (_name, model, shape, count = 1) => {
    const x = randomTensor(shape, 'x', [-2, 2]);
    const outputs = Array.from({ length: count }, (_, i) => (i === 0 ? 'result' : `result:${i}`));
    const graph = new Graph();
    const results = await runWithOrt(graphModelProgram(graph, model.model, { inputs: { x: graph.input('x', shape) }, outputs }), { x });
    await tf.setBackend('cpu');
    const expected = await byTf(model, { x }, outputs).finally(() => tf.setBackend('wasm'));
    for (const [i, output] of outputs.entries()) expect(relativeDifference(results[output]!.data, expected[i]!)).toBeLessThan(2e-6);
  });
});

it('takes an axis away that a slice pins to one place (tfjs fails at it)', async () => {
  const { model } = single('StridedSlice', { begin_mask: { i: '1' }, end_mask: { i: '1' }, shrink_axis_mask: { i: '2' } }, [4, 5, 6], [{ at: 1, value: [0, -2, 1] }, { at: 2, value: [0, 0, 6] }, { at: 3, value: [1, 1, 2] }]);
  const graph = new Graph();
  const x = { dtype: 'float32' as const, shape: [4, 5, 6], data: Float32Array.from({ length: 120 }, (_, i) => i) };
  const { result } = await runWithOrt(graphModelProgram(graph, model, { inputs: { x: graph.input('x', x.shape) } }), { x });
  expect(result!.shape).toEqual([4, 3]);
  expect(Array.from(result!.data)).toEqual([0, 1, 2, 3].flatMap((i) => [1, 3, 5].map((k) => i * 30 + 3 * 6 + k)));
});

describe('weights', () => {
  it('takes whole numbers and halves apart', () => {
    const specs = [
      { name: 'a', shape: [3], dtype: 'float32' as const, quantization: { dtype: 'uint8' as const, scale: 0.5, min: -1 } },
      { name: 'b', shape: [2], dtype: 'int32' as const, quantization: { dtype: 'uint16' as const, scale: 2, min: 3 } },
      { name: 'c', shape: [2], dtype: 'float32' as const, quantization: { dtype: 'float16' as const } },
    ];
    const weights = decodeWeights(specs, Uint8Array.of(0, 2, 255, 1, 0, 0, 1, 0x00, 0xc0, 0x01, 0x3c));
    expect(Array.from(weights.get('c')!.data)).toEqual([-2, 1 + 1 / 1024]);
    expect(Array.from(weights.get('a')!.data)).toEqual([-1, 0, 126.5]);
    expect(weights.get('b')).toEqual({ dtype: 'int32', shape: [2], data: Int32Array.of(5, 515) });
  });

  it('refuses files that are cut short or too long', () => {
    const spec = { name: 'a', shape: [2], dtype: 'float32' as const };
    expect(() => decodeWeights([spec], new Uint8Array(7))).toThrow('the weights end at byte 7, inside a');
    expect(() => decodeWeights([spec], new Uint8Array(9))).toThrow('the weights have 9 bytes, the model names 8');
    expect(() => decodeWeights([spec, spec], new Uint8Array(16))).toThrow('two weights have the name a');
  });
});

describe('errors', () => {
  const read = (model: Stored) => () => {
    const graph = new Graph();
    return lowerGraphModel(graph, model.model, { inputs: { x: graph.input('x', [2, 3]) } });
  };
  it('name an operation that cannot be read', () => {
    expect(read(single('TopKV2', {}, [2, 3], [{ at: 1, value: [2], shape: [] }]))).toThrow('node result: the operation TopKV2 cannot be read');
  });
  it('name a shape that depends on the image', () => {
    const json = { modelTopology: { node: [{ name: 'x', op: 'Placeholder' }, { name: 'r', op: 'Reshape', input: ['x', 'x'] }] }, weightsManifest: [] };
    const graph = new Graph();
    const x = graph.input('x', [2, 3]);
    expect(() => lowerGraphModel(graph, readGraphModel(json, new Uint8Array()), { inputs: { x } })).toThrow('node r (Reshape of [2, 3], [2, 3]): input 1 must be known');
  });
  it('name what is not a graph model', () => {
    expect(() => readGraphModel({ modelTopology: { model_config: {} }, weightsManifest: [] }, new Uint8Array())).toThrow('modelTopology.node');
  });
  it('name a loop', () => {
    const json = { modelTopology: { node: [{ name: 'a', op: 'Relu', input: ['b'] }, { name: 'b', op: 'Relu', input: ['a'] }, { name: 'c', op: 'Relu', input: ['a'] }] }, weightsManifest: [] };
    expect(() => lowerGraphModel(new Graph(), readGraphModel(json, new Uint8Array()), { inputs: {} })).toThrow('depends on itself');
  });
});
