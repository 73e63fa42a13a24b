/** Labels of an image carried into the network input by the warp that fetches its pixels. */
import type { TaskClass, BoxLabel, Label, LabelledPoint, LandmarksLabel } from '../tasks/types';
import { type Placement } from './letterbox';
import { type Piece } from './plan';
import { inputMapper, type Point } from './warp';

type Swaps = TaskClass['swaps'];
type Mapper = (point: Point) => Point;

/** A box must keep this share of its area, and this many pixels on each side, to stay a label. */
const MIN_VISIBLE = 0.35;
const MIN_SIDE = 2;
/** A bent edge is followed at so many places. */
const EDGE_STEPS = 8;

/** The points of left and right change places. An involution. */
export function swapPoints<T>(points: readonly T[], swaps: Swaps = []): T[] {
  const swapped = [...points];
  for (const [a, b] of swaps) {
    const [left, right] = [swapped[a], swapped[b]];
    if (left === undefined || right === undefined) continue;
    swapped[a] = right;
    swapped[b] = left;
  }
  return swapped;
}

/** The outline of a box: its corners, or more places where edges bend. */
function outline({ x0, y0, x1, y1 }: Pick<BoxLabel, 'x0' | 'y0' | 'x1' | 'y1'>, steps: number): Point[] {
  const points: Point[] = [];
  for (let i = 0; i < steps; i++) {
    const t = i / steps;
    const [x, y] = [x0 + t * (x1 - x0), y0 + t * (y1 - y0)];
    points.push({ x, y: y0 }, { x: x1, y }, { x: x0 + x1 - x, y: y1 }, { x: x0, y: y0 + y1 - y });
  }
  return points;
}

function mapBox(box: BoxLabel, { window, warp }: Piece, map: Mapper): BoxLabel[] {
  const low = { x: Infinity, y: Infinity };
  const high = { x: -Infinity, y: -Infinity };
  for (const point of outline(box, warp.elastic ? EDGE_STEPS : 1)) {
    const { x, y } = map(point);
    low.x = Math.min(low.x, x);
    low.y = Math.min(low.y, y);
    high.x = Math.max(high.x, x);
    high.y = Math.max(high.y, y);
  }
  const x0 = Math.max(low.x, window.x);
  const y0 = Math.max(low.y, window.y);
  const x1 = Math.min(high.x, window.x + window.width);
  const y1 = Math.min(high.y, window.y + window.height);
  const [w, h] = [x1 - x0, y1 - y0];
  if (w < MIN_SIDE || h < MIN_SIDE) return [];
  // What is to be ignored stays so however little of it is seen.
  if (!box.crowd && w * h < MIN_VISIBLE * (high.x - low.x) * (high.y - low.y)) return [];
  return [{ ...box, x0, y0, x1, y1 }];
}

const inside = ({ x, y }: Point, window: Placement): boolean =>
  x >= window.x && y >= window.y && x < window.x + window.width && y < window.y + window.height;

function mapLandmarks(label: LandmarksLabel, { window, mirrored }: Piece, map: Mapper, swaps: Swaps): LandmarksLabel[] {
  const points = label.points.map(({ x, y, v }): LabelledPoint => {
    const moved = map({ x, y });
    return v > 0 && inside(moved, window) ? { ...moved, v } : { x: 0, y: 0, v: 0 };
  });
  if (points.every(({ v }) => v === 0)) return [];
  return [{ ...label, points: mirrored ? swapPoints(points, swaps) : points }];
}

/**
 * The labels of the piece's image in input pixels, clipped to the piece's window. Boxes become the bounds of their
 * mapped outline, and are dropped when too little of them is left; points outside become unlabelled; masks are not
 * among them (label maps are drawn by the same warp).
 */
export function mapLabels(labels: readonly Label[], piece: Piece, classes: readonly Pick<TaskClass, 'id' | 'swaps'>[]): Label[] {
  const map = inputMapper(piece.warp);
  return labels.flatMap((label): Label[] => {
    switch (label.kind) {
      case 'box': return mapBox(label, piece, map);
      case 'landmarks': return mapLandmarks(label, piece, map, classes.find(({ id }) => id === label.classId)?.swaps);
      case 'class': return [label];
      case 'mask':
      case 'ignore': return [];
    }
  });
}

/** A polygon in input pixels, its edges followed where they bend; not clipped. */
export function mapPolygon(ring: readonly Point[], { warp }: Piece): Point[] {
  const map = inputMapper(warp);
  if (!warp.elastic) return ring.map(map);
  return ring.flatMap((from, i) => {
    const to = ring[(i + 1) % ring.length]!;
    return Array.from({ length: EDGE_STEPS }, (_, k) => map({ x: from.x + ((to.x - from.x) * k) / EDGE_STEPS, y: from.y + ((to.y - from.y) * k) / EDGE_STEPS }));
  });
}
