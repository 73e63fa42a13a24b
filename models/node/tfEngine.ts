/** tfjs in Node: on WASM, whose kernels come with the package. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { tfEngineOn } from '../runtime/tfEngine';
import { type Engine } from '../runtime/engine';

const require = createRequire(import.meta.url);
setWasmPaths(`${path.join(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'wasm-out')}${path.sep}`);

/** Runs where ONNX Runtime cannot; several times slower than it, and bounded by WASM's 4 GB. */
export const tfEngine: Engine = tfEngineOn('wasm');
