import { describe, expect, it } from 'vitest';
import { float32 } from '../runtime/engine';
import { randomTensor, relativeDifference, runWithOrt } from '../testing/gradcheck';
import { costOf, multiplications } from './cost';
import { Graph } from './graph';
import { gradients } from './gradients';
import { toOnnx } from './onnx/emitter';
import { permute } from './onnx/layout';
import { ModelProto } from './onnx/schema';
import * as o from './ops';
import { samePads, windowOutput } from './shapes';
import { type ConvAttrs, type PoolAttrs, type Value } from './types';

const plain: ConvAttrs = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups: 1 };

/** Runs f on one-channel images given as rows, and returns rows. */
async function onRows(rows: number[][], f: (x: Value, graph: Graph) => Value): Promise<number[][]> {
  const graph = new Graph();
  const x = graph.input('x', [1, rows.length, rows[0]!.length, 1]);
  const y = f(x, graph);
  const { result } = await runWithOrt({ outputs: { result: y } }, { x: float32(Float32Array.from(rows.flat()), x.shape) });
  const width = y.shape[2]!;
  return Array.from({ length: y.shape[1]! }, (_, i) => Array.from(result!.data.subarray(i * width, (i + 1) * width)));
}
const kernel = (graph: Graph, rows: number[][]): Value => graph.constant(Float32Array.from(rows.flat()), [rows.length, rows[0]!.length, 1, 1]);
const pool = (size: number, stride: number): PoolAttrs => ({ size: [size, size], strides: [stride, stride], pads: [0, 0, 0, 0] });

describe('convolution', () => {
  it('finds a vertical edge, the filter not flipped', async () => {
    const edge = Array.from({ length: 6 }, () => [10, 10, 10, 0, 0, 0]);
    const result = await onRows(edge, (x, graph) => o.conv(x, kernel(graph, [[1, 0, -1], [1, 0, -1], [1, 0, -1]]), plain));
    expect(result).toEqual(Array.from({ length: 4 }, () => [0, 30, 30, 0]));
  });

  it('has the output sizes of floor((n + 2p − f) / s) + 1', () => {
    expect(windowOutput(8, 3, 1, 1, 0)).toBe(6);
    expect([1, 2, 3].map((s) => windowOutput(7, 3, s, 1, 0))).toEqual([5, 3, 2]);
    expect(windowOutput(39, 3, 1, 1, 0)).toBe(37);
    expect(windowOutput(6, 3, 1, 1, 2)).toBe(6);
  });

  it('pads the odd pixel after, as TensorFlow does', () => {
    expect(samePads([5, 5], [3, 3], [1, 1])).toEqual([1, 1, 1, 1]);
    expect(samePads([8, 8], [3, 3], [2, 2])).toEqual([0, 0, 1, 1]);
    expect(samePads([4, 4], [2, 2], [1, 1])).toEqual([0, 0, 1, 1]);
  });

  it('over channels with two filters gives two channels', () => {
    const graph = new Graph();
    expect(o.conv(graph.input('x', [1, 6, 6, 3]), graph.input('w', [3, 3, 3, 2]), plain).shape).toEqual([1, 4, 4, 2]);
  });

  it('over channels sums what each filter finds in each channel', async () => {
    const graph = new Graph();
    const x = Float32Array.from({ length: 108 }, (_, i) => (i * 7) % 11);
    const w = Float32Array.from({ length: 54 }, (_, i) => ((i * 5) % 7) - 3);
    const { result } = await runWithOrt({ outputs: { result: o.conv(graph.input('x', [1, 6, 6, 3]), graph.constant(w, [3, 3, 3, 2]), plain) } }, { x: float32(x, [1, 6, 6, 3]) });
    const at = (row: number, column: number, filter: number): number => {
      let sum = 0;
      for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) for (let c = 0; c < 3; c++) sum += x[((row + i) * 6 + column + j) * 3 + c]! * w[((i * 3 + j) * 3 + c) * 2 + filter]!;
      return sum;
    };
    expect(Array.from(result!.data)).toEqual(Array.from({ length: 32 }, (_, i) => at(Math.floor(i / 8), Math.floor(i / 2) % 4, i % 2)));
  });

  it('says what does not fit', () => {
    const graph = new Graph();
    expect(() => o.conv(graph.input('x', [1, 6, 6, 4]), graph.input('w', [3, 3, 3, 2]), plain)).toThrow('takes 3 channels, the input has 4');
    expect(() => o.conv(graph.input('y', [1, 2, 2, 3]), graph.input('v', [3, 3, 3, 2]), plain)).toThrow('does not fit into 2×2');
  });
});

