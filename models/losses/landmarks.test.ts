import { describe, expect, it } from 'vitest';
import { Graph, ops, type Value } from '../graph';
import { float32 } from '../runtime/engine';
import { checkGradients, randomTensor, runWithOrt } from '../testing/gradcheck';
import { wholeBatch } from './batch';
import { heatmapCrossEntropy, pointLoss, presenceLoss, softArgmax, wing } from './landmarks';

async function evaluate(shape: readonly number[], data: ArrayLike<number>, f: (graph: Graph, x: Value) => Record<string, Value>): Promise<Record<string, number[]>> {
  const graph = new Graph();
  const results = await runWithOrt({ outputs: f(graph, graph.input('x', shape)) }, { x: float32(Float32Array.from(data), shape) });
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, Array.from(tensor.data)]));
}
const constant = (value: Value, data: ArrayLike<number>, shape: readonly number[]): Value => (value.graph as Graph).constant(Float32Array.from(data), shape);

describe('distances of points', () => {
  it('the wing loss is logarithmic near zero, linear beyond, and continuous between', async () => {
    const [w, e] = [0.04, 0.008];
    const { loss } = await evaluate([5], [0, 0.01, -0.01, w, -0.5], (_g, x) => ({ loss: wing(x) }));
    const inner = (v: number) => w * Math.log(1 + v / e);
    [0, inner(0.01), inner(0.01), inner(w), 0.5 - (w - inner(w))].forEach((expected, i) => expect(loss![i]).toBeCloseTo(expected, 5));
    const near = await evaluate([2], [w - 1e-4, w + 1e-4], (_g, x) => ({ loss: wing(x) }));
    expect(near.loss![1]! - near.loss![0]!).toBeLessThan(5e-4);
  });

  it('count only what is placed', async () => {
    const f = (distance: 'squared' | 'l1') => (_g: Graph, x: Value) => ({ loss: pointLoss(x, constant(x, [0, 0, 0, 0], [1, 4]), constant(x, [1, 1, 0, 0], [1, 4]), distance) });
    expect((await evaluate([1, 4], [1, -3, 50, 50], f('l1'))).loss![0]).toBeCloseTo(2, 6);
    expect((await evaluate([1, 4], [1, -3, 50, 50], f('squared'))).loss![0]).toBeCloseTo(5, 6);
    const none = await evaluate([1, 4], [1, 2, 3, 4], (_g, x) => ({ loss: pointLoss(x, x, constant(x, [0, 0, 0, 0], [1, 4]), 'l1') }));
    expect(none.loss![0]).toBe(0);
  });

  it('presence is a mean cross-entropy', async () => {
    const { loss } = await evaluate([2, 1], [0, 2], (_g, x) => ({ loss: presenceLoss(x, constant(x, [1, 0], [2, 1])) }));
    expect(loss![0]).toBeCloseTo((Math.log(2) + Math.log(1 + Math.exp(2))) / 2, 5);
  });

  it.each(['squared', 'l1', 'wing'] as const)('gradients of %s agree with differences and with tfjs', async (distance) => {
    const { engines, differences } = await checkGradients({ x: { shape: [3, 4], range: [-1, 1] } }, ({ x }) =>
      pointLoss(x!, constant(x!, randomTensor([3, 4], 'wanted').data, [3, 4]), constant(x!, [1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1], [3, 4]), distance), { step: 1e-3 });
    expect(engines).toBeLessThan(1e-4);
    expect(differences).toBeLessThan(2e-2);
  });
});

describe('heatmaps', () => {
  const shape = [2, 5, 7, 3];
  const logits = randomTensor(shape, 'maps', [-2, 2]).data;

  it('soft-argmax is the expected place', async () => {
    const { x, y } = await evaluate(shape, logits, (g, maps) => softArgmax(g, maps) as unknown as Record<string, Value>);
    for (let b = 0; b < 2; b++) for (let p = 0; p < 3; p++) {
      let [sum, ex, ey] = [0, 0, 0];
      for (let r = 0; r < 5; r++) for (let c = 0; c < 7; c++) {
        const share = Math.exp(logits[((b * 5 + r) * 7 + c) * 3 + p]!);
        sum += share;
        ex += (share * (c + 0.5)) / 7;
        ey += (share * (r + 0.5)) / 5;
      }
      expect(x![b * 3 + p]).toBeCloseTo(ex / sum, 5);
      expect(y![b * 3 + p]).toBeCloseTo(ey / sum, 5);
    }
  });

  it('of one sure cell are in the middle of it, however large the logits', async () => {
    const data = new Float32Array(35);
    data[2 * 7 + 4] = 1000;
    const { x, y } = await evaluate([1, 5, 7, 1], data, (g, maps) => softArgmax(g, maps) as unknown as Record<string, Value>);
    expect([x![0], y![0]]).toEqual([expect.closeTo(4.5 / 7, 5), expect.closeTo(2.5 / 5, 5)]);
  });

  it('the cross-entropy is that with a normal distribution over the cells', async () => {
    const [px, py, weight] = [[0.3, 0.9, 0.5, 0.1, 0.6, 0.7], [0.2, 0.4, 0.6, 0.8, 0.5, 0.1], [1, 0, 1, 1, 1, 1]];
    const { loss } = await evaluate(shape, logits, (g, maps) => ({ loss: heatmapCrossEntropy(g, maps, constant(maps, px, [2, 3]), constant(maps, py, [2, 3]), constant(maps, weight, [2, 3]), wholeBatch, 0.8) }));
    let total = 0;
    for (let b = 0; b < 2; b++) for (let p = 0; p < 3; p++) {
      const i = b * 3 + p;
      if (weight[i] === 0) continue;
      const cells = Array.from({ length: 35 }, (_, k) => ({ r: Math.floor(k / 7), c: k % 7, z: logits[(b * 35 + k) * 3 + p]! }));
      const bump = cells.map(({ r, c }) => Math.exp(-((c + 0.5 - px[i]! * 7) ** 2 + (r + 0.5 - py[i]! * 5) ** 2) / (2 * 0.8 ** 2)));
      const bumps = bump.reduce((a, v) => a + v, 0);
      const logSum = Math.log(cells.reduce((a, { z }) => a + Math.exp(z), 0));
      cells.forEach(({ z }, k) => (total -= (bump[k]! / bumps) * (z - logSum)));
    }
    expect(loss![0]).toBeCloseTo(total / 5, 4);
  });

  it('gradients agree with differences and with tfjs', async () => {
    for (const f of [
      (maps: Value) => ops.concat(Object.values(softArgmax(maps.graph as Graph, maps)), 1),
      (maps: Value) => heatmapCrossEntropy(maps.graph as Graph, maps, constant(maps, [0.3, 0.9, 0.5, 0.1, 0.6, 0.7], [2, 3]), constant(maps, [0.2, 0.4, 0.6, 0.8, 0.5, 0.1], [2, 3]), constant(maps, [1, 0, 1, 1, 1, 1], [2, 3])),
    ]) {
      const { engines, differences } = await checkGradients({ maps: { shape, range: [-2, 2] } }, ({ maps }) => f(maps!));
      expect(engines).toBeLessThan(1e-4);
      expect(differences).toBeLessThan(2e-2);
    }
  });
});
