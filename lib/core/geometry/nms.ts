/** Non-max suppression, as the models and the editor both do it. */
import type { Box } from './box';

export interface NmsOptions {
  /** Class of each box; boxes of different classes never suppress each other. All one class when absent. */
  classes?: ArrayLike<number | string>;
  /** Keep at most this many boxes, best first. */
  limit?: number;
  /** Drop boxes at or below this score first. */
  scoreThreshold?: number;
}

/**
 * Takes the box of highest score, drops every other of its class whose IoU with it is at or above `iouThreshold`, and so on.
 * Equal scores keep their order.
 *
 * @param boxes boxes, or their edges x0, y0, x1, y1 one after another (length 4 × scores.length).
 * @param scores a score a box; higher is better. A box whose score is not a number is dropped.
 * @returns indices of the boxes kept, by falling score.
 */
export function nms(boxes: readonly Box[] | Float32Array | Float64Array, scores: ArrayLike<number>, iouThreshold: number, options: NmsOptions = {}): number[] {
  const { classes, limit = Infinity, scoreThreshold } = options;
  const n = scores.length;
  const flat = boxes instanceof Float32Array || boxes instanceof Float64Array;
  if (boxes.length !== (flat ? 4 * n : n)) throw new RangeError(`${n} scores, but ${flat ? boxes.length / 4 : boxes.length} boxes`);
  if (classes && classes.length !== n) throw new RangeError(`${n} scores, but ${classes.length} classes`);

  const order: number[] = [];
  for (let i = 0; i < n; i++) if (scoreThreshold === undefined ? !Number.isNaN(scores[i]) : scores[i]! > scoreThreshold) order.push(i);
  order.sort((i, j) => scores[j]! - scores[i]! || i - j);

  const edges = flat ? boxes : new Float64Array(4 * n);
  if (!flat) boxes.forEach((b, i) => edges.set([b.x0, b.y0, b.x1, b.y1], 4 * i));

  const kept: number[] = [];
  const keptByClass = new Map<number | string, number[]>();
  for (const i of order) {
    if (kept.length >= limit) break;
    const key = classes ? classes[i]! : 0;
    let rivals = keptByClass.get(key);
    if (!rivals) keptByClass.set(key, (rivals = []));
    if (rivals.some((j) => edgesIou(edges, 4 * i, 4 * j) >= iouThreshold)) continue;
    kept.push(i);
    rivals.push(i);
  }
  return kept;
}

/** IoU of the boxes whose edges begin at `i` and `j`; the boxes may be degenerate. */
function edgesIou(edges: Float32Array | Float64Array, i: number, j: number): number {
  const width = Math.min(edges[i + 2]!, edges[j + 2]!) - Math.max(edges[i]!, edges[j]!);
  if (!(width > 0)) return 0;
  const height = Math.min(edges[i + 3]!, edges[j + 3]!) - Math.max(edges[i + 1]!, edges[j + 1]!);
  if (!(height > 0)) return 0;
  const shared = width * height;
  const areas = (edges[i + 2]! - edges[i]!) * (edges[i + 3]! - edges[i + 1]!) + (edges[j + 2]! - edges[j]!) * (edges[j + 3]! - edges[j + 1]!);
  return shared / (areas - shared);
}
