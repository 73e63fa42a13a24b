import type { PrismaClient } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events/notify';
import type { Logger } from '@/lib/server/log';
import { dispatch } from '@/lib/server/queue';

const LOCK = 72_707_370;

/**
 * Mends what a crash or a restored backup left: a waiting job that the queue does not know is handed to it again; a
 * running job that nobody runs and the queue gave up is failed, or cancelled when that was asked for. One worker at a time.
 */
export async function reconcile(db: PrismaClient, log: Logger): Promise<void> {
  await db.$transaction(async (tx) => {
    const [lock] = await tx.$queryRaw<{ got: boolean }[]>`select pg_try_advisory_xact_lock(${LOCK}) as got`;
    if (!lock?.got) return;
    const lost = await tx.$queryRaw<{ id: string; queue: string }[]>`
      select id, queue from "Job" where state = 'queued' and "createdAt" < now() - interval '15 seconds'
         and not exists (select 1 from pgboss.job d where d.name = "Job".queue and d.state < 'completed' and d.data->>'jobId' = "Job".id::text)
       limit 1000`;
    for (const job of lost) await dispatch(tx, job.queue, job.id);
    if (lost.length > 0) log.warn({ jobs: lost.length }, 'Waiting jobs that the queue had lost were handed to it again');

    const abandoned = await tx.$queryRaw<{ id: string; projectId: string | null; state: string }[]>`
      update "Job" set state = (case when "cancelRequested" then 'cancelled' else 'failed' end)::"JobState", "finishedAt" = now(),
             error = case when "cancelRequested" then null else 'The worker that ran it ended again and again; see its log.' end
       where state = 'running' and "heartbeatAt" < now() - interval '30 seconds'
         and not exists (select 1 from pgboss.job d where d.name = "Job".queue and d.state < 'completed' and d.data->>'jobId' = "Job".id::text)
      returning id, "projectId", state::text`;
    for (const job of abandoned) {
      log.error({ job: job.id, state: job.state }, 'A job without a worker was given up');
      await notify(tx, { type: 'job.updated', entity: 'job', id: job.id, projectId: job.projectId });
    }
  });
}
