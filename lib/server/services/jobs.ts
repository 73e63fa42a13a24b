/** Jobs as people see them. Asking for one is `enqueue` of `lib/server/queue`. */
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import type { JobRow, jobSeries, jobs, workspaceJobs } from '@/lib/api/routes/rounds';
import { db } from '@/lib/server/db/client';
import type { Principal } from '@/lib/server/http/handler';
import { cancelJob } from '@/lib/server/queue';
import * as repository from '@/lib/server/repositories/jobs';
import { requireOfProject, requireProject } from './access';
import { cancelWithJob } from './imports';
import { namesOf } from './names';
import { pageOfRows } from './paging';

const asRecord = (value: unknown) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {});

function toRow(row: repository.JobRecord, names: Map<string, string>): JobRow {
  return {
    id: row.id, project: row.projectId, kind: row.kind, title: row.title, state: row.state, progress: row.progress, message: row.message, data: asRecord(row.data), error: row.error,
    attempt: row.attempt, cancelRequested: row.cancelRequested, createdAt: row.createdAt.toISOString(), startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null, by: row.createdById ? (names.get(row.createdById) ?? null) : null,
  };
}

async function requireJob(who: Principal, id: string): Promise<repository.JobRecord> {
  const row = await repository.findJob(db(), id);
  if (!row) throw new AppError('not-found', 'There is no such job.');
  // Of a project in the trash too: its erasing is a job.
  if (row.projectId) await requireOfProject(who, row, 'job', { trashed: true });
  else if (row.workspaceId !== who.workspaceId) throw new AppError('not-found', 'There is no such job.');
  return row;
}

export async function list(who: Principal, projectId: string, query: z.output<typeof jobs.query>) {
  await requireProject(who, projectId);
  return page({ projectId }, query);
}

/** Jobs of no project: the demo, projects being erased. */
export function ofWorkspace(who: Principal, query: z.output<typeof workspaceJobs.query>) {
  return page({ projectId: null, workspaceId: who.workspaceId }, query);
}

async function page(where: { projectId: string } | { projectId: null; workspaceId: string }, { cursor, limit, kind, state }: z.output<typeof jobs.query>) {
  const found = await repository.pageOfJobs(db(), { ...where, ...(kind && { kind }), ...(state && { state }) }, cursor, limit + 1);
  const { rows, next } = pageOfRows(found, limit, (r) => r.id);
  const names = await namesOf(db(), rows.map((r) => r.createdById));
  return { items: rows.map((r) => toRow(r, names)), next };
}

export async function one(who: Principal, id: string): Promise<JobRow> {
  const row = await requireJob(who, id);
  return toRow(row, await namesOf(db(), [row.createdById]));
}

/** Asks the job to stop; one that is over stays as it is. */
export async function cancel(who: Principal, id: string): Promise<JobRow> {
  const job = await requireJob(who, id);
  if (job.kind === 'import') await cancelWithJob(id);
  else await cancelJob(db(), id);
  return one(who, id);
}

/** Most points in one answer; the caller asks again from the last `n`. */
const SERIES_LIMIT = 5000;

export async function series(who: Principal, id: string, after: number): Promise<z.input<typeof jobSeries.response>> {
  await requireJob(who, id);
  return { points: await repository.pointsAfter(db(), id, after, SERIES_LIMIT) };
}
