/** Connected components of masks. */
import type { Connectivity } from './contours';
import { emptyMask, maskFromToggles, type Mask } from './mask';
import { maskRows } from './rows';

/** Runs of a mask with the number of the component each belongs to, from 0 in reading order. */
function label(mask: Mask, connectivity: Connectivity): { runs: { y: number; x0: number; x1: number }[]; labels: Int32Array; count: number } {
  const runs = [...maskRows(mask)];
  const parent = Int32Array.from(runs, (_, i) => i);
  const find = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
    return i;
  };
  const reach = connectivity === 8 ? 1 : 0;
  // `above` runs through the row before, alongside the runs of this row.
  let above = 0;
  for (let i = 0; i < runs.length; i++) {
    const run = runs[i]!;
    while (above < i && (runs[above]!.y < run.y - 1 || (runs[above]!.y === run.y - 1 && runs[above]!.x1 + reach <= run.x0))) above++;
    for (let j = above; j < i && runs[j]!.y === run.y - 1 && runs[j]!.x0 < run.x1 + reach; j++) {
      const a = find(i);
      const b = find(j);
      // The smaller number is the root, so that components come in reading order.
      if (a !== b) parent[Math.max(a, b)] = Math.min(a, b);
    }
  }
  const labels = new Int32Array(runs.length);
  let count = 0;
  for (let i = 0; i < runs.length; i++) {
    const root = find(i);
    labels[i] = root === i ? count++ : labels[root]!;
  }
  return { runs, labels, count };
}

/** How many separate parts a mask has. */
export function countComponents(mask: Mask, connectivity: Connectivity = 8): number {
  return label(mask, connectivity).count;
}

/** The separate parts of a mask, in the order in which reading rows meets them. */
export function connectedComponents(mask: Mask, connectivity: Connectivity = 8): Mask[] {
  const { runs, labels, count } = label(mask, connectivity);
  const toggles: number[][] = Array.from({ length: count }, () => []);
  runs.forEach((run, i) => {
    const base = (run.y - mask.y) * mask.width - mask.x;
    toggles[labels[i]!]!.push(base + run.x0, base + run.x1);
  });
  return toggles.map((t) => maskFromToggles(mask, Float64Array.from(t)));
}

/** The part of a mask that holds the most pixels (the first of equals); empty when the mask is. */
export function largestComponent(mask: Mask, connectivity: Connectivity = 8): Mask {
  let best = emptyMask();
  let bestArea = 0;
  for (const part of connectedComponents(mask, connectivity)) {
    let area = 0;
    for (let i = 1; i < part.runs.length; i += 2) area += part.runs[i]!;
    if (area > bestArea) [best, bestArea] = [part, area];
  }
  return best;
}
