/**
 * The output of the YOLO family: a list of predictions, each a box (centre and size in input pixels), in v5 an objectness,
 * a score a class, and after them the coefficients of a mask or the points of a skeleton. From v8 on predictions are
 * columns, before they were rows.
 */
import { z } from 'zod';
import { type ScoredBox } from '../../heads/yolo';
import { type View } from '../../tasks/types';

export const predictionsSchema = z.object({
  /** One column a prediction, else one row. */
  columns: z.boolean(),
  /** The fifth number says whether there is an object; class scores are multiplied with it. */
  objectness: z.boolean(),
  /** Scores a prediction has. */
  classes: z.number().int().positive(),
  /** Points, and the numbers of each: x, y and perhaps how sure the model is. */
  points: z.object({ count: z.number().int().positive(), fields: z.union([z.literal(2), z.literal(3)]) }).nullable(),
  /** Coefficients, and the size of the prototypes they weigh. */
  masks: z.object({ count: z.number().int().positive(), width: z.number().int().positive(), height: z.number().int().positive() }).nullable(),
});
export type Predictions = z.infer<typeof predictionsSchema>;

/** Numbers of one prediction. */
export const depthOf = ({ objectness, classes, points, masks }: Predictions): number =>
  4 + (objectness ? 1 : 0) + classes + (points ? points.count * points.fields : 0) + (masks?.count ?? 0);

export interface Candidate extends ScoredBox {
  /** Which prediction it is. */
  index: number;
}

/** Reads number `field` of prediction `index`. */
export function readerOf(data: Float32Array, head: Predictions): (index: number, field: number) => number {
  const depth = depthOf(head);
  const count = data.length / depth;
  if (!Number.isInteger(count)) throw new Error(`an output of ${data.length} numbers does not divide into predictions of ${depth}: the number of classes is wrong`);
  return head.columns ? (index, field) => data[field * count + index]! : (index, field) => data[index * depth + field]!;
}

/** Predictions of one view whose best class scores `minScore` or more, best first, in input pixels; at most `limit`. */
export function candidatesOf({ outputs }: Pick<View<unknown>, 'outputs'>, head: Predictions, minScore: number, limit = 3000): Candidate[] {
  const data = outputs[0]!;
  const read = readerOf(data, head);
  const count = data.length / depthOf(head);
  const from = head.objectness ? 5 : 4;
  const found: Candidate[] = [];
  for (let i = 0; i < count; i++) {
    const objectness = head.objectness ? read(i, 4) : 1;
    if (!(objectness >= minScore)) continue;
    let best = 0;
    for (let c = 1; c < head.classes; c++) if (read(i, from + c) > read(i, from + best)) best = c;
    const score = objectness * read(i, from + best);
    if (!(score >= minScore)) continue;
    const [x, y, w, h] = [read(i, 0), read(i, 1), read(i, 2), read(i, 3)];
    if (!(w > 0 && h > 0)) continue;
    found.push({ index: i, classIndex: best, score: Math.min(1, score), x0: x - w / 2, y0: y - h / 2, x1: x + w / 2, y1: y + h / 2 });
  }
  found.sort((a, b) => b.score - a.score);
  return found.length > limit ? found.slice(0, limit) : found;
}
