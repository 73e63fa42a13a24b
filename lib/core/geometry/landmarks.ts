/** Landmarks: ordered points with visibility, and how alike two sets of them are. */
import type { Box, Point } from './box';

/** A placed or unplaced point; `v` is COCO's visibility: 0 not placed, 1 placed but hidden, 2 placed and visible. */
export interface Landmark extends Point {
  v: number;
}

/**
 * Falloff of each of COCO's 17 person keypoints: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles.
 * Source: cocodataset.org, "Keypoint evaluation".
 */
export const COCO_PERSON_SIGMAS: readonly number[] = [0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089];

/** Falloff for skeletons whose own was never measured: between COCO's eyes (0.025) and hips (0.107). */
export const DEFAULT_SIGMA = 0.05;

/** NumPy's `spacing(1)`, which the reference code adds to an area so that it never divides by zero. */
const SPACING = 2 ** -52;

/**
 * Object keypoint similarity of a candidate to the truth, 0 to 1:
 * mean over the points placed in the truth of exp(−d² / (2 · area · (2σ)²)). Source: cocodataset.org and pycocotools.
 *
 * When nothing is placed in the truth, distances count only beyond the truth's box doubled about its centre (an object that
 * is there but has no landmarks must not punish a candidate beside it).
 *
 * @param area area of the truth's object in square pixels: its mask's where it has one, else its box's.
 * @param sigmas one a point.
 * @param box the truth's box; needed only when nothing is placed.
 */
export function oks(truth: readonly Landmark[], candidate: readonly Point[], area: number, sigmas: readonly number[], box?: Box): number {
  if (truth.length !== candidate.length || truth.length !== sigmas.length) throw new RangeError(`${truth.length} true points, ${candidate.length} candidate points, ${sigmas.length} sigmas`);
  const placed = truth.some((p) => p.v > 0);
  if (!placed && !box) return 0;
  let sum = 0;
  let count = 0;
  for (let k = 0; k < truth.length; k++) {
    const t = truth[k]!;
    const c = candidate[k]!;
    let dx: number;
    let dy: number;
    if (placed) {
      if (!(t.v > 0)) continue;
      dx = c.x - t.x;
      dy = c.y - t.y;
    } else {
      const width = box!.x1 - box!.x0;
      const height = box!.y1 - box!.y0;
      dx = Math.max(0, box!.x0 - width - c.x) + Math.max(0, c.x - box!.x0 - width * 2);
      dy = Math.max(0, box!.y0 - height - c.y) + Math.max(0, c.y - box!.y0 - height * 2);
    }
    const variance = (sigmas[k]! * 2) ** 2;
    sum += Math.exp(-((dx * dx + dy * dy) / variance / (area + SPACING) / 2));
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

/** The same falloff for each of n points. */
export function uniformSigmas(n: number, sigma: number = DEFAULT_SIGMA): number[] {
  return new Array<number>(n).fill(sigma);
}
