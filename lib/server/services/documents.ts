/**
 * Documents and the operations that make them. An operation crosses here, and only here, from "sent" to "kept": the
 * document's row is locked, the operation numbered without a gap, the annotations it touched are written, and the log,
 * conflicts, decisions and kept counts follow, in one transaction.
 */
import { uuidv7 } from 'uuidv7';
import { AppError } from '@/lib/api/errors';
import type { Annotation } from '@/lib/core/labels';
import { applyOperation, checkResult, completions, OPERATION_VERSION, OperationRefused, type Conflict, type Decision, type DocumentState, type Operation } from '@/lib/core/ops';
import { Prisma, type Db, type PrismaClient } from '@/lib/server/db/client';
import type { AuthorKind } from '@/lib/server/db/generated/enums';
import { notifyAll, type FieldmarkEvent } from '@/lib/server/events/notify';
import { fromRow, toRow, upsertRows, type AnnotationRow } from '@/lib/server/repositories/annotationRows';
import { addToProject, refreshProposalCounts } from '@/lib/server/repositories/counts';
import * as repository from '@/lib/server/repositories/documents';
import { inTransaction, lockName, type Tx } from '@/lib/server/repositories/transaction';
import { loadSchema } from './schemaCache';

export interface ApplyInput {
  documentId: string;
  operations: readonly Operation[];
  /** Who made them, or who asked for the run that did; null for the product itself. */
  userId: string | null;
  /** `person`: sent from an editor; an open item becomes one in work. `run` (default): a job's. */
  by?: 'person' | 'run';
}

export interface OperationResult {
  id: string;
  outcome: 'applied' | 'duplicate' | 'refused';
  /** Its number in the log; null when refused. */
  seq: number | null;
  /** Why it was refused, in words. */
  reason: string | null;
  conflicts: Conflict[];
}

export interface ApplyResult {
  /** The document's number after all of them. */
  seq: number;
  results: OperationResult[];
}

/** Held shared while operations are applied, and alone while a label schema is replaced. */
export const schemaLock = (projectId: string) => `schema:${projectId}`;

/**
 * Applies operations in order, each wholly or not at all, in one transaction (the caller's, when it is in one). What is in
 * the log already is answered `duplicate` and changes nothing; what cannot be applied is `refused`, and the next ones go on.
 * Whether this person may write to this document is the caller's question (`sendOperations` asks it).
 *
 * Lock order: schema name, document, item, project.
 *
 * @throws AppError `not-found` when there is no such document
 */
export function applyOperations(db: Db, input: ApplyInput): Promise<ApplyResult> {
  return inTransaction(db, async (tx) => {
    const head = await tx.document.findUnique({ where: { id: input.documentId }, select: { projectId: true } });
    if (!head) throw new AppError('not-found', 'There is no such document. It may have been erased.');
    await lockName(tx, schemaLock(head.projectId), 'shared');
    const document = await repository.lockDocument(tx, input.documentId);
    if (!document) throw new AppError('not-found', 'There is no such document. It may have been erased.');
    const frame = await repository.frameOf(tx, document);
    const schema = await loadSchema(tx, document.projectId, frame.schemaVersion);
    const known = await repository.knownOperations(tx, input.operations.map((o) => o.id));
    const fresh = input.operations.filter((o) => !known.has(o.id));
    const { state, rows } = await repository.loadNamed(tx, document.id, fresh);

    let seq = document.seq;
    const log: repository.LogEntry[] = [];
    const conflicts: (Conflict & { operationId: string; userId: string | null })[] = [];
    const touched = new Map<string, Operation>();
    const decided = new Map<string, number>();
    const results: OperationResult[] = [];

    const keep = (op: Operation, userId: string | null, touchedIds: string[]) => {
      log.push({ operation: op, seq: ++seq, userId });
      known.set(op.id, { documentId: document.id, seq });
      for (const id of touchedIds) touched.set(id, op);
    };
    for (const op of input.operations) {
      const before = known.get(op.id);
      if (before) {
        const here = before.documentId === document.id;
        results.push({ id: op.id, outcome: here ? 'duplicate' : 'refused', seq: here ? before.seq : null, reason: here ? null : 'this operation belongs to another document', conflicts: [] });
        continue;
      }
      const refuse = (reason: string) => results.push({ id: op.id, outcome: 'refused', seq: null, reason, conflicts: [] });
      if (op.document !== document.id) {
        refuse('it names another document');
        continue;
      }
      if (input.by === 'person' && op.batch !== null) {
        refuse('only runs (imports, pre-labels) write batches');
        continue;
      }
      const restore = snapshot(state, op);
      try {
        const applied = applyOperation(state, op);
        const wrong = checkResult(state, op, schema, frame);
        if (wrong) throw new OperationRefused(wrong);
        keep(op, input.userId, applied.touched);
        for (const c of op.changes) if (c.kind === 'decide') decided.set(c.proposal, c.threshold);
        conflicts.push(...applied.conflicts.map((c) => ({ ...c, operationId: op.id, userId: input.userId })));
        results.push({ id: op.id, outcome: 'applied', seq, reason: null, conflicts: applied.conflicts });
        // Its author had an older skeleton: the points it has gained follow as an operation of the product's own.
        const missing = completions(state, applied.touched, schema);
        if (missing.length > 0) {
          const rest = completionOf(op, seq, missing);
          keep(rest, null, applyOperation(state, rest).touched);
        }
      } catch (error) {
        restore();
        if (!(error instanceof OperationRefused)) throw error;
        refuse(error.message);
      }
    }
    if (log.length > 0) await persist(tx, document, { input, state, rows, touched, decided, log, conflicts, seq });
    return { seq, results };
  });
}

