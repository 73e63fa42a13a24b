/** Reverse-mode differentiation. */
import * as o from './ops';
import { type Graph, reachable } from './graph';
import { primitives } from './primitives';
import { show, sizeOf } from './shapes';
import { type GraphNode, type Primitive, type Value } from './types';

/**
 * The gradient of `loss` (one number) with respect to each of `wrt`, as new values of the same graph.
 * Work is done only on the paths between the two, so what is frozen costs nothing.
 * Null where the loss does not depend on the value. Throws when a primitive on the way has no gradient.
 */
export function gradients(loss: Value, wrt: readonly Value[]): (Value | null)[] {
  if (sizeOf(loss.shape) !== 1 || loss.dtype !== 'float32') throw new Error(`the loss must be one float32 number, not ${loss.dtype} ${show(loss.shape)}`);
  const nodes = reachable([loss]);
  const needed = new Set<Value>(wrt);
  for (const node of nodes) {
    if (node.op !== 'stopGradient' && node.inputs.some((value) => needed.has(value))) {
      for (const value of node.outputs) if (value.dtype === 'float32') needed.add(value);
    }
  }
  const gradientOf = new Map<Value, Value>();
  const one = o.reshape((loss.graph as Graph).scalar(1), loss.shape);
  gradientOf.set(loss, one);
  const asked = new Set(wrt);
  for (const node of nodes.toReversed()) {
    const outputGradients = node.outputs.map((value) => gradientOf.get(value) ?? null);
    if (outputGradients.every((gradient) => gradient === null)) continue;
    const needs = node.inputs.map((value) => needed.has(value));
    if (!needs.includes(true)) continue;
    const primitive: Primitive<typeof node.op> = primitives[node.op] as Primitive<typeof node.op>;
    if (!primitive.gradient) throw new Error(`${node.op} has no gradient, and the loss depends on it`);
    const inputGradients = primitive.gradient(node as GraphNode<never>, outputGradients, needs);
    node.inputs.forEach((value, i) => {
      const gradient = inputGradients[i];
      if (!gradient || !needs[i]) return;
      const before = gradientOf.get(value);
      gradientOf.set(value, before ? o.add(before, gradient) : gradient);
    });
    // What has been passed on is not looked at again.
    for (const value of node.outputs) if (!asked.has(value)) gradientOf.delete(value);
  }
  return wrt.map((value) => gradientOf.get(value) ?? null);
}
