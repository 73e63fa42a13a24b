/** What runs programs. The library is written against this interface; `models/node` has the implementations. */
import { type Program, type TensorData } from '../graph';

export type Tensors = Record<string, TensorData>;

export interface CompileOptions {
  /** Threads of one operator. Default 1. */
  threads?: number;
  /**
   * Keep freed memory for the next run. Faster by about a quarter; off saves about 40 % of memory. Default true.
   */
  keepMemory?: boolean;
}

/** A compiled program with its state. Runs must not overlap. */
export interface Executable {
  /** Computes the outputs and moves the state on. `feeds` are all inputs that are neither state nor constant. */
  run(feeds: Tensors): Promise<Tensors>;
  /** A copy of a state's present value. */
  readState(name: string): TensorData;
  writeState(name: string, value: TensorData): void;
  dispose(): Promise<void>;
}

export interface Engine {
  /** For the interface and the model's card: the library and what it runs on, such as `ort` (the CPU), `ort:cuda`, `tfjs:wasm`, `tfjs:webgl`. */
  readonly name: string;
  /** Of ONNX Runtime: its execution providers, the one that comes first first. */
  readonly providers?: readonly string[];
  /** State starts as zeros. */
  compile(program: Program, options?: CompileOptions): Promise<Executable>;
}

/** Float32 tensor. */
export const float32 = (data: Float32Array, shape: readonly number[]): TensorData => ({ dtype: 'float32', shape, data });
/** Float32 tensor of rank 0. */
export const number32 = (value: number): TensorData => float32(Float32Array.of(value), []);
