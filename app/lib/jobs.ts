'use client';
/** Jobs as pages follow them: live by the event stream, by asking when the stream is lost. */
import { useSyncExternalStore } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useConnection } from './events';
import { q, type Job } from './queries';

export const isActive = (job: Pick<Job, 'state'>): boolean => job.state === 'queued' || job.state === 'running';

/** What a job that is over says of its result. */
export function outcomeOf(job: Job): string {
  if (job.state === 'failed') return job.error ?? 'It failed.';
  if (job.state === 'cancelled') return 'Stopped.';
  const { summary } = job.data;
  return typeof summary === 'string' && summary ? summary : 'Finished.';
}

/** How often to ask when something runs: seldom while events arrive, since they say when to. */
export function usePollMs(): number {
  return useConnection() === 'open' ? 10_000 : 2_000;
}

export function useJob(id: string | null | undefined) {
  const poll = usePollMs();
  return useQuery({ ...q.job(id ?? ''), enabled: !!id, refetchInterval: (query) => (query.state.data && isActive(query.state.data) ? poll : false) });
}

// Jobs that belong to no project (the demo, erasing a project): remembered by the browser, so that they stay in view.
const KEY = 'fieldmark.jobs.watched';
const watchers = new Set<() => void>();
let cached: { text: string | null; ids: string[] } = { text: null, ids: [] };
function read(): string[] {
  const text = localStorage.getItem(KEY);
  if (text !== cached.text) {
    let ids: unknown = [];
    try {
      ids = JSON.parse(text ?? '[]');
    } catch {
      // Written by something else: begin anew.
    }
    cached = { text, ids: Array.isArray(ids) ? ids.filter((x) => typeof x === 'string') : [] };
  }
  return cached.ids;
}
const none: string[] = [];
function write(ids: string[]): void {
  localStorage.setItem(KEY, JSON.stringify(ids.slice(-10)));
  watchers.forEach((w) => w());
}
export function watchJob(id: string): void {
  write([...read().filter((x) => x !== id), id]);
}
export function unwatchJob(id: string): void {
  write(read().filter((x) => x !== id));
}
export function useWatchedJobs(): string[] {
  return useSyncExternalStore((w) => {
    watchers.add(w);
    window.addEventListener('storage', w);
    return () => {
      watchers.delete(w);
      window.removeEventListener('storage', w);
    };
  }, read, () => none);
}
