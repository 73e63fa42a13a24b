/** Polygons → masks, pixel for pixel as COCO's reference code rasterises them. */
import type { Point, Size } from '../geometry/box';
import { unionAll, xor } from './boolean';
import { maskFromColumnToggles } from './coco';
import { emptyMask, MaskError, type Mask } from './mask';

/** The reference walks the outline on a grid five times as fine as the pixels. */
const FINE = 5;

/**
 * The pixels of a polygon in an image of this size, which clips it.
 *
 * Agrees with `rleFrPoly` of cocodataset/cocoapi: vertices are rounded to the fine grid, edges are walked on it as discrete
 * lines, and wherever the outline crosses the middle of a pixel column, the column changes at the next pixel below.
 *
 * @param rings one ring: its inside. Several: all their pixels together (`union`, COCO's reading of parts of one object), or
 *   the pixels inside an odd number of them (`evenodd`, for polygons with holes).
 */
export function polygonMask(rings: readonly Point[] | readonly (readonly Point[])[], image: Size, rule: 'union' | 'evenodd' = 'union'): Mask {
  const list = (rings.length > 0 && Array.isArray(rings[0]) ? rings : [rings]) as readonly (readonly Point[])[];
  const masks = list.filter((ring) => ring.length >= 3).map((ring) => ringMask(ring, image));
  return rule === 'union' ? unionAll(masks) : masks.reduce(xor, emptyMask());
}

function ringMask(ring: readonly Point[], image: Size): Mask {
  const { width, height } = image;
  if (!ring.every((p) => Math.abs(p.x) <= 1e8 && Math.abs(p.y) <= 1e8)) throw new MaskError('a polygon needs numbers for its points, within 1e8 of the image');
  const fine = ring.map((p) => ({ x: Math.trunc(FINE * p.x + 0.5), y: Math.trunc(FINE * p.y + 0.5) }));
  const crossings: number[] = [];
  /** Place of the outline before this step; the reference compares neighbours along the whole walk, across vertices too. */
  let lastU = fine[0]!.x;
  let lastV = fine[0]!.y;
  let begun = false;

  const step = (u: number, v: number) => {
    if (begun && u !== lastU) {
      const column = ((u < lastU ? u : u - 1) + 0.5) / FINE - 0.5;
      if (column === Math.floor(column) && column >= 0 && column <= width - 1) {
        const row = Math.ceil(Math.min(height, Math.max(0, (Math.min(v, lastV) + 0.5) / FINE - 0.5)));
        crossings.push(column * height + row);
      }
    }
    begun = true;
    lastU = u;
    lastV = v;
  };

  for (let j = 0; j < fine.length; j++) walkEdge(fine[j]!, fine[(j + 1) % fine.length]!, step);
  return maskFromColumnToggles(Float64Array.from(crossings).sort(), image);
}

/** Visits the fine-grid points of an edge from a to b, both ends included, one for each unit of its longer side. */
function walkEdge(a: Point, b: Point, visit: (x: number, y: number) => void): void {
  const dx = Math.abs(b.x - a.x);
  const dy = Math.abs(b.y - a.y);
  const flat = dx >= dy;
  // The line is always computed from its lower end, so that an edge and its reverse pass through the same points.
  const reversed = flat ? a.x > b.x : a.y > b.y;
  const from = reversed ? b : a;
  const to = reversed ? a : b;
  const length = flat ? dx : dy;
  const slope = length === 0 ? 0 : flat ? (to.y - from.y) / length : (to.x - from.x) / length;
  for (let d = 0; d <= length; d++) {
    const t = reversed ? length - d : d;
    if (flat) visit(from.x + t, Math.trunc(from.y + slope * t + 0.5));
    else visit(Math.trunc(from.x + slope * t + 0.5), from.y + t);
  }
}
