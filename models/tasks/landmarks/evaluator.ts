/** Figures of landmarks. */
import { oks, uniformSigmas } from '@/lib/core/geometry';
import { LandmarkAccumulator } from '@/lib/core/metrics';
import { type Evaluator, type LandmarksLabel, type PredictedLabel } from '../types';
import { type LandmarkDesign } from './head';
import { extentOf } from './plan';

/** Outer corners of the eyes in the 68 points of a face (iBUG 300-W, numbered from 0). */
const FACE_POINTS = 68;
const EYE_CORNERS = [36, 45] as const;
/** From this presence on a class counts as said to be there. */
const PRESENT = 0.5;

/** What errors are divided by, in pixels: between the outer corners of the eyes on faces of 68 points, else the diagonal of the points' box. */
export function errorScale({ points }: Pick<LandmarksLabel, 'points'>): number {
  const [left, right] = EYE_CORNERS.map((k) => points[k]);
  if (points.length === FACE_POINTS && left!.v > 0 && right!.v > 0) return Math.hypot(left!.x - right!.x, left!.y - right!.y);
  const extent = extentOf({ points });
  return extent ? Math.hypot(extent.x1 - extent.x0, extent.y1 - extent.y0) : 0;
}

interface Tally {
  figures: LandmarkAccumulator;
  oksSum: number;
  objects: number;
}

/**
 * `nme` (mean over objects of the mean error of their points over `errorScale`), `pck` (share of points within a tenth of it),
 * `oks` (mean object keypoint similarity, σ 0.05 for every point), `failureRate` (objects with a mean error above a tenth),
 * `presence` (share of images and classes where presence was said rightly). An object that was not proposed counts with all its
 * points in the middle of the image. By class: `nme`, `pck`, `oks`.
 */
export function landmarkEvaluator({ classes }: Pick<LandmarkDesign, 'classes'>): Evaluator {
  const tally = (): Tally => ({ figures: new LandmarkAccumulator(), oksSum: 0, objects: 0 });
  const all = classes.map(tally);
  let images = 0;
  let asked = 0;
  let right = 0;
  return {
    add({ width, height, labels }, predicted) {
      images++;
      classes.forEach(({ id }, k) => {
        const truth = labels.find((label): label is LandmarksLabel => label.kind === 'landmarks' && label.classId === id && errorScale(label) > 0);
        const found = best(predicted, id);
        asked++;
        if ((truth !== undefined) === ((found?.score ?? 0) >= PRESENT)) right++;
        if (!truth) return;
        const points = found?.points ?? truth.points.map(() => ({ x: width / 2, y: height / 2 }));
        all[k]!.figures.add({ truth: truth.points, prediction: points, scale: errorScale(truth) });
        const { x0, y0, x1, y1 } = extentOf(truth)!;
        all[k]!.oksSum += oks(truth.points, points, (x1 - x0) * (y1 - y0), uniformSigmas(points.length));
        all[k]!.objects++;
      });
    },
    result() {
      const figures = all.map(({ figures: own, oksSum, objects }) => {
        const { nme, pck, failureRate, points } = own.result();
        return { nme, pck, failureRate, points, oks: objects > 0 ? oksSum / objects : null, objects };
      });
      const objects = figures.map((own) => own.objects);
      const of = (name: 'nme' | 'pck' | 'oks') => Object.fromEntries(classes.map(({ id }, k) => [id, figures[k]![name]]));
      return {
        images,
        values: {
          nme: mean(figures.map(({ nme }) => nme), objects), pck: mean(figures.map(({ pck }) => pck), figures.map(({ points }) => points)),
          oks: mean(figures.map((own) => own.oks), objects), failureRate: mean(figures.map(({ failureRate }) => failureRate), objects),
          presence: asked > 0 ? right / asked : null,
        },
        byClass: { nme: of('nme'), pck: of('pck'), oks: of('oks') },
      };
    },
  };
}

function best(predicted: readonly PredictedLabel[], classId: string): (LandmarksLabel & { score: number }) | undefined {
  let found: (LandmarksLabel & { score: number }) | undefined;
  for (const label of predicted) if (label.kind === 'landmarks' && label.classId === classId && label.score > (found?.score ?? -1)) found = label;
  return found;
}

/** Mean of what is known, weighted; null where nothing is. */
function mean(values: readonly (number | null)[], weights: readonly number[]): number | null {
  const known = values.flatMap((value, i) => (value === null ? [] : [{ value, weight: weights[i]! }]));
  const total = known.reduce((sum, { weight }) => sum + weight, 0);
  return total === 0 ? null : known.reduce((sum, { value, weight }) => sum + value * weight, 0) / total;
}
