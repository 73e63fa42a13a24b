import { describe, expect, it } from 'vitest';
import { Graph, ops } from '../graph';
import { float32 } from '../runtime/engine';
import { engineFor } from './engines';

describe('the engine of a setting', () => {
  it.each([['', 'ort'], ['auto', 'ort'], ['ort', 'ort'], [' ORT:cpu', 'ort'], ['tfjs', 'tfjs:wasm'], ['tfjs:wasm', 'tfjs:wasm']])('"%s" is %s, and computes', async (setting, name) => {
    const engine = await engineFor(setting);
    expect(engine.name).toBe(name);
    const graph = new Graph();
    const executable = await engine.compile({ outputs: { y: ops.mul(graph.input('x', [2]), 3) } });
    expect(Array.from((await executable.run({ x: float32(Float32Array.of(1, 2), [2]) })).y!.data)).toEqual([3, 6]);
    await executable.dispose();
  });

  it('is one object', async () => {
    expect(await engineFor('ort')).toBe(await engineFor('ort'));
  });

  it('that cannot be had says what is missing', async () => {
    await expect(engineFor('ort:abacus')).rejects.toThrow(/no execution provider abacus, only .*cpu/);
    await expect(engineFor('tfjs:node')).rejects.toThrow('@tensorflow/tfjs-node is not installed');
    await expect(engineFor('torch')).rejects.toThrow('FIELDMARK_ENGINE is "torch", but must be auto, ort');
  });
});