describe('convolution over other numbers of axes', () => {
  const of = (axes: number): ConvAttrs => ({ strides: Array<number>(axes).fill(1), dilations: Array<number>(axes).fill(1), pads: Array<number>(2 * axes).fill(0), groups: 1 });
  it('of a signal of 14 with filters of 5 gives 10 × 16, then 6 × 32', () => {
    const graph = new Graph();
    const first = o.conv(graph.input('x', [1, 14, 1]), graph.input('w', [5, 1, 16]), of(1));
    const second = o.conv(first, graph.input('v', [5, 16, 32]), of(1));
    expect([first.shape, second.shape]).toEqual([[1, 10, 16], [1, 6, 32]]);
  });
  it('of a volume of 14³ with filters of 5³ gives 10³ × 16, then 6³ × 32', () => {
    const graph = new Graph();
    const first = o.conv(graph.input('x', [1, 14, 14, 14, 1]), graph.input('w', [5, 5, 5, 1, 16]), of(3));
    const second = o.conv(first, graph.input('v', [5, 5, 5, 16, 32]), of(3));
    expect([first.shape, second.shape]).toEqual([[1, 10, 10, 10, 16], [1, 6, 6, 6, 32]]);
  });
  it('of a signal is the correlation', async () => {
    const graph = new Graph();
    const y = o.conv(graph.input('x', [1, 5, 1]), graph.constant(Float32Array.of(1, 0, -1), [3, 1, 1]), of(1));
    const { result } = await runWithOrt({ outputs: { result: y } }, { x: float32(Float32Array.of(1, 3, 4, 2, 7), [1, 5, 1]) });
    expect(Array.from(result!.data)).toEqual([-3, 1, -3]);
  });
  it('says when there are too many axes', () => {
    const graph = new Graph();
    expect(() => o.conv(graph.input('x', [1, 2, 2, 2, 2, 1]), graph.input('w', [1, 1, 1, 1, 1, 1]), of(4))).toThrow('one to three axes of space');
  });
});

