/** What an engine compiles: outputs to compute, state that stays inside from run to run, and inputs known in advance. */
import { type TensorData, type Value } from './types';

export interface Program {
  /** Results of a run, by name. */
  outputs: Record<string, Value>;
  /** Inputs that the engine keeps between runs (weights, moments): input name to its next value. */
  state?: Record<string, Value>;
  /** Inputs whose value never changes: baked in, so that the engine can prepare them once. */
  constants?: Record<string, TensorData>;
}
