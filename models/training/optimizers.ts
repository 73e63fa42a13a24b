/**
 * Optimizers as primitives: one update rule each, applied inside the step graph. All parameters come as one vector (two,
 * where some decay and others do not), so that an update is a dozen operations whatever the number of layers.
 */
import { ops, type Value } from '../graph';

export interface ParameterUpdate {
  parameter: Value;
  gradient: Value;
  /** Moments, zero at the start, shaped like the parameter. */
  slots: Record<string, Value>;
  /** Numbers fed at each step: `learningRate` and what `scalars` names. */
  scalars: Record<string, Value>;
  /** Whether weight decay applies to this parameter. */
  decays: boolean;
}

export interface Optimizer {
  readonly name: string;
  readonly slots: readonly string[];
  /** Numbers to feed at step t = 1, 2, … */
  scalars(t: number): Record<string, number>;
  update(context: ParameterUpdate): { parameter: Value; slots: Record<string, Value> };
}

/**
 * Stochastic gradient descent with momentum m ← μm + g; p ← p − η m, or with Nesterov's look-ahead p ← p − η (g + μm).
 * Weight decay is added to the gradient.
 */
export function sgd({ momentum = 0.9, nesterov = false, weightDecay = 0 } = {}): Optimizer {
  return {
    name: 'sgd',
    slots: momentum > 0 ? ['m'] : [],
    scalars: () => ({}),
    update({ parameter, gradient, slots, scalars, decays }) {
      const g = decays && weightDecay > 0 ? ops.add(gradient, ops.mul(parameter, weightDecay)) : gradient;
      const m = slots.m ? ops.add(ops.mul(slots.m, momentum), g) : g;
      const direction = nesterov && slots.m ? ops.add(g, ops.mul(m, momentum)) : m;
      const next: Record<string, Value> = slots.m ? { m } : {};
      return { parameter: ops.sub(parameter, ops.mul(direction, scalars.learningRate!)), slots: next };
    },
  };
}

/**
 * Adam (Kingma & Ba 2015, algorithm 1). `weightDecay` is decoupled (AdamW, Loshchilov & Hutter 2019) when
 * `decoupled`, else it is added to the gradient.
 */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, decoupled = false } = {}): Optimizer {
  return {
    name: decoupled ? 'adamw' : 'adam',
    slots: ['m', 'v'],
    scalars: (t) => ({ correction1: 1 / (1 - beta1 ** t), correction2: 1 / (1 - beta2 ** t) }),
    update({ parameter, gradient, slots, scalars, decays }) {
      const decay = decays && weightDecay > 0;
      const g = decay && !decoupled ? ops.add(gradient, ops.mul(parameter, weightDecay)) : gradient;
      const m = ops.add(ops.mul(slots.m!, beta1), ops.mul(g, 1 - beta1));
      const v = ops.add(ops.mul(slots.v!, beta2), ops.mul(ops.square(g), 1 - beta2));
      // η m̂ / (√v̂ + ε) with the corrections drawn into the numbers: η c₁/√c₂ · m / (√v + ε/√c₂).
      const root = ops.sqrt(scalars.correction2!);
      const denominator = ops.add(ops.sqrt(v), ops.mul(ops.reciprocal(root), epsilon));
      const rate = ops.div(ops.mul(scalars.learningRate!, scalars.correction1!), root);
      const kept = decay && decoupled ? ops.mul(parameter, ops.sub(1, ops.mul(scalars.learningRate!, weightDecay))) : parameter;
      return { parameter: ops.sub(kept, ops.mul(ops.div(m, denominator), rate)), slots: { m, v } };
    },
  };
}

/** Adam with decoupled weight decay. */
export const adamW = (options: Omit<NonNullable<Parameters<typeof adam>[0]>, 'decoupled'> = {}): Optimizer => adam({ ...options, decoupled: true });
