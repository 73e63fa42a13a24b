/** Writing one imported item: row, document, one operation, kept counts; all of it or nothing. */
import { uuidv7 } from 'uuidv7';
import type { Split } from '@/lib/api/common';
import type { AnnotationFields } from '@/lib/core/labels';
import { OPERATION_VERSION, type Operation } from '@/lib/core/ops';
import type { PrismaClient } from '@/lib/server/db/client';
import type { AuthorKind } from '@/lib/server/db/generated/enums';
import { notify } from '@/lib/server/events';
import { linkAsset, lockAssets, type AssetRecord } from '@/lib/server/media/assets';
import { addToProject } from '@/lib/server/repositories/counts';
import { inTransaction } from '@/lib/server/repositories/transaction';
import { applyOperations, ensureDocument } from '../documents';
import { changeStatus } from '../items';

/** Changes of one operation at most; an image with more annotations gets several. */
const CHANGES = 5000;

export interface NewItem {
  projectId: string;
  /** Also the batch of its operations; null for what no import brings. */
  importId: string | null;
  path: string;
  asset: Pick<AssetRecord, 'hash' | 'width' | 'height'>;
  /** The side that came with the data, or that an item with the same bytes has. */
  split: Split | null;
  annotations: readonly AnnotationFields[];
  /** Whose document the annotations go to. */
  author: { authorKind: AuthorKind; authorId: string | null };
  done: boolean;
  userId: string | null;
  /** An item of this path and these bytes that lies in the trash: it is taken out instead of made anew. */
  restores: string | null;
}

/** The operation was refused as a whole, in words. */
export class ItemRefused extends Error {
  override readonly name = 'ItemRefused';
}

/**
 * Writes the item and its annotations in one transaction. Returns the item's id.
 * @throws ItemRefused when the annotations cannot be applied (the label schema changed meanwhile)
 */
export function writeItem(db: PrismaClient, item: NewItem): Promise<string> {
  const { projectId, asset } = item;
  return inTransaction(db, async (tx) => {
    const id = item.restores ?? uuidv7();
    const side = item.split && { split: item.split, splitSource: 'data' as const };
    let before = { status: 'open' as 'open' | 'work' | 'done', annotations: 0 };
    await lockAssets(tx, [asset.hash]);
    await linkAsset(tx, projectId, asset.hash);
    if (item.restores) {
      const old = await tx.item.update({ where: { id }, data: { deletedAt: null, importId: item.importId } });
      if (!old.split && side) await tx.item.update({ where: { id }, data: side });
      before = { status: old.status, annotations: old.annotationCount };
    } else {
      await tx.item.create({ data: { id, projectId, path: item.path, hash: asset.hash, width: asset.width, height: asset.height, importId: item.importId, ...side } });
    }
    if (item.annotations.length > 0 || item.author.authorKind !== 'team') {
      const document = await ensureDocument(tx, { itemId: id, ...item.author });
      const operations = operationsOf(document.id, item);
      // What the trash gave back already holds annotations: those are somebody's work and stay.
      if (operations.length > 0 && document.annotationCount === 0) {
        const { results } = await applyOperations(tx, { documentId: document.id, operations, userId: item.userId, by: 'run' });
        const refused = results.find((r) => r.outcome === 'refused');
        if (refused) throw new ItemRefused(refused.reason ?? 'its annotations were refused');
      }
    }
    // `applyOperations` has counted the new annotations; what the item brought back out of the trash has not been.
    await addToProject(tx, projectId, { items: 1, [before.status]: 1, annotations: before.annotations, boxes: before.status === 'done' });
    if (item.done && before.status !== 'done') await changeStatus(tx, { itemId: id, userId: item.userId, status: 'done', threshold: 1, rejectRest: false });
    await notify(tx, { type: 'changed', entity: 'item', id, projectId });
    return id;
  });
}

function operationsOf(documentId: string, item: NewItem): Operation[] {
  const operations: Operation[] = [];
  for (let i = 0; i < item.annotations.length; i += CHANGES) {
    operations.push({
      id: uuidv7(), v: OPERATION_VERSION, type: 'import', document: documentId, base: 0, tool: 'import', at: new Date().toISOString(), activeMs: 0, undoes: null, batch: item.importId,
      changes: item.annotations.slice(i, i + CHANGES).map((after) => ({ kind: 'create', annotation: uuidv7(), after })),
    });
  }
  return operations;
}
