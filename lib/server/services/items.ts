/** Items: lists, status, trash. */
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import type { ItemStatus, Split } from '@/lib/api/common';
import { AppError } from '@/lib/api/errors';
import type { itemRow } from '@/lib/api/routes/items';
import { splitOfHash } from '@/lib/core/labels';
import { OPERATION_VERSION, type Operation } from '@/lib/core/ops';
import { db, type Db } from '@/lib/server/db/client';
import type { SplitSource } from '@/lib/server/db/generated/enums';
import { notify } from '@/lib/server/events/notify';
import type { Principal } from '@/lib/server/http/handler';
import { enqueue } from '@/lib/server/queue';
import { addToProject, type ProjectDelta } from '@/lib/server/repositories/counts';
import { lockDocument, lockItem, undecidedProposals } from '@/lib/server/repositories/documents';
import { neighboursOf, pageOfItems, type ItemFilter, type ItemRecord, type Neighbours } from '@/lib/server/repositories/items';
import { inTransaction, lockName, type Tx } from '@/lib/server/repositories/transaction';
import { requireItem, requireProject, type Who } from './access';
import { applyOperations, ensureDocument, schemaLock } from './documents';
import { pageOfRows } from './paging';
import { namesOf } from './names';

export type ItemRow = z.input<typeof itemRow>;
/** A reject of more proposals than this is several operations. */
const DECISIONS = 5000;

function toRow(item: ItemRecord, names: Map<string, string>): ItemRow {
  return {
    id: item.id, project: item.projectId, kind: 'image', path: item.path, asset: item.hash, width: item.width, height: item.height, status: item.status, split: item.split,
    annotations: item.annotationCount, proposals: item.proposalCount, createdAt: item.createdAt.toISOString(), doneAt: item.doneAt?.toISOString() ?? null,
    doneBy: item.doneById ? (names.get(item.doneById) ?? null) : null, deletedAt: item.deletedAt?.toISOString() ?? null,
  };
}
async function rowOf(item: ItemRecord, client: Db = db()): Promise<ItemRow> {
  return toRow(item, await namesOf(client, [item.doneById]));
}

export async function list(who: Who, projectId: string, query: ItemFilter & { cursor?: string; limit: number }) {
  await requireProject(who, projectId, { trashed: true });
  const rows = await pageOfItems(db(), projectId, query, query.cursor, query.limit + 1);
  const shown = pageOfRows(rows, query.limit, (i) => i.path);
  const names = await namesOf(db(), shown.rows.map((i) => i.doneById));
  return { items: shown.rows.map((i) => toRow(i, names)), next: shown.next };
}

export async function get(who: Who, id: string): Promise<ItemRow> {
  return rowOf(await requireItem(who, id, { trashed: true }));
}

export async function neighbours(who: Who, id: string, filter: ItemFilter): Promise<Neighbours> {
  return neighboursOf(db(), await requireItem(who, id), filter);
}

// Status --------------------------------------------------------------------------------------------------------------

/** The side that another item of the project with the same bytes has, if any has one. */
export async function splitOfSameBytes(tx: Db, projectId: string, hash: string): Promise<{ split: Split; source: SplitSource } | null> {
  const twin = await tx.item.findFirst({ where: { projectId, hash, split: { not: null } }, orderBy: { id: 'asc' }, select: { split: true, splitSource: true } });
  return twin?.split ? { split: twin.split, source: twin.splitSource ?? 'hash' } : null;
}

/** What an item's row says once it is done: whose it was, and its side, which stays for ever. */
export async function doneFields(tx: Db, item: Pick<ItemRecord, 'projectId' | 'hash' | 'split'>, userId: string | null) {
  const side = item.split ? null : ((await splitOfSameBytes(tx, item.projectId, item.hash)) ?? { split: splitOfHash(item.hash), source: 'hash' as const });
  return { status: 'done' as const, doneAt: new Date(), doneById: userId, ...(side && { split: side.split, splitSource: side.source }) };
}

function statusDelta(from: ItemStatus, to: ItemStatus): ProjectDelta {
  const delta: ProjectDelta = { [from]: -1 };
  delta[to] = (delta[to] ?? 0) + 1;
  return delta;
}

export async function setStatus(who: Principal, id: string, input: { status: ItemStatus; threshold: number; rejectRest: boolean }): Promise<ItemRow> {
  const item = await requireItem(who, id);
  if (item.deletedAt) throw new AppError('conflict', `"${item.path}" is in the trash. Restore it first.`);
  return changeStatus(db(), { itemId: id, userId: who.userId, ...input });
}

/**
 * Marks an item. Done is refused while proposals of the current model at or above `threshold` are undecided, unless
 * `rejectRest`: then one operation rejects them first. What is first done gets its side of the split.
 * @throws AppError `conflict` with `extra.undecided`
 */
