import type { PrismaClient } from '@/lib/server/db/client';
import type { BatchRecord } from '@/lib/server/repositories/batches';
import { recountProject } from '@/lib/server/repositories/counts';

/**
 * Moves the items that an import made to the trash, where nobody has done anything with them: no operation of a person, the
 * truth or another run but those that took the import back, and not marked done since. Returns how many.
 */
export async function trashUntouchedItems(db: PrismaClient, batch: BatchRecord, onTrash: (count: number) => void): Promise<number> {
  return db.$transaction(
    async (tx) => {
      // Rows are locked in one order everywhere, so that two who move the same items to the trash wait instead of blocking each other.
      await tx.$queryRaw`select count(*) from (select "id" from "Item" where "importId" = ${batch.id}::uuid and "deletedAt" is null order by "id" for update) locked`;
      const count = await tx.$executeRaw`
        update "Item" i set "deletedAt" = now()
        from "Import" m
        where m."id" = i."importId" and m."id" = ${batch.id}::uuid and i."projectId" = ${batch.projectId}::uuid and i."deletedAt" is null
          and not (i."status" = 'done' and i."doneAt" > coalesce(m."finishedAt", now()))
          and not exists (
            select 1 from "Operation" o join "Document" d on d."id" = o."documentId"
            where d."itemId" = i."id" and d."authorKind" <> 'model' and o."batchId" is distinct from ${batch.id}::uuid
              and (o."undoes" is null or not exists (select 1 from "Operation" u where u."id" = o."undoes" and u."batchId" = ${batch.id}::uuid)))`;
      onTrash(count);
      await recountProject(tx, batch.projectId);
      await tx.$executeRaw`update "Project" set "boxRevision" = "boxRevision" + 1 where "id" = ${batch.projectId}::uuid`;
      return count;
    },
    { timeout: 600_000 },
  );
}
