import { uuidv7 } from 'uuidv7';
import { AppError } from '@/lib/api/errors';
import { invertOperation, upgradeOperation } from '@/lib/core/ops';
import { notify } from '@/lib/server/events';
import { jobKinds } from '@/lib/server/queue/kinds';
import { findBatch, operationsOfBatch, undoneAmong } from '@/lib/server/repositories/batches';
import { applyOperations } from '@/lib/server/services/documents';
import { trashUntouchedItems } from '@/lib/server/services/imports/revert';
import { defineJob } from '../runtime/defineJob';
import { counted } from './lib/job';

/**
 * Takes a batch back: one inverse operation for each of its operations, under the same merge as any undo. Operations that
 * have been taken back already are passed over, so that a run that starts again goes on where it was.
 */
export default defineJob({
  kind: 'revert',
  ...jobKinds.revert,
  async run(ctx, { batch: batchId }) {
    const { db } = ctx;
    const batch = await findBatch(db, batchId);
    if (!batch) throw new AppError('not-found', 'The batch was erased before it was taken back.');
    const total = await db.operation.count({ where: { batchId } });
    let seen = 0;
    let reverted = 0;
    let conflicts = 0;
    for await (const page of operationsOfBatch(db, batchId)) {
      const undone = await undoneAmong(db, page.map((o) => o.id));
      for (const stored of page) {
        ctx.signal.throwIfAborted();
        seen++;
        if (undone.has(stored.id)) continue;
        const inverse = invertOperation(upgradeOperation(stored.body), { id: uuidv7(), at: new Date().toISOString(), base: stored.documentSeq, type: 'undo' });
        const { results } = await applyOperations(db, { documentId: stored.documentId, operations: [inverse], userId: ctx.userId });
        const result = results[0];
        if (result?.outcome === 'refused') throw new AppError('conflict', `An operation of "${batch.title}" cannot be taken back: ${result.reason}. What came before it has been taken back.`);
        conflicts += result?.conflicts.length ?? 0;
        reverted++;
        ctx.progress({ fraction: seen / Math.max(1, total), message: `Taking back ${seen} of ${total}` });
      }
    }
    const trashed = batch.kind === 'import' ? await trashUntouchedItems(db, batch, (n) => ctx.progress({ message: `Moving ${counted(n, 'item')} to the trash` })) : 0;
    await db.$transaction(async (tx) => {
      await tx.batch.update({ where: { id: batchId }, data: { revertedAt: new Date() } });
      if (batch.kind === 'import') await tx.import.updateMany({ where: { id: batchId }, data: { state: 'reverted' } });
      await notify(tx, { type: 'changed', entity: 'batch', id: batchId, projectId: batch.projectId });
      if (batch.kind === 'import') await notify(tx, { type: 'changed', entity: 'import', id: batchId, projectId: batch.projectId });
      await notify(tx, { type: 'changed', entity: 'project', id: batch.projectId, projectId: batch.projectId });
    });
    return { operations: reverted, conflicts, trashed, summary: `${counted(reverted, 'change')} taken back${trashed > 0 ? `, ${counted(trashed, 'item')} in the trash` : ''}` };
  },
});
