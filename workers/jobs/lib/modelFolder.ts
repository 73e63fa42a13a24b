import fs from 'node:fs/promises';
import path from 'node:path';
import { MODEL_FILES } from '@/lib/server/services/models';
import type { JobContext } from '../../runtime/defineJob';

/** The folder with the model's files: the object store's own on disk, else a copy in the cache folder. Models never change. */
export async function modelFolder(ctx: Pick<JobContext, 'store' | 'cacheDir'>, prefix: string): Promise<string> {
  const local = ctx.store.localPath(`${prefix}${MODEL_FILES[0]}`);
  if (local) return path.dirname(local);
  const folder = path.join(ctx.cacheDir, prefix);
  const missing = (name: string) => fs.stat(path.join(folder, name)).then(() => false, () => true);
  await fs.mkdir(folder, { recursive: true });
  for (const name of MODEL_FILES) {
    if (!(await missing(name))) continue;
    const partial = path.join(folder, `${name}.${process.pid}`);
    await fs.writeFile(partial, await ctx.store.get(`${prefix}${name}`));
    await fs.rename(partial, path.join(folder, name));
  }
  return folder;
}
