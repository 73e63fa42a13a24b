import { describe, expect, it } from 'vitest';
import { float32 } from '../runtime/engine';
import { checkGradients, randomTensor, relativeDifference, runWithOrt, type CheckInput } from '../testing/gradcheck';
import { convolutions, distinct, elementwise, image, movement, plainConv, plainOf, pools } from '../testing/gradientCases';
import { Graph } from './graph';
import { gradients } from './gradients';
import * as o from './ops';
import { windowOutputs } from './shapes';
import { evaluateWithTf } from './tf/oracle';

async function expectClose(check: ReturnType<typeof checkGradients>): Promise<void> {
  const { engines, differences } = await check;
  expect(engines).toBeLessThan(1e-4);
  expect(differences).toBeLessThan(2e-2);
}

describe('gradients agree with the oracle and with central differences', () => {
  it.each([...elementwise, ...movement])('%s', async (_name, inputs, f) => {
    await expectClose(checkGradients(inputs, f));
  });

  it.each(convolutions)('conv %s', async (_name, n, size, kernel, attributes, cin, cout) => {
    const attrs = { ...plainOf(size.length), ...attributes };
    const inputs: Record<string, CheckInput> = { x: { shape: [n, ...size, cin] }, w: { shape: [...kernel, cin / attrs.groups, cout], layout: 'kernel' } };
    await expectClose(checkGradients(inputs, ({ x, w }) => o.conv(x!, w!, attrs)));
    await expectClose(checkGradients(inputs, ({ x, w }) => o.square(o.conv(x!, w!, attrs)), { second: true }));
  });

  it.each(convolutions)('transposed conv %s', async (_name, n, size, kernel, attributes, cin, cout) => {
    const attrs = { ...plainOf(size.length), ...attributes };
    const output = windowOutputs(size, kernel, attrs);
    const inputs: Record<string, CheckInput> = { y: { shape: [n, ...output, cout] }, w: { shape: [...kernel, cin / attrs.groups, cout], layout: 'kernel' } };
    await expectClose(checkGradients(inputs, ({ y, w }) => o.square(o.convInput(y!, w!, attrs, size))));
  });

  it.each(pools)('maxPool %s', async (_name, size, attrs) => {
    await expectClose(checkGradients({ x: distinct([2, ...size, 3]) }, ({ x }) => o.square(o.maxPool(x!, attrs))));
    await expectClose(checkGradients({ x: distinct([2, ...size, 3]) }, ({ x }) => o.square(o.maxPool(x!, attrs)), { second: true }));
  });

  it.each(pools)('avgPool %s', async (_name, size, attrs) => {
    await expectClose(checkGradients({ x: { shape: [2, ...size, 3] } }, ({ x }) => o.square(o.avgPool(x!, attrs))));
  });

  it('resizeNearest', async () => {
    await expectClose(checkGradients({ x: image }, ({ x }) => o.square(o.resizeNearest(x!, [2, 3]))));
    await expectClose(checkGradients({ x: { shape: [2, 2, 3, 2, 3] } }, ({ x }) => o.square(o.resizeNearest(x!, [2, 1, 3]))));
  });
});

it('batch norm of a large map, which is written otherwise, agrees too', async () => {
  const graph = new Graph();
  const shape = [2, 64, 64, 72];
  const [x, g, b, d] = [graph.input('x', shape), graph.input('g', [72]), graph.input('b', [72]), graph.input('d', shape)];
  const { y, mean, variance } = o.batchNorm(x, g, b, 1e-3);
  const [dx, dg, db] = gradients(o.reduceSum(o.mul(y, d)), [x, g, b]);
  const program = { outputs: { y, mean, variance, dx: dx!, dg: dg!, db: db! } };
  const feeds = { x: randomTensor(shape, 'x', [-1, 5]), g: randomTensor([72], 'g'), b: randomTensor([72], 'b'), d: randomTensor(shape, 'd') };
  const [found, truth] = [await runWithOrt(program, feeds), evaluateWithTf(program, feeds).outputs];
  for (const name of Object.keys(program.outputs)) expect(relativeDifference(found[name]!.data, truth[name]!.data), name).toBeLessThan(1e-4);
});

