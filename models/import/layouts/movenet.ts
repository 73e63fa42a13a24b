/**
 * MoveNet single pose (Google 2021): where a person's middle is, from it a first guess of every point, a score map a point that
 * is weighed by the distance to that guess, and the place within the cell.
 */
import { z } from 'zod';
import { swapPoints } from '../../data/mapLabels';
import { pointToFull } from '../../tasks/frame';
import { type LabelledPoint, type LandmarksLabel, type View } from '../../tasks/types';
import { about } from './about';
import { type OutputLayout } from './types';

const headSchema = z.object({
  points: z.number().int().positive(),
  /** Cells along each side of the maps. */
  cells: z.number().int().positive(),
  /** Added to the distance from the first guess before the scores are divided by it. */
  distance: z.number().positive(),
});
type Head = z.infer<typeof headSchema>;

/** A point of which the network is at least this sure is visible. */
const VISIBLE = 0.3;

interface ScoredPoint extends LabelledPoint {
  score: number;
}

/** The index of the greatest of the numbers `value(0) … value(count − 1)`. */
function greatest(count: number, value: (i: number) => number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (value(i) > value(best)) best = i;
  return best;
}

/** Points in network input pixels; a point at a cell's `offset` lies (cell + offset) cells from the border. */
export function movenetPoints({ design, outputs }: Pick<View<Head>, 'design' | 'outputs'>): ScoredPoint[] {
  const { points, cells, distance } = design.head;
  const [heat, centre, guess, offset] = outputs as [Float32Array, Float32Array, Float32Array, Float32Array];
  const middle = greatest(cells * cells, (i) => centre[i]!);
  const [row, column] = [Math.floor(middle / cells), middle % cells];
  return Array.from({ length: points }, (_, k) => {
    const at = (middle * points + k) * 2;
    const [guessY, guessX] = [row + guess[at]!, column + guess[at + 1]!];
    const cell = greatest(cells * cells, (i) => heat[i * points + k]! / (Math.hypot(Math.floor(i / cells) - guessY, (i % cells) - guessX) + distance));
    const own = (cell * points + k) * 2;
    const score = heat[cell * points + k]!;
    return {
      x: (((cell % cells) + offset[own + 1]!) / cells) * design.inputSize.width,
      y: ((Math.floor(cell / cells) + offset[own]!) / cells) * design.inputSize.height,
      v: score >= VISIBLE ? 2 : 1,
      score,
    };
  });
}

export const movenet: OutputLayout<Head> = {
  ...about.movenet,
  headSchema,
  defaults: { decode: { minScore: 0.2, nmsIou: 0.5, limit: 1 } },
  recognise: () => null,
  /** One person; the score is the mean of the points'. Several views are averaged point by point. */
  decode(views, { minScore }) {
    const { full } = views[0]!.frame;
    const { id, swaps } = views[0]!.design.classes[0]!;
    const seen = views.map((view) => {
      const points = movenetPoints(view).map((point) => ({ ...point, ...pointToFull(point, view.frame) }));
      return view.frame.mirrored ? swapPoints(points, swaps) : points;
    });
    const points = seen[0]!.map((_, k): ScoredPoint => {
      const of = seen.map((list) => list[k]!);
      const total = of.reduce((sum, { score }) => sum + score, 0) || 1;
      const mean = (axis: 'x' | 'y') => of.reduce((sum, point) => sum + point[axis] * point.score, 0) / total;
      const score = total / of.length;
      return { x: Math.min(full.width, Math.max(0, mean('x'))), y: Math.min(full.height, Math.max(0, mean('y'))), v: score >= VISIBLE ? 2 : 1, score };
    });
    const score = points.reduce((sum, point) => sum + point.score, 0) / points.length;
    if (score < minScore) return [];
    const label: LandmarksLabel & { score: number } = { kind: 'landmarks', classId: id, points: points.map(({ x, y, v }) => ({ x, y, v })), score };
    return [label];
  },
};
