/** Exports: a frozen version written in a format, as a zip whose bytes repeat. The `export` job writes it. */
import { Readable } from 'node:stream';
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import type { createExport, exportRow, formats as formatsRoute } from '@/lib/api/routes/rounds';
import { formats, type DatasetLoss, type Format } from '@/lib/core/formats';
import { countLosses } from '@/lib/core/formats/losses';
import { readManifest } from '@/lib/core/formats/manifest';
import { db } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import type { Principal } from '@/lib/server/http/handler';
import { enqueue } from '@/lib/server/queue';
import * as repository from '@/lib/server/repositories/exports';
import { jobStates } from '@/lib/server/repositories/jobs';
import { objectStore } from '@/lib/server/storage';
import { requireOfProject, requireProject } from './access';
import { namesOf } from './names';
import { pageOfRows } from './paging';
import { builtState, requireReadyVersion } from './versions';

export type ExportRow = z.input<typeof exportRow>;

async function toRows(rows: readonly repository.ExportRecord[]): Promise<ExportRow[]> {
  const [jobs, names] = await Promise.all([jobStates(db(), rows.filter((r) => r.state === 'building').map((r) => r.jobId)), namesOf(db(), rows.map((r) => r.createdById))]);
  return rows.map((row) => ({
    id: row.id, version: row.versionId, versionNumber: row.version.number, format: row.format, images: row.images, state: builtState(row, jobs), job: row.jobId,
    bytes: row.bytes === null ? null : Number(row.bytes), sha256: row.sha256, losses: row.losses as unknown as DatasetLoss[], createdAt: row.createdAt.toISOString(),
    by: row.createdById ? (names.get(row.createdById) ?? null) : null,
  }));
}

/** What there is to choose from. */
export function formatList(): z.input<typeof formatsRoute.response> {
  return { formats: formats.map((f) => ({ id: f.id, name: f.name, reads: f.reader !== undefined, writes: f.writer !== undefined, kinds: [...f.capabilities.kinds], notes: f.notes })) };
}

/** @throws AppError `unsupported` for a format that nobody writes */
export function writableFormat(id: string): Format & { writer: NonNullable<Format['writer']> } {
  const format = formats.find((f) => f.id === id);
  if (!format?.writer) throw new AppError('unsupported', `There is no format "${id}" to export to. Choose one of ${formats.filter((f) => f.writer).map((f) => f.id).join(', ')}.`);
  return { ...format, writer: format.writer };
}

/** What the format cannot hold of the version. */
export async function losses(who: Principal, versionId: string, formatId: string): Promise<{ losses: DatasetLoss[] }> {
  const version = await requireReadyVersion(who, versionId);
  const { head, items } = await readManifest(await objectStore().get(version.manifestKey));
  return { losses: await countLosses(writableFormat(formatId), head.schema, items) };
}

export async function create(who: Principal, versionId: string, body: z.output<typeof createExport.body>): Promise<ExportRow> {
  const version = await requireReadyVersion(who, versionId);
  const format = writableFormat(body.format);
  const row = await db().$transaction(async (tx) => {
    const id = uuidv7();
    const { projectId } = version;
    const job = await enqueue(tx, 'export', { export: id }, { title: `Export version ${version.number} as ${format.name}`, projectId, workspaceId: who.workspaceId, userId: who.userId });
    const made = await repository.insertExport(tx, { id, projectId, versionId, format: format.id, images: body.images, jobId: job, createdById: who.userId });
    await notify(tx, { type: 'changed', entity: 'export', id, projectId });
    return made;
  });
  return (await toRows([row]))[0]!;
}

export async function list(who: Principal, projectId: string, page: { cursor?: string; limit: number }) {
  await requireProject(who, projectId);
  const { rows, next } = pageOfRows(await repository.pageOfExports(db(), projectId, page.cursor, page.limit + 1), page.limit, (r) => r.id);
  return { items: await toRows(rows), next };
}

async function requireExport(who: Principal, id: string) {
  return requireOfProject(who, await repository.findExport(db(), id), 'export');
}
export async function one(who: Principal, id: string): Promise<ExportRow> {
  return (await toRows([await requireExport(who, id)]))[0]!;
}

/** The zip as a download. */
export async function download(who: Principal, id: string): Promise<Response> {
  const row = await requireExport(who, id);
  if (row.state !== 'ready' || !row.key) throw new AppError('conflict', 'This export is not ready. Wait for its job to end, or start another.');
  const stat = await objectStore().stat(row.key);
  if (!stat) throw new AppError('gone', 'The file of this export is missing in the object storage. Export again: the bytes will be the same.');
  return new Response(Readable.toWeb(await objectStore().get(row.key)) as ReadableStream, {
    headers: {
      'content-type': 'application/zip', 'content-length': String(stat.size), ...(row.sha256 && { etag: `"${row.sha256}"` }),
      'content-disposition': `attachment; filename="version-${row.version.number}-${row.format}${row.images ? '-images' : ''}.zip"`,
    },
  });
}
