/** A tf.layers model as values of a graph. */
import type * as tf from '@tensorflow/tfjs';
import { ops, sameShape, show, sizeOf, type Graph, type GraphNode, type Value } from '../graph';
import { layerLowerings } from './layers';
import { type LayerContext, type LoweredWeight } from './types';

/** A mask that must be fed at each run: 1 with probability `keep`, else 0. */
export interface MaskInput {
  name: string;
  shape: readonly number[];
  keep: number;
}

export interface LoweredModel {
  outputs: Value[];
  weights: LoweredWeight[];
  /** Next values of weights that gradients do not train, by weight name. */
  updates: Map<string, Value>;
  masks: MaskInput[];
}

export interface LowerOptions {
  /** Batch statistics, dropout. Layers that are not trainable stay in inference mode. */
  training: boolean;
  /** The value to use for a weight; where it gives none the weight becomes a graph input of its name. */
  weight?: (name: string) => Value | undefined;
  /** The tensors of the model that `inputs` are the values of. Default: its inputs. */
  from?: readonly tf.SymbolicTensor[];
  /** The tensors whose values are wanted; only what they need is lowered. Default: the model's outputs. */
  to?: readonly tf.SymbolicTensor[];
  /** Told of each layer in order: its values, and which nodes of the graph it added (the inspector asks). */
  onLayer?: (layer: tf.layers.Layer, inputs: readonly Value[], output: Value, nodes: readonly GraphNode[]) => void;
}

/** `conv2d_1/kernel` for a weight that tf.layers calls `conv2d_1/kernel_1` on a second loading. */
export function weightNames(layer: tf.layers.Layer): { name: string; variable: tf.LayerVariable }[] {
  return layer.weights.map((variable) => {
    const unscoped = variable.originalName.split('/').at(-1)!.replace(/_\d+$/, '');
    return { name: `${layer.name}/${unscoped}`, variable };
  });
}

/**
 * Adds `model` to `graph`, its inputs being `inputs` (full shapes, batch included). Weights become graph inputs.
 * Throws an Error that names the layer and its class when there is no lowering for it.
 */
export function lowerModel(graph: Graph, model: tf.LayersModel, inputs: readonly Value[], { training, weight: given, from = model.inputs, to = model.outputs, onLayer }: LowerOptions): LoweredModel {
  const weights = new Map<string, LoweredWeight>();
  const updates = new Map<string, Value>();
  const masks: MaskInput[] = [];
  const known = new Map<number, Value>();
  from.forEach((tensor, i) => {
    const value = inputs[i];
    const expected = tensor.shape.slice(1);
    if (!value || expected.some((n, axis) => n !== null && n !== value.shape[axis + 1])) {
      throw new Error(`input ${i} of the model has the shape [batch, ${expected.join(', ')}], given was ${value ? show(value.shape) : 'nothing'}`);
    }
    known.set(tensor.id, value);
  });

  const contextOf = (layer: tf.layers.Layer): LayerContext => {
    const context: LayerContext = {
      graph,
      layer,
      config: layer.getConfig() as Record<string, unknown>,
      training: training && layer.trainable,
      weight(name, { shape, layout, decays = true } = {}) {
        const found = weightNames(layer).find((entry) => entry.name === `${layer.name}/${name}`);
        if (!found) throw new Error(`it has no weight named ${name}, only ${layer.weights.map((weight) => weight.originalName).join(', ')}`);
        const ready = weights.get(found.name);
        if (ready) return ready.value;
        const own = found.variable.shape as number[];
        const graphShape = shape ?? own;
        if (sizeOf(own) !== sizeOf(graphShape)) throw new Error(`weight ${name} has the shape ${show(own)}, expected was ${show(graphShape)}`);
        const value = given?.(found.name) ?? graph.input(found.name, graphShape, 'float32', layout);
        if (!sameShape(value.shape, graphShape)) throw new Error(`weight ${name} was given as ${show(value.shape)}, expected was ${show(graphShape)}`);
        weights.set(found.name, { name: found.name, value, layout: layout ?? 'plain', shape: own, trainable: layer.trainable && found.variable.trainable, decays });
        return value;
      },
      statistic(name, ofBatch, momentum) {
        const running = context.weight(name, { decays: false });
        updates.set(`${layer.name}/${name}`, ops.add(ops.mul(running, momentum), ops.mul(ofBatch, 1 - momentum)));
      },
      mask(shape, keep) {
        const name = `${layer.name}/mask`;
        masks.push({ name, shape, keep });
        return graph.input(name, shape);
      },
    };
    return context;
  };

  const visit = (tensor: tf.SymbolicTensor): Value => {
    const ready = known.get(tensor.id);
    if (ready) return ready;
    const layer = tensor.sourceLayer;
    if (layer.getClassName() === 'InputLayer') throw new Error(`the input ${layer.name} is needed, but is not among what is given`);
    const node = layer.inboundNodes[tensor.nodeIndex]!;
    const values = node.inputTensors.map(visit);
    const lowering = layerLowerings[layer.getClassName()];
    if (!lowering) {
      throw new Error(`layer ${layer.name}: the class ${layer.getClassName()} is unknown; known are ${Object.keys(layerLowerings).join(', ')}`);
    }
    let value: Value;
    const before = graph.nodes.length;
    try {
      value = lowering(contextOf(layer), values);
    } catch (error) {
      throw new Error(`layer ${layer.name} (${layer.getClassName()}): ${(error as Error).message}`, { cause: error });
    }
    const declared = tensor.shape.slice(1).map((n, i) => n ?? value.shape[i + 1]!);
    if (!sameShape(declared, value.shape.slice(1))) throw new Error(`layer ${layer.name} gives ${show(value.shape)}, tf.layers says [batch, ${declared.join(', ')}]`);
    known.set(tensor.id, value);
    onLayer?.(layer, values, value, graph.nodes.slice(before));
    return value;
  };
  const outputs = to.map(visit);
  return { outputs, weights: [...weights.values()], updates, masks };
}
