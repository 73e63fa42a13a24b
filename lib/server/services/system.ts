/** What the installation is doing, and what it holds. */
import { readFileSync, statfsSync } from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';
import type * as contract from '@/lib/api/routes/system';
import { config } from '@/lib/server/config';
import { db, Prisma } from '@/lib/server/db/client';
import { eventHub } from '@/lib/server/events';
import { QUEUE_NAMES } from '@/lib/server/queue/queues';
import { objectStore, objectsUnder } from '@/lib/server/storage';
import type { Who } from './access';

type Health = z.input<typeof contract.health.response>;
type Part = Health['parts']['web'];
type Learning = z.input<typeof contract.learning.response>;
type StorageUse = z.input<typeof contract.storageUse.response>;

/** A worker writes its row every few seconds; one that was silent for so long is not well. */
const WORKER_SILENT_MS = 30_000;
const PROBE_MS = 5000;
const startedAt = new Date();
let version: string | undefined;

/** Version of this program, of the checkout's package.json. */
export function productVersion(): string {
  if (version === undefined) {
    const file = path.join(/* turbopackIgnore: true */ process.env['FIELDMARK_ROOT'] ?? process.cwd(), 'package.json');
    version = (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  return version;
}

/** Runs a probe; what it says when it works, or what went wrong. People outside read this: no addresses, no secrets. */
async function probe(work: () => Promise<string>, failure: string): Promise<Part> {
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error('late')), PROBE_MS)));
    const detail = await Promise.race([work(), late]);
    return { ok: true, detail, latencyMs: Math.round((performance.now() - began) * 10) / 10 };
  } catch {
    return { ok: false, detail: failure };
  } finally {
    clearTimeout(timer);
  }
}

export async function health(): Promise<Health> {
  const store = objectStore();
  let schema = '';
  const database = await probe(async () => {
    const rows = await db().$queryRaw<{ migration_name: string }[]>`select migration_name from _prisma_migrations where finished_at is not null order by migration_name desc limit 1`;
    schema = rows[0]?.migration_name ?? '';
    return 'answers';
  }, 'does not answer');
  const storage = await probe(async () => {
    await store.list('', { limit: 1 });
    return store.kind === 'disk' ? 'files in the data folder' : 'S3';
  }, 'does not answer');
  const events = await probe(async () => {
    await eventHub().start().catch(() => undefined); // it goes on trying by itself; what counts is whether it listens now
    if (!eventHub().connected) throw new Error('not listening');
    return 'listening';
  }, 'not listening; pages refresh by asking');
  const [workers, queues] = database.ok ? await Promise.all([workersNow(), queuesNow()]) : [[], []];
  const web = { ok: true, detail: `up for ${Math.round(process.uptime())} s, ${Math.round(process.memoryUsage().rss / 1e6)} MB` };
  return { ok: database.ok && storage.ok && events.ok, version: productVersion(), schema, startedAt: startedAt.toISOString(), parts: { web, database, storage, events, workers, queues } };
}

async function workersNow(): Promise<Health['parts']['workers']> {
  const rows = await db().workerInstance.findMany({ orderBy: { id: 'asc' } });
  return rows.map((w) => ({
    id: w.id, host: w.host, seenAt: w.seenAt.toISOString(), ok: Date.now() - w.seenAt.getTime() < WORKER_SILENT_MS,
    running: (w.running as { kind?: string; job?: string; jobId?: string }[]).map((r) => ({ kind: r.kind ?? '', job: r.job ?? r.jobId ?? null })),
  }));
}

/** The newest worker's word on what can be trained with. */
export async function learning(): Promise<Learning> {
  const row = await db().workerInstance.findFirst({ where: { abilities: { not: Prisma.AnyNull } }, orderBy: { startedAt: 'desc' }, select: { abilities: true } });
  return { abilities: (row?.abilities ?? null) as Learning['abilities'] };
}

async function queuesNow(): Promise<Health['parts']['queues']> {
  const rows = await db().job.groupBy({ by: ['queue', 'state'], where: { state: { in: ['queued', 'running'] } }, _count: true });
  const count = (name: string, state: string) => rows.find((r) => r.queue === name && r.state === state)?._count ?? 0;
  return QUEUE_NAMES.map((name) => ({ name, waiting: count(name, 'queued'), running: count(name, 'running') }));
}

/** What lies where, in bytes. Images that several projects show count in each of them; the total counts them once. */
export async function storageUse(who: Who): Promise<StorageUse> {
  const store = objectStore();
  let objects = 0;
  let objectBytes = 0;
  for await (const { size } of objectsUnder(store, '')) {
    objects++;
    objectBytes += size;
  }
  const [database] = await db().$queryRaw<{ bytes: number }[]>`select pg_database_size(current_database())::float8 as "bytes"`;
  const projects = await db().$queryRaw<{ id: string; name: string; bytes: number; trash: number }[]>`
    with sizes as (
      select a."hash", a."bytes" + coalesce((select sum((r.value->>'bytes')::bigint) from jsonb_each(a."renditions") r), 0) as "bytes" from "Asset" a)
    select p."id", p."name",
      (coalesce((select sum(s."bytes") from "ProjectAsset" pa join sizes s on s."hash" = pa."hash" where pa."projectId" = p."id"), 0)
        + coalesce((select sum(m."bytes") from "ModelVersion" m where m."projectId" = p."id"), 0)
        + coalesce((select sum(e."bytes") from "Export" e where e."projectId" = p."id"), 0)
        + coalesce((select sum(f."bytes") from "ImportFile" f join "Import" i on i."id" = f."importId" where i."projectId" = p."id"), 0))::float8 as "bytes",
      (case when p."deletedAt" is not null then 0 else
        coalesce((select sum(s."bytes") from sizes s where exists (
            select 1 from "Item" i where i."projectId" = p."id" and i."hash" = s."hash" and i."deletedAt" is not null)
          and not exists (select 1 from "Item" i where i."projectId" = p."id" and i."hash" = s."hash" and i."deletedAt" is null)), 0)
        + coalesce((select sum(m."bytes") from "ModelVersion" m where m."projectId" = p."id" and m."deletedAt" is not null), 0) end)::float8 as "trash"
    from "Project" p where p."workspaceId" = ${who.workspaceId}::uuid order by 3 desc, p."name"`;
  const trashed = new Set((await db().project.findMany({ where: { workspaceId: who.workspaceId, deletedAt: { not: null } }, select: { id: true } })).map((p) => p.id));
  return {
    kind: store.kind, objects, objectBytes, databaseBytes: database?.bytes ?? 0, freeBytes: freeBytes(),
    trashBytes: projects.reduce((n, p) => n + (trashed.has(p.id) ? p.bytes : p.trash), 0),
    projects: projects.map(({ id, name, bytes }) => ({ id, name, bytes })),
  };
}

function freeBytes(): number | null {
  if (objectStore().kind !== 'disk') return null;
  try {
    const { bavail, bsize } = statfsSync(config().dataDir);
    return bavail * bsize;
  } catch {
    return null;
  }
}
