/**
 * Losses of segmentation. Targets are shares: `[batch, rows, columns, classes]`, how much of a cell's pixels each class
 * has. What is ignored has no share, so that a cell's shares sum to less than one, or to nothing.
 */
import { ops, type Graph, type Value } from '../graph';
import { softmax } from '../lower';
import { meanOver } from './basic';
import { wholeBatch } from './batch';

export interface SegmentationLossOptions {
  /** One factor a class; default: all one. */
  classWeights?: readonly number[];
  /** How much soft Dice counts beside the cross-entropy, whose factor is one. */
  diceWeight?: number;
}

/**
 * Cross-entropy of the softmax over classes: mean over all shares, each multiplied by the weight of its class
 * (Σ w t (−log p) / Σ w t). Nothing but ignored pixels gives 0.
 */
export function pixelCrossEntropy(graph: Graph, logits: Value, target: Value, classWeights?: readonly number[], sums = wholeBatch): Value {
  const weighted = classWeights ? ops.mul(target, perClass(graph, classWeights)) : target;
  const shifted = ops.sub(logits, ops.stopGradient(ops.reduceMax(logits, [-1], true)));
  const logSum = ops.log(ops.reduceSum(ops.exp(shifted), [-1], true));
  // −Σ t (z − log Σ e^z), with the sum over classes of t taken out of the second part: one pass less over the classes.
  const total = ops.sub(ops.reduceSum(ops.mul(ops.reduceSum(weighted, [-1], true), logSum)), ops.reduceSum(ops.mul(weighted, shifted)));
  return meanOver(total, ops.reduceSum(weighted), sums, 1e-6);
}

/**
 * 1 − soft Dice of the softmax, each class pooled over the batch, mean over the classes that occur in it (Milletari et al.
 * 2016, with the denominator p + t; Sudre et al. 2017 for several classes). What is ignored counts on neither side.
 */
export function softDice(logits: Value, target: Value, sums = wholeBatch, smooth = 1): Value {
  const p = ops.mul(softmax(logits), ops.reduceSum(target, [-1], true));
  const axes = logits.shape.map((_, i) => i).slice(0, -1);
  const pooled = (value: Value): Value => sums.total(ops.reduceSum(value, axes));
  const wanted = pooled(target);
  const overlap = ops.add(ops.mul(pooled(ops.mul(p, target)), 2), smooth);
  const dice = ops.div(overlap, ops.add(ops.add(pooled(p), wanted), smooth));
  const present = ops.cast(ops.greater(wanted, 0), 'float32');
  return ops.div(ops.reduceSum(ops.mul(present, ops.sub(1, dice))), ops.maximum(ops.reduceSum(present), 1));
}

/** Cross-entropy plus soft Dice. `logits` and `target`: `[batch, rows, columns, classes]`. */
export function segmentationLoss(
  graph: Graph, logits: Value, target: Value, { classWeights, diceWeight = 1 }: SegmentationLossOptions = {}, sums = wholeBatch,
): { loss: Value; parts: Record<string, Value> } {
  const crossEntropy = pixelCrossEntropy(graph, logits, target, classWeights, sums);
  if (diceWeight === 0) return { loss: crossEntropy, parts: { crossEntropy } };
  const dice = ops.mul(softDice(logits, target, sums), diceWeight);
  return { loss: ops.add(crossEntropy, dice), parts: { crossEntropy, dice } };
}

const perClass = (graph: Graph, weights: readonly number[]): Value => graph.constant(Float32Array.from(weights), [1, 1, 1, weights.length]);
