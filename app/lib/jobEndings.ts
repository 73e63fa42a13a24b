'use client';
import { useEffect, useRef } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import { notifications } from '@mantine/notifications';
import { keysOfProject } from './invalidation';
import { isActive, outcomeOf } from './jobs';
import type { Job } from './queries';

/** Tells when a job that was seen running has ended, and makes what it may have changed old. */
export function useEndings(jobs: Job[]): void {
  const client = useQueryClient();
  const seen = useRef(new Set<string>());
  useEffect(() => {
    for (const job of jobs) {
      if (isActive(job)) {
        seen.current.add(job.id);
        continue;
      }
      if (!seen.current.delete(job.id)) continue;
      const keys = job.project ? keysOfProject(job.project) : [['project', 'list'], ['item', 'list'], ['model', 'list']].map((queryKey) => ({ queryKey }));
      for (const key of [...keys, { queryKey: ['storage'] }]) void client.invalidateQueries(key);
      const failed = job.state === 'failed';
      notifications.show({
        color: failed ? 'red' : job.state === 'done' ? 'teal' : 'gray', withBorder: true, autoClose: failed ? 12_000 : 5_000,
        title: job.title, message: outcomeOf(job),
      });
    }
  }, [jobs, client]);
}
