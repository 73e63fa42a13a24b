/** Exports of dataset versions. */
import type { Db, Prisma } from '@/lib/server/db/client';

const withVersion = { include: { version: { select: { number: true } } } } as const;
export type ExportRecord = Prisma.ExportGetPayload<typeof withVersion>;

export function findExport(db: Db, id: string): Promise<ExportRecord | null> {
  return db.export.findUnique({ where: { id }, ...withVersion });
}
export function pageOfExports(db: Db, projectId: string, before: string | undefined, take: number): Promise<ExportRecord[]> {
  return db.export.findMany({ where: { projectId, ...(before && { id: { lt: before } }) }, orderBy: { id: 'desc' }, take, ...withVersion });
}
export function insertExport(db: Db, data: Prisma.ExportUncheckedCreateInput): Promise<ExportRecord> {
  return db.export.create({ data, ...withVersion });
}
