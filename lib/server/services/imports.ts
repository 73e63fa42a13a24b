/**
 * Imports: opened, filled file by file (or with an archive), then handed to the `import` job. What is sent twice is
 * kept once, so that a client may send again after a lost connection.
 */
import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import type { importEntries, importRow, startImport } from '@/lib/api/routes/imports';
import { safePath, UnsafePathError } from '@/lib/core/io';
import { db } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import type { Principal } from '@/lib/server/http/handler';
import { cancelJob, enqueue } from '@/lib/server/queue';
import * as repository from '@/lib/server/repositories/imports';
import { jobStates, type JobRecord } from '@/lib/server/repositories/jobs';
import { HashingStream, objectStore, removePrefix, type ObjectStore } from '@/lib/server/storage';
import { requireOfProject, requireProject } from './access';
import { pageOfRows } from './paging';

export type ImportRow = z.input<typeof importRow>;
export type ImportOptions = z.output<typeof startImport.body>['options'];

/** Where an import's uploads lie until it is over. */
export const importPrefix = (importId: string) => `imports/${importId}/`;

type JobStateOf = Pick<JobRecord, 'state' | 'error'> | undefined;

/** A job that died without a word leaves its import behind: what the row says is then taken from the job. */
function stateOf(row: repository.ImportRecord, job: JobStateOf): { state: ImportRow['state']; message: string | null } {
  if ((row.state === 'queued' || row.state === 'running') && job && (job.state === 'failed' || job.state === 'cancelled')) {
    return { state: job.state, message: row.message ?? job.error };
  }
  return { state: row.state as ImportRow['state'], message: row.message };
}

function toRow(row: repository.ImportRecord, job: JobStateOf): ImportRow {
  return {
    id: row.id, project: row.projectId, source: row.source, ...stateOf(row, job), createdAt: row.createdAt.toISOString(), finishedAt: row.finishedAt?.toISOString() ?? null,
    job: row.jobId, received: { files: row.receivedFiles, bytes: Number(row.receivedBytes) },
    counts: { imported: row.imported, warnings: row.warnings, skipped: row.skipped, refused: row.refused, annotations: row.annotations },
  };
}
async function rowOf(row: repository.ImportRecord): Promise<ImportRow> {
  return toRow(row, row.jobId ? (await jobStates(db(), [row.jobId])).get(row.jobId) : undefined);
}

async function requireImport(who: Principal, id: string): Promise<repository.ImportRecord> {
  return requireOfProject(who, await repository.findImport(db(), id), 'import');
}

export async function open(who: Principal, projectId: string, source: string, options: ImportOptions): Promise<ImportRow> {
  const project = await requireProject(who, projectId);
  const row = await db().$transaction(async (tx) => {
    const made = await tx.import.create({ data: { id: uuidv7(), projectId: project.id, source, state: 'receiving', options, createdById: who.userId } });
    await notify(tx, { type: 'changed', entity: 'import', id: made.id, projectId });
    return made;
  });
  return rowOf(row);
}

/** Stores one received file and notes it. */
async function receive(who: Principal, importId: string, given: string, archive: boolean, body: AsyncIterable<Uint8Array>) {
  const row = await requireImport(who, importId);
  if (row.state !== 'receiving') throw new AppError('conflict', `This import no longer takes files: it is ${row.state}. Start another import.`);
  let path: string;
  try {
    path = safePath(given);
  } catch (error) {
    if (error instanceof UnsafePathError) throw new AppError('invalid', error.message);
    throw error;
  }
  // The key comes from the path, so that sending again replaces; the kind keeps a file and an archive of one name apart.
  const key = `${importPrefix(importId)}${createHash('sha256').update(`${archive ? 'archive' : 'file'}:${path}`).digest('hex').slice(0, 32)}`;
  const intake = new HashingStream();
  await objectStore().put(key, intake.through(body));
  const sha256 = intake.digest();
  await db().$transaction(async (tx) => {
    const now = await repository.lockImport(tx, importId);
    if (now?.state !== 'receiving') throw new AppError('conflict', `"${path}" came after this import was ${now ? now.state : 'erased'}. Start another import.`);
    await repository.noteFile(tx, { importId, path, key, bytes: intake.bytes, sha256, archive });
  });
  return { path, bytes: intake.bytes, sha256 };
}

export function receiveFile(who: Principal, importId: string, path: string, body: AsyncIterable<Uint8Array>) {
  return receive(who, importId, path, false, body);
}
export async function receiveArchive(who: Principal, importId: string, name: string, body: AsyncIterable<Uint8Array>) {
  const { path, bytes } = await receive(who, importId, name, true, body);
  return { name: path, bytes };
}

