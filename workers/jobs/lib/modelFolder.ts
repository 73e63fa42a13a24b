/** Model folders and the object store. */
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { evaluationKey, networkKey } from '@/lib/server/services/models';
import { viewingsKey } from '@/lib/server/services/viewings';
import { objectsUnder } from '@/lib/server/storage';
import type { JobContext } from '../../runtime/defineJob';

/** Stores every file of a model's folder. Returns their bytes together. */
export async function storeModel({ store }: Pick<JobContext, 'store'>, folder: string, prefix: string): Promise<number> {
  let bytes = 0;
  for (const name of (await fs.readdir(folder)).sort()) {
    const file = path.join(folder, name);
    const { size } = await fs.stat(file);
    await store.put(`${prefix}${name}`, createReadStream(file), { size, contentType: name.endsWith('.json') ? 'application/json' : 'application/octet-stream' });
    bytes += size;
  }
  return bytes;
}

/** The folder with the model's files: the object store's own on disk, else a copy in the cache folder. Models never change. */
export async function modelFolder(ctx: Pick<JobContext, 'store' | 'cacheDir'>, prefix: string): Promise<string> {
  const local = ctx.store.localPath(`${prefix}card.json`);
  if (local) return path.dirname(local);
  const folder = path.join(ctx.cacheDir, prefix);
  const missing = (name: string) => fs.stat(path.join(folder, name)).then(() => false, () => true);
  await fs.mkdir(folder, { recursive: true });
  const reports = new Set([evaluationKey(prefix), networkKey(prefix), viewingsKey(prefix)]);
  for await (const { key } of objectsUnder(ctx.store, prefix)) {
    const name = path.posix.basename(key);
    if (reports.has(key) || !(await missing(name))) continue;
    const partial = path.join(folder, `${name}.${process.pid}`);
    await fs.writeFile(partial, await ctx.store.get(key));
    await fs.rename(partial, path.join(folder, name));
  }
  return folder;
}
