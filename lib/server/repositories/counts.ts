/** Kept counts: what pages show of projects and items is read from the row, never counted on the way. */
import type { Db } from '@/lib/server/db/client';

export interface ProjectDelta {
  items?: number;
  open?: number;
  work?: number;
  done?: number;
  annotations?: number;
  /** Boxes of done items changed: what anchors were computed from is no longer what there is. */
  boxes?: boolean;
}

/** Adds to a project's counts. Take it as the last step of a transaction: everybody waits for the project's row. */
export async function addToProject(tx: Db, projectId: string, delta: ProjectDelta): Promise<void> {
  const { items = 0, open = 0, work = 0, done = 0, annotations = 0, boxes = false } = delta;
  if (!items && !open && !work && !done && !annotations && !boxes) return;
  await tx.project.updateMany({
    where: { id: projectId },
    data: {
      itemCount: { increment: items }, openCount: { increment: open }, workCount: { increment: work }, doneCount: { increment: done },
      annotationCount: { increment: annotations }, boxRevision: { increment: boxes ? 1 : 0 },
    },
  });
}

/**
 * Sets `proposalCount` of items anew: undecided proposals of the project's current model. Of all items of the project
 * unless some are named (after a promotion, say).
 */
export async function refreshProposalCounts(tx: Db, projectId: string, items?: readonly string[]): Promise<void> {
  const only = items ? [...items] : null;
  await tx.$executeRaw`
    update "Item" i set "proposalCount" = counted."n"
    from (
      select x."id", (
        select count(*)::int from "Document" m join "Annotation" a on a."documentId" = m."id" and a."deletedAt" is null
        where m."itemId" = x."id" and m."authorKind" = 'model' and m."authorId" = p."currentModelId"
          and not exists (
            select 1 from "Document" t join "ProposalDecision" d on d."documentId" = t."id" and d."proposalId" = a."id"
            where t."itemId" = x."id" and t."authorKind" = 'team')) as "n"
      from "Item" x join "Project" p on p."id" = x."projectId"
      where x."projectId" = ${projectId}::uuid and (${only}::uuid[] is null or x."id" = any(${only}::uuid[]))
    ) counted
    where counted."id" = i."id" and i."proposalCount" <> counted."n"`;
}

/** Sets all of a project's counts anew from its rows; for tests, repairs, and after work on many items at once. */
export async function recountProject(tx: Db, projectId: string): Promise<void> {
  await tx.$executeRaw`
    update "Project" p set "itemCount" = c."items", "openCount" = c."open", "workCount" = c."work", "doneCount" = c."done", "annotationCount" = c."annotations", "updatedAt" = now()
    from (
      select count(*)::int as "items", count(*) filter (where "status" = 'open')::int as "open", count(*) filter (where "status" = 'work')::int as "work",
        count(*) filter (where "status" = 'done')::int as "done", coalesce(sum("annotationCount"), 0)::int as "annotations"
      from "Item" where "projectId" = ${projectId}::uuid and "deletedAt" is null
    ) c where p."id" = ${projectId}::uuid`;
}
