/** Anchor shapes of a project: K-means on the boxes of its done items, done by the `anchors` job. */
import type { z } from 'zod';
import type { anchors, computeAnchors } from '@/lib/api/routes/rounds';
import { db } from '@/lib/server/db/client';
import type { Principal } from '@/lib/server/http/handler';
import { enqueue } from '@/lib/server/queue';
import { activeJob } from '@/lib/server/repositories/jobs';
import { requireProject } from './access';

type Answer = z.input<typeof anchors.response>;
/** What is kept in the project's row: the report, and the revision of the boxes that it saw. */
export interface StoredAnchors {
  report: NonNullable<Answer['report']>;
  boxRevision: number;
}

export async function read(who: Principal, projectId: string): Promise<Answer> {
  const project = await requireProject(who, projectId);
  const stored = project.anchorReport as unknown as StoredAnchors | null;
  const job = await activeJob(db(), projectId, 'anchors');
  return { report: stored?.report ?? null, stale: stored !== null && stored.boxRevision !== project.boxRevision, job: job?.id ?? null };
}

/** Starts an analysis; while one is under way, answers with that. */
export async function compute(who: Principal, projectId: string, body: z.output<typeof computeAnchors.body>): Promise<{ job: string }> {
  await requireProject(who, projectId);
  return db().$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Project" where "id" = ${projectId}::uuid for update`;
    const active = await activeJob(tx, projectId, 'anchors');
    if (active) return { job: active.id };
    const job = await enqueue(tx, 'anchors', body, { title: `Anchors for k = 1…${body.maxK}`, projectId, workspaceId: who.workspaceId, userId: who.userId });
    return { job };
  });
}
