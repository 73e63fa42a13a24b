/** Annotations of a class deleted, given another class, or their new points: operations of one batch, document by document. */
import { uuidv7 } from 'uuidv7';
import type { Annotation } from '@/lib/core/labels';
import { OPERATION_VERSION, completions, emptyDocument, type Change, type Operation } from '@/lib/core/ops';
import type { Db } from '@/lib/server/db/client';
import { fromRow } from '@/lib/server/repositories/annotationRows';
import { applyOperations } from './documents';
import { loadSchema } from './schemaCache';

/** What happens to the annotations of one class. */
export type Rewrite =
  | { classId: string; action: 'delete' }
  | { classId: string; action: 'reassign'; to: string }
  /** The points its skeleton has gained, not placed. */
  | { classId: string; action: 'complete' };

/** An operation takes so many changes at most. */
const CHANGES = 5000;
const DOCUMENTS_A_PAGE = 200;

/**
 * Writes the batch: in every document of the project (of people, models, imports, and of items in the trash), the
 * annotations of the named classes. May be run again after a crash: what is done already is not found again.
 * @param onProgress called after every page of documents with how many are done
 */
export async function rewriteClasses(
  db: Db,
  input: { batchId: string; rewrites: readonly Rewrite[]; signal?: AbortSignal; onProgress?: (documents: number) => void },
): Promise<{ documents: number; annotations: number }> {
  const batch = await db.batch.findUniqueOrThrow({ where: { id: input.batchId } });
  const schema = await loadSchema(db, batch.projectId);
  const byClass = new Map(input.rewrites.map((r) => [r.classId, r]));
  const total = { documents: 0, annotations: 0 };
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const page = await db.$queryRaw<{ id: string }[]>`
      select distinct "documentId" as "id" from "Annotation"
      where "projectId" = ${batch.projectId}::uuid and "classId" = any(${[...byClass.keys()]}::uuid[]) and "deletedAt" is null and "documentId" > ${after}::uuid
      order by 1 limit ${DOCUMENTS_A_PAGE}`;
    for (const { id } of page) {
      input.signal?.throwIfAborted();
      const rows = await db.annotation.findMany({ where: { documentId: id, classId: { in: [...byClass.keys()] }, deletedAt: null } });
      const changes = rows.flatMap((row) => changesFor(fromRow(row), byClass.get(row.classId)!, schema));
      if (changes.length === 0) continue;
      await writeBatch(db, { documentId: id, batchId: batch.id, userId: batch.createdById, changes });
      total.documents++;
      total.annotations += changes.length;
    }
    if (page.length > 0) input.onProgress?.(total.documents);
    if (page.length < DOCUMENTS_A_PAGE) return total;
    after = page.at(-1)!.id;
  }
}

function changesFor(annotation: Annotation, rewrite: Rewrite, schema: Parameters<typeof completions>[2]): Change[] {
  const { id, rev, ...fields } = annotation;
  if (rewrite.action === 'delete') return [{ kind: 'delete', annotation: id, rev, before: fields }];
  if (rewrite.action === 'reassign') {
    // Attributes belong to their class; what the old one held comes back when the batch is reverted.
    return [{ kind: 'update', annotation: id, rev, before: { classId: fields.classId, attributes: fields.attributes }, after: { classId: rewrite.to, attributes: {} } }];
  }
  const state = emptyDocument();
  state.annotations.set(id, annotation);
  return completions(state, [id], schema);
}

async function writeBatch(db: Db, input: { documentId: string; batchId: string; userId: string | null; changes: Change[] }): Promise<void> {
  const operations: Operation[] = [];
  for (let i = 0; i < input.changes.length; i += CHANGES) {
    operations.push({
      id: uuidv7(), v: OPERATION_VERSION, type: 'reassign', document: input.documentId, base: 0, changes: input.changes.slice(i, i + CHANGES), tool: 'schema',
      at: new Date().toISOString(), activeMs: 0, undoes: null, batch: input.batchId,
    });
  }
  const { results } = await applyOperations(db, { documentId: input.documentId, operations, userId: input.userId });
  const refused = results.find((r) => r.outcome === 'refused');
  if (refused) throw new Error(`Document ${input.documentId} refused the change of its classes: ${refused.reason}`);
  await db.batch.update({ where: { id: input.batchId }, data: { documents: { increment: 1 }, annotations: { increment: input.changes.length } } });
}
