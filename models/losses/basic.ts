/** Losses as compositions of primitives. */
import { ops, type Value } from '../graph';
import { wholeBatch } from './batch';

/** Binary cross-entropy of logits z with targets t, elementwise: softplus(z) − z t. Exact for any z. */
export const bceWithLogits = (z: Value, t: Value): Value => ops.sub(ops.softplus(z), ops.mul(z, t));

/** Cross-entropy of logits `[…, classes]` with target probabilities of that shape: one number a row. */
export function softmaxCrossEntropy(logits: Value, target: Value): Value {
  const shifted = ops.sub(logits, ops.stopGradient(ops.reduceMax(logits, [-1], true)));
  const logSum = ops.log(ops.reduceSum(ops.exp(shifted), [-1], true));
  return ops.neg(ops.reduceSum(ops.mul(target, ops.sub(shifted, logSum)), [-1]));
}

/** Σ / count, both over the whole batch of which `sum` and `count` are this part's; the count is taken as no less than `least`. */
export const meanOver = (sum: Value, count: Value, sums = wholeBatch, least = 1): Value => ops.div(sums.linear(sum), ops.maximum(sums.total(count), least));

/**
 * The mean of per-item losses, each counted as often as its weight says (0 leaves it out): Σ w l / Σ w. `weights` has the
 * shape of the losses, or ones along axes that share a weight.
 */
export function weightedMean(losses: Value, weights: Value, sums = wholeBatch): Value {
  const all = ops.broadcastTo(weights, losses.shape);
  return meanOver(ops.reduceSum(ops.mul(losses, all)), ops.reduceSum(all), sums, 1e-6);
}
