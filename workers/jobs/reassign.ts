import { jobKinds } from '@/lib/server/queue/kinds';
import { rewriteClasses } from '@/lib/server/services/rewrite';
import { defineJob } from '../runtime/defineJob';
import { counted } from './lib/job';

/** Changes the annotations of classes that left the label schema, or whose skeletons grew. */
export default defineJob({
  kind: 'reassign',
  ...jobKinds.reassign,
  run(ctx, { batch, rewrites }) {
    return rewriteClasses(ctx.db, { batchId: batch, rewrites, signal: ctx.signal, onProgress: (documents) => ctx.progress({ message: `Changed ${counted(documents, 'document')}` }) });
  },
});
