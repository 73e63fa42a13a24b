import { buffer } from 'node:stream/consumers';
import { AppError } from '@/lib/api/errors';
import { UPLOADED_MODELS, uploadedModelKey } from '@/lib/server/services/adoptedModels';
import { objectsUnder } from '@/lib/server/storage';
import { ModelRefused } from '@/models/node';
import type { JobContext } from '../../runtime/defineJob';
import { projectOf } from './job';

const DAY_MS = 24 * 3600_000;

/** The bytes of an uploaded model. */
export async function uploadedModel(ctx: JobContext, upload: string): Promise<Uint8Array> {
  const key = uploadedModelKey(projectOf(ctx), upload);
  if (!(await ctx.store.stat(key))) throw new AppError('not-found', 'The uploaded file is gone: it was kept already, or is older than a day. Upload it again.');
  return buffer(await ctx.store.get(key));
}

/** Removes uploads that nobody has kept for a day. */
export async function sweepUploads({ store }: Pick<JobContext, 'store'>): Promise<void> {
  for await (const { key, modifiedAt } of objectsUnder(store, UPLOADED_MODELS)) if (Date.now() - modifiedAt.getTime() > DAY_MS) await store.delete(key);
}

/** What a refusal of the model says is for the person; anything else is ours. */
export async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ModelRefused) throw new AppError('unprocessable', error.message);
    throw error;
  }
}
