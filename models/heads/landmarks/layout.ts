/** What the landmark heads predict, and its numbers in both directions. */

/** One class with its named points, at most one of it in an image. */
export interface LandmarkClass {
  points: number;
}

export interface LandmarkLayout {
  inputSize: { width: number; height: number };
  /** In the order of the output. */
  classes: readonly LandmarkClass[];
}

/** A point in network input pixels; `placed` is false where it is not known. */
export interface InputPoint {
  x: number;
  y: number;
  placed: boolean;
}

/** One class of an image: null where it is not there. */
export type InputPoints = readonly InputPoint[] | null;

export const pointsOf = ({ classes }: LandmarkLayout): number => classes.reduce((sum, { points }) => sum + points, 0);

/** Numbers of the regression's output: for each class presence, then x and y of each point (64 points: 129). */
export const outputsOf = ({ classes }: LandmarkLayout): number => classes.reduce((sum, { points }) => sum + 1 + 2 * points, 0);

/** Index in the regression's output where each class begins. */
export function offsetsOf({ classes }: LandmarkLayout): number[] {
  let at = 0;
  return classes.map(({ points }) => {
    const start = at;
    at += 1 + 2 * points;
    return start;
  });
}

/**
 * Textbook target of an image: for each class p_c, then l_1x, l_1y, l_2x … as shares of the input (0 its left or upper edge, 1 its
 * right or lower one). Where p_c = 0 the rest is zero and means nothing; so are points that are not placed.
 */
export function landmarkTarget(classes: readonly InputPoints[], layout: LandmarkLayout): Float32Array {
  const { inputSize: { width, height } } = layout;
  const target = new Float32Array(outputsOf(layout));
  const offsets = offsetsOf(layout);
  classes.forEach((points, k) => {
    if (!points) return;
    target[offsets[k]!] = 1;
    points.forEach(({ x, y, placed }, i) => {
      if (placed) target.set([x / width, y / height], offsets[k]! + 1 + 2 * i);
    });
  });
  return target;
}

/** What of `landmarkTarget` counts: presence always, coordinates where the point is placed. */
export function landmarkWeights(classes: readonly InputPoints[], layout: LandmarkLayout): Float32Array {
  const weights = new Float32Array(outputsOf(layout));
  const offsets = offsetsOf(layout);
  classes.forEach((points, k) => {
    weights[offsets[k]!] = 1;
    points?.forEach(({ placed }, i) => weights.fill(placed ? 1 : 0, offsets[k]! + 1 + 2 * i, offsets[k]! + 3 + 2 * i));
  });
  return weights;
}
