import os from 'node:os';
import { peopleAreLabelling } from '@/lib/server/repositories/labelling';
import type { JobContext } from '../../runtime/defineJob';

/**
 * Threads that a model may compute with now: as many as there are cores, or one fewer while people label, so that what they
 * click does not wait for it. Asked again from time to time: people come and go while a job runs.
 */
export async function threadsNow({ db, log }: Pick<JobContext, 'db' | 'log'>): Promise<number> {
  const cores = os.availableParallelism();
  const labelling = await peopleAreLabelling(db).catch((err: unknown) => {
    log.warn({ err }, 'Whether people label could not be asked');
    return true;
  });
  return Math.max(1, labelling ? cores - 1 : cores);
}
