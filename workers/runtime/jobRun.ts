import { randomUUID } from 'node:crypto';
import type { PrismaClient } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events/notify';
import type { Logger } from '@/lib/server/log';
import { dispatch, HEARTBEAT_SECONDS, RETRY_LIMIT } from '@/lib/server/queue';
import { jobTempDir } from './child';
import { JobProcess, type ChildExit } from './childProcess';
import { watchLimits, type Limits } from './limits';

const BEAT_MS = 2000;
/** A running job whose row was not touched for so long has lost its worker. */
const STALE_SECONDS = HEARTBEAT_SECONDS - 2;

export interface RunEnvironment {
  db: PrismaClient;
  log: Logger;
  workerId: string;
  dataDir: string;
  entry: string;
  /** True once the worker is stopping: jobs are then put back, not failed. */
  stopping: () => boolean;
  /** What the process of a kind of job may take. */
  limitsOf: (kind: string) => Limits;
  /** Called when a job's row is ours and its process begins. */
  claimed: () => void;
}

interface Claim {
  id: string;
  kind: string;
  queue: string;
  attempt: number;
  projectId: string | null;
}

/** Thrown to the queue so that it hands the job out again. */
export class RetryJob extends Error {}

/** One delivery of a job by the queue: claims the job's row, runs the child, keeps the row alive, and settles how it ended. */
export class JobRun {
  readonly token = randomUUID();
  #process: JobProcess | null = null;
  #claim: Claim | null = null;
  #cancelled = false;
  /** Why the process was ended that took more than it may. */
  #exceeded: string | null = null;

  constructor(
    private readonly env: RunEnvironment,
    readonly jobId: string,
    /** How often the queue has handed this job out before. */
    private readonly retryCount: number,
  ) {}

  get kind(): string {
    return this.#claim?.kind ?? '';
  }

  /** Resolves when nothing is left to do for this delivery; throws `RetryJob` when the queue is to deliver it again. */
  async run(): Promise<void> {
    const { env } = this;
    const claim = await this.#take();
    if (!claim) return;
    this.#claim = claim;
    env.claimed();
    const tempDir = jobTempDir(env.dataDir, claim.id, claim.attempt);
    this.#process = new JobProcess({ entry: env.entry, jobId: claim.id, attempt: claim.attempt, queue: claim.queue, tempDir, log: env.log });
    const { pid } = this.#process;
    const unwatch = pid === undefined ? () => undefined : watchLimits(pid, env.limitsOf(claim.kind), (why) => {
      this.#exceeded = why;
      this.kill();
    });
    if (env.stopping()) this.#process.end('stop');
    await this.#announce();
    const beat = setInterval(() => void this.beat(), BEAT_MS);
    let exit: ChildExit;
    try {
      exit = await this.#process.exited;
    } finally {
      unwatch();
      clearInterval(beat);
    }
    await this.#settle(claim, exit);
  }

  /** The row as ours, or `null` when there is nothing to run. */
  async #take(): Promise<Claim | null> {
    const { db, workerId } = this.env;
    const rows = await db.$queryRaw<Claim[]>`
      update "Job" set state = 'running', attempt = attempt + 1, "workerId" = ${workerId}::uuid, "startedAt" = coalesce("startedAt", now()), "heartbeatAt" = now(), error = null
       where id = ${this.jobId}::uuid and not "cancelRequested"
         and (state = 'queued' or (state = 'running' and ("heartbeatAt" is null or "heartbeatAt" < now() - make_interval(secs => ${STALE_SECONDS}))))
      returning id, kind, queue, attempt, "projectId"`;
    if (rows[0]) return rows[0];
    const row = await db.job.findUnique({ where: { id: this.jobId } });
    if (row?.state === 'running') {
      const silent = Date.now() - (row.heartbeatAt?.getTime() ?? 0);
      if (row.cancelRequested && silent > STALE_SECONDS * 1000) await this.#end(row.attempt, 'cancelled', null);
      else await dispatch(db, row.queue, row.id, 0, HEARTBEAT_SECONDS); // still at work elsewhere: look again later
    }
    return null;
  }

  /** Keeps the row alive and sees whether a person cancelled; also called as soon as a cancel is announced. */
  async beat(): Promise<void> {
    const claim = this.#claim;
    if (!claim || !this.#process) return;
    try {
      const rows = await this.env.db.$queryRaw<{ cancelRequested: boolean }[]>`
        update "Job" set "heartbeatAt" = now() where id = ${claim.id}::uuid and attempt = ${claim.attempt} and state = 'running' returning "cancelRequested"`;
      if (rows.length === 0) {
        // Finished by the child a moment ago, erased with its project, or taken over: none of them needs the child.
        this.#process.end('stop');
      } else if (rows[0]?.cancelRequested && !this.#cancelled) {
        this.#cancelled = true;
        this.#process.end('cancel');
      }
    } catch (err) {
      this.env.log.warn({ err, job: claim.id }, 'A heartbeat could not be written');
    }
  }

  stop(): void {
    this.#process?.end('stop');
  }

  kill(): void {
    this.#process?.kill();
  }

  async #announce(): Promise<void> {
    const { id, projectId } = this.#claim!;
    await notify(this.env.db, { type: 'job.updated', entity: 'job', id, projectId }).catch(() => undefined);
  }

  async #end(attempt: number, state: 'cancelled' | 'failed', error: string | null): Promise<void> {
    await this.env.db.job.updateMany({
      where: { id: this.jobId, attempt, state: 'running' },
      data: { state, error, finishedAt: new Date(), ...(state === 'cancelled' && { message: 'Cancelled' }) },
    });
  }

  async #settle(claim: Claim, exit: ChildExit): Promise<void> {
    const { db, log } = this.env;
    const row = await db.job.findUnique({ where: { id: claim.id } });
    if (!row || row.state !== 'running' || row.attempt !== claim.attempt) return this.#announce();
    if (this.#cancelled || row.cancelRequested) {
      await this.#end(claim.attempt, 'cancelled', null);
      return this.#announce();
    }
    if (this.#exceeded) {
      log.warn({ job: claim.id, kind: claim.kind, why: this.#exceeded }, 'A job took more than it may');
      await this.#end(claim.attempt, 'failed', this.#exceeded);
      return this.#announce();
    }
    const requeue = (message: string) => db.job.updateMany({ where: { id: claim.id, attempt: claim.attempt, state: 'running' }, data: { state: 'queued', message, workerId: null } });
    if (this.env.stopping()) {
      await requeue('Waiting to go on');
      await dispatch(db, claim.queue, claim.id);
      return this.#announce();
    }
    const why = describe(exit);
    log.error({ job: claim.id, kind: claim.kind, attempt: claim.attempt, ...exit }, 'The process of a job ended before the job did');
    if (this.retryCount >= RETRY_LIMIT) {
      await this.#end(claim.attempt, 'failed', `${why} It was tried ${this.retryCount + 1} times.`);
      return this.#announce();
    }
    await requeue('Its process ended unexpectedly; starting again');
    await this.#announce();
    throw new RetryJob(why);
  }
}

function describe({ code, signal, lastWords }: ChildExit): string {
  const last = lastWords.filter((line) => /error|fatal|abort/i.test(line)).at(-1) ?? lastWords.at(-1);
  if (signal === 'SIGKILL') return 'The process of the job was killed, perhaps because memory ran out.';
  if (signal === 'SIGABRT' || code === 134) return `The process of the job ran out of memory or crashed.${last ? ` It said: ${last}` : ''}`;
  return `The process of the job ended with ${signal ?? `exit code ${code}`}.${last ? ` It said: ${last}` : ''}`;
}
