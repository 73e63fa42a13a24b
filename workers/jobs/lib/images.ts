import { createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ImageSource } from '@/models/node';
import type { JobContext } from '../../runtime/defineJob';

/** What the models' decoder (libvips) does not read: of these the rendition for browsers is taken, which has the same pixels. */
const UNREAD = new Set(['image/bmp', 'image/x-ms-bmp', 'image/gif']);

const assetKey = (hash: string) => `assets/${hash.slice(0, 2)}/${hash}`;

/** The object that holds pixels which the models can decode. */
async function keyOf(ctx: JobContext, hash: string): Promise<string> {
  const asset = await ctx.db.asset.findUniqueOrThrow({ where: { hash }, select: { mime: true, renditions: true } });
  const display = (asset.renditions as { display?: { key: string } }).display;
  return UNREAD.has(asset.mime) && display ? display.key : assetKey(hash);
}

/**
 * The images of assets as files for the models: the object's own file on disk storage, else a copy in the cache folder, under
 * its hash, fetched when it is first needed and kept for the next job.
 */
export class AssetImages {
  readonly #folder: string;
  constructor(private readonly ctx: JobContext) {
    this.#folder = path.join(ctx.cacheDir, 'assets');
  }

  source(hash: string, mime?: string): ImageSource {
    const local = mime !== undefined && !UNREAD.has(mime) ? this.ctx.store.localPath(assetKey(hash)) : null;
    return local ? { path: local } : { load: async () => fs.readFile(await this.#file(hash)) };
  }

  async #file(hash: string): Promise<string> {
    const key = await keyOf(this.ctx, hash);
    const local = this.ctx.store.localPath(key);
    if (local) return local;
    const file = path.join(this.#folder, hash.slice(0, 2), path.basename(key));
    if (await fs.stat(file).then(() => true, () => false)) return file;
    await fs.mkdir(path.dirname(file), { recursive: true });
    const partial = `${file}.${process.pid}`;
    await pipeline(await this.ctx.store.get(key), createWriteStream(partial));
    await fs.rename(partial, file);
    return file;
  }
}
