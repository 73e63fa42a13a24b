/** Outlines of masks along pixel edges. */
import type { Point } from '../geometry/box';
import { maskRows } from './rows';
import { isEmptyMask, type Mask } from './mask';

/** 4: pixels that share an edge belong together. 8: those that share a corner, too. */
export type Connectivity = 4 | 8;

/** One closed outline: corners only, in image coordinates; pixel (x, y) has the corners x, x+1 and y, y+1. */
export interface Contour {
  points: Point[];
  /** The outline of a hole: it runs counter-clockwise on screen, outer ones clockwise. */
  hole: boolean;
}

/**
 * The outlines of a mask, each with the mask on its right hand (outer ones clockwise on screen). Filling them all by the
 * even-odd or non-zero rule gives the mask again, exactly. Ordered by the upper-left corner they begin at.
 *
 * @param connectivity whether parts that touch at a corner only get one outline (8) or one each (4, the default: such
 *   outlines never cross themselves, which readers of polygons expect).
 */
export function maskContours(mask: Mask, connectivity: Connectivity = 4): Contour[] {
  if (isEmptyMask(mask)) return [];
  const edges = new EdgeSet(mask);
  const contours: Contour[] = [];
  let start: number;
  while ((start = edges.nextStart()) >= 0) contours.push(trace(edges, start, connectivity));
  return contours;
}

/** Directions, clockwise: a turn to the right adds one. */
const RIGHT = 0;
const DOWN = 1;
const LEFT = 2;
const UP = 3;

/**
 * Edges between set and unset pixels by the corner they leave from, with the set pixel on their right. From a corner at most
 * two edges leave, in opposite directions; what is kept for a corner is a set of directions (bits) and, for horizontal edges,
 * where they lead. Vertical edges are one row long; `trace` joins them.
 */
class EdgeSet {
  private readonly stride: number;
  /** Corners in reading order, and for each what leaves it. Corners are looked up by bisection within their row. */
  private readonly corners: Float64Array;
  private readonly leaving: Uint8Array;
  private readonly rightTo: Float64Array;
  private readonly leftTo: Float64Array;
  private readonly rowStart: Int32Array;
  private cursor = 0;

  constructor(readonly mask: Mask) {
    this.stride = mask.width + 1;
    const edges: number[] = [];
    const put = (x: number, y: number, direction: number, to = 0) => edges.push(this.key(x, y), direction, to);
    let above: number[] = [];
    let row: number[] = [];
    let y = mask.y;
    for (const run of maskRows(mask)) {
      while (run.y > y) {
        this.addLine(y++, above, row, put);
        above = row;
        row = [];
      }
      row.push(run.x0, run.x1);
    }
    this.addLine(y++, above, row, put);
    this.addLine(y, row, [], put);

    const keys = new Float64Array(edges.length / 3);
    for (let i = 0; i < keys.length; i++) keys[i] = edges[3 * i]!;
    keys.sort();
    let n = 0;
    for (let i = 0; i < keys.length; i++) if (i === 0 || keys[i] !== keys[n - 1]) keys[n++] = keys[i]!;
    this.corners = keys.subarray(0, n);
    this.rowStart = new Int32Array(mask.height + 2);
    for (const key of this.corners) this.rowStart[Math.floor(key / this.stride) + 1]!++;
    for (let i = 0; i <= mask.height; i++) this.rowStart[i + 1]! += this.rowStart[i]!;
    this.leaving = new Uint8Array(n);
    this.rightTo = new Float64Array(n);
    this.leftTo = new Float64Array(n);
    for (let i = 0; i < edges.length; i += 3) {
      const at = this.indexOf(edges[i]!);
      const direction = edges[i + 1]!;
      this.leaving[at]! |= 1 << direction;
      if (direction === RIGHT) this.rightTo[at] = edges[i + 2]!;
      if (direction === LEFT) this.leftTo[at] = edges[i + 2]!;
    }
  }

  private key(x: number, y: number): number {
    return (y - this.mask.y) * this.stride + (x - this.mask.x);
  }

  private indexOf(key: number): number {
    const row = Math.floor(key / this.stride);
    let low = this.rowStart[row]!;
    let high = this.rowStart[row + 1]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.corners[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  point(corner: number): Point {
    const key = this.corners[corner]!;
    const row = Math.floor(key / this.stride);
    return { x: this.mask.x + key - row * this.stride, y: this.mask.y + row };
  }

  /** The edges on the line above row y, and the vertical ones of row y; `above` and `row` are spans x0, x1, … */
  private addLine(y: number, above: number[], row: number[], put: (x: number, y: number, direction: number, to?: number) => void): void {
    for (let i = 0; i < row.length; i += 2) {
      put(row[i]!, y + 1, UP);
      put(row[i + 1]!, y, DOWN);
    }
    // Sweep both rows: where exactly one of them is set there is an edge. It ends wherever either row changes.
    let i = 0;
    let j = 0;
    let x = -Infinity;
    while (i < above.length || j < row.length) {
      const next = Math.min(above[i] ?? Infinity, row[j] ?? Infinity);
      const upper = i % 2 === 1;
      const lower = j % 2 === 1;
      if (lower && !upper) put(x, y, RIGHT, this.key(next, y));
      if (upper && !lower) put(next, y, LEFT, this.key(x, y));
      x = next;
      if (above[i] === next) i++;
      if (row[j] === next) j++;
    }
  }

  /** Upper-left corner of an outline not traced yet, or −1. */
  nextStart(): number {
    while (this.cursor < this.leaving.length && this.leaving[this.cursor] === 0) this.cursor++;
    return this.cursor < this.leaving.length ? this.cursor : -1;
  }

  has(corner: number, direction: number): boolean {
    return ((this.leaving[corner]! >> direction) & 1) === 1;
  }

  /** Takes an edge away and returns the corner it leads to. */
  take(corner: number, direction: number): number {
    this.leaving[corner]! &= ~(1 << direction);
    if (direction === RIGHT) return this.indexOf(this.rightTo[corner]!);
    if (direction === LEFT) return this.indexOf(this.leftTo[corner]!);
    return this.indexOf(this.corners[corner]! + (direction === DOWN ? this.stride : -this.stride));
  }
}

function trace(edges: EdgeSet, start: number, connectivity: Connectivity): Contour {
  const points: Point[] = [];
  let direction = [RIGHT, DOWN, LEFT, UP].find((d) => edges.has(start, d))!;
  const first = direction;
  let at = start;
  let twiceArea = 0;
  let from = edges.point(start);
  for (;;) {
    at = edges.take(at, direction);
    const to = edges.point(at);
    twiceArea += from.x * to.y - to.x * from.y;
    from = to;
    // Where two outlines meet at a corner: turning right keeps to the same pixel, turning left crosses to the diagonal one.
    const turns = connectivity === 4 ? [1, 0, 3] : [3, 0, 1];
    const closes = (d: number) => at === start && d === first;
    const next = turns.map((t) => (direction + t) % 4).find((d) => closes(d) || edges.has(at, d));
    if (next === undefined) throw new Error('an outline of the mask is not closed');
    if (next !== direction) points.push(to);
    if (closes(next)) break;
    direction = next;
  }
  // The last corner is the start.
  if (points.length > 0) points.unshift(points.pop()!);
  return { points, hole: twiceArea < 0 };
}
