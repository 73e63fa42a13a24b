import fs from 'node:fs/promises';
import path from 'node:path';
import type { Prisma } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import { jobKinds } from '@/lib/server/queue/kinds';
import { insertModel } from '@/lib/server/repositories/models';
import { uploadedModelKey } from '@/lib/server/services/adoptedModels';
import { makeCurrent, modelPrefix } from '@/lib/server/services/models';
import { builtinOf, countParameters, mapClasses, saveBuiltin, saveUpload, uploadChoicesSchema } from '@/models/node';
import { defineJob } from '../runtime/defineJob';
import { projectOf } from './lib/job';
import { storeModel } from './lib/modelFolder';
import { refusing, uploadedModel } from './lib/uploadedModel';

/** Keeps a model that was not trained here. It becomes the current one where there is none. The model's id is the job's. */
export default defineJob({
  kind: 'adoptModel',
  ...jobKinds.adoptModel,
  async run(ctx, { name, source, mapping }) {
    const { db } = ctx;
    const projectId = projectOf(ctx);
    const made = await db.modelVersion.findUnique({ where: { jobId: ctx.jobId } });
    if (made) return { model: made.id, number: made.number };
    const folder = path.join(ctx.tempDir, 'model');
    ctx.progress({ message: 'Reading the model' });
    const card = source.kind === 'builtin'
      ? await saveBuiltin(source.builtin, folder, mapping)
      : await refusing(async () => saveUpload(await uploadedModel(ctx, source.upload), mapClasses(uploadChoicesSchema.parse(source.choices), mapping), folder));
    const parameters = await countParameters(folder);
    const objectPrefix = modelPrefix(ctx.jobId);
    const bytes = await storeModel(ctx, folder, objectPrefix);
    const model = await db.$transaction(async (tx) => {
      const row = await insertModel(tx, {
        id: ctx.jobId, projectId, name: name || (source.kind === 'builtin' ? builtinOf(source.builtin).title : ''), task: card.task, jobId: ctx.jobId, datasetVersionId: null, card: card as unknown as Prisma.InputJsonValue,
        metrics: {}, perClass: [], options: { source: source.kind }, objectPrefix, bytes: BigInt(bytes), parameters, trainedSeconds: 0,
      });
      const project = await tx.project.findUniqueOrThrow({ where: { id: projectId }, select: { currentModelId: true } });
      if (!project.currentModelId) await makeCurrent(tx, projectId, row.id);
      await notify(tx, { type: 'changed', entity: 'model', id: row.id, projectId });
      return row;
    }, { timeout: 120_000 });
    await fs.rm(folder, { recursive: true, force: true });
    if (source.kind === 'upload') await ctx.store.delete(uploadedModelKey(projectId, source.upload));
    return { model: model.id, number: model.number, summary: `${model.name} is model ${model.number}` };
  },
});
