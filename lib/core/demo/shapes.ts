/** The cells of the demo pictures: where they lie and what their outlines are. */
import type { Point } from '../geometry/box';
import type { Random } from '../random';
import { direction } from './noise';

export type CellKind = 'red' | 'white' | 'platelet';

/** A round outline with a little ellipse and wobble: distance from the centre by direction. */
export interface Outline {
  readonly center: Point;
  readonly radius: number;
  /** Long axis, a unit vector, and how much longer it is (0: a circle). */
  readonly axis: Point;
  readonly stretch: number;
  /** Strength of the third and fifth harmonic, and where they point. */
  readonly wobble: readonly [number, number];
  readonly phase: readonly [Point, Point];
}

export interface Cell extends Outline {
  readonly kind: CellKind;
  readonly seed: number;
  /** White cells: the lobes of the nucleus, as circles that melt into each other. */
  readonly lobes: readonly { center: Point; radius: number }[];
  readonly lobeCount: number;
  /** How strongly it took the stain, about 1. */
  readonly stain: number;
}

/** cos(n·(angle between u and v)) of unit vectors, by the double-angle recurrence of Chebyshev. */
function cosMultiple(u: Point, v: Point, n: number): number {
  const c = u.x * v.x + u.y * v.y;
  let [previous, current] = [1, c];
  for (let i = 1; i < n; i++) [previous, current] = [current, 2 * c * current - previous];
  return current;
}

/** Distance of the outline from the centre in direction `u` (a unit vector), in pixels. */
export function outlineRadius(o: Outline, u: Point): number {
  const along = u.x * o.axis.x + u.y * o.axis.y;
  return o.radius * (1 + o.stretch * (along * along - 0.5) + o.wobble[0] * cosMultiple(u, o.phase[0], 3) + o.wobble[1] * cosMultiple(u, o.phase[1], 5));
}

/** A point's distance from the centre as a share of the outline's there: below 1 inside. */
export function relativeRadius(o: Outline, x: number, y: number): number {
  const dx = x - o.center.x;
  const dy = y - o.center.y;
  const d = Math.sqrt(dx * dx + dy * dy);
  return d < 1e-9 ? 0 : d / outlineRadius(o, { x: dx / d, y: dy / d });
}

/** The outline's extent, from 720 directions. */
export function outlineBounds(o: Outline): { x0: number; y0: number; x1: number; y1: number } {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  const steps = 720;
  for (let i = 0; i < steps; i++) {
    // The rational parametrisation of the circle, quarter by quarter.
    const t = (i % 180) / 180;
    const c = (1 - t * t) / (1 + t * t);
    const s = (2 * t) / (1 + t * t);
    const quarter = Math.floor(i / 180);
    const u = quarter === 0 ? { x: c, y: s } : quarter === 1 ? { x: -s, y: c } : quarter === 2 ? { x: -c, y: -s } : { x: s, y: -c };
    const r = outlineRadius(o, u);
    x0 = Math.min(x0, o.center.x + u.x * r);
    y0 = Math.min(y0, o.center.y + u.y * r);
    x1 = Math.max(x1, o.center.x + u.x * r);
    y1 = Math.max(y1, o.center.y + u.y * r);
  }
  return { x0, y0, x1, y1 };
}

/** Above 1 inside the nucleus: the lobes' fields add up, so that near ones join by a bridge. */
export function nucleusField(cell: Cell, x: number, y: number): number {
  let sum = 0;
  for (const lobe of cell.lobes) {
    const dx = x - lobe.center.x;
    const dy = y - lobe.center.y;
    const q = (dx * dx + dy * dy) / (lobe.radius * lobe.radius);
    // 1 at the lobe's radius, 0 at 1.8 times it.
    const fall = 1 - q / 3.24;
    if (fall > 0) sum += (fall * fall) / 0.478;
  }
  return sum;
}

/** A whole number from min to max, both included. */
const whole = (random: Random, min: number, max: number) => min + random.below(max - min + 1);

