/**
 * CenterNet (Zhou et al. 2019, "Objects as Points"): a map of class scores whose peaks are the objects' middles, and for each
 * place the distances to the edges (left, top, right, bottom) or the size, in input pixels or cells.
 */
import { type ScoredBox } from '../../heads/yolo';
import { fuseDetections } from '../../tasks/detect/decode';
import { type View } from '../../tasks/types';
import { centernet as settings, type CenternetHead as Head } from '../settings/centernet';
import { type OutputLayout } from './types';

const sigmoid = (t: number): number => 1 / (1 + Math.exp(-t));

/** Reads channel `c` at a cell. */
function mapReader(data: Float32Array, channels: number, rows: number, columns: number, order: Head['order']): (row: number, column: number, c: number) => number {
  return order === 'nhwc' ? (row, column, c) => data[(row * columns + column) * channels + c]! : (row, column, c) => data[(c * rows + row) * columns + column]!;
}

/** Places that no neighbour of their class surpasses, with the box around them. */
function peaks({ design, outputs }: Pick<View<Head>, 'design' | 'outputs'>, minScore: number): ScoredBox[] {
  const { head, inputSize } = design;
  const [rows, columns] = [Math.ceil(inputSize.height / head.stride), Math.ceil(inputSize.width / head.stride)];
  const score = mapReader(outputs[0]!, head.classes, rows, columns, head.order);
  const size = mapReader(outputs[1]!, head.size.fields, rows, columns, head.order);
  const offset = head.offset ? mapReader(outputs[2]!, 2, rows, columns, head.order) : () => 0;
  const unit = head.size.unit === 'cells' ? head.stride : 1;
  const least = head.logits ? Math.log(minScore / (1 - minScore)) : minScore;
  const surpassed = (row: number, column: number, c: number, value: number) => {
    for (let i = Math.max(0, row - 1); i <= Math.min(rows - 1, row + 1); i++) for (let j = Math.max(0, column - 1); j <= Math.min(columns - 1, column + 1); j++) if (score(i, j, c) > value) return true;
    return false;
  };
  const found: ScoredBox[] = [];
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) for (let c = 0; c < head.classes; c++) {
    const value = score(row, column, c);
    if (!(value >= least) || surpassed(row, column, c, value)) continue;
    const x = (column + offset(row, column, 0)) * head.stride;
    const y = (row + offset(row, column, 1)) * head.stride;
    const [a, b] = [size(row, column, 0) * unit, size(row, column, 1) * unit];
    const [left, top, right, bottom] = head.size.fields === 4 ? [a, b, size(row, column, 2) * unit, size(row, column, 3) * unit] : [a / 2, b / 2, a / 2, b / 2];
    found.push({ classIndex: c, score: head.logits ? sigmoid(value) : value, x0: x - left, y0: y - top, x1: x + right, y1: y + bottom });
  }
  return found.sort((p, q) => q.score - p.score).slice(0, 1000);
}

export const centernet: OutputLayout<Head> = {
  ...settings,
  defaults: { decode: { minScore: 0.001, nmsIou: 0.5, limit: 100 } },
  decode: (views, options) => fuseDetections(views, options, peaks),
};
