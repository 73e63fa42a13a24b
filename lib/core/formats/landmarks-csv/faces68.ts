/**
 * The 68 points of a face as iBUG's 300-W names them, in their order: what a table of 68 nameless points nearly always holds.
 * Source: Sagonas et al., "300 Faces in-the-Wild Challenge", ICCV workshops 2013, figure 1. Left and right are the person's own.
 */
import type { InterchangeClass } from '../dataset';

const numbered = (name: string, n: number) => Array.from({ length: n }, (_, i) => `${name} ${i + 1}`);
const eye = (side: string, inOrder: readonly string[]) => inOrder.map((place) => `${side} eye ${place}`);
const OUTWARD_IN = ['outer corner', 'upper lid outer', 'upper lid inner', 'inner corner', 'lower lid inner', 'lower lid outer'] as const;
const INWARD_OUT = ['inner corner', 'upper lid inner', 'upper lid outer', 'outer corner', 'lower lid outer', 'lower lid inner'] as const;

const points: readonly string[] = [
  ...numbered('jaw', 17), ...numbered('right brow', 5), ...numbered('left brow', 5), ...numbered('nose bridge', 4), ...numbered('nose base', 5),
  ...eye('right', OUTWARD_IN), ...eye('left', INWARD_OUT), ...numbered('outer lip', 12), ...numbered('inner lip', 8),
];

const pairs: readonly [number, number][] = [
  [0, 16], [1, 15], [2, 14], [3, 13], [4, 12], [5, 11], [6, 10], [7, 9],
  [17, 26], [18, 25], [19, 24], [20, 23], [21, 22], [31, 35], [32, 34],
  [36, 45], [37, 44], [38, 43], [39, 42], [40, 47], [41, 46],
  [48, 54], [49, 53], [50, 52], [55, 59], [56, 58], [60, 64], [61, 63], [65, 67],
];

const line = (from: number, to: number, closed = false): [number, number][] => [...Array.from({ length: to - from }, (_, i): [number, number] => [from + i, from + i + 1]), ...(closed ? [[to, from] as [number, number]] : [])];

/** Name, points, edges and left/right partners. */
export function faces68(): InterchangeClass {
  return {
    name: 'face', kind: 'landmarks',
    skeleton: {
      points: [...points], pairs: pairs.map(([a, b]) => [a, b]),
      edges: [...line(0, 16), ...line(17, 21), ...line(22, 26), ...line(27, 30), ...line(31, 35), ...line(36, 41, true), ...line(42, 47, true), ...line(48, 59, true), ...line(60, 67, true)],
    },
  };
}

/**
 * Whether 68 points lie as those of a face do: chin below the nose, ears to the sides, eyes, brows and mouth where they belong.
 * @param xy x0, y0, x1, y1 … in pixels
 */
export function looksLikeFace(xy: ArrayLike<number>): boolean {
  const x = (k: number) => xy[2 * k]!;
  const y = (k: number) => xy[2 * k + 1]!;
  // A turned head hides one side; a head upside down fits no rule.
  return x(0) < x(16) && y(8) > y(27) && x(36) < x(45) && x(39) < x(42) && y(57) > y(33) && y(33) > y(27) && x(48) < x(54) && x(17) < x(26) && y(8) > y(57);
}
