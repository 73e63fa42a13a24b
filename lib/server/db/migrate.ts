import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { migrationState, readMigrations, SchemaNewerError, type Migration } from './migrations';

/** The advisory lock that Prisma's own engine takes, so that the two never migrate at once. */
const PRISMA_LOCK = 72_707_369;
const LOCK_TIMEOUT = '10min';

const MIGRATIONS_TABLE = `create table if not exists _prisma_migrations (
  id varchar(36) primary key not null, checksum varchar(64) not null, finished_at timestamptz,
  migration_name varchar(255) not null, logs text, rolled_back_at timestamptz,
  started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`;

export interface MigrateOptions {
  migrations?: Migration[];
  /** Called before the first pending migration is applied to a database that holds data. A backup belongs here. */
  beforeChange?: (pending: Migration[]) => Promise<void>;
  onApply?: (name: string) => void;
}

/** Makes the database of the connection string when the server has none of that name. Returns whether it was made. */
export async function ensureDatabase(url: string): Promise<boolean> {
  const probe = new pg.Client({ connectionString: url, connectionTimeoutMillis: 15_000 });
  try {
    await probe.connect();
    return false;
  } catch (error) {
    if ((error as { code?: string }).code !== '3D000') throw unreachable(url, error);
  } finally {
    await probe.end().catch(() => undefined);
  }
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new pg.Client({ connectionString: maintenance.toString(), connectionTimeoutMillis: 15_000 });
  try {
    await client.connect();
    await client.query(`create database ${client.escapeIdentifier(name)}`);
    return true;
  } catch (error) {
    if (['42P04', '23505'].includes((error as { code?: string }).code ?? '')) return false; // another process was quicker
    throw new Error(`The database "${name}" does not exist and could not be made: ${(error as Error).message}. Create it, or give the user of DATABASE_URL the right to.`, { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}

function unreachable(url: string, error: unknown): Error {
  const { hostname, port } = new URL(url);
  const text = error instanceof AggregateError ? error.errors.map((e) => (e as Error).message).join(', ') : (error as Error).message;
  return new Error(`The database at ${hostname}:${port || 5432} cannot be used: ${text}. Check DATABASE_URL.`, { cause: error });
}

/**
 * Brings the database to the schema of this program: what `prisma migrate deploy` does, without its engine, readable by
 * it. Each migration is applied in one transaction with its row in `_prisma_migrations`: a failed one leaves nothing.
 * Returns the names applied. Throws `SchemaNewerError` when the database is ahead of this program.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<string[]> {
  const migrations = options.migrations ?? readMigrations();
  await ensureDatabase(url);
  const client = new pg.Client({ connectionString: url, application_name: 'fieldmark-migrate', connectionTimeoutMillis: 15_000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string }>("select current_setting('server_version_num') as version");
    if (Number(rows[0]?.version) < 150_000) throw new Error('Fieldmark needs PostgreSQL 15 or newer.');
    await client.query(`set lock_timeout = '${LOCK_TIMEOUT}'`);
    await client.query('select pg_advisory_lock($1)', [PRISMA_LOCK]);
    await client.query("set lock_timeout = '60s'");
    await client.query(MIGRATIONS_TABLE);
    const state = await migrationState(client, migrations);
    if (state.unknown.length > 0) throw new SchemaNewerError(state.unknown);
    if (state.failed.length > 0) {
      throw new Error(`Migration ${state.failed.join(', ')} of the database was begun and not finished (by another tool). Restore the last backup, or mend it with "npx prisma migrate resolve".`);
    }
    if (state.edited.length > 0) throw new Error(`Migration ${state.edited.join(', ')} was edited after it was applied to this database. Bring back its file (git checkout prisma/migrations).`);
    if (state.pending.length > 0 && state.applied.length > 0) await options.beforeChange?.(state.pending);
    for (const migration of state.pending) {
      options.onApply?.(migration.name);
      await apply(client, migration);
    }
    return state.pending.map((m) => m.name);
  } finally {
    await client.end();
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(migration.sql);
    await client.query('set search_path to default');
    await client.query(
      'insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) values ($1, $2, $3, now(), clock_timestamp(), 1)',
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    const { message, position } = error as Error & { position?: string };
    throw new Error(`Migration ${migration.name} failed and was undone: ${message}${position ? ` (at character ${position})` : ''}.`, { cause: error });
  }
}
