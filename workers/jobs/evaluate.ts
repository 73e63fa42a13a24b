import { AppError } from '@/lib/api/errors';
import { readManifest } from '@/lib/core/formats/manifest';
import type { Prisma } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import { jobKinds } from '@/lib/server/queue/kinds';
import { findModel } from '@/lib/server/repositories/models';
import { evaluateModel, loadCard, loadPredictor, type Example } from '@/models/node';
import { defineJob, type JobContext } from '../runtime/defineJob';
import { metricsOf, perClassOf, storeEvaluation, type Measured } from './lib/figures';
import { heldOutSplits } from './lib/heldOut';
import { AssetImages, stillThere } from './lib/images';
import { counted } from './lib/job';
import { modelFolder } from './lib/modelFolder';
import { threadsNow } from './lib/threads';

/**
 * Measures a model on the val and test images of a frozen version, as training does with its own: models from elsewhere get their
 * figures by it, and models of several rounds can be compared on the same images. What was measured before is replaced.
 */
export default defineJob({
  kind: 'evaluate',
  ...jobKinds.evaluate,
  async run(ctx, { model: id, version: versionId }) {
    const { db } = ctx;
    const model = await findModel(db, id);
    if (!model) throw new AppError('not-found', 'The model was erased meanwhile.');
    const version = await db.datasetVersion.findFirst({ where: { id: versionId, projectId: model.projectId, state: 'ready' }, select: { id: true, number: true, manifestKey: true } });
    if (!version?.manifestKey) throw new AppError('unprocessable', 'The frozen version to measure on is not there any more. Choose another.');
    ctx.progress({ fraction: 0, message: `Reading version ${version.number}` });
    const folder = await modelFolder(ctx, model.objectPrefix);
    const card = await loadCard(folder);
    const { head, items } = await readManifest(await ctx.store.get(version.manifestKey));
    // Several classes of a network may go to one of the project, whose name is then the one to show.
    const classes = [...new Map(card.classes.filter((c) => !c.skip).map((c) => [c.id, { id: c.id, name: head.schema.classes.find((own) => own.id === c.id)?.name ?? c.name }])).values()];
    const learned = model.datasetVersionId === null || model.datasetVersionId === version.id ? new Set<string>() : await learnedFrom(ctx, model.datasetVersionId);
    const held = await heldOutSplits(card.task, new Set(classes.map((c) => c.id)), stillThere(db, model.projectId, items, () => undefined), learned);
    const splits = (['val', 'test'] as const).filter((split) => held[split].length > 0);
    const total = held.val.length + held.test.length;
    if (total === 0) {
      const why = held.left > 0 ? `the model learned from all ${held.left} of its val and test images` : 'its val and test splits are empty';
      throw new AppError('unprocessable', `Version ${version.number} has no image to measure on: ${why}. Mark more images as done and freeze a new version.`);
    }
    if (!splits.some((split) => held[split].some((i) => i.labels.length > 0))) {
      throw new AppError('unprocessable', `No val or test image of version ${version.number} has an annotation of ${classes.map((c) => `"${c.name}"`).join(', ')}, which is what this model proposes. Label some, mark the images as done and freeze a new version.`);
    }

    const assets = new AssetImages(ctx);
    const predictor = await loadPredictor([folder], { threads: await threadsNow(ctx) });
    const measured: Measured = {};
    try {
      let before = 0;
      for (const split of splits) {
        const examples = held[split].map((i): Example => ({ id: i.path, image: assets.source(i.hash), width: i.width, height: i.height, labels: i.labels }));
        measured[split] = await evaluateModel(predictor, examples, {
          signal: ctx.signal,
          onImage: (done) => {
            ctx.signal.throwIfAborted();
            ctx.progress({ fraction: (before + done) / total, message: `Measured ${before + done} of ${counted(total, 'image')}` });
          },
        });
        before += examples.length;
      }
    } finally {
      await predictor.dispose();
    }
    const options = { ...(model.options as object), measured: { version: version.id, number: version.number, left: held.left } };
    await storeEvaluation(ctx, model.objectPrefix, measured);
    await db.modelVersion.update({ where: { id }, data: { metrics: metricsOf(measured), perClass: perClassOf(measured, classes) as unknown as Prisma.InputJsonValue, options } });
    await notify(db, { type: 'changed', entity: 'model', id, projectId: model.projectId });
    return { model: id, version: version.id, summary: `${model.name}, measured on ${counted(total, 'image')} of version ${version.number}${held.left > 0 ? `; left out, because the model learned from them: ${counted(held.left, 'image')}` : ''}` };
  },
});

/** SHA-256 of the train images of the version that a model learned from. */
async function learnedFrom(ctx: JobContext, versionId: string): Promise<Set<string>> {
  const own = await ctx.db.datasetVersion.findUnique({ where: { id: versionId }, select: { manifestKey: true } });
  const learned = new Set<string>();
  if (!own?.manifestKey) return learned;
  const { items } = await readManifest(await ctx.store.get(own.manifestKey));
  for await (const item of items) if (item.split === 'train') learned.add(item.hash);
  return learned;
}
