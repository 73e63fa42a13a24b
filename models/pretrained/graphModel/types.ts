/** What a reader of one TensorFlow operation sees. */
import { type Graph, type Value } from '../../graph';
import { type Reader } from './attributes';

export interface OpContext {
  graph: Graph;
  attrs: Reader;
  /** Values of the inputs, in order. */
  inputs: readonly Value[];
  /** Input `index`. Throws when there is none. */
  input(index: number): Value;
  /** The numbers of an input that is known when the graph is built: shapes, axes, pads. */
  numbers(index: number): number[];
}

/** The results of an operation; most have one. */
export type OpReader = (context: OpContext) => Value | Value[];
export type OpFamily = Readonly<Record<string, OpReader>>;
