/** Losses as compositions of primitives. */
import { ops, type Value } from '../graph';

/** Binary cross-entropy of logits z with targets t, elementwise: softplus(z) − z t. Exact for any z. */
export const bceWithLogits = (z: Value, t: Value): Value => ops.sub(ops.softplus(z), ops.mul(z, t));

/** Cross-entropy of logits `[…, classes]` with target probabilities of that shape: one number a row. */
export function softmaxCrossEntropy(logits: Value, target: Value): Value {
  const shifted = ops.sub(logits, ops.stopGradient(ops.reduceMax(logits, [-1], true)));
  const logSum = ops.log(ops.reduceSum(ops.exp(shifted), [-1], true));
  return ops.neg(ops.reduceSum(ops.mul(target, ops.sub(shifted, logSum)), [-1]));
}

/** 1 − Dice of probabilities p and targets t, pooled over everything (Milletari et al. 2016, with squares left out). */
export function diceLoss(p: Value, t: Value, smooth = 1): Value {
  const overlap = ops.add(ops.mul(ops.reduceSum(ops.mul(p, t)), 2), smooth);
  const total = ops.add(ops.add(ops.reduceSum(p), ops.reduceSum(t)), smooth);
  return ops.sub(1, ops.div(overlap, total));
}

/**
 * The mean of per-item losses, each counted as often as its weight says (0 leaves it out): Σ w l / Σ w. `weights` has the
 * shape of the losses, or ones along axes that share a weight. `weight` is Σ w over all items, by which micro-batches count.
 */
export function weightedMean(losses: Value, weights: Value): { loss: Value; weight: Value } {
  const all = ops.broadcastTo(weights, losses.shape);
  const weight = ops.reduceSum(all);
  return { loss: ops.div(ops.reduceSum(ops.mul(losses, all)), ops.maximum(weight, 1e-6)), weight };
}
