/**
 * Which engine runs: chosen once at start, by the setting FIELDMARK_ENGINE.
 *
 * | setting | engine |
 * |---|---|
 * | nothing, `auto` | ONNX Runtime on the CPU; tfjs on WASM where ONNX Runtime cannot be loaded |
 * | `ort` | ONNX Runtime on the CPU |
 * | `ort:cuda`, `ort:webgpu`, … | ONNX Runtime on that execution provider, where this build has it |
 * | `tfjs` | tfjs on WASM |
 * | `tfjs:node` | tfjs on `@tensorflow/tfjs-node`, where somebody has installed it |
 *
 * Nothing of an engine is loaded before it is asked for, nor is ONNX Runtime by anything else here. GPU providers and tfjs-node could not be tried where this was
 * written.
 */
import { type Engine } from '../runtime/engine';
import { onnxRuntime } from './onnxRuntime';

const known = new Map<string, Promise<Engine>>();

/** The engine of a setting. Rejects with an Error that says what is missing, or which settings there are. */
export function engineFor(setting = process.env['FIELDMARK_ENGINE'] ?? ''): Promise<Engine> {
  const key = setting.trim().toLowerCase() || 'auto';
  let engine = known.get(key);
  if (!engine) known.set(key, (engine = start(key)));
  return engine;
}

/**
 * Execution providers for models that only ONNX Runtime runs (uploaded ones): those of the engine that is set, else the CPU.
 */
export async function onnxProviders(): Promise<readonly string[]> {
  return (await engineFor()).providers ?? ['cpu'];
}

async function start(setting: string): Promise<Engine> {
  const [kind, variant] = setting.split(':') as [string, string | undefined];
  if (setting === 'auto') return onnxRuntime().then(async () => (await import('./ortEngine')).ortEngine, async () => (await import('./tfEngine')).tfEngine);
  if (kind === 'ort') {
    await onnxRuntime().catch((error: Error) => {
      throw new Error(`${error.message}; set FIELDMARK_ENGINE=tfjs to do without it`, { cause: error });
    });
    const { ortEngineOn } = await import('./ortEngine');
    return ortEngineOn(variant ?? 'cpu');
  }
  if (kind === 'tfjs' && (variant === undefined || variant === 'wasm')) return (await import('./tfEngine')).tfEngine;
  if (setting === 'tfjs:node') return tfjsNode();
  throw new Error(`FIELDMARK_ENGINE is "${setting}", but must be auto, ort, ort:<execution provider>, tfjs or tfjs:node`);
}

/** tfjs-node is not among the dependencies: its installation fetches a library from elsewhere. */
async function tfjsNode(): Promise<Engine> {
  const name = '@tensorflow/tfjs-node';
  try {
    await import(/* webpackIgnore: true */ name);
  } catch (error) {
    throw new Error(`FIELDMARK_ENGINE is "tfjs:node", but ${name} is not installed: npm install ${name}`, { cause: error });
  }
  const { tfEngineOn } = await import('../runtime/tfEngine');
  return { ...tfEngineOn('tensorflow'), name: 'tfjs:node' };
}