function completionOf(op: Operation, base: number, changes: Operation['changes']): Operation {
  return { id: uuidv7(), v: OPERATION_VERSION, type: 'complete', document: op.document, base, changes, tool: 'schema', at: new Date().toISOString(), activeMs: 0, undoes: null, batch: op.batch };
}

/** Remembers what an operation can change; gives back the function that puts it as it was. */
function snapshot(state: DocumentState, op: Operation): () => void {
  const { annotations, proposals } = repository.namedBy([op]);
  const held = [...annotations].map((id) => [id, state.annotations.get(id), state.deleted.get(id)] as const);
  const heldDecisions = [...proposals].map((id) => [id, state.decisions.get(id)] as const);
  return () => {
    for (const [id, live, deleted] of held) {
      put(state.annotations, id, live);
      put(state.deleted, id, deleted);
    }
    for (const [id, decision] of heldDecisions) put(state.decisions, id, decision);
  };
}
function put<T>(map: Map<string, T>, id: string, value: T | undefined): void {
  if (value === undefined) map.delete(id);
  else map.set(id, value);
}

interface Outcome {
  input: ApplyInput;
  state: DocumentState;
  rows: Map<string, AnnotationRow>;
  touched: Map<string, Operation>;
  decided: Map<string, number>;
  log: repository.LogEntry[];
  conflicts: (Conflict & { operationId: string; userId: string | null })[];
  seq: number;
}

async function persist(tx: Tx, document: repository.DocumentRow, outcome: Outcome): Promise<void> {
  const { input, state, rows, touched, decided, seq } = outcome;
  const now = new Date();
  let delta = 0;
  let boxes = false;
  const written = [...touched].map(([id, op]) => {
    const before = rows.get(id);
    const live = state.annotations.get(id);
    const annotation = live ?? state.deleted.get(id)!;
    delta += (live ? 1 : 0) - (before && !before.deletedAt ? 1 : 0);
    boxes ||= annotation.geometry.kind === 'box' || before?.kind === 'box';
    const place = { documentId: document.id, projectId: document.projectId, itemId: document.itemId, batchId: op.batch, createdById: input.userId };
    return toRow(annotation, place, live ? null : now);
  });
  await upsertRows(tx, written);
  await repository.appendLog(tx, document.id, outcome.log);
  await repository.appendConflicts(tx, document.id, outcome.conflicts);
  if (decided.size > 0) await persistDecisions(tx, document, input.userId, state, decided);
  await tx.document.updateMany({ where: { id: document.id }, data: { seq, annotationCount: { increment: delta } } });
  const changed = await keepCounts(tx, document, { delta, boxes, decided: decided.size > 0, person: input.by === 'person' });
  const { projectId } = document;
  const ids: Record<Changed, string> = { item: document.itemId, project: projectId };
  const events: FieldmarkEvent[] = changed.map((entity) => ({ type: 'changed', entity, id: ids[entity], projectId }));
  await notifyAll(tx, [{ type: 'changed', entity: 'document', id: document.id, projectId, seq }, ...events]);
}

