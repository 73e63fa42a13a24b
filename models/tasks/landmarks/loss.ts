/** The losses of the two landmark heads, from one kind of target: a vector as in `landmarkTarget`, and what of it counts. */
import { ops, type Graph, type Value } from '../../graph';
import { offsetsOf, type LandmarkLayout } from '../../heads/landmarks';
import { wholeBatch } from '../../losses/batch';
import { heatmapCrossEntropy, pointLoss, presenceLoss, softArgmax } from '../../losses/landmarks';
import { type LossResult } from '../../training/trainer';
import { layoutOf, type LandmarkDesign } from './head';

/** Coordinates are shares of the input, presence is in nats: this brings a hundredth of the input to the order of a tenth of a nat. */
const POINT_WEIGHT = 10;

/** Parts of vectors `[batch, Σ (1 + 2 · points)]`: presence `[batch, classes]`, x and y `[batch, all points]`. */
function partsOf(vector: Value, layout: LandmarkLayout): { presence: Value; x: Value; y: Value } {
  const batch = vector.shape[0]!;
  const offsets = offsetsOf(layout);
  const every = (first: number) => ops.concat(layout.classes.map(({ points }, k) => ops.slice(vector, [0, offsets[k]! + first], [batch, points], [1, 2])), 1);
  return { presence: ops.concat(offsets.map((at) => ops.slice(vector, [0, at], [batch, 1])), 1), x: every(1), y: every(2) };
}

export function landmarkLoss(graph: Graph, design: LandmarkDesign, outputs: readonly Value[], targets: Record<string, Value>, sums = wholeBatch): LossResult {
  const layout = layoutOf(design);
  const wanted = partsOf(targets.points!, layout);
  const { x: weight } = partsOf(targets.weight!, layout);
  if (design.head.kind === 'regression') {
    const own = partsOf(outputs[0]!, layout);
    const both = (a: Value, b: Value) => ops.concat([a, b], 1);
    const points = ops.mul(pointLoss(ops.add(both(own.x, own.y), 0.5), both(wanted.x, wanted.y), both(weight, weight), 'l1', sums), POINT_WEIGHT);
    const presence = presenceLoss(own.presence, wanted.presence);
    return { loss: ops.add(points, presence), parts: { points, presence } };
  }
  const [maps, logits] = outputs as [Value, Value];
  const { x, y } = softArgmax(graph, maps);
  const points = ops.mul(ops.add(pointLoss(x, wanted.x, weight, 'l1', sums), pointLoss(y, wanted.y, weight, 'l1', sums)), POINT_WEIGHT);
  const heatmaps = heatmapCrossEntropy(graph, maps, wanted.x, wanted.y, weight, sums);
  const presence = presenceLoss(logits, wanted.presence);
  return { loss: ops.add(ops.add(points, heatmaps), presence), parts: { points, heatmaps, presence } };
}
