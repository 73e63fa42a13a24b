import { jobKinds } from '@/lib/server/queue/kinds';
import { freezeVersion } from '@/lib/server/services/versions/freeze';
import { defineJob } from '../runtime/defineJob';
import { counted } from './lib/job';

/** Writes the manifest of a dataset version. Starting again writes it again: the version is ready only when it is whole. */
export default defineJob({
  kind: 'freeze',
  ...jobKinds.freeze,
  async run(ctx, { version }) {
    const ready = await freezeVersion(
      { db: ctx.db, store: ctx.store, signal: ctx.signal, progress: (done, of) => ctx.progress({ fraction: done / of, message: `Writing ${done} of ${of} items` }) },
      version,
    );
    return { version, manifest: ready.manifest, items: ready.items, annotations: ready.annotations, summary: `${counted(ready.items, 'item')} with ${counted(ready.annotations, 'label')}` };
  },
});
