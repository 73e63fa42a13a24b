import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing';
import { migrate } from './migrate';
import { assertSchemaKnown, migrationState, readMigrations, SchemaNewerError, SchemaOlderError, type Migration } from './migrations';

let test: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  test = await createTestDatabase({ empty: true });
  client = new pg.Client({ connectionString: test.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await test.drop();
});

const made = (name: string, sql: string): Migration => ({ name, sql, checksum: 'a'.repeat(64) });

describe('migrate', () => {
  it('applies what is pending, once, in the form the Prisma command line keeps', async () => {
    const all = readMigrations();
    expect(await migrate(test.url)).toEqual(all.map((m) => m.name));
    expect(await migrate(test.url)).toEqual([]);
    const { rows } = await client.query('select * from _prisma_migrations order by migration_name');
    expect(rows.map((r) => [r.migration_name, r.applied_steps_count, r.finished_at instanceof Date, r.rolled_back_at, r.logs])).toEqual(all.map((m) => [m.name, 1, true, null, null]));
    const { createHash } = await import('node:crypto');
    expect(rows[0].checksum).toBe(createHash('sha256').update(readFileSync(`prisma/migrations/${all[0]!.name}/migration.sql`)).digest('hex'));
    expect((await client.query('select count(*)::int as n from "Project"')).rows).toEqual([{ n: 0 }]);
    await expect(assertSchemaKnown(client)).resolves.toBeUndefined();
  });

  it('leaves a database that the Prisma command line finds in order', async () => {
    const status = spawnSync(process.execPath, ['node_modules/prisma/build/index.js', 'migrate', 'status'], { encoding: 'utf8', env: { ...process.env, DATABASE_URL: test.url } });
    expect(status.stdout + status.stderr).toContain('Database schema is up to date!');
    expect(status.status).toBe(0);
  });

  it('has a schema file that says what the migrations make', () => {
    const drift = spawnSync(process.execPath, ['node_modules/prisma/build/index.js', 'migrate', 'diff', '--from-migrations', 'prisma/migrations', '--to-schema', 'prisma/schema.prisma', '--exit-code'], {
      encoding: 'utf8',
      env: { ...process.env, DATABASE_URL: test.url },
    });
    expect(drift.stdout + drift.stderr).toContain('No difference detected');
    expect(drift.status).toBe(0);
  });

  it('undoes a migration that fails half way, and says where', async () => {
    const bad = [...readMigrations(), made('99990101000000_bad', 'create table half (a int); select no_such_function();')];
    await expect(migrate(test.url, { migrations: bad })).rejects.toThrow(/99990101000000_bad failed and was undone.*no_such_function/);
    expect((await client.query("select to_regclass('half') as half")).rows).toEqual([{ half: null }]);
    expect((await migrationState(client, bad)).pending.map((m) => m.name)).toEqual(['99990101000000_bad']);
  });

  it('asks for a backup before it changes a database that has data, and not otherwise', async () => {
    const next = [...readMigrations(), made('99990102000000_next', 'create table later (a int)')];
    const asked: string[][] = [];
    const beforeChange = async (pending: Migration[]) => void asked.push(pending.map((m) => m.name));
    await expect(assertSchemaKnown(client, next)).rejects.toThrow(SchemaOlderError);
    await migrate(test.url, { migrations: next, beforeChange });
    await migrate(test.url, { migrations: next, beforeChange });
    expect(asked).toEqual([['99990102000000_next']]);
  });

  it('refuses a database that is newer than the program', async () => {
    await expect(migrate(test.url)).rejects.toThrow(SchemaNewerError);
    await expect(assertSchemaKnown(client)).rejects.toThrow(/newer than this program.*99990102000000_next/);
    await client.query('drop table later');
    await client.query("delete from _prisma_migrations where migration_name like '9999%'");
  });

  it('refuses a migration edited after it was applied', async () => {
    const [first, ...rest] = readMigrations();
    await expect(migrate(test.url, { migrations: [{ ...first!, checksum: 'b'.repeat(64) }, ...rest] })).rejects.toThrow(/was edited after it was applied/);
  });

  it('lets two processes migrate at once: one applies, the other waits', async () => {
    const fresh = new URL(test.url);
    fresh.pathname += '_twice';
    const applied = await Promise.all([migrate(fresh.toString()), migrate(fresh.toString())]);
    expect(applied.map((names) => names.length).sort()).toEqual([0, readMigrations().length]);
    await client.query(`drop database "${fresh.pathname.slice(1)}" with (force)`);
  });

  it('says what is wrong when the server cannot be reached', async () => {
    await expect(migrate('postgresql://nobody:x@127.0.0.1:9/none')).rejects.toThrow(/127\.0\.0\.1:9 cannot be used.*Check DATABASE_URL/);
  });
});
