'use client';
import { useCallback } from 'react';
import { usePathname, useSearchParams } from 'next/navigation';
import type { ItemFilter } from '../../lib/queries';

export interface FilterText { status?: string; split?: string; classId?: string; q?: string; proposals?: string }
const names = ['status', 'split', 'classId', 'q', 'proposals'] as const;

/** At once, and without asking the server for the page again, as the router would: a box that is ticked shows it. */
const replaceAddress = (href: string) => window.history.replaceState(null, '', href);

/** The filter lives in the address: it survives reload and goes along into the labelling page. */
export function useItemFilter(): { text: FilterText; filter: ItemFilter; set: (change: FilterText) => void; clear: () => void; active: boolean } {
  const search = useSearchParams();
  const pathname = usePathname();
  const text: FilterText = {};
  for (const name of names) text[name] = search.get(name) ?? undefined;
  const set = useCallback((change: FilterText) => {
    const next = new URLSearchParams(window.location.search);
    for (const [key, value] of Object.entries(change)) {
      if (value) next.set(key, value);
      else next.delete(key);
    }
    const query = next.toString();
    replaceAddress(query ? `${pathname}?${query}` : pathname);
  }, [pathname]);
  const clear = useCallback(() => replaceAddress(pathname), [pathname]);
  const one = <T extends string>(value: string | undefined, of: readonly T[]): T | undefined => of.find((x) => x === value);
  return {
    text, set, clear,
    active: names.some((n) => text[n]),
    filter: {
      status: one(text.status, ['open', 'work', 'done']), split: one(text.split, ['train', 'val', 'test']),
      classId: text.classId && /^[0-9a-f-]{36}$/.test(text.classId) ? text.classId : undefined, q: text.q?.slice(0, 200), proposals: text.proposals ? true : undefined,
    },
  };
}
