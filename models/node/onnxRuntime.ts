/**
 * ONNX Runtime, loaded when something is first run on it: where its native library cannot be loaded, everything that can do
 * without it goes on. Beside the engine's own file, which is loaded likewise, nothing else imports it.
 */
import type * as Ort from 'onnxruntime-node';
import { type CompileOptions } from '../runtime/engine';

export type OnnxRuntime = typeof Ort;

/** Rejects with an Error that says why it cannot be loaded. */
export async function onnxRuntime(): Promise<OnnxRuntime> {
  try {
    return await import('onnxruntime-node');
  } catch (error) {
    throw new Error(`ONNX Runtime cannot be loaded here (${(error as Error).message})`, { cause: error });
  }
}

/** Numbers for an input of a session. */
export interface OnnxFeed {
  type: 'float32' | 'float16' | 'uint8' | 'int32';
  data: Float32Array | Uint16Array | Uint8Array | Int32Array;
  dims: readonly number[];
}

export const tensorOf = ({ Tensor }: OnnxRuntime, { type, data, dims }: OnnxFeed): Ort.Tensor => new Tensor(type, data as never, dims);

/**
 * ONNX Runtime's options for one session. Threads spin for 50 µs after their share of a node, about as long as it takes to
 * the next one, and not between runs: waking them for each of a thousand nodes costs a step some 3 %, while pools that spin
 * for long on a busy machine are slower than one thread.
 */
export function sessionOptions({ threads = 1, keepMemory = true }: CompileOptions = {}, providers: readonly string[] = ['cpu']): Ort.InferenceSession.SessionOptions {
  return {
    executionProviders: [...providers],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableCpuMemArena: keepMemory,
    // The pattern is one more block of memory beside the arena's: twice the memory, and no faster.
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '1', spin_duration_us: '50' }, force_spinning_stop: '1' } },
  };
}
