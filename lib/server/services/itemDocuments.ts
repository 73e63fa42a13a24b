/** What the interface does with documents: whose there are, sending operations, the log, conflicts and their way back. */
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import type * as contract from '@/lib/api/routes/items';
import { annotationFields, type Annotation, type AnnotationFields } from '@/lib/core/labels';
import { OPERATION_VERSION, sameValue, type Change, type Conflict as OpsConflict, type Operation } from '@/lib/core/ops';
import { db, type Db } from '@/lib/server/db/client';
import type { Principal } from '@/lib/server/http/handler';
import { fromRow } from '@/lib/server/repositories/annotationRows';
import { lockDocument, NIL_UUID, readLog, type DocumentRow } from '@/lib/server/repositories/documents';
import { inTransaction, lockName, type Tx } from '@/lib/server/repositories/transaction';
import { requireDocument, requireItem, type DocumentRecord, type Who } from './access';
import { applyOperations, ensureDocument, readDocument, schemaLock, type ApplyResult } from './documents';
import { namesOf } from './names';
import { pageOfRows } from './paging';

type DocumentOut = z.input<typeof contract.documentRow>;
type Author = z.input<typeof contract.author>;

const FIXED_NAMES: Partial<Record<Author['kind'], string>> = { team: 'Team', truth: 'Ground truth', consensus: 'Consensus' };

/** Names of the authors of documents, and which of them is the current model. */
export async function authorsOf(client: Db, documents: readonly Pick<DocumentRow, 'authorKind' | 'authorId'>[]): Promise<(d: Pick<DocumentRow, 'authorKind' | 'authorId'>) => Author> {
  const ids = (kind: Author['kind']) => [...new Set(documents.filter((d) => d.authorKind === kind).map((d) => d.authorId))];
  const [people, models, imports] = await Promise.all([
    namesOf(client, ids('person')),
    client.modelVersion.findMany({ where: { id: { in: ids('model') } }, select: { id: true, name: true, number: true } }),
    client.import.findMany({ where: { id: { in: ids('import') } }, select: { id: true, source: true } }),
  ]);
  const names = new Map<string, string>(people);
  for (const m of models) names.set(m.id, m.name || `Model ${m.number}`);
  for (const i of imports) names.set(i.id, i.source);
  return (d) => ({ kind: d.authorKind, id: d.authorId === NIL_UUID ? null : d.authorId, name: FIXED_NAMES[d.authorKind] ?? names.get(d.authorId) ?? 'Unknown' });
}

async function toRows(client: Db, documents: readonly DocumentRow[], currentModelId: string | null): Promise<DocumentOut[]> {
  const author = await authorsOf(client, documents);
  return documents.map((d) => ({
    id: d.id, item: d.itemId, author: author(d), seq: d.seq, annotations: d.annotationCount, current: d.authorKind === 'model' && d.authorId === currentModelId,
  }));
}

export async function ofItem(who: Principal, itemId: string) {
  const item = await requireItem(who, itemId);
  await ensureDocument(db(), { itemId, authorKind: 'team', authorId: null });
  const documents = await db().document.findMany({ where: { itemId }, orderBy: { id: 'asc' } });
  const rows = await toRows(db(), documents, item.project.currentModelId);
  const team = rows.find((d) => d.author.kind === 'team')!;
  const mine = rows.find((d) => d.author.kind === 'person' && d.author.id === who.userId) ?? null;
  return { team, mine, others: rows.filter((d) => d !== team && d !== mine) };
}

export async function openMine(who: Principal, itemId: string): Promise<DocumentOut> {
  const item = await requireItem(who, itemId);
  const document = await ensureDocument(db(), { itemId, authorKind: 'person', authorId: who.userId });
  return (await toRows(db(), [document], item.project.currentModelId))[0]!;
}

export async function read(who: Who, id: string) {
  const document = await requireDocument(who, id, { trashed: true });
  const { seq, annotations, decisions } = await readDocument(db(), id);
  const [row] = await toRows(db(), [{ ...document, seq, annotationCount: annotations.length }], document.project.currentModelId);
  return { document: row!, annotations, decisions };
}

/** People write to the team's document and to their own. What models and imports said stays as it was said. */
function assertWritable(who: Principal, document: DocumentRecord): void {
  if (document.authorKind === 'team') return;
  if (document.authorKind === 'person' && document.authorId === who.userId) return;
  const whose = document.authorKind === 'person' ? 'This document is another person’s' : `A document of kind "${document.authorKind}" does not change`;
  throw new AppError('forbidden', `${whose}. Draw in the team's document or in your own.`);
}

/** Operations are taken also for what lies in the trash: a journal that comes late loses nothing. */
export async function send(who: Principal, id: string, operations: readonly Operation[]): Promise<ApplyResult> {
  assertWritable(who, await requireDocument(who, id, { trashed: true }));
  return applyOperations(db(), { documentId: id, operations, userId: who.userId, by: 'person' });
}

export async function log(who: Who, id: string, query: { after: number; limit: number }) {
  const document = await requireDocument(who, id, { trashed: true });
  const rows = await readLog(db(), id, query.after, query.limit);
  const names = await namesOf(db(), rows.map((r) => r.userId));
  return {
    // The number of the last one given, or later: what was written between the two reads comes with the next page.
    seq: Math.max(document.seq, rows.at(-1)?.seq ?? 0),
    operations: rows.map((r) => ({ seq: r.seq, receivedAt: r.receivedAt.toISOString(), by: { id: r.userId, name: r.userId ? (names.get(r.userId) ?? 'Unknown') : 'Fieldmark' }, operation: r.operation })),
  };
}

