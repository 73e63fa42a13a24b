/**
 * Raw outputs to boxes. For a cell (row, column) of stride s and an anchor (w, h):
 * x = (2σ(tx) − ½ + column) s, y likewise, width = w (2σ(tw))², height likewise; objectness σ(to), class scores σ(tc).
 * (The ranges of YOLOv5: the centre may leave its cell by half, so that edges of cells are reached; sizes stay bounded.)
 */
import { nms } from '@/lib/core/geometry';
import { gridOf, type YoloLayout } from './types';

/** A predicted box: edges in input pixels. */
export interface ScoredBox {
  classIndex: number;
  score: number;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

const sigmoid = (t: number): number => 1 / (1 + Math.exp(-t));

export interface DecodeOptions {
  scoreThreshold: number;
  /** At most this many candidates go on to suppression, best first. */
  candidates?: number;
}

/**
 * Candidates of one image in input pixels, unsuppressed. `outputs[s]` are the numbers of scale s,
 * `[rows, columns, anchors · (5 + classes)]`. A predictor gives one candidate for every class above the threshold.
 */
export function decode(outputs: readonly Float32Array[], layout: YoloLayout, { scoreThreshold, candidates = 1000 }: DecodeOptions): ScoredBox[] {
  const found: ScoredBox[] = [];
  const depth = 5 + layout.classes;
  // σ(t) ≥ threshold without computing σ for the many that fail.
  const logit = Math.log(scoreThreshold / (1 - scoreThreshold));
  layout.scales.forEach((scale, s) => {
    const { rows, columns } = gridOf(layout, scale);
    const data = outputs[s]!;
    let at = 0;
    for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) for (const anchor of scale.anchors) {
      const slot = at;
      at += depth;
      if (data[slot + 4]! < logit) continue;
      const objectness = sigmoid(data[slot + 4]!);
      for (let c = 0; c < layout.classes; c++) {
        const score = objectness * sigmoid(data[slot + 5 + c]!);
        if (score < scoreThreshold) continue;
        const x = (2 * sigmoid(data[slot]!) - 0.5 + column) * scale.stride;
        const y = (2 * sigmoid(data[slot + 1]!) - 0.5 + row) * scale.stride;
        const w = anchor.w * (2 * sigmoid(data[slot + 2]!)) ** 2;
        const h = anchor.h * (2 * sigmoid(data[slot + 3]!)) ** 2;
        found.push({ classIndex: c, score, x0: x - w / 2, y0: y - h / 2, x1: x + w / 2, y1: y + h / 2 });
      }
    }
  });
  found.sort((a, b) => b.score - a.score);
  return found.length > candidates ? found.slice(0, candidates) : found;
}

/** Non-max suppression, separately per class: best first, at most `limit`. */
export function suppress<B extends ScoredBox>(boxes: readonly B[], iouThreshold: number, limit?: number): B[] {
  return nms(boxes, boxes.map((box) => box.score), iouThreshold, { classes: boxes.map((box) => box.classIndex), limit }).map((i) => boxes[i]!);
}
