/**
 * Before the integration and long tests: a throw-away PostgreSQL server in a temporary folder, with a template database
 * that has all migrations. `createTestDatabase()` copies it. `TEST_DATABASE_URL` names another server instead.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { EmbeddedPostgres } from '../../../scripts/lib/postgres.mjs';
import { migrate } from '../db/migrate';
import { installQueue } from '../queue/boss';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Connection string of the template database. */
    templateUrl: string;
  }
}

const TEMPLATE = 'fieldmark_template';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  process.env['FIELDMARK_LOG_LEVEL'] ??= 'silent'; // tests provoke what the log would complain about
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
