/** FaceMesh (Kartynnik et al. 2019): 468 points on one face, seen upright in a square. */
import { type Point } from '@/lib/core/geometry';
import { type RgbImage } from '../../data/pixels';
import { type Face } from './blazeface';

/** Side of the square; values from 0 to 1. */
export const MESH_INPUT = 192;
export const MESH_POINTS = 468;

/**
 * The mesh's vertex at each of iBUG's 68 points. Along the jaw and the bridge of the nose, where the two conventions differ,
 * the vertices that lie nearest to labelled points (found on 300 training faces of YouTube Faces, the same on other 250).
 */
export const IBUG_VERTICES: readonly number[] = [
  127, 234, 177, 215, 172, 136, 150, 176, 152, 400, 379, 365, 397, 435, 401, 454, 356,
  70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
  6, 195, 5, 1, 75, 97, 2, 326, 305,
  33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
  61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,
];

/** A square in an image, turned: its middle, its side in pixels, and the angle of its lower edge. */
export interface Square {
  cx: number;
  cy: number;
  side: number;
  angle: number;
}

/** How much of its surroundings a face is shown with. */
const MARGIN = 1.5;

/** The square in which the eyes of a face lie level. */
export function squareOf({ x0, y0, x1, y1, rightEye, leftEye }: Face): Square {
  return {
    cx: (x0 + x1) / 2, cy: (y0 + y1) / 2,
    side: MARGIN * Math.max(x1 - x0, y1 - y0),
    angle: Math.atan2(leftEye.y - rightEye.y, leftEye.x - rightEye.x),
  };
}

/** A place in the square (0 to 1 along each side) in the image. */
export function placeIn({ cx, cy, side, angle }: Square, { x, y }: Point): Point {
  const [dx, dy] = [(x - 0.5) * side, (y - 0.5) * side];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return { x: cx + dx * cos - dy * sin, y: cy + dx * sin + dy * cos };
}

/** The square's content as `size × size` RGB pixels: bilinear, the mean of several places where it is made smaller; edges go on. */
export function cut(image: RgbImage, square: Square, size: number): Uint8Array {
  const { width, height, data } = image;
  const steps = Math.min(4, Math.max(1, Math.round(square.side / size)));
  const result = new Uint8Array(size * size * 3);
  for (let v = 0; v < size; v++) for (let u = 0; u < size; u++) {
    const sum = [0, 0, 0];
    for (let j = 0; j < steps; j++) for (let i = 0; i < steps; i++) {
      const at = placeIn(square, { x: (u + (i + 0.5) / steps) / size, y: (v + (j + 0.5) / steps) / size });
      const x = Math.min(width - 1, Math.max(0, at.x - 0.5));
      const y = Math.min(height - 1, Math.max(0, at.y - 0.5));
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [right, bottom] = [Math.min(width - 1, left + 1), Math.min(height - 1, top + 1)];
      const [fx, fy] = [x - left, y - top];
      for (let c = 0; c < 3; c++) {
        const read = (px: number, py: number) => data[(py * width + px) * 3 + c]!;
        const above = read(left, top) + fx * (read(right, top) - read(left, top));
        const below = read(left, bottom) + fx * (read(right, bottom) - read(left, bottom));
        sum[c]! += above + fy * (below - above);
      }
    }
    for (let c = 0; c < 3; c++) result[(v * size + u) * 3 + c] = Math.round(sum[c]! / steps ** 2);
  }
  return result;
}

/** The 68 points in the image. `mesh`: x, y, z of every vertex in pixels of the square as it was shown. */
export const pointsOf = (mesh: Float32Array, square: Square, vertices: readonly number[] = IBUG_VERTICES): Point[] =>
  vertices.map((vertex) => placeIn(square, { x: mesh[3 * vertex]! / MESH_INPUT, y: mesh[3 * vertex + 1]! / MESH_INPUT }));
