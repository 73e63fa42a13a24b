/** Which of these belong together: one-to-one matchings of two sets. */

/** A pair that may be matched, and how much that is worth (above 0). */
export interface Candidate {
  a: number;
  b: number;
  weight: number;
}

/** Larger knots of candidates than this (on their smaller side) are matched greedily: the optimum takes n³ steps. */
export const LARGEST_OPTIMAL = 400;

/**
 * The one-to-one matching of greatest total weight. Candidates fall apart into small knots (objects that overlap), each solved
 * by the Hungarian method (Kuhn 1955; shortest augmenting paths as of Jonker and Volgenant 1987); a knot of more than
 * `LARGEST_OPTIMAL` a side takes the best pairs first instead.
 * @returns the chosen candidates, by rising `a`.
 */
export function matchOptimally(candidates: readonly Candidate[]): Candidate[] {
  const chosen: Candidate[] = [];
  for (const knot of knots(candidates)) {
    const as = [...new Set(knot.map((c) => c.a))];
    const bs = [...new Set(knot.map((c) => c.b))];
    if (knot.length === 1) chosen.push(knot[0]!);
    else if (Math.min(as.length, bs.length) > LARGEST_OPTIMAL) chosen.push(...matchGreedily(knot));
    else chosen.push(...solve(knot, as, bs));
  }
  return chosen.sort((p, q) => p.a - q.a);
}

/** The best pair, then the best of what is left, and so on; of equal pairs the first. */
export function matchGreedily(candidates: readonly Candidate[]): Candidate[] {
  const takenA = new Set<number>();
  const takenB = new Set<number>();
  const chosen: Candidate[] = [];
  for (const c of [...candidates].sort((p, q) => q.weight - p.weight || p.a - q.a || p.b - q.b)) {
    if (takenA.has(c.a) || takenB.has(c.b)) continue;
    takenA.add(c.a);
    takenB.add(c.b);
    chosen.push(c);
  }
  return chosen;
}

/** Candidates in groups that share no a and no b. */
function knots(candidates: readonly Candidate[]): Candidate[][] {
  const parent = new Map<string, string>();
  const find = (x: string): string => {
    let root = x;
    while (parent.get(root) !== root) root = parent.get(root)!;
    while (parent.get(x) !== root) {
      const up = parent.get(x)!;
      parent.set(x, root);
      x = up;
    }
    return root;
  };
  for (const c of candidates) {
    const [a, b] = [`a${c.a}`, `b${c.b}`];
    if (!parent.has(a)) parent.set(a, a);
    if (!parent.has(b)) parent.set(b, b);
    parent.set(find(a), find(b));
  }
  const groups = new Map<string, Candidate[]>();
  for (const c of candidates) {
    const root = find(`a${c.a}`);
    const group = groups.get(root);
    if (group) group.push(c);
    else groups.set(root, [c]);
  }
  return [...groups.values()];
}

/** The optimum of one knot. A pair that is no candidate costs nothing and gains nothing: it means "not matched". */
function solve(knot: readonly Candidate[], as: readonly number[], bs: readonly number[]): Candidate[] {
  const swap = as.length > bs.length;
  const [rows, columns] = swap ? [bs, as] : [as, bs];
  const rowOf = new Map(rows.map((v, i) => [v, i]));
  const columnOf = new Map(columns.map((v, i) => [v, i]));
  const m = columns.length;
  const best = new Array<Candidate | undefined>(rows.length * m);
  for (const c of knot) {
    const at = rowOf.get(swap ? c.b : c.a)! * m + columnOf.get(swap ? c.a : c.b)!;
    if (!best[at] || best[at].weight < c.weight) best[at] = c;
  }
  const rowOfColumn = hungarian(Float64Array.from(best, (c) => (c ? -c.weight : 0)), rows.length, m);
  const chosen: Candidate[] = [];
  for (let j = 0; j < m; j++) {
    const c = rowOfColumn[j]! < 0 ? undefined : best[rowOfColumn[j]! * m + j];
    if (c) chosen.push(c);
  }
  return chosen;
}

/**
 * The assignment of every row to a column of its own at least total cost.
 * @param cost [rows, columns], row-major, rows ≤ columns.
 * @returns for each column its row, or −1.
 */
export function hungarian(cost: Float64Array, rows: number, columns: number): Int32Array {
  // Positions are counted from 1; column 0 stands for "the row being placed".
  const rowPrice = new Float64Array(rows + 1);
  const columnPrice = new Float64Array(columns + 1);
  const rowAt = new Int32Array(columns + 1);
  const cameFrom = new Int32Array(columns + 1);
  for (let row = 1; row <= rows; row++) {
    rowAt[0] = row;
    const distance = new Float64Array(columns + 1).fill(Infinity);
    const done = new Uint8Array(columns + 1);
    let at = 0;
    do {
      done[at] = 1;
      const i = rowAt[at]!;
      let step = Infinity;
      let nearest = 0;
      for (let j = 1; j <= columns; j++) {
        if (done[j]) continue;
        const reduced = cost[(i - 1) * columns + j - 1]! - rowPrice[i]! - columnPrice[j]!;
        if (reduced < distance[j]!) {
          distance[j] = reduced;
          cameFrom[j] = at;
        }
        if (distance[j]! < step) {
          step = distance[j]!;
          nearest = j;
        }
      }
      for (let j = 0; j <= columns; j++) {
        if (done[j]) {
          rowPrice[rowAt[j]!]! += step;
          columnPrice[j]! -= step;
        } else distance[j]! -= step;
      }
      at = nearest;
    } while (rowAt[at] !== 0);
    while (at !== 0) {
      rowAt[at] = rowAt[cameFrom[at]!]!;
      at = cameFrom[at]!;
    }
  }
  return Int32Array.from({ length: columns }, (_, j) => rowAt[j + 1]! - 1);
}
