/** Waiting for a job of the server, with its progress shown. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@/lib/api/client';
import { AppError } from '@/lib/api/errors';
import type { JobRow } from '@/lib/api/routes/rounds';
import type { Context } from './program';

const LONGEST_POLL_MS = 2000;
/** A server that restarts is not a reason to give up. */
const PATIENCE_MS = 60_000;

/** Waits until a job is over. @throws AppError when it failed or was cancelled; the message is the job's */
export async function waitForJob(ctx: Context, client: Client, id: string, label: string): Promise<JobRow> {
  const row = await poll(ctx, async () => {
    const job = await client.job({ params: { id } }, { signal: ctx.environment.signal });
    ctx.out.progress(label, job.state === 'queued' ? null : job.progress, job.state === 'queued' ? 'waiting for a worker' : job.message);
    return ['done', 'failed', 'cancelled'].includes(job.state) ? job : null;
  }, `The job goes on without you; stop it with \`fieldmark job cancel ${id}\`.`);
  if (row.state === 'failed') throw new AppError('unprocessable', row.error ?? `The job "${row.title}" failed.`);
  if (row.state === 'cancelled') throw new AppError('conflict', `The job "${row.title}" was cancelled.`);
  return row;
}

/** Calls `look` until it answers, at first often, then less. Bears a server that cannot be reached for a minute. */
export async function poll<T>(ctx: Context, look: () => Promise<T | null>, onStop?: string): Promise<T> {
  const { signal } = ctx.environment;
  let wait = ctx.pollMs;
  let lostAt: number | null = null;
  try {
    for (;;) {
      signal.throwIfAborted();
      try {
        const found = await look();
        if (found !== null) {
          ctx.out.progressEnd();
          return found;
        }
        lostAt = null;
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'unavailable') throw error;
        lostAt ??= Date.now();
        if (Date.now() - lostAt > PATIENCE_MS) throw error;
      }
      await sleep(wait, undefined, { signal });
      wait = Math.min(LONGEST_POLL_MS, wait * 1.3);
    }
  } catch (error) {
    if (signal.aborted && onStop) ctx.out.note(onStop);
    throw error;
  }
}
