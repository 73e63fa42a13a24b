'use client';
import { useEffect } from 'react';
import { modals } from '@mantine/modals';

let dirty: string | null = null;

/** Asks before unsaved changes are left behind. Resolves to whether to go. */
export function mayLeave(): Promise<boolean> {
  const what = dirty;
  if (!what) return Promise.resolve(true);
  return new Promise((resolve) => {
    modals.openConfirmModal({
      title: 'Leave without saving?',
      children: `${what} has changes that are not saved.`,
      labels: { confirm: 'Leave', cancel: 'Stay' }, confirmProps: { color: 'red', variant: 'filled' },
      onConfirm: () => { dirty = null; resolve(true); },
      onCancel: () => resolve(false), onClose: () => resolve(false),
    });
  });
}

/** While `changed`, links and closing the page ask first. `what` begins the sentence: "The label schema". */
export function useUnsaved(changed: boolean, what: string, go: (href: string) => void): void {
  useEffect(() => {
    dirty = changed ? what : null;
    if (!changed) return;
    const onUnload = (e: BeforeUnloadEvent) => e.preventDefault();
    const onClick = (e: MouseEvent) => {
      const link = (e.target as Element | null)?.closest?.('a[href]');
      if (!(link instanceof HTMLAnchorElement) || !dirty || e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || link.target === '_blank' || link.hasAttribute('download')) return;
      if (link.origin !== location.origin || (link.pathname === location.pathname && link.hash)) return;
      e.preventDefault();
      e.stopPropagation();
      const href = link.pathname + link.search;
      void mayLeave().then((leave) => leave && go(href));
    };
    window.addEventListener('beforeunload', onUnload);
    document.addEventListener('click', onClick, true);
    return () => {
      dirty = null;
      window.removeEventListener('beforeunload', onUnload);
      document.removeEventListener('click', onClick, true);
    };
  }, [changed, what, go]);
}

/** A draft that survives reload and the back button, in this tab. */
export const drafts = {
  keep(key: string, value: unknown): void {
    try {
      sessionStorage.setItem(`fieldmark.draft.${key}`, JSON.stringify(value));
    } catch {
      // Full or forbidden: the draft then lives as long as the page.
    }
  },
  drop(key: string): void {
    sessionStorage.removeItem(`fieldmark.draft.${key}`);
  },
  read<T>(key: string): T | null {
    try {
      return JSON.parse(sessionStorage.getItem(`fieldmark.draft.${key}`) ?? 'null') as T | null;
    } catch {
      return null;
    }
  },
};
