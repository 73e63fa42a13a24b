/** Proposals: the annotations of models' documents, and the kept counts of those nobody decided about. */
import type { Db } from '@/lib/server/db/client';

/**
 * Sets `proposalCount` of items (all of the project, or those named) to the number of undecided proposals of the model;
 * to zero without one.
 */
export async function recountProposals(tx: Db, projectId: string, modelId: string | null, itemIds: readonly string[] | null = null): Promise<void> {
  await tx.$executeRaw`
    update "Item" i set "proposalCount" = c.n
    from (
      select i2."id", (
        select count(*)::int
        from "Document" m
        join "Annotation" a on a."documentId" = m."id" and a."deletedAt" is null
        left join "Document" t on t."itemId" = m."itemId" and t."authorKind" = 'team'
        where m."itemId" = i2."id" and m."authorKind" = 'model' and m."authorId" = ${modelId}::uuid
          and not exists (select 1 from "ProposalDecision" p where p."documentId" = t."id" and p."proposalId" = a."id")
      ) as n
      from "Item" i2
      where i2."projectId" = ${projectId}::uuid and (${itemIds}::uuid[] is null or i2."id" = any(${itemIds}::uuid[]))
    ) c
    where i."id" = c."id" and i."proposalCount" <> c.n`;
}

export interface ItemToLabel {
  id: string;
  path: string;
  hash: string;
  width: number;
  height: number;
}
export type Scope = { kind: 'open' } | { kind: 'all' } | { kind: 'split'; split: 'train' | 'val' | 'test' } | { kind: 'items'; items: string[] };

function whereOf(projectId: string, scope: Scope) {
  return {
    projectId,
    deletedAt: null,
    // "Open" is all that is not done: what somebody has begun can use proposals too.
    ...(scope.kind === 'open' && { status: { not: 'done' as const } }),
    ...(scope.kind === 'split' && { split: scope.split }),
    ...(scope.kind === 'items' && { id: { in: scope.items } }),
  };
}

export function countInScope(db: Db, projectId: string, scope: Scope): Promise<number> {
  return db.item.count({ where: whereOf(projectId, scope) });
}

/** Items in scope by id, a page at a time. */
export async function* itemsInScope(db: Db, projectId: string, scope: Scope, pageSize = 200): AsyncGenerator<ItemToLabel[]> {
  let after: string | undefined;
  for (;;) {
    const page = await db.item.findMany({
      where: { AND: [whereOf(projectId, scope), after ? { id: { gt: after } } : {}] },
      orderBy: { id: 'asc' }, take: pageSize, select: { id: true, path: true, hash: true, width: true, height: true },
    });
    if (page.length > 0) yield page;
    after = page.at(-1)?.id;
    if (page.length < pageSize) return;
  }
}
