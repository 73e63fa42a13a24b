/** An installation for tests of jobs: a database, an object store on disk, a real worker with the product's jobs, and a person who may do everything. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import { inject } from 'vitest';
import type { JobRow } from '@/lib/api/routes/rounds';
import type { LabelSchema } from '@/lib/core/labels';
import { db as processDb } from '@/lib/server/db/client';
import type { Principal, RequestContext } from '@/lib/server/http/handler';
import * as imports from '@/lib/server/routes/imports';
import { createProject } from '@/lib/server/services/projects';
import { objectStore, type ObjectStore } from '@/lib/server/storage';
import { createTestDatabase, temporaryFolder, type TestDatabase } from '@/lib/server/testing';

export interface Installation {
  db: TestDatabase['db'];
  store: ObjectStore;
  folder: string;
  who: Principal;
  ctx: RequestContext;
  /** The worker's process; `startWorker` starts another after it was killed. */
  worker(): ChildProcess;
  startWorker(env?: Record<string, string>): Promise<void>;
  /** Resolves when the job is over. @throws when it does not end in time, or ends otherwise than `state` (default: done) */
  finished(jobId: string, options?: { timeoutMs?: number; state?: 'done' | 'failed' | 'cancelled' }): Promise<Awaited<ReturnType<TestDatabase['db']['job']['findUniqueOrThrow']>>>;
  project(name: string, schema?: LabelSchema): Promise<string>;
  /** Sends files as the browser does, and waits for the import. */
  importFiles(project: string, files: Iterable<[path: string, bytes: Uint8Array]> | AsyncIterable<[path: string, bytes: Uint8Array]>, options?: object): Promise<string>;
  importArchive(project: string, name: string, bytes: Uint8Array, options?: object): Promise<string>;
  /** Every object's key. */
  keys(prefix?: string): Promise<string[]>;
  close(): Promise<void>;
}

export async function installation(): Promise<Installation> {
  const database = await createTestDatabase();
  const { folder, remove } = await temporaryFolder();
  process.env['FIELDMARK_DATA'] = folder;
  const { db } = database;
  const store = objectStore();
  const workspaceId = uuidv7();
  const userId = uuidv7();
  await db.workspace.create({ data: { id: workspaceId, name: 'Test' } });
  await db.user.create({ data: { id: userId, name: 'Ada', email: 'ada@example.org' } });
  const who: Principal = { userId, workspaceId, name: 'Ada', email: 'ada@example.org', role: 'owner', scopes: ['*'], may: () => true };
  const ctx = { who, request: new Request('http://localhost/'), requestId: 'test' } as RequestContext;

  let worker: ChildProcess | null = null;
  let output = '';
  const startWorker = async (env: Record<string, string> = {}) => {
    const child = fork(inject('workerPrograms').product, [], {
      env: { ...process.env, DATABASE_URL: database.url, FIELDMARK_DATA: folder, FIELDMARK_QUEUES: 'quick:2,batch:1,train:1', FIELDMARK_LOG_LEVEL: 'info', ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child.stdout!.on('data', (chunk) => (output += String(chunk)));
    child.stderr!.on('data', (chunk) => (output += String(chunk)));
    worker = child;
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message: { type: string; message?: string }) => (message.type === 'ready' ? resolve() : reject(new Error(message.message))));
      child.on('exit', () => reject(new Error(`The worker ended.\n${output}`)));
    });
  };
  await startWorker();

  const finished: Installation['finished'] = async (jobId, { timeoutMs = 120_000, state = 'done' } = {}) => {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const job = await db.job.findUniqueOrThrow({ where: { id: jobId } });
      if (['done', 'failed', 'cancelled'].includes(job.state)) {
        if (job.state !== state) throw new Error(`Job "${job.title}" is ${job.state}, not ${state}: ${job.error ?? job.message}\n${output.slice(-4000)}`);
        return job;
      }
      if (Date.now() > end) throw new Error(`Job "${job.title}" did not end within ${timeoutMs / 1000} s: ${job.state} ${job.progress} ${job.message}\n${output.slice(-4000)}`);
      await wait(100);
    }
  };
  const begin = async (project: string, options: object) => imports.startImport({ params: { project }, query: undefined, body: { source: 'test', options: { format: 'auto', createClasses: true, markDone: false, document: 'team', vocFrame: 'labelimg', ...options } } }, ctx);
  const commit = async (id: string) => {
    const row = await imports.commitImport({ params: { id }, query: undefined, body: undefined }, ctx);
    await finished(row.job!);
    return id;
  };
  return {
    db, store, folder, who, ctx, startWorker, finished,
    worker: () => worker!,
    async project(name, schema) {
      return (await createProject(db, { name, schema, workspaceId, userId })).id;
    },
    async importFiles(project, files, options = {}) {
      const { id } = await begin(project, options);
      for await (const [file, bytes] of files as AsyncIterable<[string, Uint8Array]>) await imports.putImportFile({ params: { id }, query: { path: file }, body: streamOf(bytes) }, ctx);
      return commit(id);
    },
    async importArchive(project, name, bytes, options = {}) {
      const { id } = await begin(project, options);
      await imports.putImportArchive({ params: { id }, query: { name }, body: streamOf(bytes) }, ctx);
      return commit(id);
    },
    async keys(prefix = '') {
      const keys: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.list(prefix, cursor === undefined ? {} : { cursor });
        keys.push(...page.objects.map((o) => o.key));
        cursor = page.cursor;
      } while (cursor !== undefined);
      return keys;
    },
    async close() {
      const child = worker as ChildProcess | null;
      if (child && child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((resolve) => child.on('exit', resolve));
        child.kill('SIGTERM');
        await ended;
      }
      await processDb().$disconnect();
      await database.drop();
      await remove();
    },
  };
}

export const streamOf = (bytes: Uint8Array): ReadableStream<Uint8Array> => new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();

/** The real data sets, or null with one line saying so. */
export function testData(name: string): string | null {
  const folder = path.join(process.env['FIELDMARK_TEST_DATA'] ?? path.resolve('../shared/data'), name);
  if (existsSync(folder)) return folder;
  console.warn(`Skipped: the data set ${name} is not in FIELDMARK_TEST_DATA (default ../shared/data).`);
  return null;
}

/** Every file below a folder, by its path within it. */
export async function* filesBelow(folder: string): AsyncGenerator<[path: string, bytes: Uint8Array]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found.filter((f) => f.isFile()).map((f) => path.relative(folder, path.join(f.parentPath, f.name)).replaceAll(path.sep, '/'));
  for (const file of paths.sort()) yield [file, await readFile(path.join(folder, file))];
}

export type { JobRow };
