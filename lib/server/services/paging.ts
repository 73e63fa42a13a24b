/** Pages by key. A service asks for one row more than the page holds, to know whether there is another. */

/**
 * The page of rows that were read with `limit + 1`.
 * @param keyOf what the cursor of the next page is made of: the key of the last row shown
 */
export function pageOfRows<T>(rows: readonly T[], limit: number, keyOf: (row: T) => string): { rows: T[]; next: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { rows: shown, next: rows.length > limit && last !== undefined ? keyOf(last) : null };
}
