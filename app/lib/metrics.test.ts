import { expect, it } from 'vitest';
import { engineFor } from '@/models/node/engines';
import { tfEngineOn } from '@/models/runtime/tfEngine';
import { engineTitle } from './metrics';

it('engines are told by names that people know', async () => {
  expect(engineTitle((await engineFor('ort')).name)).toBe('ONNX Runtime');
  expect(engineTitle((await engineFor('tfjs')).name)).toBe('TensorFlow.js on WebAssembly');
  for (const [backend, on] of [['webgl', 'WebGL'], ['webgpu', 'WebGPU']] as const) expect(engineTitle(tfEngineOn(backend).name)).toBe(`TensorFlow.js on ${on}`);
  expect(engineTitle('tfjs:node')).toBe('TensorFlow.js on its native library');
  expect(engineTitle('ort:cuda')).toBe('ONNX Runtime on CUDA');
  // A provider of a build to come goes by its own name.
  expect(engineTitle('ort:qnn')).toBe('ONNX Runtime on qnn');
  expect(engineTitle('torch')).toBe('torch');
});
