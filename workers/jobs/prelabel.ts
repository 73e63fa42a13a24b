import { AppError } from '@/lib/api/errors';
import { jobKinds } from '@/lib/server/queue/kinds';
import { ensureBatch, recountBatch } from '@/lib/server/repositories/batches';
import { findModel } from '@/lib/server/repositories/models';
import { alreadyLabelled, countInScope, itemsInScope } from '@/lib/server/repositories/prelabel';
import { propose, type Proposal } from '@/lib/server/services/prelabel/propose';
import { loadSchema } from '@/lib/server/services/schemaCache';
import { loadPredictor, proposalOf, type Prediction } from '@/models/node';
import { defineJob } from '../runtime/defineJob';
import { AssetImages } from './lib/images';
import { counted } from './lib/job';
import { modelFolder } from './lib/modelFolder';
import { threadsNow } from './lib/threads';

/**
 * Runs a model over items and writes what it finds into the model's own documents, one operation an item, all in one batch.
 * A run that starts again goes on with the items that the batch has not reached.
 */
export default defineJob({
  kind: 'prelabel',
  ...jobKinds.prelabel,
  async run(ctx, { model: modelId, scope, minScore, nmsIou, maxPerImage, viewing, vote }) {
    const { db } = ctx;
    const model = await findModel(db, modelId);
    if (!model) throw new AppError('not-found', 'The model was erased before it could be used.');
    const { projectId } = model;
    const batchId = ctx.jobId;
    await ensureBatch(db, { id: batchId, projectId, kind: 'prelabel', title: `Pre-labels by ${model.name}`, createdById: ctx.userId });
    ctx.progress({ fraction: 0, message: `Loading ${model.name}` });
    const folders = [await modelFolder(ctx, model.objectPrefix)];
    for (const id of vote) {
      const voter = await findModel(db, id);
      if (!voter) throw new AppError('not-found', 'A model that should vote was erased before it could be used.');
      folders.push(await modelFolder(ctx, voter.objectPrefix));
    }
    let threads = await threadsNow(ctx);
    let predictor = await loadPredictor(folders, { threads });
    const counts = { items: 0, proposals: 0, skippedItems: 0, vanishedClass: 0 };
    try {
      const total = await countInScope(db, projectId, scope);
      const images = new AssetImages(ctx);
      for await (const page of itemsInScope(db, projectId, scope)) {
        // Read for each page: a class that is taken out while the run is under way must not be proposed.
        const kinds = new Map((await loadSchema(db, projectId)).classes.map((c) => [c.id, c.kind]));
        const threadsLeft = await threadsNow(ctx);
        if (threadsLeft !== threads) {
          const next = await loadPredictor(folders, { threads: (threads = threadsLeft) });
          await predictor.dispose();
          predictor = next;
        }
        const done = await alreadyLabelled(db, batchId, page.map((i) => i.id));
        counts.items += done.size;
        const items = page.filter((i) => !done.has(i.id));
        await predictor.predict(
          (function* () {
            for (const item of items) yield images.source(item.hash);
          })(),
          {
            minScore, nmsIou, limit: maxPerImage, viewing, signal: ctx.signal,
            onImage: async (i, { labels }: Prediction) => {
              ctx.signal.throwIfAborted();
              const proposals = labels.map(proposalOf).filter((p): p is Proposal => p !== null && kinds.get(p.classId) === p.geometry.kind);
              counts.vanishedClass += labels.length - proposals.length;
              const made = await propose(db, { itemId: items[i]!.id, modelId, batchId, userId: ctx.userId, proposals, sparesDone: scope.kind === 'open' });
              if (made === null) counts.skippedItems++;
              else {
                counts.items++;
                counts.proposals += proposals.length;
              }
              ctx.progress({ fraction: (counts.items + counts.skippedItems) / Math.max(1, total), message: `${counts.items} of ${total} items, ${counts.proposals} proposals`, data: counts });
            },
          },
        );
      }
    } finally {
      await predictor.dispose();
      // Also what a cancelled run has written is a batch that can be taken back.
      await recountBatch(db, batchId);
    }
    return { batch: batchId, model: modelId, ...counts, summary: `${counted(counts.proposals, 'proposal')} on ${counted(counts.items, 'item')}` };
  },
});
