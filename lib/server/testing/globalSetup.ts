/**
 * Before the integration and long tests: a throw-away PostgreSQL server in a temporary folder, with a template database
 * that has all migrations (`createTestDatabase()` copies it; `TEST_DATABASE_URL` names another server instead), and the
 * worker's programs, bundled as the product's are: once, since test files that run side by side start them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundle, threads } from '../../../scripts/build.mjs';
import { EmbeddedPostgres } from '../../../scripts/lib/postgres.mjs';
import { migrate } from '../db/migrate';
import { installQueue } from '../queue/boss';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Connection string of the template database. */
    templateUrl: string;
    /** Paths of the worker's programs: the product's, and one with the jobs of the tests of the machinery. */
    workerPrograms: { product: string; machinery: string };
  }
}

const TEMPLATE = 'fieldmark_template';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  process.env['FIELDMARK_LOG_LEVEL'] ??= 'silent'; // tests provoke what the log would complain about
  const programs = path.resolve('.cache/test-workers');
  await bundle({ ...threads, product: 'workers/main.ts', machinery: 'workers/runtime/testing/main.ts' }, programs);
  project.provide('workerPrograms', { product: path.join(programs, 'product.js'), machinery: path.join(programs, 'machinery.js') });
  const given = process.env['TEST_DATABASE_URL'];
  if (given) {
    const url = new URL(given);
    url.pathname = `/${TEMPLATE}_${process.pid}`;
    await prepareTemplate(url.toString());
    project.provide('templateUrl', url.toString());
    return async () => undefined;
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-test-pg-'));
  // Tests may lose what they wrote: durability costs time and is not what they look at.
  const server = new EmbeddedPostgres(folder, { flags: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 200, shared_buffers: '64MB' } });
  await server.start();
  const url = server.url(TEMPLATE);
  await prepareTemplate(url);
  project.provide('templateUrl', url);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

async function prepareTemplate(url: string): Promise<void> {
  await migrate(url);
  await installQueue(url);
}
