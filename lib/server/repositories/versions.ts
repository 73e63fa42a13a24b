/** Frozen dataset versions. */
import type { Db, Prisma } from '@/lib/server/db/client';

export type VersionRecord = Prisma.DatasetVersionGetPayload<object>;

export function findVersion(db: Db, id: string): Promise<VersionRecord | null> {
  return db.datasetVersion.findUnique({ where: { id } });
}

export function pageOfVersions(db: Db, projectId: string, before: string | undefined, take: number): Promise<VersionRecord[]> {
  return db.datasetVersion.findMany({ where: { projectId, ...(before && { id: { lt: before } }) }, orderBy: { id: 'desc' }, take });
}

/** Takes the next number of the project. */
export async function insertVersion(tx: Db, version: { id: string; projectId: string; name: string; notes: string; jobId: string; createdById: string | null }): Promise<VersionRecord> {
  const { nextVersion } = await tx.project.update({ where: { id: version.projectId }, data: { nextVersion: { increment: 1 } }, select: { nextVersion: true } });
  return tx.datasetVersion.create({ data: { ...version, number: nextVersion - 1 } });
}

export interface DoneItem {
  id: string;
  path: string;
  hash: string;
  width: number;
  height: number;
  mime: string;
  orientation: number;
  split: 'train' | 'val' | 'test' | null;
  /** The team document, when there is one. */
  documentId: string | null;
}

/** Done items after `path`, in ascending byte order of their paths: the same order on every server. */
export function doneItemsAfter(tx: Db, projectId: string, path: string, take: number): Promise<DoneItem[]> {
  return tx.$queryRaw<DoneItem[]>`
    select i."id", i."path", i."hash", i."width", i."height", a."mime", a."orientation", i."split"::text as "split", d."id" as "documentId"
    from "Item" i
    join "Asset" a on a."hash" = i."hash"
    left join "Document" d on d."itemId" = i."id" and d."authorKind" = 'team'
    where i."projectId" = ${projectId}::uuid and i."status" = 'done' and i."deletedAt" is null and i."path" collate "C" > ${path}
    order by i."path" collate "C"
    limit ${take}`;
}

/** Number of done items. */
export function countDone(tx: Db, projectId: string): Promise<number> {
  return tx.item.count({ where: { projectId, status: 'done', deletedAt: null } });
}
