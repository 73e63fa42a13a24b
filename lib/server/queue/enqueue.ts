import { fromPrisma, PgBoss } from 'pg-boss';
import type { z } from 'zod';
import { uuidv7 } from 'uuidv7';
import type { Db, Prisma } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events/notify';
import { jobKinds, type JobKind, type JobKindContract, type JobPayload } from './kinds';

export interface EnqueueOptions {
  /** What people read in the list of jobs: "Import 364 images". Default: the kind in words. */
  title?: string;
  projectId?: string | null;
  workspaceId?: string | null;
  /** Who asked for it. */
  userId?: string | null;
  /** A UUID chosen by the caller, when something must point at the job before it exists. */
  id?: string;
  /** Jobs of a higher number are taken first within their queue (default 0). */
  priority?: number;
}

/** What pg-boss carries: the rest is in the `Job` row. */
export interface Dispatch {
  jobId: string;
}

const inWords = (kind: string) => kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll('-', ' ');

/**
 * A pg-boss that sends over the caller's connection, so that a job asked for in a transaction exists when the
 * transaction commits and never otherwise. It has no pool and runs nothing.
 */
function sender(db: Db): PgBoss {
  const boss = new PgBoss({ db: fromPrisma(db), migrate: false, createSchema: false, schedule: false, supervise: false, registerInstance: false });
  boss.on('error', () => undefined);
  return boss;
}

/** Hands the job to its queue, to be taken after `delaySeconds`; a worker that finds it already finished lets it be. */
export async function dispatch(db: Db, queue: string, jobId: string, priority = 0, delaySeconds = 0): Promise<void> {
  const data: Dispatch = { jobId };
  const sent = await sender(db).send(queue, data, { priority, db: fromPrisma(db), ...(delaySeconds > 0 && { startAfter: delaySeconds }) });
  if (sent === null) throw new Error(`The queue "${queue}" did not take the job. Run npm start once; it makes the queues.`);
}

/** The type of `enqueue`, for a table of kinds. */
export type Enqueue<Kinds extends Record<string, JobKindContract>> = <Kind extends keyof Kinds & string>(
  tx: Db,
  kind: Kind,
  payload: z.input<Kinds[Kind]['payload']>,
  options?: EnqueueOptions,
) => Promise<string>;

/** Makes `enqueue` for a table of kinds; the product has one (`jobKinds`), tests of the machinery bring their own. */
export function enqueueFor<Kinds extends Record<string, JobKindContract>>(kinds: Kinds): Enqueue<Kinds> {
  return async (tx, kind, payload, options = {}) => {
    const contract = kinds[kind];
    if (!contract) throw new Error(`There is no kind of job "${kind}".`);
    const checked = contract.payload.parse(payload) as Prisma.InputJsonValue;
    const id = options.id ?? uuidv7();
    await tx.job.create({
      data: {
        id,
        kind,
        queue: contract.queue,
        title: options.title ?? inWords(kind),
        payload: checked,
        projectId: options.projectId ?? null,
        workspaceId: options.workspaceId ?? null,
        createdById: options.userId ?? null,
      },
    });
    await dispatch(tx, contract.queue, id, options.priority);
    await notify(tx, { type: 'job.created', entity: 'job', id, projectId: options.projectId ?? null });
    return id;
  };
}

const enqueueProduct = enqueueFor(jobKinds);

/** Asks for a job, in the caller's transaction (or with the client itself). Returns the job's id. */
export function enqueue<Kind extends JobKind>(tx: Db, kind: Kind, payload: JobPayload<Kind>, options?: EnqueueOptions): Promise<string> {
  return enqueueProduct(tx, kind, payload, options);
}

/**
 * Asks a job to stop. A waiting one is cancelled at once; a running one gets its signal within about a second and is
 * killed 2 s after. Returns the state it is in now, or `null` when there is no such job. Cancelling twice changes nothing.
 */
export async function cancelJob(db: Db, id: string): Promise<string | null> {
  await db.job.updateMany({ where: { id, state: 'queued' }, data: { state: 'cancelled', cancelRequested: true, message: 'Cancelled', finishedAt: new Date() } });
  await db.job.updateMany({ where: { id, state: 'running' }, data: { cancelRequested: true } });
  const job = await db.job.findUnique({ where: { id }, select: { state: true, projectId: true } });
  if (!job) return null;
  await notify(db, { type: job.state === 'running' ? 'job.cancel' : 'job.updated', entity: 'job', id, projectId: job.projectId });
  return job.state;
}
