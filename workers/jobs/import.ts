import { AppError } from '@/lib/api/errors';
import { config } from '@/lib/server/config';
import { notify } from '@/lib/server/events';
import { jobKinds } from '@/lib/server/queue/kinds';
import { findImport } from '@/lib/server/repositories/imports';
import { removeUploads } from '@/lib/server/services/imports';
import { runImport } from '@/lib/server/services/imports/run';
import { defineJob, type JobContext } from '../runtime/defineJob';
import { counted, wasCancelled } from './lib/job';

/** Makes items of what was uploaded under an import. */
export default defineJob({
  kind: 'import',
  ...jobKinds.import,
  async run(ctx, { import: id }) {
    const { db, store } = ctx;
    const row = await findImport(db, id);
    if (!row) throw new AppError('not-found', 'The import was erased before it was begun.');
    try {
      if (row.state !== 'done') {
        const { maxArchiveEntries, maxArchiveBytes } = config().limits;
        const result = await runImport({ db, store, signal: ctx.signal, tempDir: ctx.tempDir, userId: row.createdById, limits: { maxEntries: maxArchiveEntries, maxBytes: maxArchiveBytes }, progress: (p) => ctx.progress(p) }, row);
        await ctx.result({ import: id, ...result, summary: `${counted(result.imported, 'image')} imported, ${result.skipped} skipped, ${result.refused} refused` });
        await end(ctx, id, row.projectId, 'done', null);
      }
    } catch (error) {
      if (!ctx.signal.aborted) await end(ctx, id, row.projectId, 'failed', error instanceof Error ? error.message : String(error));
      else if (await wasCancelled(ctx)) {
        await end(ctx, id, row.projectId, 'cancelled', 'Cancelled. What was imported before stays; it can be taken back as a batch.');
        await removeUploads(store, id);
      }
      throw error;
    }
    // Everything is in: the uploads are not needed any more. Of a failed import they stay, so that it can be tried again.
    await removeUploads(store, id);
    await db.importFile.deleteMany({ where: { importId: id } });
  },
});

async function end(ctx: JobContext, id: string, projectId: string, state: 'done' | 'failed' | 'cancelled', message: string | null): Promise<void> {
  await ctx.db.$transaction(async (tx) => {
    await tx.import.update({ where: { id }, data: { state, message, finishedAt: new Date() } });
    for (const [entity, of] of [['import', id], ['batch', id], ['project', projectId]] as const) await notify(tx, { type: 'changed', entity, id: of, projectId });
  });
}
