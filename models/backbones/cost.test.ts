/** What building blocks cost: the textbook's multiplications, counted on the lowered graph of real layers. */
import { describe, expect, it } from 'vitest';
import { Graph } from '../graph';
import { costOf, type Cost } from '../graph/cost';
import { biasedConv } from '../layers/blocks';
import { lowerModel } from '../lower';
import { tf } from '../runtime/tf';
import { inception } from './googlenet';

const L = tf.layers;
type Network = (x: tf.SymbolicTensor) => tf.SymbolicTensor;
const apply = (x: tf.SymbolicTensor, ...layers: tf.layers.Layer[]): tf.SymbolicTensor => layers.reduce((value, layer) => layer.apply(value) as tf.SymbolicTensor, x);

function costOfNetwork(shape: number[], network: Network): Cost & { shape: readonly (number | null)[] } {
  const input = tf.input({ shape });
  const output = network(input);
  const graph = new Graph();
  const { outputs, weights } = lowerModel(graph, tf.model({ inputs: input, outputs: output }), [graph.input('x', [1, ...shape])], { training: false });
  const constants = Object.fromEntries(weights.map(({ name, value }) => [name, { dtype: 'float32' as const, shape: value.shape, data: new Float32Array(0) }]));
  return { ...costOf({ outputs: { y: outputs[0]! }, constants }), shape: output.shape.slice(1) };
}

describe('multiplications', () => {
  it('of a 5×5 convolution fall to a tenth behind a 1×1 bottleneck', () => {
    const plain = costOfNetwork([28, 28, 192], (x) => apply(x, L.conv2d({ filters: 32, kernelSize: 5, padding: 'same' })));
    const bottleneck = costOfNetwork([28, 28, 192], (x) => apply(x, L.conv2d({ filters: 16, kernelSize: 1 }), L.conv2d({ filters: 32, kernelSize: 5, padding: 'same' })));
    expect(plain.multiplications).toBe(120_422_400);
    expect(bottleneck.multiplications).toBe(2_408_448 + 10_035_200);
    expect(bottleneck.multiplications).toBe(12_443_648);
    expect(bottleneck.shape).toEqual(plain.shape);
  });

  it('of a depthwise separable convolution are 1/n′c + 1/f² of the plain one', () => {
    const plain = costOfNetwork([6, 6, 3], (x) => apply(x, L.conv2d({ filters: 5, kernelSize: 3, useBias: false })));
    const depthwise = costOfNetwork([6, 6, 3], (x) => apply(x, L.depthwiseConv2d({ kernelSize: 3, useBias: false })));
    const separable = costOfNetwork([6, 6, 3], (x) => apply(x, L.depthwiseConv2d({ kernelSize: 3, useBias: false }), L.conv2d({ filters: 5, kernelSize: 1, useBias: false })));
    expect([plain.multiplications, depthwise.multiplications, separable.multiplications]).toEqual([2160, 432, 672]);
    expect(separable.multiplications / plain.multiplications).toBeCloseTo(1 / 5 + 1 / 9, 10);
    expect(separable.multiplications / plain.multiplications).toBeCloseTo(0.311, 3);
    expect(separable.shape).toEqual([4, 4, 5]);
    for (const [size, channels, filters, f] of [[12, 8, 16, 3], [9, 4, 7, 5]] as const) {
      const whole = costOfNetwork([size, size, channels], (x) => apply(x, L.conv2d({ filters, kernelSize: f, useBias: false })));
      const parts = costOfNetwork([size, size, channels], (x) => apply(x, L.depthwiseConv2d({ kernelSize: f, useBias: false }), L.conv2d({ filters, kernelSize: 1, useBias: false })));
      expect(parts.multiplications / whole.multiplications).toBeCloseTo(1 / filters + 1 / f ** 2, 12);
    }
  });

  it('of an Inception module are those of its six convolutions', () => {
    const { multiplications, parameters, shape } = costOfNetwork([28, 28, 192], (x) => inception('module', x, [64, 96, 128, 16, 32, 32], biasedConv));
    const at = (filter: number, from: number, to: number) => 28 * 28 * filter * filter * from * to;
    expect(shape).toEqual([28, 28, 256]);
    expect(multiplications).toBe(at(1, 192, 64) + at(1, 192, 96) + at(3, 96, 128) + at(1, 192, 16) + at(5, 16, 32) + at(1, 192, 32));
    expect(multiplications).toBe(128_049_152);
    expect(parameters).toBe(163_696);
  });

  it('and parameters of ten 3×3×3 filters: 280, whatever the image’s size', () => {
    for (const size of [8, 39]) expect(costOfNetwork([size, size, 3], (x) => apply(x, L.conv2d({ filters: 10, kernelSize: 3 }))).parameters).toBe(280);
    expect(costOfNetwork([39, 39, 3], (x) => apply(x, L.conv2d({ filters: 10, kernelSize: 3 }))).shape).toEqual([37, 37, 10]);
  });
});
