import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '@/lib/api/errors';
import { config } from '@/lib/server/config';
import { createClient, type Prisma, type PrismaClient } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events/notify';
import { logger } from '@/lib/server/log';
import { objectStore } from '@/lib/server/storage';
import type { JobContext } from './defineJob';
import { EXIT_STOPPED, type ToChild } from './messages';
import { ProgressWriter } from './progress';
import { loadJob, type Registry } from './registry';
import { dieWithParent } from './watchdog';

type Ending = { state: 'done'; result: unknown } | { state: 'cancelled' } | { state: 'failed'; error: string } | { state: 'stopped' };

/** The folder of a run's temporary files. */
export const jobTempDir = (dataDir: string, jobId: string, attempt: number) => path.join(dataDir, 'tmp', 'jobs', `${jobId}-${attempt}`);

/**
 * Runs one job in this process: the child's whole life. The final state is written to the job's row here, in one
 * update, so that a job once done stays done whatever happens to the worker. Returns the exit code.
 */
export async function runChild(registry: Registry, jobId: string, attempt: number): Promise<number> {
  dieWithParent();
  const settings = config();
  if (!settings.databaseUrl) throw new Error('DATABASE_URL is not set.');
  const abort = new AbortController();
  const told = { cancel: false, stop: false };
  process.on('message', (message: ToChild) => {
    told[message.type] = true;
    abort.abort(new Error(message.type === 'cancel' ? 'Cancelled' : 'The worker is stopping'));
  });
  process.on('disconnect', () => process.exit(1));

  const db = createClient(settings.databaseUrl, { max: 4, name: 'fieldmark-job' });
  const job = await db.job.findFirst({ where: { id: jobId, attempt, state: 'running' } });
  if (!job) return 0; // erased or taken over meanwhile
  const log = logger('job', { job: jobId, kind: job.kind, attempt });
  const writer = new ProgressWriter(db, { jobId, projectId: job.projectId, attempt }, (err) => log.warn({ err }, 'Progress could not be written; trying again'));
  const tempDir = jobTempDir(settings.dataDir, jobId, attempt);
  mkdirSync(tempDir, { recursive: true });
  mkdirSync(settings.cacheDir, { recursive: true });

  let stored: unknown;
  const context: JobContext = {
    jobId, attempt, db, log, tempDir,
    projectId: job.projectId,
    userId: job.createdById,
    signal: abort.signal,
    store: objectStore(),
    dataDir: settings.dataDir,
    cacheDir: settings.cacheDir,
    progress: (progress) => writer.progress(progress),
    points: (points) => writer.points(points),
    async result(value) {
      stored = value;
      writer.progress({ data: value });
      await writer.flush();
    },
  };

  let ending: Ending;
  try {
    const definition = await loadJob(registry, job.kind);
    const payload: unknown = definition.payload.parse(job.payload);
    log.info({ title: job.title }, 'Job begins');
    const result = await definition.run(context, payload);
    ending = { state: 'done', result: result ?? stored };
  } catch (error) {
    if (told.cancel) ending = { state: 'cancelled' };
    else if (told.stop) ending = { state: 'stopped' };
    else {
      log.error({ err: error }, 'Job failed');
      ending = { state: 'failed', error: forPeople(error) };
    }
  }
  await writer.flush();
  if (ending.state === 'stopped') return EXIT_STOPPED;
  await finish(db, { id: jobId, attempt, projectId: job.projectId }, ending);
  log.info({ state: ending.state, seconds: (Date.now() - (job.startedAt?.getTime() ?? Date.now())) / 1000 }, 'Job ends');
  await db.$disconnect();
  return 0;
}

/** The one line about a failure that people read; details are in the log. */
function forPeople(error: unknown): string {
  if (error instanceof AppError) return error.message;
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  if (name === 'ZodError') return `The job was given something it cannot use: ${message.slice(0, 500)}`;
  return message.slice(0, 1000) || name;
}

async function finish(db: PrismaClient, job: { id: string; attempt: number; projectId: string | null }, ending: Exclude<Ending, { state: 'stopped' }>): Promise<void> {
  const data: Prisma.JobUpdateManyMutationInput = { state: ending.state, finishedAt: new Date() };
  if (ending.state === 'done') {
    data.progress = 1;
    data.error = null;
    if (ending.result !== undefined) data.data = ending.result as Prisma.InputJsonValue;
  } else if (ending.state === 'failed') data.error = ending.error;
  else data.message = 'Cancelled';
  await db.$transaction(async (tx) => {
    await tx.job.updateMany({ where: { id: job.id, attempt: job.attempt, state: 'running' }, data });
    await notify(tx, { type: 'job.updated', entity: 'job', id: job.id, projectId: job.projectId });
  });
}
