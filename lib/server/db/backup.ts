import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { z } from 'zod';
import { ensureDatabase, migrate } from './migrate';
import { readMigrations, SchemaNewerError } from './migrations';

const FORMAT = 1;
const MANIFEST = 'manifest.json';
const PARTIAL = '.partial';
const IGNORED = new Set(['_prisma_migrations']);

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  createdAt: z.iso.datetime(),
  reason: z.string(),
  migrations: z.array(z.object({ name: z.string(), checksum: z.string() })),
  tables: z.array(z.object({ name: z.string(), columns: z.array(z.string()), file: z.string(), rows: z.number().int(), sha256: z.string() })),
  sequences: z.array(z.object({ name: z.string(), value: z.string() })),
});
export type BackupManifest = z.infer<typeof manifestSchema>;

export interface Backup {
  name: string;
  folder: string;
  manifest: BackupManifest;
}

async function connected<T>(url: string, act: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'fieldmark-backup', connectionTimeoutMillis: 15_000 });
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

/** Hashes what passes. */
function hashing() {
  const hash = createHash('sha256');
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { stream, digest: () => hash.digest('hex') };
}

interface Table {
  name: string;
  columns: string[];
}

async function readTables(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      where n.nspname = current_schema() and c.relkind in ('r', 'p') and not c.relispartition
      group by c.relname order by c.relname`,
  );
  return rows.filter((table) => !IGNORED.has(table.name));
}

/** Tables so ordered that a row comes after the rows it refers to. A circle of tables is broken anywhere. */
async function inReferenceOrder(client: pg.Client, tables: Table[]): Promise<Table[]> {
  const { rows } = await client.query<{ child: string; parent: string }>(
    `select child.relname as child, parent.relname as parent from pg_constraint k
       join pg_class child on child.oid = k.conrelid join pg_class parent on parent.oid = k.confrelid
       join pg_namespace n on n.oid = child.relnamespace
      where k.contype = 'f' and n.nspname = current_schema() and child.oid <> parent.oid`,
  );
  const parents = new Map<string, typeof rows>();
  for (const row of rows) parents.set(row.child, [...(parents.get(row.child) ?? []), row]);
  const ordered: Table[] = [];
  const seen = new Set<string>();
  const visit = (table: Table) => {
    if (seen.has(table.name)) return;
    seen.add(table.name);
    for (const { parent } of parents.get(table.name) ?? []) {
      const found = tables.find((t) => t.name === parent);
      if (found) visit(found);
    }
    ordered.push(table);
  };
  for (const table of tables) visit(table);
  return ordered;
}

/**
 * Writes every table of the database, in one consistent snapshot, into `<folder>/<time>/` as gzip files of COPY text
 * with a manifest (columns, row counts, SHA-256), and removes all but the `keep` newest backups. A backup that did not
 * finish leaves nothing under a name that `listBackups` shows. Objects (images, models) are not part of it.
 */
export async function backup(url: string, folder: string, options: { keep?: number; reason?: string; now?: Date } = {}): Promise<Backup> {
  const now = options.now ?? new Date();
  const name = now.toISOString().replaceAll(':', '-').replace('.', '-');
  const partial = path.join(folder, name + PARTIAL);
  await fs.rm(partial, { recursive: true, force: true });
  await fs.mkdir(partial, { recursive: true, mode: 0o700 });
  try {
    const manifest = await connected(url, async (client) => {
      await client.query('begin transaction isolation level repeatable read, read only, deferrable');
      const tables: BackupManifest['tables'] = [];
      for (const table of await readTables(client)) {
        const file = `${encodeURIComponent(table.name)}.copy.gz`;
        const columns = table.columns.map((c) => client.escapeIdentifier(c)).join(', ');
        const source = client.query(copyTo(`copy (select ${columns} from ${client.escapeIdentifier(table.name)}) to stdout`));
        const { stream, digest } = hashing();
        await pipeline(source, stream, createGzip({ level: 4 }), createWriteStream(path.join(partial, file), { mode: 0o600, flush: true }));
        tables.push({ ...table, file, rows: source.rowCount, sha256: digest() });
      }
      const { rows: sequences } = await client.query<{ name: string; value: string }>(
        'select sequencename::text as name, last_value::text as value from pg_sequences where schemaname = current_schema() and last_value is not null',
      );
      const { rows: migrations } = await client.query<{ name: string; checksum: string }>(
        'select migration_name as name, checksum from _prisma_migrations where finished_at is not null and rolled_back_at is null order by migration_name',
      );
      await client.query('commit');
      return manifestSchema.parse({ format: FORMAT, createdAt: now.toISOString(), reason: options.reason ?? '', migrations, tables, sequences });
    });
    await fs.writeFile(path.join(partial, MANIFEST), JSON.stringify(manifest, null, 1), { mode: 0o600, flush: true });
    await fs.rename(partial, path.join(folder, name));
    await prune(folder, options.keep ?? 5);
    return { name, folder: path.join(folder, name), manifest };
  } catch (error) {
    await fs.rm(partial, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw new Error(`There is no space for a backup in ${folder}. Make room; nothing was changed.`, { cause: error });
    throw error;
  }
}

async function prune(folder: string, keep: number): Promise<void> {
  const backups = await listBackups(folder);
  for (const old of backups.slice(keep)) await fs.rm(old.folder, { recursive: true, force: true });
  const day = 24 * 3600 * 1000;
  for (const entry of await fs.readdir(folder)) {
    const stat = await fs.stat(path.join(folder, entry)).catch(() => null);
    if (entry.endsWith(PARTIAL) && stat && Date.now() - stat.mtimeMs > day) await fs.rm(path.join(folder, entry), { recursive: true, force: true });
  }
}

/** The backups of a folder, newest first. */
export async function listBackups(folder: string): Promise<Backup[]> {
  const entries = await fs.readdir(folder).catch(() => [] as string[]);
  const backups: Backup[] = [];
  for (const name of entries.sort().reverse()) {
    if (name.endsWith(PARTIAL)) continue;
    const found = await readBackup(path.join(folder, name)).catch(() => null);
    if (found) backups.push(found);
  }
  return backups;
}

/** Reads a backup's manifest. Throws when the folder is not a backup. */
export async function readBackup(folder: string): Promise<Backup> {
  let text: string;
  try {
    text = await fs.readFile(path.join(folder, MANIFEST), 'utf8');
  } catch (error) {
    throw new Error(`${folder} is not a backup: it has no readable ${MANIFEST}.`, { cause: error });
  }
  return { name: path.basename(folder), folder, manifest: manifestSchema.parse(JSON.parse(text)) };
}

/**
 * Puts a backup into the database of the connection string. The files are checked first. The database must be empty;
 * with `replace` its present state goes into a backup of its own beside this one, and is then removed. The schema is made
 * by the backup's own migrations, all rows are loaded and counted in one transaction, then the migrations since are applied.
 */
export async function restore(url: string, folder: string, options: { replace?: boolean } = {}): Promise<BackupManifest> {
  const { manifest } = await readBackup(folder);
  const known = readMigrations();
  const then = manifest.migrations.map(({ name, checksum }) => known.find((m) => m.name === name && m.checksum === checksum) ?? name);
  const unknown = then.filter((m): m is string => typeof m === 'string');
  if (unknown.length > 0) throw new SchemaNewerError(unknown);
  await verifyFiles(folder, manifest);
  if (options.replace) await assertNobodyAtWork(url);
  await emptyDatabase(url, options.replace ?? false, path.dirname(folder));
  await migrate(url, { migrations: then.filter((m) => typeof m !== 'string') });
  await connected(url, async (client) => {
    await client.query('begin');
    const order = await inReferenceOrder(client, manifest.tables.map(({ name, columns }) => ({ name, columns })));
    // Rows of one table may refer to each other in a circle; constraints that can wait, wait.
    await client.query('set constraints all deferred');
    for (const { name } of order) {
      const table = manifest.tables.find((t) => t.name === name)!;
      const columns = table.columns.map((c) => client.escapeIdentifier(c)).join(', ');
      await client.query(`delete from ${client.escapeIdentifier(name)}`); // rows that a migration put there
      const target = client.query(copyFrom(`copy ${client.escapeIdentifier(name)} (${columns}) from stdin`));
      await pipeline(createReadStream(path.join(folder, table.file)), createGunzip(), target);
      if (target.rowCount !== table.rows) throw new Error(`Table ${name} should have ${table.rows} rows and got ${target.rowCount}; the restore was undone.`);
    }
    for (const { name, value } of manifest.sequences) await client.query('select setval($1::regclass, $2::bigint)', [client.escapeIdentifier(name), value]);
    await client.query('commit');
  });
  await migrate(url);
  return manifest;
}

async function verifyFiles(folder: string, manifest: BackupManifest): Promise<void> {
  for (const table of manifest.tables) {
    const { stream, digest } = hashing();
    try {
      await pipeline(createReadStream(path.join(folder, table.file)), createGunzip(), stream.resume());
    } catch (error) {
      throw new Error(`The backup is damaged: ${table.file} cannot be read. Nothing was changed.`, { cause: error });
    }
    if (digest() !== table.sha256) throw new Error(`The backup is damaged: ${table.file} is not what was written. Nothing was changed.`);
  }
}

/** The product's processes would go on with rows that are no more. */
async function assertNobodyAtWork(url: string): Promise<void> {
  const found = await connected(url, (client) =>
    client.query<{ host: string | null }>(`select distinct host(client_addr) as host from pg_stat_activity where datname = current_database() and application_name in ('fieldmark', 'fieldmark-worker', 'fieldmark-job')`),
  ).catch((error: unknown) => {
    if ((error as { code?: string }).code === '3D000') return { rows: [] }; // there is no such database yet
    throw error;
  });
  if (found.rows.length > 0) throw new Error(`Fieldmark is at work on this database (from ${found.rows.map((r) => r.host ?? 'this machine').join(', ')}). Stop it on every machine first. Nothing was changed.`);
}

async function emptyDatabase(url: string, replace: boolean, backups: string): Promise<void> {
  await ensureDatabase(url);
  const holdsTables = await connected(url, async (client) => (await readTables(client)).length > 0);
  if (!holdsTables) return;
  if (!replace) throw new Error('The database is not empty. Restore into an empty one, or say that it is to be replaced.');
  await backup(url, backups, { reason: 'before a restore', keep: Number.MAX_SAFE_INTEGER });
  await connected(url, async (client) => {
    await client.query('drop schema public cascade');
    await client.query('create schema public');
    await client.query('drop schema if exists pgboss cascade'); // the queue refers to jobs that are no more; it is made anew
  });
}
