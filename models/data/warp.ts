/**
 * The map between a network input and an image: affine, with a smooth local displacement in front of it. Pixels are
 * fetched by it and points carried by its inverse, so that labels follow the pixels.
 */
import { type Random } from '../runtime/random';
import { type Placement, type Size } from './letterbox';

export interface Point {
  x: number;
  y: number;
}

/** [a, b, c, d, e, f]: (x, y) ↦ (a·x + b·y + c, d·x + e·y + f). */
export type Affine = readonly [number, number, number, number, number, number];

/** `second` after `first`. */
export function compose(second: Affine, first: Affine): Affine {
  const [a, b, c, d, e, f] = second;
  const [p, q, r, s, t, u] = first;
  return [a * p + b * s, a * q + b * t, a * r + b * u + c, d * p + e * s, d * q + e * t, d * r + e * u + f];
}

export function invert([a, b, c, d, e, f]: Affine): Affine {
  const determinant = a * e - b * d;
  if (determinant === 0) throw new RangeError('an affine map without area has no inverse');
  const [p, q, s, t] = [e / determinant, -b / determinant, -d / determinant, a / determinant];
  return [p, q, -(p * c + q * f), s, t, -(s * c + t * f)];
}

export const apply = ([a, b, c, d, e, f]: Affine, { x, y }: Point): Point => ({ x: a * x + b * y + c, y: d * x + e * y + f });

/** A shift of every point of the input: a uniform cubic B-spline over a lattice of control points. */
export interface Elastic {
  /** Distance of control points, input pixels; the first stands one cell outside the upper left corner. */
  cell: number;
  columns: number;
  rows: number;
  /** `[rows, columns]`, input pixels. */
  dx: Float32Array;
  dy: Float32Array;
}

/**
 * Control points that move no farther than this share of a cell cannot fold the image: a spline's slope along an axis is
 * at most twice that, so the displacement's is below one in the maximum norm, and x ↦ u − d(x) is a contraction.
 */
const LARGEST_SHIFT = 0.24;

/** A random displacement. `strength` 1 is the greatest that cannot fold; `cells` lie along the shorter side. */
export function drawElastic(input: Size, strength: number, cells: number, random: Random): Elastic {
  const cell = Math.min(input.width, input.height) / Math.max(1, cells);
  const columns = Math.ceil(input.width / cell) + 3;
  const rows = Math.ceil(input.height / cell) + 3;
  const reach = Math.min(1, strength) * LARGEST_SHIFT * cell;
  const draw = () => Float32Array.from({ length: columns * rows }, () => random.between(-reach, reach));
  return { cell, columns, rows, dx: draw(), dy: draw() };
}

/** Weights of the four control points around a place, from its fraction of a cell. */
function splineWeights(t: number): [number, number, number, number] {
  const s = 1 - t;
  return [(s * s * s) / 6, (3 * t * t * t - 6 * t * t + 4) / 6, (3 * s * s * s - 6 * s * s + 4) / 6, (t * t * t) / 6];
}

/** First control point and weights at a coordinate; beyond the lattice the edge's shift goes on. */
function lattice(at: number, cell: number, points: number): { first: number; weights: [number, number, number, number] } {
  const place = Math.max(0, Math.min(points - 3, at / cell));
  const first = Math.min(points - 4, Math.floor(place));
  return { first, weights: splineWeights(place - first) };
}

export function displacement({ cell, columns, rows, dx, dy }: Elastic, { x, y }: Point): Point {
  const across = lattice(x, cell, columns);
  const down = lattice(y, cell, rows);
  let [sumX, sumY] = [0, 0];
  for (let j = 0; j < 4; j++) for (let i = 0; i < 4; i++) {
    const k = (down.first + j) * columns + across.first + i;
    const weight = down.weights[j]! * across.weights[i]!;
    sumX += weight * dx[k]!;
    sumY += weight * dy[k]!;
  }
  return { x: sumX, y: sumY };
}

/** Plain data: it travels between threads. */
export interface Warp {
  /** Input pixels (after the displacement) to pixels of the full image. */
  toImage: Affine;
  elastic: Elastic | null;
}

