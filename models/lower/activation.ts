/** Activation functions by their name in tf.layers. */
import { ops, type Value } from '../graph';

/** Softmax over the last axis: the maximum is taken off first, so that no exponential overflows. */
export function softmax(x: Value, axis = -1): Value {
  const shifted = ops.exp(ops.sub(x, ops.stopGradient(ops.reduceMax(x, [axis], true))));
  return ops.mul(shifted, ops.reciprocal(ops.reduceSum(shifted, [axis], true)));
}

const activations: Record<string, (x: Value) => Value> = {
  linear: (x) => x,
  relu: ops.relu,
  relu6: (x) => ops.clip(x, 0, 6),
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  softplus: ops.softplus,
  softmax: (x) => softmax(x),
  swish: (x) => ops.mul(x, ops.sigmoid(x)),
  elu: (x) => ops.where(ops.greater(x, 0), x, ops.sub(ops.exp(ops.minimum(x, 0)), 1)),
  hardSigmoid: (x) => ops.clip(ops.add(ops.mul(x, 0.2), 0.5), 0, 1),
};

/** Applies the activation of a layer's configuration. Throws an Error that lists the known ones. */
export function activate(x: Value, name: unknown): Value {
  const key = typeof name === 'string' ? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : 'linear';
  const apply = activations[key];
  if (!apply) throw new Error(`activation ${String(name)} is unknown; known are ${Object.keys(activations).join(', ')}`);
  return apply(x);
}
