import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventHub, type FieldmarkEvent } from '@/lib/server/events';
import { logger } from '@/lib/server/log';
import { cancelJob, enqueueFor } from '@/lib/server/queue';
import { createTestDatabase, temporaryFolder, type TestDatabase } from '@/lib/server/testing';
import { reconcile } from './reconcile';
import { eventually, isAlive, startWorker, type TestWorker } from './testing/harness';
import { testKinds } from './testing/kinds';

const enqueue = enqueueFor(testKinds);
let test: TestDatabase;
let folder: string;
let remove: () => Promise<void>;
let hub: EventHub;
let worker: TestWorker;
const events: FieldmarkEvent[] = [];
const start = (env: Record<string, string> = {}) => startWorker({ DATABASE_URL: test.url, FIELDMARK_DATA: folder, FIELDMARK_QUEUES: 'quick:2,batch:2,train:1', FIELDMARK_MODEL_SECONDS: '5', FIELDMARK_MODEL_MEMORY_MB: '700', ...env });
const finished = (id: string, timeoutMs?: number) =>
  eventually(async () => {
    const job = await test.db.job.findUniqueOrThrow({ where: { id } });
    return ['done', 'failed', 'cancelled'].includes(job.state) ? job : null;
  }, timeoutMs, `the end of job ${id}`);
const dataOf = (id: string) => eventually(async () => ((await test.db.job.findUniqueOrThrow({ where: { id } })).data as { pid?: number } | null)?.pid ?? null, 15_000, 'the pid of the child');

beforeAll(async () => {
  test = await createTestDatabase();
  ({ folder, remove } = await temporaryFolder());
  hub = new EventHub(test.url);
  hub.subscribe((event) => events.push(event));
  await hub.start();
  worker = start();
  await worker.ready;
});
afterAll(async () => {
  worker.process.kill('SIGTERM');
  await worker.ended;
  await hub.close();
  await test.drop();
  await remove();
});

