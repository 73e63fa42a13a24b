/** Imports: what was received, and the report. */
import type { Db, Prisma } from '@/lib/server/db/client';

export type ImportRecord = Prisma.ImportGetPayload<object>;
export type ImportFileRecord = Prisma.ImportFileGetPayload<object>;

export interface ReportEntry {
  path: string;
  outcome: 'imported' | 'warning' | 'skipped' | 'refused';
  /** A short, stable name of the reason. */
  code: string;
  /** For people: what, where, what to do. */
  message: string;
  itemId: string | null;
}

export function findImport(db: Db, id: string): Promise<ImportRecord | null> {
  return db.import.findUnique({ where: { id } });
}

export function pageOfImports(db: Db, projectId: string, before: string | undefined, take: number): Promise<ImportRecord[]> {
  return db.import.findMany({ where: { projectId, ...(before && { id: { lt: before } }) }, orderBy: { id: 'desc' }, take });
}

/** The row, locked until the transaction ends. */
export async function lockImport(tx: Db, id: string): Promise<ImportRecord | null> {
  await tx.$queryRaw`select 1 from "Import" where "id" = ${id}::uuid for update`;
  return findImport(tx, id);
}

/** Notes a received file; the same path again replaces the first. Kept counts follow. */
export async function noteFile(tx: Db, file: { importId: string; path: string; key: string; bytes: number; sha256: string; archive: boolean }): Promise<void> {
  const before = await tx.importFile.findUnique({ where: { importId_path: { importId: file.importId, path: file.path } } });
  const data = { ...file, bytes: BigInt(file.bytes) };
  await tx.importFile.upsert({ where: { importId_path: { importId: file.importId, path: file.path } }, create: data, update: data });
  await tx.import.update({
    where: { id: file.importId },
    data: { receivedFiles: { increment: before ? 0 : 1 }, receivedBytes: { increment: BigInt(file.bytes) - (before?.bytes ?? 0n) } },
  });
}

export function filesOf(db: Db, importId: string): Promise<ImportFileRecord[]> {
  return db.importFile.findMany({ where: { importId }, orderBy: { path: 'asc' } });
}

export function pageOfEntries(db: Db, importId: string, outcome: string | undefined, after: number, take: number) {
  return db.importEntry.findMany({ where: { importId, n: { gt: after }, ...(outcome && { outcome }) }, orderBy: { n: 'asc' }, take });
}

/** Begins the report anew: a run that starts again writes the whole of it. */
export async function clearReport(tx: Db, importId: string): Promise<void> {
  await tx.importEntry.deleteMany({ where: { importId } });
  await tx.import.update({ where: { id: importId }, data: { imported: 0, warnings: 0, skipped: 0, refused: 0, annotations: 0 } });
}

/** Appends to the report, numbered from `n`, and keeps the counts. */
export async function appendReport(tx: Db, importId: string, n: number, entries: readonly ReportEntry[], annotations: number): Promise<void> {
  if (entries.length > 0) await tx.importEntry.createMany({ data: entries.map((e, i) => ({ importId, n: n + i, ...e })) });
  const count = (outcome: ReportEntry['outcome']) => entries.filter((e) => e.outcome === outcome).length;
  await tx.import.update({
    where: { id: importId },
    data: {
      imported: { increment: count('imported') }, warnings: { increment: count('warning') }, skipped: { increment: count('skipped') },
      refused: { increment: count('refused') }, annotations: { increment: annotations },
    },
  });
}
