'use client';
import { useCallback } from 'react';
import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import type { ItemFilter } from '../../lib/queries';

export interface FilterText { status?: string; split?: string; classId?: string; q?: string; proposals?: string }
const names = ['status', 'split', 'classId', 'q', 'proposals'] as const;

/** The filter lives in the address: it survives reload and goes along into the labelling page. */
export function useItemFilter(): { text: FilterText; filter: ItemFilter; set: (change: FilterText) => void; clear: () => void; active: boolean } {
  const search = useSearchParams();
  const router = useRouter();
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
    router.replace(query ? `${pathname}?${query}` : pathname, { scroll: false });
  }, [router, pathname]);
  const clear = useCallback(() => router.replace(pathname, { scroll: false }), [router, pathname]);
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
