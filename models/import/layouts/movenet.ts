/**
 * MoveNet single pose (Google 2021): where a person's middle is, from it a first guess of every point, a score map a point that
 * is weighed by the distance to that guess, and the place within the cell.
 */
import { swapPoints } from '../../data/mapLabels';
import { pointToFull, showsPlace } from '../../tasks/frame';
import { type LabelledPoint, type LandmarksLabel, type View } from '../../tasks/types';
import { movenet as settings, type MovenetHead as Head } from '../settings/movenet';
import { type OutputLayout } from './types';

/** A point of which the network is at least this sure is visible. */
const VISIBLE = 0.3;

export interface ScoredPoint extends LabelledPoint {
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

/** One person; the score is the mean of the points'. Several views are averaged point by point, weighed by the points' scores. */
export function meanPose(views: readonly View<unknown>[], seen: readonly ScoredPoint[][], minScore: number): (LandmarksLabel & { score: number })[] {
  const { full } = views[0]!.frame;
  const { id, swaps } = views[0]!.design.classes[0]!;
  const placed = seen.map((list, v) => {
    const { frame } = views[v]!;
    const points = list.map((point) => ({ ...point, ...pointToFull(point, frame) }));
    return frame.mirrored ? swapPoints(points, swaps) : points;
  });
  const points = placed[0]!.map((_, k): ScoredPoint => {
    const all = placed.map((list, v) => ({ ...list[k]!, frame: views[v]!.frame }));
    const shown = all.filter((point) => showsPlace(point.frame, point));
    const of = shown.length > 0 ? shown : all;
    const weight = of.reduce((sum, { score }) => sum + score, 0);
    const mean = (axis: 'x' | 'y') => (weight > 0 ? of.reduce((sum, point) => sum + point[axis] * point.score, 0) / weight : of[0]![axis]);
    const score = weight / of.length;
    return { x: Math.min(full.width, Math.max(0, mean('x'))), y: Math.min(full.height, Math.max(0, mean('y'))), v: score >= VISIBLE ? 2 : 1, score };
  });
  const score = points.reduce((sum, point) => sum + point.score, 0) / points.length;
  return score < minScore ? [] : [{ kind: 'landmarks', classId: id, points: points.map(({ x, y, v }) => ({ x, y, v })), score }];
}

export const movenet: OutputLayout<Head> = {
  ...settings,
  defaults: { decode: { minScore: 0.2, nmsIou: 0.5, limit: 1 } },
  decode: (views, { minScore }) => meanPose(views, views.map(movenetPoints), minScore),
};
