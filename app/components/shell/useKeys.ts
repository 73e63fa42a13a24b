'use client';
import { useEffect } from 'react';
import { useRouter } from 'next/navigation';
import { mayLeave } from '../../lib/unsaved';
import { projectPages, workspacePages } from './navigation';

/** Whether keys belong to what has the focus, or to a dialog that is open. */
function typing(target: EventTarget | null): boolean {
  return (target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))) || !!document.querySelector('[role="dialog"][aria-modal="true"]');
}

/** `?` opens the help; `g` and then a letter goes to a page. */
export function useKeys(project: string | null, onHelp: () => void): void {
  const router = useRouter();
  useEffect(() => {
    let after = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (event.key === '?') {
        event.preventDefault();
        onHelp();
        return;
      }
      if (event.key === 'g') {
        after = Date.now();
        return;
      }
      if (Date.now() - after > 1_500) return;
      after = 0;
      const inProject = project ? projectPages.flatMap((g) => g.pages).find((p) => p.key === event.key) : undefined;
      const page = inProject ?? workspacePages.find((p) => p.key === event.key);
      if (!page) return;
      event.preventDefault();
      const href = inProject ? `/projects/${project}${page.path}` : page.path;
      void mayLeave().then((leave) => leave && router.push(href));
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [project, onHelp, router]);
}
