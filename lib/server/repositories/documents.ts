/** Documents: their rows, log, conflicts and decisions. */
import { uuidv7 } from 'uuidv7';
import { upgradeOperation, type Conflict, type Decision, type DocumentState, type Operation } from '@/lib/core/ops';
import { Prisma, type Db } from '@/lib/server/db/client';
import type { AuthorKind } from '@/lib/server/db/generated/enums';
import { fromRow, type AnnotationRow } from './annotationRows';

/** The author of what nobody in particular wrote: team and truth. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

export type DocumentRow = Prisma.DocumentGetPayload<object>;
export type ItemRow = Prisma.ItemGetPayload<object>;

/** The document's row, locked until the transaction ends; null when there is none. */
export async function lockDocument(tx: Db, id: string): Promise<DocumentRow | null> {
  return (await tx.$queryRaw<DocumentRow[]>`select * from "Document" where "id" = ${id}::uuid for update`)[0] ?? null;
}

/** The image a document is about, and the version of the label schema in force. */
export async function frameOf(tx: Db, document: DocumentRow): Promise<{ width: number; height: number; schemaVersion: number }> {
  const [row] = await tx.$queryRaw<{ width: number; height: number; schemaVersion: number }[]>`
    select i."width", i."height", p."schemaVersion" from "Item" i join "Project" p on p."id" = i."projectId" where i."id" = ${document.itemId}::uuid`;
  return row!;
}

/** The item's row, locked. Documents are locked before items, items before their project. */
export async function lockItem(tx: Db, id: string): Promise<ItemRow | null> {
  return (await tx.$queryRaw<ItemRow[]>`select * from "Item" where "id" = ${id}::uuid for update`)[0] ?? null;
}

/** The document of this author, made when absent. Two that ask at once get the same one. */
export async function upsertDocument(db: Db, key: { projectId: string; itemId: string; authorKind: AuthorKind; authorId: string }): Promise<DocumentRow> {
  const unique = { itemId: key.itemId, authorKind: key.authorKind, authorId: key.authorId };
  const found = await db.document.findUnique({ where: { itemId_authorKind_authorId: unique } });
  if (found) return found;
  await db.document.createMany({ data: [{ id: uuidv7(), ...key }], skipDuplicates: true });
  return db.document.findUniqueOrThrow({ where: { itemId_authorKind_authorId: unique } });
}

export function annotationsOf(db: Db, documentId: string): Promise<AnnotationRow[]> {
  return db.annotation.findMany({ where: { documentId, deletedAt: null }, orderBy: { id: 'asc' } });
}

export async function decisionsOf(db: Db, documentId: string): Promise<Record<string, Decision>> {
  const rows = await db.proposalDecision.findMany({ where: { documentId }, select: { proposalId: true, decision: true } });
  return Object.fromEntries(rows.map((r) => [r.proposalId, r.decision as Decision]));
}

/** What operations say they touch. */
export function namedBy(operations: readonly Operation[]): { annotations: Set<string>; proposals: Set<string> } {
  const annotations = new Set<string>();
  const proposals = new Set<string>();
  for (const op of operations) for (const c of op.changes) if (c.kind === 'decide') proposals.add(c.proposal); else annotations.add(c.annotation);
  return { annotations, proposals };
}

/** The part of a document that these operations can read or change, and the rows it was made of. */
export async function loadNamed(tx: Db, documentId: string, operations: readonly Operation[]): Promise<{ state: DocumentState; rows: Map<string, AnnotationRow> }> {
  const named = namedBy(operations);
  const state: DocumentState = { annotations: new Map(), deleted: new Map(), decisions: new Map() };
  const rows = new Map<string, AnnotationRow>();
  for (const ids of chunks([...named.annotations], 5000)) {
    for (const row of await tx.annotation.findMany({ where: { documentId, id: { in: ids } } })) {
      rows.set(row.id, row);
      (row.deletedAt ? state.deleted : state.annotations).set(row.id, fromRow(row));
    }
  }
  for (const ids of chunks([...named.proposals], 5000)) {
    for (const row of await tx.proposalDecision.findMany({ where: { documentId, proposalId: { in: ids } } })) state.decisions.set(row.proposalId, row.decision as Decision);
  }
  return { state, rows };
}

