/** Losses of landmarks. Coordinates are shares of the network input: 0 is its left or upper edge, 1 its right or lower one. */
import { ops, type Graph, type Value } from '../graph';
import { bceWithLogits, meanOver } from './basic';
import { wholeBatch } from './batch';

export type PointDistance = 'squared' | 'l1' | 'wing';

/** Errors above this share of the input count linearly in the wing loss, and below it more than linearly. */
const WING_WIDTH = 0.04;
/** How sharply the wing loss bends at zero, as a share of the input. */
const WING_CURVATURE = 0.008;

/**
 * Wing loss (Feng et al. 2018), elementwise: w ln(1 + |e| / ε) for |e| < w, else |e| − C with C making it continuous.
 * Small errors weigh more than in L1, so that points already close are still drawn closer.
 */
export function wing(error: Value, width = WING_WIDTH, curvature = WING_CURVATURE): Value {
  const size = ops.abs(error);
  const inner = ops.mul(ops.log(ops.add(ops.mul(ops.minimum(size, width), 1 / curvature), 1)), width);
  const offset = width - width * Math.log(1 + width / curvature);
  return ops.where(ops.greater(size, width), ops.sub(size, offset), inner);
}

const distances: Record<PointDistance, (error: Value) => Value> = { squared: ops.square, l1: ops.abs, wing };

/**
 * Distances of points, mean over those that count. `predicted`, `wanted`: `[batch, numbers]`, x and y of each point;
 * `weight`, same shape, is 0 for what was not labelled.
 */
export function pointLoss(predicted: Value, wanted: Value, weight: Value, distance: PointDistance, sums = wholeBatch): Value {
  const each = ops.mul(distances[distance](ops.sub(predicted, wanted)), weight);
  return meanOver(ops.reduceSum(each), ops.reduceSum(weight), sums);
}

/** Mean binary cross-entropy of presence logits: is there one in the image? */
export const presenceLoss = (logits: Value, wanted: Value): Value => ops.reduceMean(bceWithLogits(logits, wanted));

/**
 * Expected place of each heatmap's softmax (soft-argmax; Luvizon et al. 2017, Nibali et al. 2018), differentiable.
 * `[batch, rows, columns, points]` logits to x and y `[batch, points]`, as shares of the map.
 */
export function softArgmax(graph: Graph, logits: Value): { x: Value; y: Value } {
  const [, rows, columns] = logits.shape as readonly [number, number, number, number];
  const shifted = ops.exp(ops.sub(logits, ops.stopGradient(ops.reduceMax(logits, [1, 2], true))));
  const share = ops.reciprocal(ops.reduceSum(shifted, [1, 2]));
  const along = (n: number, shape: number[]) => graph.constant(Float32Array.from({ length: n }, (_, i) => (i + 0.5) / n), shape);
  const expected = (places: Value) => ops.mul(ops.reduceSum(ops.mul(shifted, places), [1, 2]), share);
  return { x: expected(along(columns, [1, 1, columns, 1])), y: expected(along(rows, [1, rows, 1, 1])) };
}

/**
 * Cross-entropy of each heatmap's softmax with a normal distribution about the true place, mean over the points that count.
 * It gives every cell a direction from the first step on, and keeps the map in one piece, which the expectation alone does not.
 * `x`, `y`, `weight`: `[batch, points]`; `deviation` in cells.
 */
export function heatmapCrossEntropy(graph: Graph, logits: Value, x: Value, y: Value, weight: Value, sums = wholeBatch, deviation = 1): Value {
  const [batch, rows, columns, points] = logits.shape as readonly [number, number, number, number];
  const bump = (at: Value, n: number, shape: [number, number]) => {
    const cells = graph.constant(Float32Array.from({ length: n }, (_, i) => i + 0.5), [1, ...shape, 1]);
    const offset = ops.sub(cells, ops.mul(ops.reshape(at, [batch, 1, 1, points]), n));
    const height = ops.exp(ops.mul(ops.square(offset), -0.5 / deviation ** 2));
    return ops.div(height, ops.add(ops.reduceSum(height, [1, 2], true), 1e-6));
  };
  const across = bump(x, columns, [1, columns]);
  const down = bump(y, rows, [rows, 1]);
  const shifted = ops.sub(logits, ops.stopGradient(ops.reduceMax(logits, [1, 2], true)));
  const logSum = ops.log(ops.reduceSum(ops.exp(shifted), [1, 2]));
  // The bump is a product of its two directions: rows and columns are weighed in turn.
  const wanted = ops.reduceSum(ops.mul(ops.reduceSum(ops.mul(shifted, across), [2], true), down), [1, 2]);
  const each = ops.mul(ops.sub(logSum, wanted), weight);
  return meanOver(ops.reduceSum(each), ops.reduceSum(weight), sums);
}
