import { AppError } from '@/lib/api/errors';
import { jobKinds } from '@/lib/server/queue/kinds';
import { openUpload, proposalOf, uploadChoicesSchema } from '@/models/node';
import { defineJob } from '../runtime/defineJob';
import { AssetImages } from './lib/images';
import { counted } from './lib/job';
import { refusing, uploadedModel } from './lib/uploadedModel';

/** So many labels, the best ones, are shown of a trial. */
const MOST = 200;

/** Runs an uploaded model on one image; nothing is kept. Classes are the model's own. */
export default defineJob({
  kind: 'tryModel',
  ...jobKinds.tryModel,
  async run(ctx, { upload, choices, item: itemId, minScore }) {
    const item = await ctx.db.item.findUnique({ where: { id: itemId }, select: { hash: true } });
    if (!item) throw new AppError('not-found', 'The image was erased. Choose another.');
    return refusing(async () => {
      const predictor = await openUpload(await uploadedModel(ctx, upload), uploadChoicesSchema.parse(choices));
      try {
        const began = performance.now();
        const [prediction] = await predictor.predict([new AssetImages(ctx).source(item.hash)], { minScore, limit: MOST, signal: ctx.signal });
        const labels = prediction!.labels.flatMap((label) => {
          const proposal = proposalOf(label);
          return proposal ? [proposal] : [];
        });
        return { labels, milliseconds: performance.now() - began, summary: `${counted(labels.length, 'label')} from score ${minScore} up` };
      } finally {
        await predictor.dispose();
      }
    });
  },
});
