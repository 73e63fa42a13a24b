import { describe, expect, it } from 'vitest';
import { Graph, gradients, ops, type Value } from '../graph';
import { evaluateWithTf } from '../graph/tf/oracle';
import { float32 } from '../runtime/engine';
import { checkGradients, randomTensor, runWithOrt } from '../testing/gradcheck';
import { pixelCrossEntropy, segmentationLoss, softDice } from './segmentation';

const shape = [2, 3, 5, 4];
/** Shares that sum to one, but for cells that are ignored, wholly or in part. */
const shares = (ignored: (cell: number) => number): Float32Array => {
  const raw = randomTensor(shape, 'shares', [0, 1]).data as Float32Array;
  return raw.map((_, i) => {
    const cell = Math.floor(i / 4);
    const row = raw.subarray(cell * 4, cell * 4 + 4);
    return (raw[i]! / row.reduce((a, b) => a + b, 0)) * (1 - ignored(cell));
  });
};
const some = shares((cell) => (cell % 3 === 0 ? 1 : cell % 3 === 1 ? 0.25 : 0));
const logits = randomTensor(shape, 'logits', [-3, 3]).data as Float32Array;

async function evaluate(f: (graph: Graph, z: Value, t: Value) => Value, z: Float32Array, t: Float32Array, of: number[] = shape): Promise<number> {
  const graph = new Graph();
  const program = { outputs: { loss: f(graph, graph.input('z', of), graph.input('t', of)) } };
  return (await runWithOrt(program, { z: float32(z, of), t: float32(t, of) })).loss!.data[0]!;
}

/** The definitions, cell by cell. */
function byHand(z: Float32Array, t: Float32Array, weights = [1, 1, 1, 1]) {
  const p = z.map((_, i) => {
    const row = z.subarray(Math.floor(i / 4) * 4, Math.floor(i / 4) * 4 + 4);
    return Math.exp(z[i]!) / row.reduce((sum, v) => sum + Math.exp(v), 0);
  });
  let [loss, total] = [0, 0];
  p.forEach((value, i) => {
    loss -= weights[i % 4]! * t[i]! * Math.log(value);
    total += weights[i % 4]! * t[i]!;
  });
  const counted = p.map((value, i) => value * t.subarray(Math.floor(i / 4) * 4, Math.floor(i / 4) * 4 + 4).reduce((a, b) => a + b, 0));
  const sum = (values: Float32Array, c: number) => values.reduce((s, v, i) => (i % 4 === c ? s + v : s), 0);
  const dice = [0, 1, 2, 3].map((c) => (2 * sum(counted.map((v, i) => v * t[i]!), c) + 1) / (sum(counted, c) + sum(t, c) + 1));
  return { crossEntropy: loss / total, dice: 1 - dice.reduce((a, b) => a + b, 0) / 4 };
}

describe('pixel cross-entropy', () => {
  it('is −log p of the shares, weighted by class, without what is ignored', async () => {
    expect(await evaluate((g, z, t) => pixelCrossEntropy(g, z, t), logits, some)).toBeCloseTo(byHand(logits, some).crossEntropy, 5);
    const weights = [0.5, 1, 2, 4];
    expect(await evaluate((g, z, t) => pixelCrossEntropy(g, z, t, weights), logits, some)).toBeCloseTo(byHand(logits, some, weights).crossEntropy, 5);
  });

  it('does not read ignored cells, and is 0 when there is nothing else', async () => {
    const changed = logits.map((z, i) => (Math.floor(i / 4) % 3 === 0 ? z + 50 * (i % 4) : z));
    const f = (g: Graph, z: Value, t: Value) => segmentationLoss(g, z, t).loss;
    expect(await evaluate(f, changed, some)).toBeCloseTo(await evaluate(f, logits, some), 5);
    expect(await evaluate((g, z, t) => pixelCrossEntropy(g, z, t), logits, new Float32Array(some.length))).toBe(0);
  });

  it('does not overflow', async () => {
    expect(await evaluate((g, z, t) => pixelCrossEntropy(g, z, t), Float32Array.of(1000, 0, -1000, 0), Float32Array.of(1, 0, 0, 0), [1, 1, 1, 4])).toBeCloseTo(0, 5);
    expect(await evaluate((g, z, t) => pixelCrossEntropy(g, z, t), Float32Array.of(1000, 0, -1000, 0), Float32Array.of(0, 1, 0, 0), [1, 1, 1, 4])).toBeCloseTo(1000, 1);
  });
});

describe('soft Dice', () => {
  it('agrees with its definition', async () => {
    expect(await evaluate((_g, z, t) => softDice(z, t), logits, some)).toBeCloseTo(byHand(logits, some).dice, 5);
  });

  it('is near 0 for a sure and right answer, near 1 for a sure and wrong one, and leaves out classes that do not occur', async () => {
    // Two classes of four, half of the cells each: the other two would have Dice 1 / 1 or worse.
    const right = Float32Array.from({ length: 400 }, (_, i) => (i % 4 === Math.floor(i / 4) % 2 ? 1 : 0));
    const sure = right.map((t) => 30 * t);
    const wrong = Float32Array.from({ length: 400 }, (_, i) => (i % 4 === (Math.floor(i / 4) + 1) % 2 ? 30 : 0));
    const of = [1, 10, 10, 4];
    expect(await evaluate((_g, z, t) => softDice(z, t), sure, right, of)).toBeCloseTo(0, 4);
    expect(await evaluate((_g, z, t) => softDice(z, t), wrong, right, of)).toBeCloseTo(1 - 1 / 101, 3);
  });
});

describe('gradients', () => {
  it('of both agree with differences, on both engines', async () => {
    const target = (z: Value) => (z.graph as Graph).constant(some, shape);
    for (const f of [
      (z: Value) => pixelCrossEntropy(z.graph as Graph, z, target(z), [1, 2, 0.5, 1]),
      (z: Value) => softDice(z, target(z)),
    ]) {
      const check = await checkGradients({ z: { shape, range: [-2, 2] } }, ({ z }) => f(z!));
      expect(check.engines).toBeLessThan(1e-4);
      expect(check.differences).toBeLessThan(2e-2);
    }
  });

  it('of the cross-entropy is softmax − target over the number of counted pixels', async () => {
    const graph = new Graph();
    const z = graph.input('z', [1, 1, 2, 2]);
    const loss = pixelCrossEntropy(graph, z, graph.constant(Float32Array.of(1, 0, 0, 1), [1, 1, 2, 2]));
    const { dz } = evaluateWithTf({ outputs: { dz: ops.mul(gradients(loss, [z])[0]!, 2) } }, { z: float32(Float32Array.of(0, 0, Math.log(3), 0), [1, 1, 2, 2]) }).outputs;
    [-0.5, 0.5, 0.75, -0.75].forEach((expected, i) => expect(dz!.data[i]).toBeCloseTo(expected, 5));
  });
});
