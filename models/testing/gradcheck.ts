/**
 * For tests: is a derived gradient right, and does it run right? Central differences judge the rules it was derived by; the
 * tfjs oracle, which evaluates the same graph one primitive after another, judges the engine. (tfjs's own gradients are what
 * lowered layers are compared with, in `lower/`.)
 */
import { gradients, Graph, ops, type Program, sizeOf, type TensorData, type Value } from '../graph';
import { evaluateWithTf } from '../graph/tf/oracle';
import { ortEngine } from '../node/ortEngine';
import { randomFor } from '../runtime/random';
import { float32, type Tensors } from '../runtime/engine';

export interface CheckInput {
  shape: readonly number[];
  layout?: 'plain' | 'kernel';
  /** Uniform in [low, high); default −1 … 1. */
  range?: readonly [number, number];
  data?: Float32Array;
}

export interface GradCheck {
  /** Largest difference between engines, relative to the largest number of each result. */
  engines: number;
  /** Largest difference to central differences, likewise. */
  differences: number;
}

export function randomTensor(shape: readonly number[], key: string, [low, high]: readonly [number, number] = [-1, 1]): TensorData {
  const random = randomFor('test', key);
  return float32(Float32Array.from({ length: sizeOf(shape) }, () => random.between(low, high)), shape);
}

export async function runWithOrt(program: Program, feeds: Tensors, threads = 1): Promise<Tensors> {
  const executable = await ortEngine.compile(program, { threads });
  try {
    return await executable.run(feeds);
  } finally {
    await executable.dispose();
  }
}

/** Largest |a − b| over the largest |b| (at least 1e-6). */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let difference = 0;
  let scale = 1e-6;
  for (let i = 0; i < a.length; i++) {
    if (!Number.isFinite(a[i]!) || !Number.isFinite(b[i]!)) return Infinity;
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    scale = Math.max(scale, Math.abs(b[i]!));
  }
  return difference / scale;
}

/**
 * Gradients of sum(weights · f(inputs)) with respect to every input, for fixed random weights.
 * `second` also checks the gradient of the gradient, which shows that the family of primitives is closed.
 */
export async function checkGradients(inputs: Record<string, CheckInput>, f: (values: Record<string, Value>) => Value, { second = false, step = 1e-2 } = {}): Promise<GradCheck> {
  const graph = new Graph();
  const values = Object.fromEntries(Object.entries(inputs).map(([name, { shape, layout }]) => [name, graph.input(name, shape, 'float32', layout)]));
  const names = Object.keys(inputs);
  const weighted = (value: Value, key: string) => ops.reduceSum(ops.mul(value, graph.constant(randomTensor(value.shape, key).data, value.shape)));
  let loss = weighted(f(values), 'weights');
  if (second) {
    const first = gradients(loss, names.map((name) => values[name]!));
    loss = first.flatMap((value, i) => (value ? [weighted(value, `second${i}`)] : [])).reduce((a, b) => ops.add(a, b));
  }
  const derived = gradients(loss, names.map((name) => values[name]!));
  const outputs: Record<string, Value> = { loss };
  names.forEach((name, i) => {
    if (derived[i]) outputs[`d_${name}`] = derived[i];
  });
  const feeds: Tensors = Object.fromEntries(Object.entries(inputs).map(([name, { shape, range, data }]) => [name, data ? float32(data, shape) : randomTensor(shape, name, range)]));
  const program = { outputs };
  const measured = await runWithOrt(program, feeds);
  const oracle = evaluateWithTf(program, feeds).outputs;
  const engines = Math.max(...Object.keys(outputs).map((name) => relativeDifference(measured[name]!.data, oracle[name]!.data)));

  const executable = await ortEngine.compile({ outputs: { loss } });
  let differences = 0;
  for (const [i, name] of names.entries()) {
    if (!derived[i]) continue;
    const tensor = feeds[name]!;
    const random = randomFor('differences', name);
    const places = tensor.data.length <= 24 ? Array.from(tensor.data, (_, k) => k) : Array.from({ length: 24 }, () => random.below(tensor.data.length));
    const at = async (place: number, delta: number) => {
      const data = tensor.data.slice() as Float32Array;
      data[place]! += delta;
      return (await executable.run({ ...feeds, [name]: float32(data, tensor.shape) })).loss!.data[0]!;
    };
    const estimated: number[] = [];
    const exact: number[] = [];
    for (const place of places) {
      estimated.push(((await at(place, step)) - (await at(place, -step))) / (2 * step));
      exact.push(measured[`d_${name}`]!.data[place]!);
    }
    differences = Math.max(differences, relativeDifference(estimated, exact));
  }
  await executable.dispose();
  return { engines, differences };
}
