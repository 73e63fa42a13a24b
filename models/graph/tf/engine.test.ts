import { describe, expect, it } from 'vitest';
import { ortEngine } from '../../node/ortEngine';
import { tfEngine } from '../../node/tfEngine';
import { float32, type Engine, type Tensors } from '../../runtime/engine';
import { tf } from '../../runtime/tf';
import { randomTensor, relativeDifference, type CheckInput } from '../../testing/gradcheck';
import { convolutions, distinct, elementwise, movement, plainOf, pools } from '../../testing/gradientCases';
import { gradients, Graph, ops as o, windowOutputs, type Program, type Value } from '..';

/** The largest difference of the two engines in f, its gradients and theirs. */
async function difference(inputs: Record<string, CheckInput>, f: (values: Record<string, Value>) => Value): Promise<number> {
  const graph = new Graph();
  const values = Object.fromEntries(Object.entries(inputs).map(([name, { shape, layout }]) => [name, graph.input(name, shape, 'float32', layout)]));
  const wrt = Object.values(values);
  const weighted = (value: Value, key: string) => o.reduceSum(o.mul(value, graph.constant(randomTensor(value.shape, key).data, value.shape)));
  const first = gradients(weighted(f(values), 'weights'), wrt);
  const second = gradients(first.flatMap((value, i) => (value ? [weighted(value, `second${i}`)] : [])).reduce((a, b) => o.add(a, b)), wrt);
  const outputs = Object.fromEntries([f(values), ...first, ...second].flatMap((value, i) => (value ? [[`y${i}`, value] as const] : [])));
  const feeds: Tensors = Object.fromEntries(Object.entries(inputs).map(([name, { shape, range, data }]) => [name, data ? float32(data, shape) : randomTensor(shape, name, range)]));
  const run = async (engine: Engine): Promise<Tensors> => {
    const executable = await engine.compile({ outputs });
    const results = await executable.run(feeds);
    await executable.dispose();
    return results;
  };
  const [mine, truth] = [await run(tfEngine), await run(ortEngine)];
  return Math.max(...Object.keys(outputs).map((name) => relativeDifference(mine[name]!.data, truth[name]!.data)));
}

describe('tfjs on WASM gives what ONNX Runtime gives, gradients and their gradients included', () => {
  it.each([...elementwise, ...movement])('%s', async (_name, inputs, f) => {
    expect(await difference(inputs, f)).toBeLessThan(1e-4);
  });
  it.each(convolutions)('conv %s', async (_name, n, size, kernel, attributes, cin, cout) => {
    const attrs = { ...plainOf(size.length), ...attributes };
    const w: CheckInput = { shape: [...kernel, cin / attrs.groups, cout], layout: 'kernel' };
    expect(await difference({ x: { shape: [n, ...size, cin] }, w }, ({ x, w: filter }) => o.square(o.conv(x!, filter!, attrs)))).toBeLessThan(1e-4);
    const outputs = windowOutputs(size, kernel, attrs);
    expect(await difference({ y: { shape: [n, ...outputs, cout] }, w }, ({ y, w: filter }) => o.convInput(y!, filter!, attrs, size))).toBeLessThan(1e-4);
  });
  it.each(pools)('pools %s', async (_name, size, attrs) => {
    expect(await difference({ x: distinct([2, ...size, 3]) }, ({ x }) => o.square(o.maxPool(x!, attrs)))).toBeLessThan(1e-4);
    expect(await difference({ x: { shape: [2, ...size, 3] } }, ({ x }) => o.square(o.avgPool(x!, attrs)))).toBeLessThan(1e-4);
  });
  it('resizing', async () => {
    expect(await difference({ x: { shape: [2, 3, 5, 2] } }, ({ x }) => o.square(o.resizeNearest(x!, [2, 3])))).toBeLessThan(1e-4);
  });
});

describe('the tfjs engine', () => {
  const counter = (): Program => {
    const graph = new Graph();
    const [total, step] = [graph.input('total', [2]), graph.input('step', [2])];
    const next = o.add(total, step);
    return { outputs: { total: next, twice: o.mul(next, 2) }, state: { total: next } };
  };

  it('keeps state between runs, and leaves no tensor behind', async () => {
    await tfEngine.compile({ outputs: {} });
    const before = tf.memory().numTensors;
    const executable = await tfEngine.compile(counter());
    executable.writeState('total', float32(Float32Array.of(10, 20), [2]));
    const step = float32(Float32Array.of(1, 2), [2]);
    await executable.run({ step });
    const { total, twice } = await executable.run({ step });
    expect([Array.from(total!.data), Array.from(twice!.data), Array.from(executable.readState('total').data)]).toEqual([[12, 24], [24, 48], [12, 24]]);
    await executable.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what was not fed, or fed wrong', async () => {
    const executable = await tfEngine.compile(counter());
    await expect(executable.run({})).rejects.toThrow('input step was not fed');
    await expect(executable.run({ step: float32(new Float32Array(3), [3]) })).rejects.toThrow('input step is float32 [2], fed was float32 [3]');
    expect(() => executable.readState('nothing')).toThrow('no state named nothing');
    await executable.dispose();
  });

  it('has a name that says what it runs on', () => {
    expect(tfEngine.name).toBe('tfjs:wasm');
  });
});
