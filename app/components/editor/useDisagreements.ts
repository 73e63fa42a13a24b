'use client';
/** The way from one disagreement of a quality report to the next, for a page that was opened from one of them. */
import { useEffect } from 'react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { disagreementHref } from '../../lib/disagreements';
import { q, rowsOf } from '../../lib/queries';
import type { EditorAddress } from './address';

export interface Steps {
  previous: string | null;
  next: string | null;
  position: number;
  total: string;
}

/** Addresses of the disagreements before and after this one, in the report's order; null when the page shows none. */
export function useDisagreements({ project, compare, disagreement, kind }: EditorAddress): Steps | null {
  const list = useInfiniteQuery({ ...q.disagreements(compare ?? '', kind ?? undefined), enabled: compare !== null && disagreement !== null, staleTime: Infinity });
  const rows = rowsOf(list.data);
  const at = rows.findIndex((d) => d.n === disagreement);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list;
  const wanted = list.isSuccess && (at < 0 || at >= rows.length - 2);
  useEffect(() => {
    if (wanted && hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [wanted, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  if (compare === null || at < 0) return null;
  const address = (i: number) => (rows[i] ? disagreementHref(project, compare, rows[i], kind) : null);
  return { previous: address(at - 1), next: address(at + 1), position: at + 1, total: `${rows.length}${hasNextPage ? '+' : ''}` };
}