/** The map that puts the region of an image into a placement of the input. */
export function frameWarp(region: Placement, placement: Placement, mirrored = false): Warp {
  const sx = (mirrored ? -1 : 1) * (region.width / placement.width);
  const sy = region.height / placement.height;
  const left = mirrored ? region.x + region.width : region.x;
  return { toImage: [sx, 0, left - sx * placement.x, 0, sy, region.y - sy * placement.y], elastic: null };
}

/** A point of the input in pixels of the full image. */
export function toImagePoint({ toImage, elastic }: Warp, point: Point): Point {
  if (!elastic) return apply(toImage, point);
  const shift = displacement(elastic, point);
  return apply(toImage, { x: point.x + shift.x, y: point.y + shift.y });
}

const TOLERANCE = 1e-4;
const MAX_ITERATIONS = 200;

/** Carries points of the full image into the input: the inverse of `toImagePoint`. */
export function inputMapper({ toImage, elastic }: Warp): (point: Point) => Point {
  const toInput = invert(toImage);
  if (!elastic) return (point) => apply(toInput, point);
  return (point) => {
    const target = apply(toInput, point);
    let found = target;
    for (let i = 0; i < MAX_ITERATIONS; i++) {
      const shift = displacement(elastic, found);
      const next = { x: target.x - shift.x, y: target.y - shift.y };
      const moved = Math.max(Math.abs(next.x - found.x), Math.abs(next.y - found.y));
      found = next;
      if (moved < TOLERANCE) break;
    }
    return found;
  };
}

/**
 * Writes where the pixels of an input row lie in an image that is `scale` times the full one: `xs[i]` and `ys[i]` for the
 * centre of pixel (left + i, row).
 */
export type RowMapper = (row: number, left: number, xs: Float64Array, ys: Float64Array) => void;

export function rowMapper({ toImage, elastic }: Warp, scale: { x: number; y: number }, width: number): RowMapper {
  const [a, b, c, d, e, f] = compose([scale.x, 0, 0, 0, scale.y, 0], toImage);
  if (!elastic) {
    return (row, left, xs, ys) => {
      const y = row + 0.5;
      for (let i = 0; i < width; i++) {
        const x = left + i + 0.5;
        xs[i] = a * x + b * y + c;
        ys[i] = d * x + e * y + f;
      }
    };
  }
  const { cell, columns, rows, dx, dy } = elastic;
  let at = NaN;
  const first = new Int32Array(width);
  const weights = new Float64Array(width * 4);
  const lineX = new Float64Array(columns);
  const lineY = new Float64Array(columns);
  return (row, left, xs, ys) => {
    if (at !== left) {
      at = left;
      for (let i = 0; i < width; i++) {
        const place = lattice(left + i + 0.5, cell, columns);
        first[i] = place.first;
        weights.set(place.weights, i * 4);
      }
    }
    const y = row + 0.5;
    const down = lattice(y, cell, rows);
    for (let k = 0; k < columns; k++) {
      let [sumX, sumY] = [0, 0];
      for (let j = 0; j < 4; j++) {
        sumX += down.weights[j]! * dx[(down.first + j) * columns + k]!;
        sumY += down.weights[j]! * dy[(down.first + j) * columns + k]!;
      }
      lineX[k] = sumX;
      lineY[k] = sumY;
    }
    for (let i = 0; i < width; i++) {
      const k = first[i]!;
      const w0 = weights[i * 4]!;
      const w1 = weights[i * 4 + 1]!;
      const w2 = weights[i * 4 + 2]!;
      const w3 = weights[i * 4 + 3]!;
      const x = left + i + 0.5 + w0 * lineX[k]! + w1 * lineX[k + 1]! + w2 * lineX[k + 2]! + w3 * lineX[k + 3]!;
      const shifted = y + w0 * lineY[k]! + w1 * lineY[k + 1]! + w2 * lineY[k + 2]! + w3 * lineY[k + 3]!;
      xs[i] = a * x + b * shifted + c;
      ys[i] = d * x + e * shifted + f;
    }
  };
}
