import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { createClient, type PrismaClient } from '../db/client';

export interface TestDatabase {
  url: string;
  db: PrismaClient;
  /** Disconnects the client and removes the database. */
  drop(): Promise<void>;
}

async function onServer<T>(url: string, act: (client: pg.Client) => Promise<T>): Promise<T> {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new pg.Client({ connectionString: maintenance.toString() });
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

/**
 * A database of the test file's own: a copy of the migrated template (queue tables included), or empty with `empty`.
 * Call it in `beforeAll`, and `drop` in `afterAll`. Also sets `DATABASE_URL`, for code that reads the settings.
 */
export async function createTestDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const templateUrl = new URL(inject('templateUrl'));
  const template = templateUrl.pathname.slice(1);
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`;
  await onServer(templateUrl.toString(), (client) => client.query(`create database ${name}${options.empty ? '' : ` template ${client.escapeIdentifier(template)}`}`));
  templateUrl.pathname = `/${name}`;
  const url = templateUrl.toString();
  process.env['DATABASE_URL'] = url;
  const db = createClient(url, { max: 5, name: 'fieldmark-test' });
  return {
    url,
    db,
    async drop() {
      await db.$disconnect();
      await onServer(url, (client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}