describe('transposed convolution', () => {
  const x = [[2, 1], [3, 2]];
  const f = [[1, 2, 1], [2, 0, 1], [0, 2, 1]];
  const by = (pads: ConvAttrs['pads'], size: [number, number]) =>
    onRows(x, (value, graph) => o.convInput(value, kernel(graph, f), { ...plain, strides: [2, 2], pads }, size));

  it('has the output size s(n − 1) + f − 2p, and is what a convolution of that size takes back to n', () => {
    const size = (n: number, f: number, p: number, s: number) => s * (n - 1) + f - 2 * p;
    expect(size(2, 3, 1, 2)).toBe(3);
    for (const [n, f, p, s] of [[2, 3, 1, 2], [5, 4, 1, 2], [7, 2, 0, 2], [4, 5, 2, 3]] as const) {
      const graph = new Graph();
      const side = size(n, f, p, s);
      const attrs = { ...plain, strides: [s, s], pads: [p, p, p, p] };
      expect(o.convInput(graph.input('y', [1, n, n, 1]), graph.input('w', [f, f, 1, 1]), attrs, [side, side]).shape).toEqual([1, side, side, 1]);
      expect(windowOutput(side, f, s, 1, 2 * p)).toBe(n);
    }
  });
  it('with padding 1 is 3×3', async () => {
    expect(await by([1, 1, 1, 1], [3, 3])).toEqual([[0, 4, 0], [10, 7, 6], [0, 7, 0]]);
  });
  it('with padding 1 and output padding 1 is 4×4', async () => {
    expect(await by([1, 1, 1, 1], [4, 4])).toEqual([[0, 4, 0, 1], [10, 7, 6, 3], [0, 7, 0, 2], [6, 3, 4, 2]]);
  });
  it('with the pads of tf.layers "same" is another 4×4', async () => {
    expect(await by(samePads([4, 4], [3, 3], [2, 2]), [4, 4])).toEqual([[2, 4, 3, 2], [4, 0, 4, 0], [3, 10, 7, 6], [6, 0, 7, 0]]);
  });
  it('is the gradient of the convolution', async () => {
    const graph = new Graph();
    const attrs: ConvAttrs = { ...plain, strides: [2, 2], pads: [1, 1, 1, 1] };
    const [image, w, dy] = [graph.input('image', [2, 5, 7, 3]), graph.input('w', [3, 3, 3, 4], 'float32', 'kernel'), graph.input('dy', [2, 3, 4, 4])];
    const [gradient] = gradients(o.reduceSum(o.mul(o.conv(image, w, attrs), dy)), [image]);
    const direct = o.convInput(dy, w, attrs, [5, 7]);
    const feeds = { image: randomTensor(image.shape, 'i'), w: randomTensor(w.shape, 'w'), dy: randomTensor(dy.shape, 'dy') };
    const { a, b } = await runWithOrt({ outputs: { a: gradient!, b: direct, unused: o.reduceSum(image) } }, feeds);
    expect(relativeDifference(a!.data, b!.data)).toBe(0);
  });
});

describe('pooling', () => {
  it('takes the maximum of 2×2 by 2', async () => {
    expect(await onRows([[3, 3, 2, 1], [2, 9, 1, 1], [1, 3, 2, 3], [5, 6, 1, 2]], (x) => o.maxPool(x, pool(2, 2)))).toEqual([[9, 2], [6, 3]]);
  });
  it('takes the mean of 2×2 by 2', async () => {
    expect(await onRows([[1, 3, 2, 1], [2, 9, 1, 1], [1, 4, 2, 3], [5, 6, 1, 2]], (x) => o.avgPool(x, pool(2, 2)))).toEqual([[3.75, 1.25], [4, 2]]);
  });
  it('takes the maximum of 3×3 by 1', async () => {
    const rows = [[3, 3, 2, 1, 3], [2, 9, 1, 1, 5], [1, 3, 2, 3, 2], [8, 3, 5, 1, 0], [5, 6, 1, 2, 9]];
    expect(await onRows(rows, (x) => o.maxPool(x, pool(3, 1)))).toEqual([[9, 9, 5], [9, 9, 5], [8, 6, 9]]);
  });
});

describe('cost', () => {
  const conv = (size: number, cin: number, cout: number, f: number, groups = 1, pads = (f - 1) / 2) => {
    const graph = new Graph();
    const y = o.conv(graph.input('x', [1, size, size, cin]), graph.input('w', [f, f, cin / groups, cout]), { ...plain, groups, pads: [pads, pads, pads, pads] });
    return multiplications(y.node);
  };
  it('counts multiplications as filter parameters × positions × filters', () => {
    expect(conv(28, 192, 32, 5)).toBe(120_422_400);
    expect([conv(28, 192, 16, 1), conv(28, 16, 32, 5)]).toEqual([2_408_448, 10_035_200]);
    expect([conv(6, 3, 5, 3, 1, 0), conv(6, 3, 3, 3, 3, 0), conv(4, 3, 5, 1)]).toEqual([2160, 432, 240]);
  });
  it('knows the most bytes alive at once', () => {
    const graph = new Graph();
    const x = graph.input('x', [1000]);
    const y = o.exp(o.exp(o.exp(x)));
    expect(costOf({ outputs: { y } }).peakBytes).toBe(8000);
  });
});