type Changed = 'item' | 'project';

/** A proposal that is gone (its model was erased) leaves its decision in the log only. */
async function persistDecisions(tx: Tx, document: repository.DocumentRow, userId: string | null, state: DocumentState, decided: Map<string, number>): Promise<void> {
  const proposals = await repository.proposalsByIds(tx, document.itemId, [...decided.keys()]);
  const rows: repository.DecisionRow[] = [];
  const takenBack: string[] = [];
  for (const [id, threshold] of decided) {
    const decision = state.decisions.get(id);
    const proposal = proposals.get(id);
    if (!decision) takenBack.push(id);
    else if (proposal) rows.push({ ...proposal, decision, threshold });
  }
  await repository.writeDecisions(tx, { documentId: document.id, projectId: document.projectId, userId }, rows, takenBack);
}

/** Brings status and counts of item and project up to date; says which of their rows pages have to read again. */
async function keepCounts(tx: Tx, document: repository.DocumentRow, change: { delta: number; boxes: boolean; decided: boolean; person: boolean }): Promise<Changed[]> {
  const team = document.authorKind === 'team';
  const recounted = document.authorKind === 'model' || (team && change.decided);
  if (recounted) await refreshProposalCounts(tx, document.projectId, [document.itemId]);
  const personal = change.person && (team || document.authorKind === 'person');
  const item = personal || team ? await repository.lockItem(tx, document.itemId) : null;
  if (!item) return recounted ? ['item'] : [];
  const begins = personal && item.status === 'open';
  const counted = team && change.delta !== 0;
  if (begins || counted) {
    await tx.item.updateMany({ where: { id: item.id }, data: { ...(begins && { status: 'work' as const }), ...(counted && { annotationCount: { increment: change.delta } }) } });
  }
  if (!item.deletedAt) {
    await addToProject(tx, document.projectId, {
      ...(begins && { open: -1, work: 1 }),
      ...(team && { annotations: change.delta }),
      boxes: team && item.status === 'done' && change.boxes,
    });
  }
  if (begins) return ['item', 'project'];
  return recounted || counted ? ['item'] : [];
}

export interface DocumentKey {
  itemId: string;
  authorKind: AuthorKind;
  /** The person, model version or import; null for team and truth. */
  authorId: string | null;
}

/** The author's document of an item, made when absent. */
export async function ensureDocument(db: Db, key: DocumentKey): Promise<repository.DocumentRow> {
  const item = await db.item.findUnique({ where: { id: key.itemId }, select: { projectId: true } });
  if (!item) throw new AppError('not-found', 'There is no such item. It may have been erased.');
  return repository.upsertDocument(db, { projectId: item.projectId, itemId: key.itemId, authorKind: key.authorKind, authorId: key.authorId ?? repository.NIL_UUID });
}

export interface DocumentContent {
  seq: number;
  /** By id, which is by the time they were made. */
  annotations: Annotation[];
  /** By proposal. */
  decisions: Record<string, Decision>;
}

/** A document's annotations and decisions at one `seq`, whatever is written meanwhile. */
export async function readDocument(db: Db, documentId: string): Promise<DocumentContent> {
  const read = async (tx: Db): Promise<DocumentContent> => {
    const document = await tx.document.findUnique({ where: { id: documentId }, select: { seq: true } });
    if (!document) throw new AppError('not-found', 'There is no such document. It may have been erased.');
    const annotations = (await repository.annotationsOf(tx, documentId)).map(fromRow);
    return { seq: document.seq, annotations, decisions: await repository.decisionsOf(tx, documentId) };
  };
  if (!('$connect' in db)) return read(db);
  return (db as PrismaClient).$transaction(read, { isolationLevel: Prisma.TransactionIsolationLevel.RepeatableRead });
}
