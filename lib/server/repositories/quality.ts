/** Quality reports and their disagreements. */
import type { Annotation } from '@/lib/core/labels';
import type { Disagreement } from '@/lib/core/quality';
import type { Db, Prisma } from '@/lib/server/db/client';
import type { AuthorKind } from '@/lib/server/db/generated/enums';
import { fromRow } from './annotationRows';
import { NIL_UUID } from './documents';

export type ReportRecord = Prisma.QualityReportGetPayload<object>;

/** Whose documents; the id is null for team and truth. */
export interface AuthorRef {
  kind: AuthorKind;
  id: string | null;
}
export const authorKey = (a: AuthorRef) => `${a.kind}:${a.id ?? NIL_UUID}`;

export function findReport(db: Db, id: string): Promise<ReportRecord | null> {
  return db.qualityReport.findUnique({ where: { id } });
}
export function pageOfReports(db: Db, projectId: string, before: string | undefined, take: number): Promise<ReportRecord[]> {
  return db.qualityReport.findMany({ where: { projectId, ...(before && { id: { lt: before } }) }, orderBy: { id: 'desc' }, take });
}

export async function pageOfDisagreements(db: Db, reportId: string, kind: string | undefined, after: number, take: number) {
  const rows = await db.disagreement.findMany({ where: { reportId, n: { gt: after }, ...(kind && { kind }) }, orderBy: { n: 'asc' }, take });
  const items = await db.item.findMany({ where: { id: { in: [...new Set(rows.map((r) => r.itemId))] } }, select: { id: true, path: true, hash: true, width: true, height: true } });
  const byId = new Map(items.map((i) => [i.id, i]));
  return rows.map((row) => ({ row, item: byId.get(row.itemId) ?? null }));
}

/** How many documents each author has in a project, of items that are not in the trash. */
export function authorCounts(db: Db, projectId: string): Promise<{ kind: AuthorKind; id: string; documents: number }[]> {
  return db.$queryRaw`
    select d."authorKind"::text as "kind", d."authorId"::text as "id", count(*)::int as "documents"
    from "Document" d join "Item" i on i."id" = d."itemId"
    where d."projectId" = ${projectId}::uuid and i."deletedAt" is null
    group by 1, 2
    order by min(d."id"::text)`;
}

export interface ComparedItem {
  id: string;
  path: string;
  width: number;
  height: number;
  documentA: string | null;
  documentB: string | null;
}

/**
 * Items on which two authors can be compared, by id, a page at a time: both have a document. On a done item the team has
 * said its word even when it drew nothing, so there a missing team document counts as one without annotations. On an item that is
 * not done a document nobody wrote to says nothing (it is made when the item is opened), unless a model looked and found nothing.
 */
export async function* comparedItems(db: Db, projectId: string, a: AuthorRef, b: AuthorRef, filter: { doneOnly: boolean; split: string | null }, pageSize = 200): AsyncGenerator<ComparedItem[]> {
  let after = NIL_UUID;
  for (;;) {
    const page = await db.$queryRaw<ComparedItem[]>`
      select i."id", i."path", i."width", i."height", da."id" as "documentA", db."id" as "documentB"
      from "Item" i
      left join "Document" da on da."itemId" = i."id" and da."authorKind" = ${a.kind}::"AuthorKind" and da."authorId" = ${a.id ?? NIL_UUID}::uuid
      left join "Document" db on db."itemId" = i."id" and db."authorKind" = ${b.kind}::"AuthorKind" and db."authorId" = ${b.id ?? NIL_UUID}::uuid
      where i."projectId" = ${projectId}::uuid and i."deletedAt" is null and i."id" > ${after}::uuid
        and (not ${filter.doneOnly} or i."status" = 'done')
        and (${filter.split}::text is null or i."split"::text = ${filter.split})
        and case when i."status" = 'done' then da."id" is not null or ${a.kind} = 'team' else da."seq" > 0 or (da."id" is not null and ${a.kind} = 'model') end
        and case when i."status" = 'done' then db."id" is not null or ${b.kind} = 'team' else db."seq" > 0 or (db."id" is not null and ${b.kind} = 'model') end
      order by i."id"
      limit ${pageSize}`;
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    after = last.id;
  }
}

/** Live annotations of documents, by document. */
export async function annotationsByDocument(db: Db, documentIds: readonly (string | null)[]): Promise<Map<string, Annotation[]>> {
  const ids = documentIds.filter((id): id is string => id !== null);
  const rows = await db.annotation.findMany({ where: { documentId: { in: ids }, deletedAt: null }, orderBy: [{ documentId: 'asc' }, { id: 'asc' }] });
  const byDocument = new Map<string, Annotation[]>();
  for (const row of rows) {
    const list = byDocument.get(row.documentId);
    if (list) list.push(fromRow(row));
    else byDocument.set(row.documentId, [fromRow(row)]);
  }
  return byDocument;
}

export async function clearDisagreements(db: Db, reportId: string): Promise<void> {
  await db.disagreement.deleteMany({ where: { reportId } });
}

/** Appends rows under provisional, negative numbers; `rankDisagreements` numbers them. `written` is how many there are. */
export async function appendDisagreements(db: Db, reportId: string, written: number, rows: readonly (Disagreement & { itemId: string })[]): Promise<void> {
  await db.disagreement.createMany({ data: rows.map(({ box, ...r }, i) => ({ reportId, n: -(written + 1 + i), ...r, ...box })) });
}

/** Numbers a report's rows from 1, the worst first: missing and extra (large ones first), another class, another place. */
export async function rankDisagreements(db: Db, reportId: string): Promise<void> {
  await db.$executeRaw`
    update "Disagreement" d set "n" = ranked."rank"
    from (
      select r."n", row_number() over (order by
        case r."kind" when 'missing' then 0 when 'extra' then 0 when 'class' then 1 else 2 end,
        case r."kind" when 'missing' then -(r."x1" - r."x0") * (r."y1" - r."y0") when 'extra' then -(r."x1" - r."x0") * (r."y1" - r."y0") when 'class' then -r."iou" else r."iou" end,
        r."n" desc) as "rank"
      from "Disagreement" r where r."reportId" = ${reportId}::uuid
    ) ranked
    where d."reportId" = ${reportId}::uuid and d."n" = ranked."n"`;
}
