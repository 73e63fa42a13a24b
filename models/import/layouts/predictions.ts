/** Reading the predictions of the YOLO family. */
import { type ScoredBox } from '../../heads/yolo';
import { type View } from '../../tasks/types';
import { depthOf, type Predictions } from '../settings/yolo';

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

const sigmoid = (t: number): number => 1 / (1 + Math.exp(-t));

/** What a number of a place is multiplied with to be in input pixels, across and down. */
export const scaleOf = ({ head: { unit }, inputSize: { width, height } }: View<Predictions>['design']): [number, number] => (unit === 'shares' ? [width, height] : [1, 1]);

/** At most so many predictions of a view are looked at, the best ones. */
const MOST = 3000;

/** Predictions of one view whose best class scores `minScore` or more, best first, in input pixels. */
export function candidatesOf({ outputs, design }: Pick<View<Predictions>, 'outputs' | 'design'>, minScore: number): Candidate[] {
  const { head } = design;
  const data = outputs[0]!;
  const read = readerOf(data, head);
  const count = data.length / depthOf(head);
  const from = head.objectness ? 5 : 4;
  const [across, down] = scaleOf(design);
  const probability = head.logits ? sigmoid : (v: number) => v;
  const found: Candidate[] = [];
  for (let i = 0; i < count; i++) {
    const objectness = head.objectness ? probability(read(i, 4)) : 1;
    if (!(objectness >= minScore)) continue;
    let best = 0;
    for (let c = 1; c < head.classes; c++) if (read(i, from + c) > read(i, from + best)) best = c;
    const score = objectness * probability(read(i, from + best));
    if (!(score >= minScore)) continue;
    const [x, y, w, h] = [read(i, 0) * across, read(i, 1) * down, read(i, 2) * across, read(i, 3) * down];
    if (!(w > 0 && h > 0)) continue;
    found.push({ index: i, classIndex: best, score: Math.min(1, score), x0: x - w / 2, y0: y - h / 2, x1: x + w / 2, y1: y + h / 2 });
  }
  found.sort((a, b) => b.score - a.score);
  return found.length > MOST ? found.slice(0, MOST) : found;
}