describe('the ONNX model', () => {
  it('decodes to the nodes that were written, each layout change once', () => {
    const graph = new Graph();
    const x = graph.input('x', [1, 6, 6, 3]);
    const w = graph.input('w', [3, 3, 3, 4], 'float32', 'kernel');
    const y = o.relu(o.conv(x, w, plain));
    const { bytes, feeds } = toOnnx({ outputs: { a: y, b: o.add(y, 1) } });
    const model = ModelProto.toObject(ModelProto.decode(bytes)) as { graph: { node: { opType: string }[] } };
    expect(model.graph.node.map((node) => node.opType)).toEqual(['Transpose', 'Conv', 'Relu', 'Add', 'Transpose', 'Transpose']);
    expect(feeds.map(({ name, layout }) => [name, layout])).toEqual([['x', [0, 1, 2, 3]], ['w', [3, 2, 0, 1]]]);
  });

  const opsOf = (outputs: Record<string, Value>, options?: { block: number }) => {
    const model = ModelProto.toObject(ModelProto.decode(toOnnx({ outputs }, options).bytes)) as { graph: { node: { opType: string; domain?: string }[] } };
    return model.graph.node.map(({ opType, domain }) => (domain ? `${domain}.${opType}` : opType));
  };

  it('scales and shifts in one pass, and sums products without making them', () => {
    const graph = new Graph();
    const [x, s, b] = [graph.input('x', [2, 40, 40, 8]), graph.input('s', [1, 1, 1, 8]), graph.input('b', [1, 1, 1, 8])];
    const y = o.conv(x, graph.input('w', [1, 1, 8, 8], 'float32', 'kernel'), plain);
    expect(opsOf({ z: o.reduceMax(o.add(o.mul(y, s), b)) })).toEqual(['Transpose', 'Conv', 'Reshape', 'Reshape', 'BatchNormalization', 'ReduceMax']);
    expect(opsOf({ z: o.reduceSum(o.square(y), [0, 1, 2]) })).toEqual(['Transpose', 'Conv', 'Reshape', 'Reshape', 'com.microsoft.FusedMatMul', 'Reshape', 'ReduceSum']);
    const product = o.mul(y, s);
    expect(opsOf({ z: o.reduceMax(o.add(product, b)), product }).filter((op) => op === 'Mul' || op === 'BatchNormalization')).toEqual(['Mul']);
  });

  it('convolves depthwise in blocks where the machine has them and filters change', () => {
    const graph = new Graph();
    const x = graph.input('x', [1, 8, 8, 32]);
    const of = (w: Value) => opsOf({ y: o.conv(x, w, { ...plain, groups: 32 }) }, { block: 16 }).filter((op) => op.endsWith('Conv'));
    expect(of(graph.input('w', [3, 3, 1, 32], 'float32', 'kernel'))).toEqual(['com.microsoft.nchwc.Conv']);
    expect(of(graph.constant(new Float32Array(288), [3, 3, 1, 32]))).toEqual(['Conv']);
    expect(opsOf({ y: o.conv(x, graph.input('v', [3, 3, 1, 32]), { ...plain, groups: 32 }) })).toContain('Conv');
  });

  it('permutes numbers there and back', () => {
    const tensor = randomTensor([2, 3, 4, 5], 'p');
    const there = permute(tensor.data, tensor.shape, [0, 1, 2, 3], [0, 3, 1, 2]);
    // [n, c, h, w] = [1, 4, 2, 3]
    expect(there[((1 * 5 + 4) * 3 + 2) * 4 + 3]).toBe(tensor.data[((1 * 3 + 2) * 4 + 3) * 5 + 4]);
    expect(permute(there, tensor.shape, [0, 3, 1, 2], [0, 1, 2, 3])).toEqual(tensor.data);
  });

  it('refuses inputs of another shape', async () => {
    const graph = new Graph();
    const y = o.neg(graph.input('x', [2, 3]));
    await expect(runWithOrt({ outputs: { y } }, { x: float32(new Float32Array(6), [3, 2]) })).rejects.toThrow('input x is float32 [2, 3], fed was float32 [3, 2]');
    await expect(runWithOrt({ outputs: { y } }, {})).rejects.toThrow('input x was not fed');
  });
});
