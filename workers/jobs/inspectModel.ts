import { jobKinds } from '@/lib/server/queue/kinds';
import { inspectUpload } from '@/models/node';
import { defineJob } from '../runtime/defineJob';
import { refusing, sweepUploads, uploadedModel } from './lib/uploadedModel';

/** Says what an uploaded model is, and how its outputs may be read. */
export default defineJob({
  kind: 'inspectModel',
  ...jobKinds.inspectModel,
  async run(ctx, { upload }) {
    await sweepUploads(ctx);
    const report = await refusing(async () => inspectUpload(await uploadedModel(ctx, upload)));
    return { upload, report, summary: report.readings[0] ? `Looks like ${report.readings[0].choices.layout}` : 'No known layout of outputs' };
  },
});
