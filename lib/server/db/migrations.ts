import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';

/** A folder of `prisma/migrations`. */
export interface Migration {
  name: string;
  sql: string;
  /** SHA-256 of the file, as Prisma's own command line keeps it. */
  checksum: string;
}

/** What a database has of this program's migrations. */
export interface MigrationState {
  /** Applied here and known to this program, in order. */
  applied: string[];
  /** Known to this program, not applied. */
  pending: Migration[];
  /** Applied here, unknown to this program: made by a newer one. */
  unknown: string[];
  /** Begun and not finished. */
  failed: string[];
  /** Applied here from a file that has since been edited. */
  edited: string[];
}

/** The database was made or changed by a newer program than this one. */
export class SchemaNewerError extends Error {
  constructor(unknown: string[]) {
    super(
      `The database schema is newer than this program: it has ${unknown.map((n) => `"${n}"`).join(', ')}, which this program does not know. ` +
        'Update this checkout to the version that made it (git pull), or restore the backup from before the update.',
    );
    this.name = 'SchemaNewerError';
  }
}

/** The database lacks migrations; the launcher of the first machine applies them. */
export class SchemaOlderError extends Error {
  constructor(pending: string[]) {
    super(`The database schema is older than this program: ${pending.map((n) => `"${n}"`).join(', ')} not applied yet. Run npm start once on one machine; it applies them.`);
    this.name = 'SchemaOlderError';
  }
}

/** The folder of migrations: of the checkout that the process runs in. */
export const migrationsFolder = () => path.join(/* turbopackIgnore: true */ process.env['FIELDMARK_ROOT'] ?? process.cwd(), 'prisma', 'migrations');

export function readMigrations(folder = migrationsFolder()): Migration[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(folder, entry.name, 'migration.sql')))
    .map(({ name }) => {
      const sql = readFileSync(path.join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Compares the database with the migrations. */
export async function migrationState(client: pg.ClientBase, migrations: Migration[]): Promise<MigrationState> {
  const { rows: found } = await client.query<{ present: boolean }>("select to_regclass('_prisma_migrations') is not null as present");
  const { rows } = found[0]?.present
    ? await client.query<{ migration_name: string; checksum: string; finished_at: Date | null }>(
        'select migration_name, checksum, finished_at from _prisma_migrations where rolled_back_at is null order by migration_name',
      )
    : { rows: [] };
  const known = new Map(migrations.map((m) => [m.name, m]));
  const finished = new Set(rows.filter((r) => r.finished_at).map((r) => r.migration_name));
  return {
    applied: migrations.filter((m) => finished.has(m.name)).map((m) => m.name),
    pending: migrations.filter((m) => !finished.has(m.name)),
    unknown: [...finished].filter((name) => !known.has(name)),
    failed: rows.filter((r) => !r.finished_at).map((r) => r.migration_name),
    edited: rows.filter((r) => r.finished_at && known.has(r.migration_name) && known.get(r.migration_name)?.checksum !== r.checksum).map((r) => r.migration_name),
  };
}

/** Throws `SchemaNewerError` or `SchemaOlderError` unless the database has exactly the migrations this program knows. */
export async function assertSchemaKnown(client: pg.ClientBase, migrations = readMigrations()): Promise<void> {
  const state = await migrationState(client, migrations);
  if (state.unknown.length > 0) throw new SchemaNewerError(state.unknown);
  if (state.pending.length > 0) throw new SchemaOlderError(state.pending.map((m) => m.name));
}
