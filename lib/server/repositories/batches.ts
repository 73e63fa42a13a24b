/** Batches: operations that are taken back as one. */
import type { Db, Prisma } from '@/lib/server/db/client';
import { NIL_UUID } from './documents';

export type BatchRecord = Prisma.BatchGetPayload<object>;

export function findBatch(db: Db, id: string): Promise<BatchRecord | null> {
  return db.batch.findUnique({ where: { id } });
}

export function pageOfBatches(db: Db, projectId: string, before: string | undefined, take: number): Promise<BatchRecord[]> {
  return db.batch.findMany({ where: { projectId, ...(before && { id: { lt: before } }) }, orderBy: { id: 'desc' }, take });
}

/** Makes the batch unless it is there: a job that starts again goes on with its own. */
export async function ensureBatch(db: Db, batch: { id: string; projectId: string; kind: string; title: string; createdById: string | null }): Promise<void> {
  await db.batch.createMany({ data: [batch], skipDuplicates: true });
}

/** Counts the batch's documents and annotations from the log, so that a repeated run cannot count twice. */
export async function recountBatch(db: Db, id: string): Promise<void> {
  await db.$executeRaw`
    update "Batch" b set
      "documents" = (select count(distinct o."documentId")::int from "Operation" o where o."batchId" = b."id"),
      "annotations" = (select coalesce(sum((select count(*) from jsonb_array_elements(o."body"->'changes') c where c->>'kind' = 'create')), 0)::int from "Operation" o where o."batchId" = b."id")
    where b."id" = ${id}::uuid`;
}

/** Operations of a batch, document by document, in each the newest first, a page at a time. */
export async function* operationsOfBatch(db: Db, batchId: string, pageSize = 100) {
  let after = { documentId: NIL_UUID, seq: 0 };
  for (;;) {
    const page: { id: string; documentId: string; seq: number; body: Prisma.JsonValue; documentSeq: number }[] = await db.$queryRaw`
      select o."id", o."documentId", o."seq", o."body", d."seq" as "documentSeq"
      from "Operation" o join "Document" d on d."id" = o."documentId"
      where o."batchId" = ${batchId}::uuid and (o."documentId" > ${after.documentId}::uuid or (o."documentId" = ${after.documentId}::uuid and o."seq" < ${after.seq}))
      order by o."documentId", o."seq" desc
      limit ${pageSize}`;
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    after = { documentId: last.documentId, seq: last.seq };
  }
}

/** Which of these operations have been taken back by an operation of the log that itself stands. */
export async function undoneAmong(db: Db, operationIds: readonly string[]): Promise<Set<string>> {
  const rows = await db.operation.findMany({ where: { undoes: { in: [...operationIds] } }, select: { id: true, undoes: true } });
  const redone = await db.operation.findMany({ where: { undoes: { in: rows.map((r) => r.id) } }, select: { undoes: true } });
  const gone = new Set(redone.map((r) => r.undoes));
  return new Set(rows.filter((r) => !gone.has(r.id)).map((r) => r.undoes!));
}