const spacing: Record<CellKind, Record<CellKind, number>> = {
  red: { red: 0.86, white: 0.97, platelet: 1.15 },
  white: { red: 0.97, white: 1.1, platelet: 1.15 },
  platelet: { red: 1.15, white: 1.15, platelet: 1.6 },
};

function makeCell(kind: CellKind, center: Point, random: Random, seed: number): Cell {
  const size = { red: [25, 31], white: [50, 62], platelet: [8, 11] }[kind] as [number, number];
  const radius = random.between(size[0], size[1]);
  const shape = { red: [0.22, 0.028, 0.014], white: [0.1, 0.03, 0.02], platelet: [0.35, 0.08, 0.06] }[kind] as [number, number, number];
  const cell: Cell = {
    kind, seed, center, radius, axis: direction(random), stretch: random.between(0, shape[0]), wobble: [random.between(0, shape[1]), random.between(0, shape[2])],
    phase: [direction(random), direction(random)], stain: random.between(0.86, 1.14), lobes: [], lobeCount: 0,
  };
  return kind === 'white' ? { ...cell, ...makeLobes(cell, random) } : cell;
}

/** One to four lobes along a bent line through the cell: what tells white cells apart under a microscope. */
function makeLobes(cell: Cell, random: Random): Pick<Cell, 'lobes' | 'lobeCount'> {
  const lobeCount = whole(random, 1, 4);
  const axis = direction(random);
  const across = { x: -axis.y, y: axis.x };
  const at = (along: number, side: number) => ({ x: cell.center.x + axis.x * along + across.x * side, y: cell.center.y + axis.y * along + across.y * side });
  if (lobeCount === 1) {
    // An oval of two circles that are almost one, beside the middle: its long axis must be plain to see.
    const radius = cell.radius * random.between(0.4, 0.46);
    const side = cell.radius * random.between(-0.18, 0.18);
    const apart = radius * random.between(0.38, 0.5);
    return { lobeCount, lobes: [{ center: at(-apart, side), radius }, { center: at(apart, side * 1.3), radius: radius * random.between(0.92, 1) }] };
  }
  const r = cell.radius * (lobeCount === 2 ? random.between(0.33, 0.38) : random.between(0.27, 0.31));
  const bend = random.between(-0.5, 0.5) * cell.radius * (lobeCount > 2 ? 1 : 0.3);
  const lobes = Array.from({ length: lobeCount }, (_, i) => {
    const t = (i / (lobeCount - 1)) * 2 - 1;
    const along = t * Math.min(cell.radius * 0.56, r * 1.12 * (lobeCount - 1));
    return { center: at(along, bend * (t * t - 0.45) + random.between(-2, 2)), radius: r * random.between(0.9, 1.1) };
  });
  return { lobeCount, lobes };
}

/** The cells of a picture, back to front: red, then white, then platelets. */
export function placeCells(width: number, height: number, random: Random): Cell[] {
  const cells: Cell[] = [];
  const crowd = random.between(0.75, 1.25);
  const wanted: [CellKind, number][] = [['white', whole(random, 1, 3)], ['red', Math.round(whole(random, 19, 29) * crowd)], ['platelet', whole(random, 3, 7)]];
  for (const [kind, count] of wanted) {
    for (let i = 0; i < count; i++) {
      for (let attempt = 0; attempt < 40; attempt++) {
        const margin = kind === 'white' ? 38 : kind === 'red' ? -2 : 12;
        const center = { x: random.between(margin, width - margin), y: random.between(margin, height - margin) };
        const cell = makeCell(kind, center, random, cells.length * 7919 + i);
        const free = cells.every((other) => {
          const dx = other.center.x - center.x;
          const dy = other.center.y - center.y;
          const least = spacing[kind][other.kind] * (other.radius + cell.radius);
          return dx * dx + dy * dy >= least * least;
        });
        if (!free) continue;
        cells.push(cell);
        break;
      }
    }
  }
  const order: Record<CellKind, number> = { red: 0, white: 1, platelet: 2 };
  return cells.sort((a, b) => order[a.kind] - order[b.kind]);
}
