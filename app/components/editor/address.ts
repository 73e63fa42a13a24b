'use client';
/** The labelling page's address: the item in the path; the list's filter and the place to open at in the query. */
import { useMemo } from 'react';
import { usePathname, useSearchParams } from 'next/navigation';
import type { Disagreement, ItemFilter } from '../../lib/queries';

const filterNames = ['status', 'split', 'classId', 'q', 'proposals'] as const;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface EditorAddress {
  project: string;
  item: string;
  filter: ItemFilter;
  /** The filter as it stands in the address, to be carried on. */
  filterText: string;
  document: string | null;
  annotation: string | null;
  /** A quality report, and which of its disagreements (of this kind, if any is chosen) the page shows. */
  compare: string | null;
  disagreement: number | null;
  kind: Disagreement['kind'] | null;
  place: { x0: number; y0: number; x1: number; y1: number } | null;
}

export function useEditorAddress(): EditorAddress {
  const pathname = usePathname();
  const search = useSearchParams().toString();
  return useMemo(() => parseAddress(pathname, new URLSearchParams(search)), [pathname, search]);
}

export function parseAddress(pathname: string, search: URLSearchParams): EditorAddress {
  const [, , project = '', , item = ''] = pathname.split('/');
  const id = (name: string) => {
    const value = search.get(name);
    return value && uuid.test(value) ? value : null;
  };
  const one = <T extends string>(name: string, of: readonly T[]) => of.find((x) => x === search.get(name));
  const [x0, y0, x1, y1] = ['x0', 'y0', 'x1', 'y1'].map((n) => (search.get(n) ? Number(search.get(n)) : NaN)) as [number, number, number, number];
  const carried = new URLSearchParams();
  for (const name of filterNames) if (search.get(name)) carried.set(name, search.get(name)!);
  return {
    project, item,
    filter: { status: one('status', ['open', 'work', 'done']), split: one('split', ['train', 'val', 'test']), classId: id('classId') ?? undefined, q: search.get('q')?.slice(0, 200) || undefined, proposals: search.get('proposals') ? true : undefined },
    filterText: carried.toString(),
    document: id('document'), annotation: id('annotation'), compare: id('compare'),
    disagreement: /^\d{1,9}$/.test(search.get('n') ?? '') ? Number(search.get('n')) : null, kind: one<Disagreement['kind']>('kind', ['missing', 'extra', 'class', 'place']) ?? null,
    place: x1 > x0 && y1 > y0 ? { x0, y0, x1, y1 } : null,
  };
}

export function itemAddress(project: string, item: string, filterText: string): string {
  return `/projects/${project}/items/${item}${filterText ? `?${filterText}` : ''}`;
}