describe('a worker', () => {
  it('runs a job in a process of its own and keeps its result, progress and curves', async () => {
    const id = await enqueue(test.db, 'sum', { numbers: [1, 2, 3.5] }, { title: 'Add up' });
    const job = await finished(id);
    expect(job).toMatchObject({ state: 'done', progress: 1, attempt: 1, title: 'Add up', error: null, message: 'At 2', data: { total: 6.5, attempt: 1, priority: 0 } });
    expect(job.startedAt).toBeInstanceOf(Date);
    expect(job.finishedAt).toBeInstanceOf(Date);
    expect(await test.db.jobPoint.findMany({ where: { jobId: id }, orderBy: { n: 'asc' } })).toEqual([
      { jobId: id, n: 1, step: 0, name: 'total', value: 1 },
      { jobId: id, n: 2, step: 1, name: 'total', value: 3 },
      { jobId: id, n: 3, step: 2, name: 'total', value: 6.5 },
    ]);
    const of = events.filter((e) => e.id === id).map((e) => e.type);
    expect(of[0]).toBe('job.created');
    expect(of.at(-1)).toBe('job.updated');
    await eventually(async () => !existsSync((job.data as { tempDir: string }).tempDir), 5000, 'the removal of the temporary folder');
  });

  it('fails a job whose handler throws, with the sentence for people, and does not repeat it', async () => {
    const job = await finished(await enqueue(test.db, 'refuse', { why: 'Image 7 has no pixels. Remove it.' }));
    expect(job).toMatchObject({ state: 'failed', error: 'Image 7 has no pixels. Remove it.', attempt: 1 });
  });

  it('fails a job whose payload is not what its schema says', async () => {
    const id = await enqueue(test.db, 'sum', { numbers: [] });
    await expect(enqueue(test.db, 'sum', { numbers: 'x' } as never)).rejects.toThrow();
    await finished(id);
    const bad = await test.db.$transaction(async (tx) => {
      const made = await enqueue(tx, 'sum', { numbers: [1] });
      await tx.job.update({ where: { id: made }, data: { payload: { numbers: 'x' } } });
      return made;
    });
    expect(await finished(bad)).toMatchObject({ state: 'failed', error: expect.stringContaining('cannot use') });
  });

  it('leaves no job behind when the transaction that asked for it is rolled back', async () => {
    let id = '';
    await expect(
      test.db.$transaction(async (tx) => {
        id = await enqueue(tx, 'sum', { numbers: [1] });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await test.db.job.findUnique({ where: { id } })).toBeNull();
    expect(await test.db.$queryRaw`select 1 from pgboss.job where data->>'jobId' = ${id}`).toEqual([]);
  });

  it('starts a job again whose process was killed', async () => {
    const job = await finished(await enqueue(test.db, 'crash', { times: 2 }), 40_000);
    expect(job).toMatchObject({ state: 'done', attempt: 3, data: { attempt: 3 } });
  });

  it('gives a job up that kills its process every time, and says so', async () => {
    const job = await finished(await enqueue(test.db, 'crash', { times: 99 }), 60_000);
    expect(job.state).toBe('failed');
    expect(job.attempt).toBe(4);
    expect(job.error).toMatch(/killed.*tried 4 times/);
  });

  it('cancels a running job within moments', async () => {
    const id = await enqueue(test.db, 'wait', { seconds: 60 });
    await dataOf(id);
    const began = Date.now();
    expect(await cancelJob(test.db, id)).toBe('running');
    expect(await finished(id)).toMatchObject({ state: 'cancelled', error: null });
    expect(Date.now() - began).toBeLessThan(4000);
    expect(await cancelJob(test.db, id)).toBe('cancelled');
  });

  it('kills a job that does not heed its cancel', async () => {
    const id = await enqueue(test.db, 'busy', { seconds: 60 });
    const pid = await dataOf(id);
    await cancelJob(test.db, id);
    expect(await finished(id)).toMatchObject({ state: 'cancelled' });
    expect(isAlive(pid)).toBe(false);
  });

  it('ends a job that runs a model for too long or with too much memory, says which, and does not repeat it', async () => {
    for (const [kind, error] of [['endless', /longer than 5 seconds/], ['greedy', /more than 700 MB of memory/]] as const) {
      const id = await enqueue(test.db, kind, {});
      const pid = await dataOf(id);
      expect(await finished(id)).toMatchObject({ state: 'failed', attempt: 1, error: expect.stringMatching(error) });
      expect(isAlive(pid)).toBe(false);
    }
  });

  it('never runs a job that was cancelled while it waited', async () => {
    const id = await test.db.$transaction(async (tx) => {
      const made = await enqueue(tx, 'sum', { numbers: [1] });
      await cancelJob(tx, made);
      return made;
    });
    await wait(1500);
    expect(await finished(id)).toMatchObject({ state: 'cancelled', attempt: 0 });
    expect(await cancelJob(test.db, '00000000-0000-7000-8000-000000000000')).toBeNull();
  });

  it('runs training at a lower priority', async () => {
    const job = await finished(await enqueue(test.db, 'busy', { seconds: 0.1 }));
    expect(job.data).toMatchObject({ priority: 10 });
  });

  it('reports that it lives and what it does', async () => {
    const id = await enqueue(test.db, 'wait', { seconds: 2 });
    const row = await eventually(async () => {
      const [found] = await test.db.workerInstance.findMany();
      return found && JSON.stringify(found.running).includes(id) ? found : null;
    });
    expect(row.pid).toBe(worker.process.pid);
    expect(row.running).toContainEqual({ kind: 'wait', job: id });
    await finished(id);
  });

  it('hands a waiting job to the queue again that the queue has lost, and gives up one that nobody runs', async () => {
    const old = new Date(Date.now() - 60_000);
    const lost = await test.db.$transaction(async (tx) => {
      const id = await enqueue(tx, 'sum', { numbers: [4] });
      await tx.$executeRaw`delete from pgboss.job where data->>'jobId' = ${id}`;
      await tx.job.update({ where: { id }, data: { createdAt: old } });
      return id;
    });
    const [abandoned, cancelled] = await Promise.all([false, true].map(async (cancelRequested) => {
      const { id } = await test.db.job.create({ data: { id: crypto.randomUUID(), kind: 'wait', queue: 'batch', title: 'x', payload: {}, state: 'running', heartbeatAt: old, attempt: 3, cancelRequested } });
      return id;
    }));
    await reconcile(test.db, logger('test'));
    expect(await finished(lost)).toMatchObject({ state: 'done', data: { total: 4 } });
    expect(await finished(abandoned!)).toMatchObject({ state: 'failed', error: expect.stringContaining('again and again') });
    expect(await finished(cancelled!)).toMatchObject({ state: 'cancelled', error: null });
  });
});

describe('when a worker goes', () => {
  it('killed: its children die with it, and the next worker begins their jobs again', async () => {
    const ids = [await enqueue(test.db, 'wait', { seconds: 300 }), await enqueue(test.db, 'busy', { seconds: 300 })];
    const pids = await Promise.all(ids.map(dataOf));
    worker.process.kill('SIGKILL');
    await eventually(async () => pids.every((pid) => !isAlive(pid)), 10_000, 'the end of the children');
    worker = start();
    await worker.ready;
    for (const id of ids) {
      await eventually(async () => (await test.db.job.findUniqueOrThrow({ where: { id } })).attempt === 2, 40_000, 'the second attempt');
      await cancelJob(test.db, id);
      expect(await finished(id)).toMatchObject({ state: 'cancelled', attempt: 2 });
    }
  }, 90_000);

  it('stopped: it puts its jobs back at once, without counting a failure', async () => {
    const id = await enqueue(test.db, 'wait', { seconds: 2 });
    await dataOf(id);
    const began = Date.now();
    worker.process.kill('SIGTERM');
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(Date.now() - began).toBeLessThan(8000);
    expect(await test.db.job.findUniqueOrThrow({ where: { id } })).toMatchObject({ state: 'queued', workerId: null });
    worker = start();
    expect(await finished(id)).toMatchObject({ state: 'done', attempt: 2 });
  }, 60_000);
});

describe('a worker does not start', () => {
  it('on a database that is newer than itself', async () => {
    await test.db.$executeRaw`insert into _prisma_migrations (id, checksum, migration_name, finished_at) values ('x', 'x', '99990101000000_future', now())`;
    await expect(start().ready).rejects.toThrow(/newer than this program/);
    await test.db.$executeRaw`delete from _prisma_migrations where id = 'x'`;
  });

  it('on files of another installation', async () => {
    const other = await temporaryFolder();
    await expect(start({ FIELDMARK_DATA: other.folder }).ready).rejects.toThrow(/use S3.*or a shared folder/);
    await other.remove();
  });

  it('with another secret', async () => {
    await expect(start({ FIELDMARK_SECRET: 'x'.repeat(40) }).ready).rejects.toThrow(/FIELDMARK_SECRET is not the one/);
  });

  it('with settings it cannot use', async () => {
    await expect(start({ FIELDMARK_QUEUES: 'fast' }).ready).rejects.toThrow(/FIELDMARK_QUEUES is "fast" but must be/);
  });
});