function chunks<T>(all: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

/** Operations already in a log, by id. */
export async function knownOperations(tx: Db, ids: string[]): Promise<Map<string, { documentId: string; seq: number }>> {
  const rows = await tx.operation.findMany({ where: { id: { in: ids } }, select: { id: true, documentId: true, seq: true } });
  return new Map(rows.map((r) => [r.id, r]));
}

export interface LogEntry {
  operation: Operation;
  seq: number;
  userId: string | null;
}

const MAX_INT = 2 ** 31 - 1;
/** The author's clock as a column can hold it; the operation itself stays as it came. */
const madeAt = (at: string) => new Date(Math.max(0, new Date(at).getTime()));

export async function appendLog(tx: Db, documentId: string, entries: readonly LogEntry[]): Promise<void> {
  await tx.operation.createMany({
    data: entries.map(({ operation: op, seq, userId }) => ({
      documentId, seq, id: op.id, type: op.type, body: op as unknown as Prisma.InputJsonValue, userId, undoes: op.undoes, batchId: op.batch,
      activeMs: Math.min(op.activeMs, MAX_INT), madeAt: madeAt(op.at),
    })),
  });
}

export async function readLog(db: Db, documentId: string, after: number, take: number) {
  const rows = await db.operation.findMany({ where: { documentId, seq: { gt: after } }, orderBy: { seq: 'asc' }, take });
  return rows.map((r) => ({ seq: r.seq, receivedAt: r.receivedAt, userId: r.userId, operation: upgradeOperation(r.body) }));
}

const json = (value: unknown): Prisma.InputJsonValue | typeof Prisma.JsonNull => (value === null || value === undefined ? Prisma.JsonNull : (value as Prisma.InputJsonValue));

export async function appendConflicts(tx: Db, documentId: string, found: readonly (Conflict & { operationId: string; userId: string | null })[]): Promise<void> {
  if (found.length === 0) return;
  await tx.conflict.createMany({
    data: found.map((c) => ({ id: uuidv7(), documentId, operationId: c.operationId, annotationId: c.annotation, field: c.field, lost: json(c.lost), kept: json(c.kept), userId: c.userId })),
  });
}

/** A proposal of a model's document of this item. */
export interface Proposal {
  id: string;
  modelVersionId: string;
  classId: string;
  score: number;
}

export async function proposalsByIds(tx: Db, itemId: string, ids: string[]): Promise<Map<string, Proposal>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.annotation.findMany({
    where: { id: { in: ids }, document: { itemId, authorKind: 'model' } },
    select: { id: true, classId: true, score: true, document: { select: { authorId: true } } },
  });
  return new Map(rows.map((r) => [r.id, { id: r.id, classId: r.classId, score: r.score ?? 1, modelVersionId: r.document.authorId }]));
}

/** Proposals of a model on an item, at or above a score, that the team has not decided. */
export function undecidedProposals(tx: Db, itemId: string, modelVersionId: string, threshold: number): Promise<Proposal[]> {
  return tx.$queryRaw<Proposal[]>`
    select a."id", ${modelVersionId}::text as "modelVersionId", a."classId", coalesce(a."score", 1) as "score"
    from "Document" m join "Annotation" a on a."documentId" = m."id" and a."deletedAt" is null
    where m."itemId" = ${itemId}::uuid and m."authorKind" = 'model' and m."authorId" = ${modelVersionId}::uuid and coalesce(a."score", 1) >= ${threshold}
      and not exists (
        select 1 from "Document" t join "ProposalDecision" d on d."documentId" = t."id"
        where t."itemId" = m."itemId" and t."authorKind" = 'team' and d."proposalId" = a."id")
    order by a."id"`;
}

export interface DecisionRow extends Proposal {
  decision: Decision;
  threshold: number;
}

/** Writes what was decided; `taken back` are proposals that are open again. */
export async function writeDecisions(tx: Db, place: { documentId: string; projectId: string; userId: string | null }, decided: readonly DecisionRow[], takenBack: readonly string[]): Promise<void> {
  if (takenBack.length > 0) await tx.proposalDecision.deleteMany({ where: { documentId: place.documentId, proposalId: { in: [...takenBack] } } });
  if (decided.length === 0) return;
  await tx.$executeRaw`
    insert into "ProposalDecision" ("documentId", "proposalId", "projectId", "modelVersionId", "classId", "decision", "threshold", "score", "userId")
    select ${place.documentId}::uuid, r."id", ${place.projectId}::uuid, r."modelVersionId", r."classId", r."decision", r."threshold", r."score", ${place.userId}::uuid
    from json_to_recordset(${JSON.stringify(decided)}::json) as r("id" uuid, "modelVersionId" uuid, "classId" uuid, "decision" text, "threshold" float8, "score" float8)
    on conflict ("documentId", "proposalId") do update set "decision" = excluded."decision", "threshold" = excluded."threshold", "userId" = excluded."userId", "at" = now()`;
}
