/** What a lowering sees of its layer and of the graph it adds to. */
import type * as tf from '@tensorflow/tfjs';
import { type Graph, type InputLayout, type Value } from '../graph';

/** A weight of the model as an input of the graph. */
export interface LoweredWeight {
  /** Unique in the model: layer name / weight name, as model.json has it. */
  name: string;
  value: Value;
  /** How a back end would like to keep it. */
  layout: InputLayout;
  /** Shape in tf.layers; the graph's may differ, with the same numbers in the same order. */
  shape: readonly number[];
  trainable: boolean;
  /** Biases, normalisation's scales and shifts, statistics: weight decay leaves them alone. */
  decays: boolean;
}

export interface LayerContext {
  graph: Graph;
  layer: tf.layers.Layer;
  /** `layer.getConfig()`: plain JSON, the same in every version that reads the model. */
  config: Record<string, unknown>;
  /** Training mode of this layer; a frozen layer runs in inference mode. */
  training: boolean;
  /** The layer's weight of this (unscoped) name as an input, shaped as asked. */
  weight(name: string, options?: { shape?: readonly number[]; layout?: InputLayout; decays?: boolean }): Value;
  /** Declares that a weight which gradients do not train moves towards a statistic of the batch by 1 − momentum. */
  statistic(name: string, ofBatch: Value, momentum: number): void;
  /** An input fed at each step with 0/1 numbers, drawn by a generator keyed by step and layer. */
  mask(shape: readonly number[], keep: number): Value;
}

/** Adds one layer to the graph. `inputs` are the layer's input values. */
export type LayerLowering = (context: LayerContext, inputs: readonly Value[]) => Value;
