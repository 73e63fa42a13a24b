'use client';
/** Jobs as pages follow them: live by the event stream, by asking when the stream is lost. */
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
