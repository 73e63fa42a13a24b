/** What the installation is doing. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';
import type * as contract from '@/lib/api/routes/system';
import { db, Prisma } from '@/lib/server/db/client';
import { eventHub } from '@/lib/server/events';
import { QUEUE_NAMES } from '@/lib/server/queue/queues';
import { objectStore } from '@/lib/server/storage';

type Health = z.input<typeof contract.health.response>;
type Part = Health['parts']['web'];
type Learning = z.input<typeof contract.learning.response>;

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