describe('gradients', () => {
  describe('of a maximum that several numbers share', () => {
    /** dy of each window of a map, and what of it comes to the places of that window. Windows of 2×2 lie side by side. */
    async function shares(data: number[], size: readonly [number, number], pads: number[]): Promise<{ dy: number; places: number[] }[]> {
      const graph = new Graph();
      const x = graph.input('x', [1, ...size, 1]);
      const y = o.maxPool(x, { size: [2, 2], strides: [2, 2], pads });
      const [, rows, columns] = y.shape as readonly [number, number, number, number];
      const dy = Float32Array.from({ length: rows * columns }, (_, i) => (i + 1) * (i % 2 === 0 ? 1 : -1));
      const [dx] = gradients(o.reduceSum(o.mul(y, graph.constant(dy, y.shape))), [x]);
      const feeds = { x: float32(Float32Array.from(data), x.shape) };
      const [found, truth] = [await runWithOrt({ outputs: { dx: dx! } }, feeds), evaluateWithTf({ outputs: { dx: dx! } }, feeds).outputs];
      expect(found.dx!.data).toEqual(truth.dx!.data);
      return Array.from(dy, (value, window) => {
        const [top, left] = [2 * Math.floor(window / columns), 2 * (window % columns)];
        const inside = [[0, 0], [0, 1], [1, 0], [1, 1]].map(([r, c]) => [top + r!, left + c!] as const).filter(([r, c]) => r < size[0] && c < size[1]);
        return { dy: value, places: inside.map(([r, c]) => found.dx!.data[r * size[1] + c]! + 0) };
      });
    }

    it('is divided among them where windows do not overlap', async () => {
      // Four equal ones, two of four, one alone, and three equal negative ones.
      const found = await shares([7, 7, 5, 1, 7, 7, 2, 5, 3, 0, -4, -4, 1, 2, -9, -4], [4, 4], [0, 0, 0, 0]);
      expect(found.map(({ places }) => places)).toEqual([[0.25, 0.25, 0.25, 0.25], [-1, 0, 0, -1], [3, 0, 0, 0], [-4 / 3, -4 / 3, 0, -4 / 3].map(Math.fround)]);
      for (const { dy, places } of found) expect(places.reduce((a, b) => a + b)).toBeCloseTo(dy, 5);
    });

    it('goes to one of them where windows reach over the edge, as where they overlap', async () => {
      const found = await shares(Array<number>(9).fill(-2), [3, 3], [0, 0, 1, 1]);
      for (const { dy, places } of found) expect(places.toSorted((a, b) => Math.abs(a) - Math.abs(b))).toEqual([...Array<number>(places.length - 1).fill(0), dy]);
    });

    it('comes to the sum of all where windows overlap', async () => {
      const graph = new Graph();
      const x = graph.input('x', [2, 7, 5, 3]);
      const y = o.maxPool(x, { size: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
      const dy = randomTensor(y.shape, 'dy');
      const [dx] = gradients(o.reduceSum(o.mul(y, graph.constant(dy.data, y.shape))), [x]);
      const total = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
      const { dx: found } = await runWithOrt({ outputs: { dx: dx! } }, { x: float32(new Float32Array(210), x.shape) });
      expect(total(found!.data)).toBeCloseTo(total(dy.data), 4);
    });
  });

  it('ends at stopGradient and at what the loss does not depend on', () => {
    const graph = new Graph();
    const [a, b, c] = [graph.input('a', [3]), graph.input('b', [3]), graph.input('c', [3])];
    const loss = o.reduceSum(o.mul(a, o.stopGradient(b)));
    expect(gradients(loss, [a, b, c]).map((value) => value !== null)).toEqual([true, false, false]);
  });

  it('costs nothing for what is frozen', () => {
    const graph = new Graph();
    const x = graph.input('x', [1, 6, 6, 2]);
    const [frozen, trained] = [graph.input('frozen', [3, 3, 2, 2], 'float32', 'kernel'), graph.input('trained', [1, 1, 2, 2], 'float32', 'kernel')];
    const loss = o.reduceSum(o.square(o.conv(o.conv(x, frozen, plainConv), trained, plainConv)));
    gradients(loss, [trained]);
    expect(graph.nodes.filter((node) => node.op === 'convFilter')).toHaveLength(1);
    expect(graph.nodes.some((node) => node.op === 'convInput')).toBe(false);
  });

  it('refuses a loss of many numbers', () => {
    const x = new Graph().input('x', [3]);
    expect(() => gradients(x, [x])).toThrow('one float32 number');
  });
});
