import { AppError } from '@/lib/api/errors';
import { notify } from '@/lib/server/events';
import { jobKinds } from '@/lib/server/queue/kinds';
import { findModel } from '@/lib/server/repositories/models';
import { networkKey } from '@/lib/server/services/models';
import { inspectModel } from '@/models/node';
import { defineJob } from '../runtime/defineJob';
import { counted } from './lib/job';
import { modelFolder } from './lib/modelFolder';

/** Reports the layers of a model with the time each takes on this machine, and keeps the report beside its files. */
export default defineJob({
  kind: 'inspectNetwork',
  ...jobKinds.inspectNetwork,
  async run(ctx, { model: id }) {
    const model = await findModel(ctx.db, id);
    if (!model) throw new AppError('not-found', 'The model was erased meanwhile.');
    ctx.progress({ message: 'Timing the layers' });
    const report = await inspectModel(await modelFolder(ctx, model.objectPrefix), { threads: 1 });
    const bytes = Buffer.from(JSON.stringify(report));
    await ctx.store.put(networkKey(model.objectPrefix), bytes, { size: bytes.length, contentType: 'application/json' });
    await notify(ctx.db, { type: 'changed', entity: 'model', id, projectId: model.projectId });
    return { model: id, summary: counted(report.layers.length, 'layer') };
  },
});