/** Hands the import to the worker. Asked again it answers with the import as it is; a failed one is tried again. */
export async function commit(who: Principal, id: string): Promise<ImportRow> {
  const seen = await requireImport(who, id);
  const row = await db().$transaction(async (tx) => {
    const now = await repository.lockImport(tx, id);
    if (!now) throw new AppError('not-found', 'There is no such import.');
    const { state } = stateOf(now, now.jobId ? (await jobStates(tx, [now.jobId])).get(now.jobId) : undefined);
    if (state !== 'receiving' && state !== 'failed') return now;
    if (now.receivedFiles === 0) throw new AppError('unprocessable', 'No file has arrived. Put the images (and their annotation files) into the import first, then commit it.');
    const job = await enqueue(tx, 'import', { import: id }, { title: `Import ${now.source}`, projectId: now.projectId, workspaceId: who.workspaceId, userId: who.userId });
    const updated = await tx.import.update({ where: { id }, data: { state: 'queued', jobId: job, message: null, finishedAt: null } });
    await notify(tx, { type: 'changed', entity: 'import', id, projectId: seen.projectId });
    return updated;
  });
  return rowOf(row);
}

export async function cancel(who: Principal, id: string): Promise<ImportRow> {
  const seen = await requireImport(who, id);
  const row = await db().$transaction(async (tx) => {
    const now = await repository.lockImport(tx, id);
    if (!now) throw new AppError('not-found', 'There is no such import.');
    const { state, message } = stateOf(now, now.jobId ? (await jobStates(tx, [now.jobId])).get(now.jobId) : undefined);
    if (state === 'receiving' || state === 'failed') {
      await notify(tx, { type: 'changed', entity: 'import', id, projectId: seen.projectId });
      // A failed one is given up: it can no longer be tried again, and what was sent is removed.
      return tx.import.update({ where: { id }, data: { state: 'cancelled', finishedAt: new Date(), message: state === 'failed' ? message : 'Cancelled before anything was imported.' } });
    }
    return now;
  });
  if (row.jobId && (row.state === 'queued' || row.state === 'running')) await cancelWithJob(row.jobId);
  else if (row.state === 'cancelled') await removeUploads(objectStore(), id);
  return rowOf((await repository.findImport(db(), id)) ?? row);
}

/** Cancels the job of an import. One that runs settles its import itself; of one that had not begun nobody else would. */
export async function cancelWithJob(jobId: string): Promise<void> {
  if ((await cancelJob(db(), jobId)) !== 'cancelled') return;
  const waiting = await db().import.findFirst({ where: { jobId, state: { in: ['queued', 'running'] } }, select: { id: true } });
  if (!waiting) return;
  await db().import.updateMany({ where: { id: waiting.id }, data: { state: 'cancelled', finishedAt: new Date(), message: 'Cancelled before it began.' } });
  await removeUploads(objectStore(), waiting.id);
}

/** Removes what was uploaded under an import. */
export function removeUploads(store: ObjectStore, importId: string): Promise<void> {
  return removePrefix(store, importPrefix(importId));
}

export async function list(who: Principal, projectId: string, page: { cursor?: string; limit: number }) {
  await requireProject(who, projectId);
  const { rows, next } = pageOfRows(await repository.pageOfImports(db(), projectId, page.cursor, page.limit + 1), page.limit, (r) => r.id);
  const jobs = await jobStates(db(), rows.map((r) => r.jobId));
  return { items: rows.map((r) => toRow(r, jobs.get(r.jobId ?? ''))), next };
}

export async function one(who: Principal, id: string): Promise<ImportRow> {
  return rowOf(await requireImport(who, id));
}

export async function entries(who: Principal, id: string, query: z.output<typeof importEntries.query>): Promise<z.input<typeof importEntries.response>> {
  await requireImport(who, id);
  const after = query.cursor === undefined ? 0 : Number(query.cursor);
  if (!Number.isSafeInteger(after) || after < 0) throw new AppError('invalid', 'cursor: not one this list gave. Leave it out to start from the beginning.');
  const { rows, next } = pageOfRows(await repository.pageOfEntries(db(), id, query.outcome, after, query.limit + 1), query.limit, (r) => String(r.n));
  return {
    items: rows.map((r) => ({ n: r.n, path: r.path, outcome: r.outcome as repository.ReportEntry['outcome'], code: r.code, message: r.message, item: r.itemId })),
    next,
  };
}
