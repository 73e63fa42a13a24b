/** Curves of training jobs: points as they come, to rows as charts take them. */

export interface CurvePoint { n: number; step: number; name: string; value: number }

/** Adds what came since; points with an `n` already there are not taken twice. */
export function mergePoints(before: readonly CurvePoint[], added: readonly CurvePoint[]): CurvePoint[] {
  const last = before.at(-1)?.n ?? 0;
  const fresh = added.filter((p) => p.n > last).sort((a, b) => a.n - b.n);
  return fresh.length ? [...before, ...fresh] : (before as CurvePoint[]);
}

/** Rows `{ step, [name]: value }` in the order of steps; the last value of a step counts. */
export function rowsOfCurves(points: readonly CurvePoint[], names: readonly string[]): ({ step: number } & Record<string, number>)[] {
  const rows = new Map<number, { step: number } & Record<string, number>>();
  for (const p of points) {
    if (!names.includes(p.name) || !Number.isFinite(p.value)) continue;
    const row = rows.get(p.step) ?? { step: p.step };
    row[p.name] = p.value;
    rows.set(p.step, row);
  }
  return [...rows.values()].sort((a, b) => a.step - b.step);
}

/** At most `limit` rows, evenly chosen, with the first and the last: a chart has no more pixels. */
export function thinned<T>(rows: readonly T[], limit: number): T[] {
  if (rows.length <= limit) return [...rows];
  return Array.from({ length: limit }, (_, i) => rows[Math.round((i * (rows.length - 1)) / (limit - 1))]!);
}

/** A curve that is easier to follow: an exponential mean, corrected for its beginning. `weight` 0 leaves it as it is. */
export function smoothed<R extends Record<string, number>>(rows: readonly R[], name: string, weight: number): (R & Record<string, number>)[] {
  let mean = 0;
  let norm = 0;
  return rows.map((row) => {
    const value = row[name];
    if (value === undefined) return row;
    mean = weight * mean + (1 - weight) * value;
    norm = weight * norm + (1 - weight);
    return { ...row, [`${name}.smooth`]: mean / norm };
  });
}
