/** Fitting an image into the network input: scaled with its aspect kept, set in the middle, the rest filled. */

export interface Size {
  width: number;
  height: number;
}

/** Where an image lies in the network input, in whole input pixels. */
export interface Placement {
  x: number;
  y: number;
  width: number;
  height: number;
}

export function letterbox(image: Size, input: Size): Placement {
  const scale = Math.min(input.width / image.width, input.height / image.height);
  const width = Math.max(1, Math.min(input.width, Math.round(image.width * scale)));
  const height = Math.max(1, Math.min(input.height, Math.round(image.height * scale)));
  return { x: (input.width - width) >> 1, y: (input.height - height) >> 1, width, height };
}

interface Edges {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** Edges in image pixels to edges in input pixels. Whole pixels of placement make the two axes scale separately. */
export function toInput<T extends Edges>(box: T, image: Size, at: Placement): T {
  const [sx, sy] = [at.width / image.width, at.height / image.height];
  return { ...box, x0: at.x + box.x0 * sx, x1: at.x + box.x1 * sx, y0: at.y + box.y0 * sy, y1: at.y + box.y1 * sy };
}

/** The inverse of `toInput`. */
export function toImage<T extends Edges>(box: T, image: Size, at: Placement): T {
  const [sx, sy] = [image.width / at.width, image.height / at.height];
  return { ...box, x0: (box.x0 - at.x) * sx, x1: (box.x1 - at.x) * sx, y0: (box.y0 - at.y) * sy, y1: (box.y1 - at.y) * sy };
}
