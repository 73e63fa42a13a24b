/** Where a partly frozen model divides: a trunk that always gives the same for the same input, and the rest that learns. */
import { type tf } from '../runtime/tf';

/**
 * The tensors at which the frozen part ends: each comes from layers that are all frozen, and goes into one that is not. In
 * the order in which the network uses them. Empty when nothing can be computed ahead (the first layer learns already).
 */
export function cutOf(model: tf.LayersModel): tf.SymbolicTensor[] {
  const frozen = new Map<number, boolean>();
  const edges = new Map<number, tf.SymbolicTensor>();
  /** Whether the tensor depends on the input and on frozen layers alone. */
  const visit = (tensor: tf.SymbolicTensor): boolean => {
    const ready = frozen.get(tensor.id);
    if (ready !== undefined) return ready;
    const layer = tensor.sourceLayer;
    const inputs = layer.inboundNodes[tensor.nodeIndex]!.inputTensors;
    const settled = inputs.map(visit);
    // Layers without weights follow what they stand behind.
    const own = layer.weights.length === 0 ? !isRandom(layer) : !layer.trainable;
    const result = own && settled.every(Boolean);
    if (!result) inputs.forEach((input, i) => settled[i] && edges.set(input.id, input));
    frozen.set(tensor.id, result);
    return result;
  };
  const inputs = new Set(model.inputs.map(({ id }) => id));
  for (const { id } of model.inputs) frozen.set(id, true);
  for (const output of model.outputs) if (visit(output)) edges.set(output.id, output);
  const list = [...edges.values()];
  return list.every(({ id }) => inputs.has(id)) ? [] : list;
}

/** Layers that give something else each time in training. */
const isRandom = (layer: tf.layers.Layer): boolean => /Dropout|Noise|StochasticDepth|DropConnect/.test(layer.getClassName()) && layer.trainable;
