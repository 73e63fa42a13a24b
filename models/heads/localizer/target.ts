/**
 * The target of classification with localization: (pc, bx, by, bh, bw, c1 … cn). pc is 1 where there is an object; bx and by are
 * its midpoint and bh and bw its size as shares of the network input; c is one for its class. Without an object only pc counts.
 */
export const PRESENCE = 0;
export const BOX_FIELDS = 5;

export interface Edges {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

interface Size {
  width: number;
  height: number;
}

export const fieldsOf = (classes: number): number => BOX_FIELDS + classes;

/** Writes the target of an object (edges in input pixels), or of none, into `row`. */
export function writeTarget(row: { fill(value: number): unknown; [i: number]: number }, object: (Edges & { classIndex: number }) | null, { width, height }: Size): void {
  row.fill(0);
  if (!object) return;
  const { x0, y0, x1, y1, classIndex } = object;
  [1, (x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (y1 - y0) / height, (x1 - x0) / width].forEach((value, i) => (row[i] = value));
  row[BOX_FIELDS + classIndex] = 1;
}

/** Edges in input pixels of a row's box. */
export function edgesOf(row: ArrayLike<number>, { width, height }: Size): Edges {
  const [x, y, h, w] = [row[1]! * width, row[2]! * height, row[3]! * height, row[4]! * width];
  return { x0: x - w / 2, y0: y - h / 2, x1: x + w / 2, y1: y + h / 2 };
}
