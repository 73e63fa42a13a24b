'use client';
import { useSyncExternalStore } from 'react';
import { formatAbsolute, formatRelative } from '../../lib/format';

let now = 0;
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;
function watch(changed: () => void): () => void {
  watchers.add(changed);
  timer ??= setInterval(() => {
    now = Date.now();
    watchers.forEach((w) => w());
  }, 30_000);
  return () => {
    watchers.delete(changed);
    if (watchers.size === 0 && timer) {
      clearInterval(timer);
      timer = null;
    }
  };
}

/** "5 minutes ago", with the exact time as its title. */
export function RelativeTime({ at }: { at: string }) {
  const time = useSyncExternalStore(watch, () => now || (now = Date.now()), () => 0);
  if (time === 0) return <time dateTime={at}>{at.slice(0, 10)}</time>;
  // The clock of this list may be up to half a minute old: what happened since then happened just now.
  return <time dateTime={at} title={formatAbsolute(at)}>{formatRelative(at, Math.max(time, Math.min(Date.parse(at), Date.now())))}</time>;
}
