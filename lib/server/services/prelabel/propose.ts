/** Writing a model's proposals about one item into the model's document. */
import { uuidv7 } from 'uuidv7';
import { AppError } from '@/lib/api/errors';
import type { Annotation, AnnotationFields, Geometry } from '@/lib/core/labels';
import { similarGeometries } from '@/lib/core/quality';
import { OPERATION_VERSION, type Change } from '@/lib/core/ops';
import type { PrismaClient } from '@/lib/server/db/client';
import { decidedAmong } from '@/lib/server/repositories/prelabel';
import { inTransaction } from '@/lib/server/repositories/transaction';
import { applyOperations, ensureDocument, readDocument } from '../documents';

export interface Proposal {
  classId: string;
  score: number;
  geometry: Geometry;
}

/** Shapes of one class at least so alike are the same proposal: the same model on the same pixels, up to rounding. */
const SAME_SHAPE = 0.99;
const SAME_SCORE = 0.001;

const fieldsOf = ({ id: _id, rev: _rev, ...fields }: Annotation): AnnotationFields => fields;
const newFields = ({ classId, geometry, score }: Proposal): AnnotationFields => ({
  classId, geometry, attributes: {}, truncated: false, occluded: false, difficult: false, crowd: false,
  group: null, track: null, at: null, score, origin: null,
});

/**
 * The changes that make `proposals` the document's content. What is there already and is proposed again stays, and so does
 * what somebody has decided about: a decision never loses its proposal, and nobody is asked twice about the same shape.
 * @param newId makes an id
 */
export function proposalChanges(existing: readonly Annotation[], decided: ReadonlySet<string>, proposals: readonly Proposal[], newId: () => string): Change[] {
  const free = new Set(proposals);
  const kept = new Set<string>();
  for (const old of existing) {
    const same = [...free].find((p) => p.classId === old.classId && (decided.has(old.id) || Math.abs((old.score ?? 0) - p.score) < SAME_SCORE) && similarGeometries(old.geometry, p.geometry) >= SAME_SHAPE);
    if (same) {
      free.delete(same);
      kept.add(old.id);
    }
  }
  return [
    ...existing.filter((old) => !kept.has(old.id) && !decided.has(old.id)).map((old): Change => ({ kind: 'delete', annotation: old.id, rev: old.rev, before: fieldsOf(old) })),
    ...[...free].map((p): Change => ({ kind: 'create', annotation: newId(), after: newFields(p) })),
  ];
}

/** How unsure the model is of an item, 0 to 1: that of its least certain proposal (4·s·(1 − s), 1 at a score of 0.5); 0 without proposals. */
export function uncertaintyOf(proposals: readonly Proposal[]): number {
  return proposals.reduce((u, { score: s }) => Math.max(u, 4 * s * (1 - s)), 0);
}

export interface ProposeInput {
  itemId: string;
  modelId: string;
  /** Null: one item's, which is no batch to take back. */
  batchId: string | null;
  userId: string | null;
  proposals: readonly Proposal[];
  /** Leave an item alone that was marked done meanwhile. */
  sparesDone: boolean;
  /** For the log: what ran the model. Default `model`, a worker. */
  tool?: string;
}

/** Replaces the model's earlier proposals about an item, in one operation. Returns how many are new; null when the item was left alone. */
export function propose(db: PrismaClient, input: ProposeInput): Promise<number | null> {
  return inTransaction(db, async (tx) => {
    const item = await tx.item.findUnique({ where: { id: input.itemId }, select: { status: true, deletedAt: true, project: { select: { currentModelId: true } } } });
    if (!item || item.deletedAt || (input.sparesDone && item.status === 'done')) return null;
    const document = await ensureDocument(tx, { itemId: input.itemId, authorKind: 'model', authorId: input.modelId });
    const { annotations, seq } = await readDocument(tx, document.id);
    const changes = proposalChanges(annotations, await decidedAmong(tx, annotations.map((a) => a.id)), input.proposals, uuidv7);
    if (changes.length > 0) {
      const { results } = await applyOperations(tx, {
        documentId: document.id, userId: input.userId,
        operations: [{ id: uuidv7(), v: OPERATION_VERSION, type: 'prelabel', document: document.id, base: seq, changes, tool: input.tool ?? 'model', at: new Date().toISOString(), activeMs: 0, undoes: null, batch: input.batchId }],
      });
      const refused = results.find((r) => r.outcome === 'refused');
      if (refused) throw new AppError('unprocessable', `The proposals for item ${input.itemId} were refused: ${refused.reason}.`);
    }
    if (item.project.currentModelId === input.modelId) await tx.item.update({ where: { id: input.itemId }, data: { uncertainty: uncertaintyOf(input.proposals) } });
    return changes.filter((c) => c.kind === 'create').length;
  });
}
