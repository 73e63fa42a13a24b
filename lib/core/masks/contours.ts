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
 * their length. Vertical edges are one row long; `trace` joins them.
 */
class EdgeSet {
  private readonly stride: number;
  private readonly leaving = new Map<number, number>();
  private readonly lengths = new Map<number, number>();
  private readonly keys: number[];
  private cursor = 0;

  constructor(readonly mask: Mask) {
    this.stride = mask.width + 1;
    let above: number[] = [];
    let row: number[] = [];
    let y = mask.y;
    for (const run of maskRows(mask)) {
      while (run.y > y) {
        this.addLine(y++, above, row);
        above = row;
        row = [];
      }
      row.push(run.x0, run.x1);
    }
    this.addLine(y++, above, row);
    this.addLine(y, row, []);
    this.keys = [...this.leaving.keys()].sort((a, b) => a - b);
  }

  key(x: number, y: number): number {
    return (y - this.mask.y) * this.stride + (x - this.mask.x);
  }

  point(key: number): Point {
    const row = Math.floor(key / this.stride);
    return { x: this.mask.x + key - row * this.stride, y: this.mask.y + row };
  }

  /** The edges on the line above row y, and the vertical ones of row y; `above` and `row` are spans x0, x1, … */
  private addLine(y: number, above: number[], row: number[]): void {
    for (let i = 0; i < row.length; i += 2) {
      this.put(row[i]!, y + 1, UP);
      this.put(row[i + 1]!, y, DOWN);
    }
    // Sweep both rows: where exactly one of them is set there is an edge. It ends wherever either row changes.
    let i = 0;
    let j = 0;
    let x = -Infinity;
    while (i < above.length || j < row.length) {
      const next = Math.min(above[i] ?? Infinity, row[j] ?? Infinity);
      const upper = i % 2 === 1;
      const lower = j % 2 === 1;
      if (lower && !upper) this.put(x, y, RIGHT, next - x);
      if (upper && !lower) this.put(next, y, LEFT, next - x);
      x = next;
      if (above[i] === next) i++;
      if (row[j] === next) j++;
    }
  }

  private put(x: number, y: number, direction: number, length = 1): void {
    const key = this.key(x, y);
    this.leaving.set(key, (this.leaving.get(key) ?? 0) | (1 << direction));
    if (direction === RIGHT || direction === LEFT) this.lengths.set(key * 2 + (direction === LEFT ? 1 : 0), length);
  }

  /** Upper-left corner of an outline not traced yet, or −1. The first in reading order always has an edge to the right. */
  nextStart(): number {
    while (this.cursor < this.keys.length) {
      const key = this.keys[this.cursor]!;
      if ((this.leaving.get(key) ?? 0) !== 0) return key;
      this.cursor++;
    }
    return -1;
  }

  has(key: number, direction: number): boolean {
    return ((this.leaving.get(key) ?? 0) & (1 << direction)) !== 0;
  }

  /** Takes an edge away and returns the corner it leads to. */
  take(key: number, direction: number): number {
    this.leaving.set(key, this.leaving.get(key)! & ~(1 << direction));
    if (direction === UP) return key - this.stride;
    if (direction === DOWN) return key + this.stride;
    return direction === RIGHT ? key + this.lengths.get(key * 2)! : key - this.lengths.get(key * 2 + 1)!;
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
