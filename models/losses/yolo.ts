/** The loss of a YOLO head over all its scales. */
import { ops, type Graph, type Value } from '../graph';
import { gridOf, type BoxLoss, type YoloLayout } from '../heads/yolo/types';
import { TARGET_FIELDS } from '../heads/yolo/targets';
import { bceWithLogits, meanOver } from './basic';
import { wholeBatch } from './batch';
import { completeIou } from './boxes';

export interface YoloLossOptions {
  boxWeight?: number;
  objectnessWeight?: number;
  classWeight?: number;
  /** How far the objectness target of a responsible predictor is its IoU instead of one. */
  iouAware?: number;
  /** Default `ciou`. */
  box?: BoxLoss;
}

/**
 * Sums over the batch, divided by the number of responsible predictors: 1 − CIoU (or squared differences of the raw
 * centre and of the log size) where responsible, binary cross-entropy of objectness everywhere but in ignored slots,
 * and of the classes where responsible. The objectness target does not pass gradients to the box.
 *
 * `outputs[s]`: raw `[batch, rows, columns, anchors · (5 + classes)]`. `targets[s]`: see `writeTargets`.
 */
export function yoloLoss(graph: Graph, outputs: readonly Value[], targets: readonly Value[], layout: YoloLayout, options: YoloLossOptions = {}, batchSums = wholeBatch) {
  const { boxWeight = 5, objectnessWeight = 1, classWeight = 1, iouAware = 0.5, box: boxLoss = 'ciou' } = options;
  const sums = layout.scales.map((scale, s) => {
    const { rows, columns } = gridOf(layout, scale);
    const anchors = scale.anchors.length;
    const batch = outputs[s]!.shape[0]!;
    const slots = [batch, rows, columns, anchors];
    const raw = ops.reshape(outputs[s]!, [...slots, 5 + layout.classes]);
    const field = (value: Value, at: number, count = 1) => ops.slice(value, [0, 0, 0, 0, at], [...slots, count]);
    const target = (at: number) => {
      if (at >= TARGET_FIELDS) throw new Error(`a slot has ${TARGET_FIELDS} numbers`);
      return field(targets[s]!, at);
    };
    const constant = (length: number, of: (i: number) => number, shape: number[]) => graph.constant(Float32Array.from({ length }, (_, i) => of(i)), shape);
    const column = constant(columns, (i) => i - 0.5, [1, 1, columns, 1, 1]);
    const row = constant(rows, (i) => i - 0.5, [1, rows, 1, 1, 1]);
    const width = constant(anchors, (i) => scale.anchors[i]!.w, [1, 1, 1, anchors, 1]);
    const height = constant(anchors, (i) => scale.anchors[i]!.h, [1, 1, 1, anchors, 1]);

    const responsible = target(0);
    const centre = (at: number, cell: Value) => ops.mul(ops.add(ops.mul(ops.sigmoid(field(raw, at)), 2), cell), scale.stride);
    const size = (at: number, anchor: Value) => ops.mul(ops.square(ops.mul(ops.sigmoid(field(raw, at)), 2)), anchor);
    const predicted = { x: centre(0, column), y: centre(1, row), w: size(2, width), h: size(3, height) };
    const wanted = { x: target(2), y: target(3), w: target(4), h: target(5) };
    const { iou, ciou } = completeIou(predicted, wanted);
    const perBox = boxLoss === 'ciou' ? ops.sub(1, ciou) : squaredBoxLoss(predicted, wanted, scale.stride);

    const quality = ops.stopGradient(ops.add(ops.mul(ops.clip(iou, 0, 1), iouAware), 1 - iouAware));
    const objectness = ops.mul(bceWithLogits(field(raw, 4), ops.mul(responsible, quality)), target(1));
    const classIndices = constant(layout.classes, (i) => i, [1, 1, 1, 1, layout.classes]);
    const oneHot = ops.cast(ops.equal(target(6), classIndices), 'float32');
    const classes = ops.mul(bceWithLogits(field(raw, 5, layout.classes), oneHot), responsible);
    return {
      box: ops.reduceSum(ops.mul(perBox, responsible)), objectness: ops.reduceSum(objectness), class: ops.reduceSum(classes), count: ops.reduceSum(responsible),
    };
  });
  const total = (part: 'box' | 'objectness' | 'class' | 'count') => sums.map((sum) => sum[part]).reduce((a, b) => ops.add(a, b));
  const mean = (part: 'box' | 'objectness' | 'class', weight: number) => ops.mul(meanOver(total(part), total('count'), batchSums), weight);
  const parts = { box: mean('box', boxWeight), objectness: mean('objectness', objectnessWeight), class: mean('class', classWeight) };
  return { loss: ops.add(ops.add(parts.box, parts.objectness), parts.class), parts };
}

/** Squared differences of the centre in cells and of the logarithm of the size. */
function squaredBoxLoss(a: Record<'x' | 'y' | 'w' | 'h', Value>, b: Record<'x' | 'y' | 'w' | 'h', Value>, stride: number): Value {
  const centre = (p: Value, q: Value) => ops.square(ops.mul(ops.sub(p, q), 1 / stride));
  const size = (p: Value, q: Value) => ops.square(ops.sub(ops.log(ops.maximum(p, 1e-3)), ops.log(ops.maximum(q, 1e-3))));
  return ops.add(ops.add(centre(a.x, b.x), centre(a.y, b.y)), ops.add(size(a.w, b.w), size(a.h, b.h)));
}
