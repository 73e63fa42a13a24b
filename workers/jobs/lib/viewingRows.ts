import type { ViewingReport } from '@/lib/api/routes/viewings';

type Row = ViewingReport['rows'][number];

const keyOf = ({ viewing, vote }: Pick<Row, 'viewing' | 'vote'>) => [viewing, ...vote].join(' ');

/** The new rows, and those of before that are of the same images and were not measured again. */
export function mergedRows(before: ViewingReport | null, now: Omit<ViewingReport, 'rows'>, rows: readonly Row[]): Row[] {
  if (!before || before.version !== now.version || before.split !== now.split || before.images !== now.images) return [...rows];
  const fresh = new Set(rows.map(keyOf));
  return [...before.rows.filter((r) => !fresh.has(keyOf(r))), ...rows];
}