// Conflicts -----------------------------------------------------------------------------------------------------------

export async function conflicts(who: Who, id: string, page: { cursor?: string; limit: number }) {
  await requireDocument(who, id, { trashed: true });
  const rows = await db().conflict.findMany({ where: { documentId: id, ...(page.cursor && { id: { lt: page.cursor } }) }, orderBy: { id: 'desc' }, take: page.limit + 1 });
  const shown = pageOfRows(rows, page.limit, (c) => c.id);
  const names = await namesOf(db(), shown.rows.map((c) => c.userId));
  return {
    items: shown.rows.map((c) => ({
      id: c.id, operation: c.operationId, annotation: c.annotationId, field: c.field, lost: c.lost, kept: c.kept, at: c.createdAt.toISOString(),
      by: c.userId ? (names.get(c.userId) ?? null) : null, restoredAt: c.restoredAt?.toISOString() ?? null,
    })),
    next: shown.next,
  };
}

/** Puts the lost value back, as an operation of its own, on whatever the annotation is by now. Twice changes nothing. */
export async function restoreConflict(who: Principal, id: string): Promise<{ seq: number }> {
  const conflict = await db().conflict.findUnique({ where: { id } });
  if (!conflict) throw new AppError('not-found', 'There is no such conflict.');
  const document = await requireDocument(who, conflict.documentId);
  assertWritable(who, document);
  return inTransaction(db(), async (tx) => {
    await lockName(tx, schemaLock(document.projectId), 'shared');
    const locked = await lockDocument(tx, document.id);
    if (!locked) throw new AppError('not-found', 'There is no such document. It may have been erased.');
    const { count } = await tx.conflict.updateMany({ where: { id, restoredAt: null }, data: { restoredAt: new Date() } });
    if (count === 0) return { seq: locked.seq };
    const changes = await restoring(tx, document.id, { annotation: conflict.annotationId, field: conflict.field, lost: conflict.lost, kept: conflict.kept });
    if (changes.length === 0) return { seq: locked.seq };
    const operation: Operation = {
      id: uuidv7(), v: OPERATION_VERSION, type: 'restore', document: document.id, base: locked.seq, changes, tool: 'conflicts', at: new Date().toISOString(), activeMs: 0, undoes: null, batch: null,
    };
    const { seq, results } = await applyOperations(tx, { documentId: document.id, operations: [operation], userId: who.userId, by: 'person' });
    const [result] = results;
    if (result?.outcome === 'refused') throw new AppError('conflict', `The value cannot be put back: ${result.reason}.`);
    return { seq };
  });
}

/** The changes that bring back what was lost. */
async function restoring(tx: Tx, documentId: string, conflict: OpsConflict): Promise<Change[]> {
  const { annotation: id, field, lost } = conflict;
  if (field === 'decision') {
    const current = await tx.proposalDecision.findUnique({ where: { documentId_proposalId: { documentId, proposalId: id } } });
    return [{ kind: 'decide', proposal: id, before: (current?.decision ?? null) as null, after: lost as null, threshold: current?.threshold ?? 0 }];
  }
  const row = await tx.annotation.findUnique({ where: { documentId_id: { documentId, id } } });
  if (!row) throw new AppError('gone', 'The annotation is no longer there.');
  const annotation = fromRow(row);
  const changes: Change[] = [];
  if (row.deletedAt) changes.push({ kind: 'create', annotation: id, after: fieldsOf(annotation) });
  if (isPaint(lost)) changes.push({ kind: 'paint', annotation: id, rev: annotation.rev, set: lost.set, cleared: lost.cleared });
  else {
    const after = field === '*' ? (lost as Partial<AnnotationFields>) : field.startsWith('attributes.') ? { attributes: { [field.slice('attributes.'.length)]: lost as string } } : { [field]: lost };
    const update = updateTo(annotation, after);
    if (update) changes.push(update);
  }
  return changes;
}

const isPaint = (lost: unknown): lost is { set: string; cleared: string } => typeof lost === 'object' && lost !== null && 'set' in lost && 'cleared' in lost;

function fieldsOf({ id: _id, rev: _rev, ...fields }: Annotation): AnnotationFields {
  return annotationFields.parse(fields);
}

/** The update that sets those of these fields that differ, of attributes only those named. */
function updateTo(annotation: Annotation, lost: Partial<AnnotationFields>): Change | null {
  const before: Record<string, unknown> = {};
  const after: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(lost)) {
    const current = key === 'attributes' ? named(annotation.attributes, Object.keys(value as object)) : annotation[key as keyof AnnotationFields];
    if (sameValue(current, value)) continue;
    before[key] = current;
    after[key] = value;
  }
  return Object.keys(after).length > 0 ? { kind: 'update', annotation: annotation.id, rev: annotation.rev, before, after } : null;
}
const named = (attributes: Annotation['attributes'], ids: string[]) => Object.fromEntries(ids.flatMap((id) => (id in attributes ? [[id, attributes[id]]] : [])));
