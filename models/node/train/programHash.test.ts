import { describe, expect, it } from 'vitest';
import { Graph, ops, type Program, type Value } from '../../graph';
import { type ModelDesign } from '../../runtime/card';
import { programHash } from './programHash';

const design = { inputSize: { width: 4, height: 4 }, normalisation: { mean: [0, 0, 0], std: [1, 1, 1] } } as unknown as ModelDesign;

/** Multiplies by a weight, and ends in a step without weights. */
function program(end: (x: Value) => Value, weight = 1, table = 0): Program {
  const graph = new Graph();
  const image = graph.input('image', [2, 8]);
  const scale = graph.input('weight', [8]);
  const bias = graph.constant(new Float32Array(100).fill(table), [100]);
  const y = ops.add(ops.mul(image, scale), ops.slice(bias, [0], [8]));
  return { outputs: { feature: end(y) }, constants: { weight: { dtype: 'float32', shape: [8], data: new Float32Array(8).fill(weight) } } };
}
const relu = () => program(ops.relu);

describe('the hash of a program', () => {
  it('is the same for the same program built again', () => {
    expect(programHash(relu(), design)).toBe(programHash(relu(), design));
  });

  it('differs by what follows the weights, the weights, large constants, and the image', () => {
    const all = [
      programHash(relu(), design),
      programHash(program(ops.sigmoid), design),
      programHash(program((x) => ops.relu(ops.relu(ops.sigmoid(x)))), design),
      programHash(program(ops.relu, 2), design),
      programHash(program(ops.relu, 1, 1), design),
      programHash(relu(), { ...design, inputSize: { width: 4, height: 8 } }),
      programHash(relu(), { ...design, normalisation: { mean: [1, 0, 0], std: [1, 1, 1] } } as unknown as ModelDesign),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
