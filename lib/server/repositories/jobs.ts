/** Job rows and their points. */
import type { Db, Prisma } from '@/lib/server/db/client';
import type { JobState } from '@/lib/server/db/generated/enums';

export type JobRecord = Prisma.JobGetPayload<object>;

export function findJob(db: Db, id: string): Promise<JobRecord | null> {
  return db.job.findUnique({ where: { id } });
}

/** Newest first; `before` is the id of the last row seen. */
export function pageOfJobs(db: Db, where: { projectId: string | null; workspaceId?: string; kind?: string; state?: JobState }, before: string | undefined, take: number): Promise<JobRecord[]> {
  return db.job.findMany({ where: { ...where, ...(before && { id: { lt: before } }) }, orderBy: { id: 'desc' }, take });
}

/** States of some jobs by id. */
export async function jobStates(db: Db, ids: readonly (string | null)[]): Promise<Map<string, Pick<JobRecord, 'state' | 'error'>>> {
  const wanted = [...new Set(ids.filter((id): id is string => id !== null))];
  if (wanted.length === 0) return new Map();
  const rows = await db.job.findMany({ where: { id: { in: wanted } }, select: { id: true, state: true, error: true } });
  return new Map(rows.map((r) => [r.id, r]));
}

/** The newest job of a kind that is not over, or null. */
export function activeJob(db: Db, projectId: string, kind: string): Promise<JobRecord | null> {
  return db.job.findFirst({ where: { projectId, kind, state: { in: ['queued', 'running'] } }, orderBy: { id: 'desc' } });
}

export function pointsAfter(db: Db, jobId: string, after: number, take: number) {
  return db.jobPoint.findMany({ where: { jobId, n: { gt: after } }, orderBy: { n: 'asc' }, take, select: { n: true, step: true, name: true, value: true } });
}
