/** Frozen dataset versions: made by the `freeze` job (or as the first step of `train`), never changed afterwards. */
import { Readable } from 'node:stream';
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import type { createVersion, VersionRow } from '@/lib/api/routes/rounds';
import { labelSchema } from '@/lib/core/labels';
import { db, type Db } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import type { Principal } from '@/lib/server/http/handler';
import { enqueue } from '@/lib/server/queue';
import { jobStates, type JobRecord } from '@/lib/server/repositories/jobs';
import * as repository from '@/lib/server/repositories/versions';
import { objectStore } from '@/lib/server/storage';
import { requireOfProject, requireProject } from './access';
import { namesOf } from './names';
import { pageOfRows } from './paging';
import type { VersionStats } from './versions/freeze';

type Lookup = { jobs: Map<string, Pick<JobRecord, 'state' | 'error'>>; names: Map<string, string> };

async function lookup(rows: readonly repository.VersionRecord[]): Promise<Lookup> {
  const building = rows.filter((r) => r.state === 'building').map((r) => r.jobId);
  return { jobs: await jobStates(db(), building), names: await namesOf(db(), rows.map((r) => r.createdById)) };
}

/** What is building is failed once its job is over without having made it ready. */
export function builtState(row: { state: string; jobId: string | null }, jobs: Lookup['jobs']): 'building' | 'ready' | 'failed' {
  if (row.state !== 'building') return row.state as 'ready' | 'failed';
  const job = jobs.get(row.jobId ?? '');
  return job && (job.state === 'failed' || job.state === 'cancelled') ? 'failed' : 'building';
}

function toRow(row: repository.VersionRecord, { jobs, names }: Lookup): VersionRow {
  const stats = row.state === 'ready' ? (row.stats as unknown as VersionStats) : null;
  const classes = row.schema ? labelSchema.parse(row.schema).classes : [];
  return {
    id: row.id, project: row.projectId, number: row.number, name: row.name, notes: row.notes, state: builtState(row, jobs), job: row.jobId, manifest: row.manifest,
    items: row.items, annotations: row.annotations, splits: stats?.splits ?? { train: 0, val: 0, test: 0 },
    classes: classes.map((c) => ({ id: c.id, name: c.name, index: c.index, color: c.color, kind: c.kind, annotations: stats?.classes[c.id] ?? 0 })).sort((a, b) => a.index - b.index),
    createdAt: row.createdAt.toISOString(), by: row.createdById ? (names.get(row.createdById) ?? null) : null,
  };
}

/** The version, if the project it belongs to is one that `who` may see. */
export async function requireVersion(who: Principal, id: string): Promise<repository.VersionRecord> {
  return requireOfProject(who, await repository.findVersion(db(), id), 'dataset version');
}

/** @throws AppError `conflict` while it is being frozen, or when freezing failed */
export async function requireReadyVersion(who: Principal, id: string): Promise<repository.VersionRecord & { manifest: string; manifestKey: string }> {
  const row = await requireVersion(who, id);
  const { manifest, manifestKey } = row;
  if (row.state === 'ready' && manifest && manifestKey) return { ...row, manifest, manifestKey };
  const failed = builtState(row, (await lookup([row])).jobs) === 'failed';
  throw new AppError('conflict', failed ? `Version ${row.number} could not be frozen. Freeze a new one.` : `Version ${row.number} is still being frozen. Try again when it is ready.`);
}

/** Refuses early what the job would refuse: no item done. */
async function requireDoneItems(tx: Db, projectId: string): Promise<void> {
  if ((await repository.countDone(tx, projectId)) === 0) throw new AppError('unprocessable', 'No item of this project is done, so there is nothing to freeze. Mark items as done first.');
}

export async function create(who: Principal, projectId: string, body: z.output<typeof createVersion.body>): Promise<VersionRow> {
  await requireProject(who, projectId);
  const row = await db().$transaction(async (tx) => {
    await requireDoneItems(tx, projectId);
    const id = uuidv7();
    const jobId = uuidv7();
    const made = await repository.insertVersion(tx, { id, projectId, name: body.name, notes: body.notes, jobId, createdById: who.userId });
    await enqueue(tx, 'freeze', { version: id }, { id: jobId, title: `Freeze version ${made.number}`, projectId, workspaceId: who.workspaceId, userId: who.userId });
    await notify(tx, { type: 'changed', entity: 'version', id, projectId });
    return made;
  });
  return toRow(row, await lookup([row]));
}

/** A version that a training job freezes as its first step. */
export async function createForTraining(tx: Db, who: Principal, projectId: string, jobId: string): Promise<repository.VersionRecord> {
  await requireDoneItems(tx, projectId);
  const made = await repository.insertVersion(tx, { id: uuidv7(), projectId, name: '', notes: 'Frozen for training.', jobId, createdById: who.userId });
  await notify(tx, { type: 'changed', entity: 'version', id: made.id, projectId });
  return made;
}

export async function list(who: Principal, projectId: string, page: { cursor?: string; limit: number }) {
  await requireProject(who, projectId);
  const { rows, next } = pageOfRows(await repository.pageOfVersions(db(), projectId, page.cursor, page.limit + 1), page.limit, (r) => r.id);
  const found = await lookup(rows);
  return { items: rows.map((r) => toRow(r, found)), next };
}

export async function one(who: Principal, id: string): Promise<VersionRow> {
  const row = await requireVersion(who, id);
  return toRow(row, await lookup([row]));
}

/** The manifest as a download. */
export async function manifest(who: Principal, id: string): Promise<Response> {
  const row = await requireReadyVersion(who, id);
  const stat = await objectStore().stat(row.manifestKey);
  if (!stat) throw new AppError('gone', `The manifest of version ${row.number} is missing in the object storage. Restore it from a backup, or freeze a new version.`);
  return new Response(Readable.toWeb(await objectStore().get(row.manifestKey)) as ReadableStream, {
    headers: {
      'content-type': 'application/jsonl; charset=utf-8', 'content-length': String(stat.size), etag: `"${row.manifest}"`,
      'content-disposition': `attachment; filename="version-${row.number}-${row.manifest.slice(0, 12)}.jsonl"`,
    },
  });
}