export function changeStatus(client: Db, input: { itemId: string; userId: string | null; status: ItemStatus; threshold: number; rejectRest: boolean }): Promise<ItemRow> {
  return inTransaction(client, async (tx) => {
    const head = await tx.item.findUniqueOrThrow({ where: { id: input.itemId }, include: { project: { select: { currentModelId: true } } } });
    await lockName(tx, schemaLock(head.projectId), 'shared');
    const team = await ensureDocument(tx, { itemId: input.itemId, authorKind: 'team', authorId: null });
    await lockDocument(tx, team.id);
    if (input.status === 'done' && head.project.currentModelId) await settleProposals(tx, { ...input, documentId: team.id, model: head.project.currentModelId });
    const item = await lockItem(tx, input.itemId);
    if (!item) throw new AppError('not-found', 'There is no such item. It may have been erased.');
    if (item.status === input.status) return rowOf(item, tx);
    const after = await tx.item.update({
      where: { id: item.id },
      data: input.status === 'done' ? await doneFields(tx, item, input.userId) : { status: input.status, doneAt: null, doneById: null },
    });
    if (!item.deletedAt) await addToProject(tx, item.projectId, { ...statusDelta(item.status, input.status), boxes: item.status === 'done' || input.status === 'done' });
    await notify(tx, { type: 'changed', entity: 'item', id: item.id, projectId: item.projectId });
    await notify(tx, { type: 'changed', entity: 'project', id: item.projectId, projectId: item.projectId });
    return rowOf(after, tx);
  });
}

async function settleProposals(tx: Tx, input: { itemId: string; documentId: string; model: string; userId: string | null; threshold: number; rejectRest: boolean }): Promise<void> {
  const undecided = await undecidedProposals(tx, input.itemId, input.model, input.threshold);
  if (undecided.length === 0) return;
  if (!input.rejectRest) {
    throw new AppError('conflict', `${undecided.length === 1 ? 'One proposal is' : `${undecided.length} proposals are`} undecided. Accept or reject them, or reject the rest.`, { extra: { undecided: undecided.length } });
  }
  const operations: Operation[] = [];
  for (let i = 0; i < undecided.length; i += DECISIONS) {
    operations.push({
      id: uuidv7(), v: OPERATION_VERSION, type: 'reject', document: input.documentId, base: 0, tool: 'done', at: new Date().toISOString(), activeMs: 0, undoes: null, batch: null,
      changes: undecided.slice(i, i + DECISIONS).map((p) => ({ kind: 'decide', proposal: p.id, before: null, after: 'rejected', threshold: input.threshold })),
    });
  }
  await applyOperations(tx, { documentId: input.documentId, operations, userId: input.userId });
}

// Trash ---------------------------------------------------------------------------------------------------------------

/** Puts items into the trash, or takes them out; what is there already is left. Counts the ones that moved. */
export async function setTrashed(who: Who, projectId: string, ids: readonly string[], trashed: boolean): Promise<{ count: number }> {
  await requireProject(who, projectId);
  return inTransaction(db(), async (tx) => {
    const moved = await tx.$queryRaw<{ id: string; status: ItemStatus; annotationCount: number }[]>`
      with locked as (
        select "id" from "Item" where "id" = any(${[...ids]}::uuid[]) and "projectId" = ${projectId}::uuid and ("deletedAt" is null) = ${trashed}
        order by "id" for update)
      update "Item" i set "deletedAt" = ${trashed ? new Date() : null}::timestamptz from locked where locked."id" = i."id"
      returning i."id", i."status", i."annotationCount"`;
    const sign = trashed ? -1 : 1;
    const of = (status: ItemStatus) => sign * moved.filter((i) => i.status === status).length;
    await addToProject(tx, projectId, {
      items: sign * moved.length, open: of('open'), work: of('work'), done: of('done'),
      annotations: sign * moved.reduce((n, i) => n + i.annotationCount, 0), boxes: of('done') !== 0,
    });
    if (moved.length <= 100) for (const { id } of moved) await notify(tx, { type: 'changed', entity: 'item', id, projectId });
    if (moved.length > 0) await notify(tx, { type: 'changed', entity: 'project', id: projectId, projectId });
    return { count: moved.length };
  });
}

/** Asks for the job that erases items from the trash. @throws AppError `conflict` when one is not there */
export async function erase(who: Principal, projectId: string, ids: readonly string[]): Promise<{ job: string }> {
  await requireProject(who, projectId);
  const unique = [...new Set(ids)];
  const inTrash = await db().item.count({ where: { id: { in: unique }, projectId, deletedAt: { not: null } } });
  if (inTrash < unique.length) throw new AppError('conflict', `${unique.length - inTrash} of these items are not in the trash of this project. Move them there first.`);
  const title = unique.length === 1 ? 'Erase one item' : `Erase ${unique.length} items`;
  return { job: await inTransaction(db(), (tx) => enqueue(tx, 'erase', { what: 'items', project: projectId, items: unique }, { title, projectId, workspaceId: who.workspaceId, userId: who.userId })) };
}
