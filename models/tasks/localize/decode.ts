/** The vector of a localizer to one box at most. */
import { BOX_FIELDS, edgesOf, PRESENCE } from '../../heads/localizer';
import { toFull } from '../frame';
import { type DecodeOptions, type PredictedLabel, type View } from '../types';
import { type LocalizeHead } from './head';

const clamp = (n: number, most: number): number => Math.min(Math.max(n, 0), most);

/**
 * Presence and class scores are the means over the views; edges are means weighted by presence, in full-image pixels. The
 * label's score is presence × the share of its class among the class scores.
 */
export function decodeObject(views: readonly View<LocalizeHead>[], { minScore, limit }: DecodeOptions): PredictedLabel[] {
  const presence = views.reduce((sum, { outputs }) => sum + outputs[0]![PRESENCE]!, 0);
  const edges = { x0: 0, y0: 0, x1: 0, y1: 0 };
  const scores = new Map<string, number>();
  for (const { design, outputs, frame } of views) {
    const row = outputs[0]!;
    const weight = presence > 0 ? row[PRESENCE]! / presence : 1 / views.length;
    const box = toFull(edgesOf(row, design.inputSize), frame);
    for (const name of ['x0', 'y0', 'x1', 'y1'] as const) edges[name] += weight * box[name];
    design.classes.forEach(({ id }, k) => scores.set(id, (scores.get(id) ?? 0) + row[BOX_FIELDS + k]!));
  }
  const [classId, best] = [...scores].reduce((a, b) => (b[1] > a[1] ? b : a));
  const total = [...scores.values()].reduce((a, b) => a + b, 0);
  const score = (presence / views.length) * (total > 0 ? best / total : 1 / scores.size);
  const { width, height } = views[0]!.frame.full;
  const box = { x0: clamp(edges.x0, width), y0: clamp(edges.y0, height), x1: clamp(edges.x1, width), y1: clamp(edges.y1, height) };
  if (score < minScore || limit < 1 || box.x1 <= box.x0 || box.y1 <= box.y0) return [];
  return [{ kind: 'box', classId, score: Math.min(1, score), ...box }];
}
