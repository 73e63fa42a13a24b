import { jobKinds } from '@/lib/server/queue/kinds';
import { inspectUpload } from '@/models/node';
import { defineJob } from '../runtime/defineJob';
import { refusing, sweepUploads, uploadedModel } from './lib/uploadedModel';

/** Says what an uploaded model is, and how its outputs may be read. */
export default defineJob({
  kind: 'inspectModel',
  ...jobKinds.inspectModel,
  async run(ctx, { upload, inputSize }) {
    await sweepUploads(ctx);
    const report = await refusing(async () => inspectUpload(await uploadedModel(ctx, upload), { inputSize }));
    const likeliest = report.readings.find(({ reading }) => reading.recognised);
    return { upload, report, summary: likeliest ? `Looks like ${likeliest.choices.layout}` : 'Its outputs are of no layout that is recognised; choose one' };
  },
});
