/** Sliding windows by convolution: the textbook's 14×14, 16×16 and 28×28 inputs, through the engine. */
import { describe, expect, it } from 'vitest';
import { backbones } from '../backbones';
import { Graph } from '../graph';
import { costOf } from '../graph/cost';
import { lowerModel } from '../lower';
import { float32 } from '../runtime/engine';
import { tf, type LayersModel } from '../runtime/tf';
import { initialiseWeights, readWeights } from '../runtime/weights';
import { randomTensor, relativeDifference, runWithOrt } from '../testing/gradcheck';
import { buildClassifier } from './classifier';
import { toConvolutional } from './convolutional';

const L = tf.layers;

/** 14×14×3 → conv 5×5→16 → pool 2 → dense 400 → dense 400 → dense 4. */
function windowClassifier(): LayersModel {
  const input = tf.input({ shape: [14, 14, 3] });
  const layers = [
    L.conv2d({ filters: 16, kernelSize: 5, activation: 'relu', name: 'conv' }), L.maxPooling2d({ poolSize: 2, name: 'pool' }), L.flatten({ name: 'flatten' }),
    L.dense({ units: 400, activation: 'relu', name: 'fc1' }), L.dense({ units: 400, activation: 'relu', name: 'fc2' }), L.dropout({ rate: 0.5 }), L.dense({ units: 4, activation: 'softmax', name: 'out' }),
  ];
  const model = tf.model({ inputs: input, outputs: layers.reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, input) });
  initialiseWeights(model, 7);
  return model;
}

function programOf(model: LayersModel, shape: number[]) {
  const graph = new Graph();
  const { outputs, weights } = lowerModel(graph, model, [graph.input('x', shape)], { training: false });
  const values = readWeights(model);
  return { outputs: { y: outputs[0]! }, constants: Object.fromEntries(weights.map(({ name, value }) => [name, { ...values[name]!, shape: value.shape }])) };
}

async function run(model: LayersModel, image: Float32Array, shape: number[]): Promise<{ shape: readonly number[]; data: Float32Array }> {
  const { y } = await runWithOrt(programOf(model, shape), { x: float32(image, shape) });
  return { shape: y!.shape, data: y!.data as Float32Array };
}

/** The part of a `size`² image of three channels at (row, column), `side` pixels a side. */
function crop(image: Float32Array, size: number, row: number, column: number, side: number): Float32Array {
  return Float32Array.from({ length: side * side * 3 }, (_, i) => image[((row + Math.floor(i / 3 / side)) * size + column + (Math.floor(i / 3) % side)) * 3 + (i % 3)]!);
}

describe('a classifier of 14×14 windows as convolutions', () => {
  const original = windowClassifier();
  const { model, window, stride } = toConvolutional(original);

  it('has the layers of the textbook and the same number of weights', async () => {
    const shapes = Object.fromEntries(model.layers.map((layer) => [layer.name, layer.weights[0]?.shape]));
    expect(shapes).toMatchObject({ conv: [5, 5, 3, 16], fc1: [5, 5, 16, 400], fc2: [1, 1, 400, 400], out: [1, 1, 400, 4] });
    expect(model.countParams()).toBe(original.countParams());
    expect([window, stride]).toEqual([{ width: 14, height: 14 }, { x: 2, y: 2 }]);
    const image = randomTensor([1, 14, 14, 3], 'one').data as Float32Array;
    const [wide, narrow] = [await run(model, image, [1, 14, 14, 3]), await run(original, image, [1, 14, 14, 3])];
    expect(wide.shape).toEqual([1, 1, 1, 4]);
    expect(relativeDifference(wide.data, narrow.data)).toBeLessThan(1e-6);
  });

  it.each([[16, 2], [28, 8]])('gives for images of %i pixels a side a map of %i, each cell the window at stride 2', async (size, cells) => {
    const image = randomTensor([1, size, size, 3], `image ${size}`).data as Float32Array;
    const { shape, data } = await run(model, image, [1, size, size, 3]);
    expect(shape).toEqual([1, cells, cells, 4]);
    const windows = Float32Array.from(Array.from({ length: cells * cells }, (_, k) => Array.from(crop(image, size, 2 * Math.floor(k / cells), 2 * (k % cells), 14))).flat());
    const one = await run(original, windows, [cells * cells, 14, 14, 3]);
    expect(relativeDifference(data, one.data)).toBeLessThan(1e-5);
    expect(new Set(Array.from(data, (v) => v.toFixed(4))).size).toBeGreaterThan(cells);
  });

  it('computes what windows share once: the convolution costs an eleventh of window by window', () => {
    const [once, each] = [costOf(programOf(model, [1, 28, 28, 3])).multiplications, costOf(programOf(original, [64, 14, 14, 3])).multiplications];
    const denseOf64 = 64 * (5 * 5 * 16 * 400 + 400 * 400 + 400 * 4);
    expect(once - denseOf64).toBe(24 * 24 * 5 * 5 * 3 * 16);
    expect(each - denseOf64).toBe(64 * 10 * 10 * 5 * 5 * 3 * 16);
    expect((each - denseOf64) / (once - denseOf64)).toBeCloseTo(11.1, 1);
  });

  it('is a copy: the original may go', async () => {
    const gone = windowClassifier();
    const copy = toConvolutional(gone).model;
    gone.dispose();
    const image = randomTensor([1, 14, 14, 3], 'one').data as Float32Array;
    expect(relativeDifference((await run(copy, image, [1, 14, 14, 3])).data, (await run(original, image, [1, 14, 14, 3])).data)).toBeLessThan(1e-6);
  });
});

describe('other networks', () => {
  it('LeNet-5 slides at stride 4, with its table of connections and its subsampling', async () => {
    const original = buildClassifier(backbones.lenet5!, { inputSize: { width: 32, height: 32 }, classes: 10 }, 3);
    const { model, stride } = toConvolutional(original);
    expect(stride).toEqual({ x: 4, y: 4 });
    const image = randomTensor([1, 40, 40, 3], 'digits').data as Float32Array;
    const { shape, data } = await run(model, image, [1, 40, 40, 3]);
    expect(shape).toEqual([1, 3, 3, 10]);
    const windows = Float32Array.from(Array.from({ length: 9 }, (_, k) => Array.from(crop(image, 40, 4 * Math.floor(k / 3), 4 * (k % 3), 32))).flat());
    expect(relativeDifference(data, (await run(original, windows, [9, 32, 32, 3])).data)).toBeLessThan(1e-5);
  });

  it('global average pooling becomes a pooling of the map’s size', async () => {
    const original = buildClassifier(backbones.compact!, { inputSize: { width: 64, height: 64 }, classes: 3 }, 3);
    const { model, stride } = toConvolutional(original);
    expect(stride).toEqual({ x: 32, y: 32 });
    const image = randomTensor([1, 64, 64, 3], 'image').data as Float32Array;
    expect(relativeDifference((await run(model, image, [1, 64, 64, 3])).data, (await run(original, image, [1, 64, 64, 3])).data)).toBeLessThan(1e-5);
    const { y } = programOf(model, [1, 128, 96, 3]).outputs;
    expect(y.shape).toEqual([1, 3, 2, 3]);
  });

  it('those that weigh channels by the whole image are refused, by the layer’s name', () => {
    const original = buildClassifier(backbones['efficientnet-b0']!, { inputSize: { width: 32, height: 32 }, classes: 2 }, 3);
    expect(() => toConvolutional(original)).toThrow(/layer stage1_block1_squeeze_reshape \(Reshape\) needs the whole image/);
  });
});
