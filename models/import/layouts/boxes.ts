/** Detectors that suppress their doubles themselves: a list of boxes with score and class. */
import { z } from 'zod';
import { type ScoredBox } from '../../heads/yolo';
import { fuseDetections } from '../../tasks/detect/decode';
import { about } from './about';
import { type OutputLayout } from './types';
import { matrixOf } from './yolo';

const headSchema = z.object({ classes: z.number().int().positive() });
type Head = z.infer<typeof headSchema>;

/** Numbers of a row: edges in input pixels, score, class. */
const FIELDS = 6;

function candidates(data: Float32Array, classes: number, minScore: number): ScoredBox[] {
  const found: ScoredBox[] = [];
  for (let at = 0; at + FIELDS <= data.length; at += FIELDS) {
    const [x0, y0, x1, y1, score, classIndex] = data.subarray(at, at + FIELDS) as unknown as [number, number, number, number, number, number];
    const known = Math.round(classIndex);
    if (score >= minScore && x1 > x0 && y1 > y0 && known >= 0 && known < classes) found.push({ classIndex: known, score: Math.min(1, score), x0, y0, x1, y1 });
  }
  return found.sort((a, b) => b.score - a.score);
}

export const boxes: OutputLayout<Head> = {
  ...about.boxes,
  headSchema,
  defaults: { decode: { minScore: 0.001, nmsIou: 0.7, limit: 300 } },
  recognise(outputs) {
    const matrix = matrixOf(outputs[0]);
    if (!matrix || outputs.length !== 1 || matrix.columns !== FIELDS || matrix.rows > 1000) return null;
    // The rows do not say how many classes there are; names or the person do.
    return { head: { classes: 1 }, outputs: [matrix.name], classes: 0 };
  },
  decode: (views, options) => fuseDetections(views, options, ({ design, outputs }, minScore) => candidates(outputs[0]!, design.classes.length, minScore)),
};
