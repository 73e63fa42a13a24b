import { createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ManifestItem } from '@/lib/core/formats/manifest';
import type { PrismaClient } from '@/lib/server/db/client';
import { assetKey, type Renditions } from '@/lib/server/media/assets';
import type { ImageSource } from '@/models/node';
import type { JobContext } from '../../runtime/defineJob';

/**
 * The images of assets as files for the models, with the pixels that labelers see: the original, or where browsers cannot show
 * that (TIFF, BMP, more than 8 bits) the rendition made for them. On disk storage the object's own file, else a copy in the
 * cache folder under its hash, fetched when it is first needed and kept for the next job.
 */
export class AssetImages {
  readonly #folder: string;
  /** By hash. */
  readonly #files = new Map<string, Promise<string>>();
  constructor(private readonly ctx: Pick<JobContext, 'db' | 'store' | 'cacheDir'>) {
    this.#folder = path.join(ctx.cacheDir, 'assets');
  }

  source(hash: string): ImageSource {
    return { load: async () => fs.readFile(await this.#file(hash)) };
  }

  #file(hash: string): Promise<string> {
    let file = this.#files.get(hash);
    if (!file) {
      file = this.#fetch(hash);
      this.#files.set(hash, file);
      file.catch(() => this.#files.delete(hash));
    }
    return file;
  }

  async #fetch(hash: string): Promise<string> {
    const { db, store } = this.ctx;
    const { renditions } = await db.asset.findUniqueOrThrow({ where: { hash }, select: { renditions: true } });
    const key = (renditions as Renditions).display?.key ?? assetKey(hash);
    const local = store.localPath(key);
    if (local) return local;
    const file = path.join(this.#folder, hash.slice(0, 2), hash);
    if (await fs.stat(file).then(() => true, () => false)) return file;
    await fs.mkdir(path.dirname(file), { recursive: true });
    const partial = `${file}.${process.pid}`;
    await pipeline(await store.get(key), createWriteStream(partial));
    await fs.rename(partial, file);
    return file;
  }
}

const PAGE = 500;

/** Those of a version's items whose images the project still has: erasing for good reaches into frozen versions, too. */
export async function* stillThere(db: PrismaClient, projectId: string, items: AsyncIterable<ManifestItem>, onErased: () => void): AsyncGenerator<ManifestItem> {
  let page: ManifestItem[] = [];
  const present = async function* () {
    const rows = await db.projectAsset.findMany({ where: { projectId, hash: { in: page.map((i) => i.hash) } }, select: { hash: true } });
    const known = new Set(rows.map((r) => r.hash));
    for (const item of page) {
      if (known.has(item.hash)) yield item;
      else onErased();
    }
    page = [];
  };
  for await (const item of items) {
    page.push(item);
    if (page.length === PAGE) yield* present();
  }
  yield* present();
}
