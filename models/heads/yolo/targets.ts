/** Assignments as the numbers the loss is fed with. */
import { shapeIou } from '@/lib/core/geometry';
import { type Assignment } from './assign';
import { gridOf, type TargetBox, type YoloLayout } from './types';

/** Numbers of one slot: responsible (0/1), weight of its objectness (0 = ignored), centre x and y, width, height (input pixels), class index. */
export const TARGET_FIELDS = 7;

export const targetShape = (layout: YoloLayout, scale: number, batch: number): number[] => {
  const { rows, columns } = gridOf(layout, layout.scales[scale]!);
  return [batch, rows, columns, layout.scales[scale]!.anchors.length, TARGET_FIELDS];
};

/**
 * Textbook target of a grid: y = (pc, bx, by, bh, bw, c1 … cn) for every cell and anchor, in the cell's own frame.
 * Shape `[rows, columns, anchors · (5 + classes)]`; where pc = 0 the rest is zero and means nothing. Training is fed with `writeTargets`;
 * this states the same assignment as textbooks print it (Redmon et al. 2016), so that tests can hold `assign` to their vectors.
 */
export function gridTarget(assignments: readonly Assignment[], layout: YoloLayout, scale: number): { shape: number[]; data: Float32Array } {
  const { rows, columns } = gridOf(layout, layout.scales[scale]!);
  const { stride, anchors } = layout.scales[scale]!;
  const depth = 5 + layout.classes;
  const data = new Float32Array(rows * columns * anchors.length * depth);
  for (const { scale: s, anchor, row, column, object } of assignments) {
    if (s !== scale) continue;
    const at = ((row * columns + column) * anchors.length + anchor) * depth;
    data.set([
      1, (object.x0 + object.x1) / 2 / stride - column, (object.y0 + object.y1) / 2 / stride - row,
      (object.y1 - object.y0) / stride, (object.x1 - object.x0) / stride,
    ], at);
    data[at + 5 + object.classIndex] = 1;
  }
  return { shape: [rows, columns, anchors.length * depth], data };
}

/** Fills the targets of image `index` of a batch; `targets[s]` has the shape `targetShape(layout, s, batch)`. */
export function writeTargets(
  targets: readonly Float32Array[], index: number, assignments: readonly Assignment[], objects: readonly TargetBox[], layout: YoloLayout, ignoreIou = 0.6,
): void {
  layout.scales.forEach((scale, s) => {
    const { rows, columns } = gridOf(layout, scale);
    const perImage = rows * columns * scale.anchors.length * TARGET_FIELDS;
    const block = targets[s]!.subarray(index * perImage, (index + 1) * perImage);
    for (let slot = 0; slot < block.length; slot += TARGET_FIELDS) block.set([0, 1, 0, 0, 1, 1, 0], slot);
    const at = (row: number, column: number, anchor: number) => ((row * columns + column) * scale.anchors.length + anchor) * TARGET_FIELDS;
    // A slot whose anchor, put in the middle of its cell, covers an object well is neither right nor wrong.
    for (const object of objects) {
      const { cx, cy, w, h } = centred(object);
      scale.anchors.forEach((shape, a) => {
        if (shapeIou(shape, { w, h }) < ignoreIou) return;
        for (let row = Math.floor(cy / scale.stride) - 1; row <= cy / scale.stride + 1; row++) {
          for (let column = Math.floor(cx / scale.stride) - 1; column <= cx / scale.stride + 1; column++) {
            if (row < 0 || column < 0 || row >= rows || column >= columns) continue;
            const dx = Math.abs((column + 0.5) * scale.stride - cx);
            const dy = Math.abs((row + 0.5) * scale.stride - cy);
            const overlap = Math.max(0, (shape.w + w) / 2 - dx) * Math.max(0, (shape.h + h) / 2 - dy);
            const intersection = Math.min(overlap, Math.min(shape.w, w) * Math.min(shape.h, h));
            if (intersection / (shape.w * shape.h + w * h - intersection) >= ignoreIou) block[at(row, column, a) + 1] = 0;
          }
        }
      });
    }
    for (const { scale: owner, anchor, row, column, object } of assignments) {
      if (owner !== s) continue;
      const { cx, cy, w, h } = centred(object);
      block.set([1, 1, cx, cy, w, h, object.classIndex], at(row, column, anchor));
    }
  });
}

const centred = ({ x0, y0, x1, y1 }: TargetBox) => ({ cx: (x0 + x1) / 2, cy: (y0 + y1) / 2, w: x1 - x0, h: y1 - y0 });
