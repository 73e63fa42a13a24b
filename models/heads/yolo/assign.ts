/**
 * Which predictor is responsible for which object (Redmon & Farhadi 2017, 2018): the cell that holds the object's
 * midpoint, and in it the anchor with the highest shape IoU. Each slot (cell and anchor) holds one object.
 */
import { shapeIou } from '@/lib/core/geometry';
import { gridOf, type TargetBox, type YoloLayout } from './types';

/**
 * A box in its cell's frame: the cell of its midpoint, whose upper-left corner is (0, 0) and lower-right (1, 1).
 * bx and by are in [0, 1); bw and bh are in cells and may exceed 1.
 */
export function cellFrame(box: Pick<TargetBox, 'x0' | 'y0' | 'x1' | 'y1'>, cell: { w: number; h: number }) {
  const [x, y] = [(box.x0 + box.x1) / 2 / cell.w, (box.y0 + box.y1) / 2 / cell.h];
  const [column, row] = [Math.floor(x), Math.floor(y)];
  return { row, column, bx: x - column, by: y - row, bw: (box.x1 - box.x0) / cell.w, bh: (box.y1 - box.y0) / cell.h };
}

/** A predictor made responsible for an object. */
export interface Assignment {
  scale: number;
  anchor: number;
  row: number;
  column: number;
  object: TargetBox;
  /** False for the additional predictors that learn from an object they are not responsible for. */
  primary: boolean;
}

export interface AssignOptions {
  /**
   * Also train the two cells next to the midpoint on its nearer sides, and every anchor of similar shape, where those
   * slots are free (the rule of YOLOv5): three to six times as many examples from the same labels. Default false.
   */
  neighbours?: boolean;
}

export interface AssignResult {
  assignments: Assignment[];
  /** Objects that wanted a slot that was taken by a better fitting one, and found another anchor of that cell or scale. */
  moved: number;
  /** Objects for which no slot was left. They are not trained on. */
  dropped: number;
}

/** Anchors below this shape IoU are no home for an object whose best anchor is taken. */
const SECOND_HOME_IOU = 0.2;
/** Anchors of at least this shape IoU are trained too, with `neighbours`. */
const SIMILAR_IOU = 0.4;

/**
 * Assigns every object. When two objects want the same slot, the one with the higher shape IoU keeps it; the other
 * takes its next best anchor with a free slot, or is dropped and counted.
 */
export function assign(objects: readonly TargetBox[], layout: YoloLayout, { neighbours = false }: AssignOptions = {}): AssignResult {
  const anchors = layout.scales.flatMap((scale, s) => scale.anchors.map((shape, a) => ({ scale: s, anchor: a, shape, stride: scale.stride })));
  const wishes = objects.map((object) => {
    const shape = { w: object.x1 - object.x0, h: object.y1 - object.y0 };
    const ranked = anchors.map((anchor) => ({ ...anchor, iou: shapeIou(anchor.shape, shape) })).sort((a, b) => b.iou - a.iou);
    return { object, ranked };
  });
  wishes.sort((a, b) => b.ranked[0]!.iou - a.ranked[0]!.iou);

  const taken = new Set<string>();
  const assignments: Assignment[] = [];
  let moved = 0;
  let dropped = 0;
  const claim = (scale: number, anchor: number, row: number, column: number, object: TargetBox, primary: boolean): boolean => {
    const { rows, columns } = gridOf(layout, layout.scales[scale]!);
    if (row < 0 || column < 0 || row >= rows || column >= columns) return false;
    const slot = `${scale}/${anchor}/${row}/${column}`;
    if (taken.has(slot)) return false;
    taken.add(slot);
    assignments.push({ scale, anchor, row, column, object, primary });
    return true;
  };

  for (const { object, ranked } of wishes) {
    const home = ranked.findIndex(({ scale, anchor, stride, iou }, rank) => {
      if (rank > 0 && iou < SECOND_HOME_IOU) return false;
      const { row, column } = cellFrame(object, { w: stride, h: stride });
      return claim(scale, anchor, row, column, object, true);
    });
    if (home < 0) dropped++;
    else if (home > 0) moved++;
  }
  if (neighbours) {
    for (const { object, ranked } of wishes) {
      for (const [rank, { scale, anchor, stride, iou }] of ranked.entries()) {
        if (rank > 0 && iou < SIMILAR_IOU) break;
        const { row, column, bx, by } = cellFrame(object, { w: stride, h: stride });
        claim(scale, anchor, row, column, object, false);
        claim(scale, anchor, row, column + (bx < 0.5 ? -1 : 1), object, false);
        claim(scale, anchor, row + (by < 0.5 ? -1 : 1), column, object, false);
      }
    }
  }
  return { assignments, moved, dropped };
}
