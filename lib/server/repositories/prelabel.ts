/** Items that a model is run over. */
import type { Db } from '@/lib/server/db/client';

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

/** Those of the items whose document of the model already has an operation of the batch: a run that starts again passes over them. */
export async function alreadyLabelled(db: Db, batchId: string, itemIds: readonly string[]): Promise<Set<string>> {
  const rows = await db.operation.findMany({ where: { batchId, document: { itemId: { in: [...itemIds] } } }, select: { document: { select: { itemId: true } } } });
  return new Set(rows.map((r) => r.document.itemId));
}

/** Which of these proposals somebody has decided about. */
export async function decidedAmong(db: Db, proposalIds: readonly string[]): Promise<Set<string>> {
  const rows = await db.proposalDecision.findMany({ where: { proposalId: { in: [...proposalIds] } }, select: { proposalId: true } });
  return new Set(rows.map((r) => r.proposalId));
}
