/** Assets: the bytes of images, stored once per SHA-256, and which project may show them. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { config } from '@/lib/server/config';
import type { Db, Prisma } from '@/lib/server/db/client';
import { inTransaction, lockName, type Tx } from '@/lib/server/repositories/transaction';
import { nodeStream, withLocalFile, type ObjectBody, type ObjectStore } from '@/lib/server/storage';
import { inspect, type Inspected } from './inspect';
import { assetKey, needsDisplay, renditionPrefix, withRenditions, type Made, type RenditionName, type Renditions } from './renditions';

export { ImageRefused, type RefusalReason } from './inspect';
export { assetKey, type Renditions } from './renditions';

export type AssetRecord = Prisma.AssetGetPayload<object>;

/** An image that is to be stored: its bytes, a local file, or an object of the store (an upload waiting in it). */
export type AssetSource = { body: ObjectBody } | { file: string } | { key: string };

/** Storing may take as long as copying a large object takes. */
const STORE_MS = 10 * 60_000;
/** Held while it is decided whether these bytes are stored: by what stores them, and by what erases. */
const assetLock = (hash: string) => `asset:${hash}`;

/**
 * Until the transaction ends, what these bytes are used for is decided by nobody else: not that a project shows them no more,
 * nor that nobody does. Take it before rows are touched.
 */
export async function lockAssets(tx: Tx, hashes: readonly string[]): Promise<void> {
  for (const hash of [...new Set(hashes)].sort()) await lockName(tx, assetLock(hash));
}

/**
 * Stores an image: recognised by content, bounded in pixels, decoded once from end to end (so that a file that is cut off
 * does not come in), with its renditions, and shown in `projectId`. Bytes that are there already are not stored again.
 * @throws ImageRefused with the reason
 */
export async function putAsset(db: Db, store: ObjectStore, input: AssetSource & { projectId?: string; /** When the caller has computed it. */ sha256?: string }): Promise<AssetRecord> {
  const { projectId } = input;
  if ('key' in input) return withLocalFile(store, input.key, (file) => put(db, store, { file, projectId, sha256: input.sha256, from: input.key }));
  if ('file' in input) return put(db, store, { file: input.file, projectId, sha256: input.sha256 });
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-asset-'));
  try {
    const file = path.join(folder, 'image');
    const hash = createHash('sha256');
    await pipeline(
      nodeStream(input.body),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(file),
    );
    return await put(db, store, { file, projectId, sha256: hash.digest('hex') });
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

async function put(db: Db, store: ObjectStore, input: { file: string; projectId?: string; sha256?: string; from?: string }): Promise<AssetRecord> {
  const hash = input.sha256 ?? (await sha256Of(input.file));
  const known = await db.asset.findUnique({ where: { hash } });
  if (known && (await store.stat(assetKey(hash)))) {
    const linked = await inTransaction(db, async (tx) => {
      await lockName(tx, assetLock(hash));
      const still = await tx.asset.findUnique({ where: { hash } });
      if (still && input.projectId) await linkAsset(tx, input.projectId, hash);
      return still;
    });
    if (linked) return linked;
  }
  const { maxPixels } = config().limits;
  const image = await inspect(input.file, maxPixels);
  const names: RenditionName[] = needsDisplay(image) ? ['thumb', 'display'] : ['thumb'];
  return withRenditions({ file: input.file, hash, image, names, maxPixels }, (made) =>
    inTransaction(
      db,
      async (tx) => {
        await lockName(tx, assetLock(hash));
        if (!(await store.stat(assetKey(hash)))) {
          if (input.from) await store.copy(input.from, assetKey(hash));
          else await store.put(assetKey(hash), createReadStream(input.file), { contentType: image.mime });
        }
        const renditions = await storeRenditions(store, made);
        const { size } = await fs.stat(input.file);
        const data = {
          hash, bytes: BigInt(size), mime: image.mime, width: image.width, height: image.height, orientation: image.orientation,
          renditions: renditions as unknown as Prisma.InputJsonValue,
        };
        const asset = await tx.asset.upsert({ where: { hash }, create: data, update: { renditions: data.renditions } });
        if (input.projectId) await linkAsset(tx, input.projectId, hash);
        return asset;
      },
      { timeout: STORE_MS },
    ),
  );
}

async function storeRenditions(store: ObjectStore, made: readonly Made[]): Promise<Renditions> {
  const renditions: Renditions = {};
  for (const m of made) {
    const { size } = await store.put(m.key, createReadStream(m.file), { contentType: m.mime });
    renditions[m.name] = { key: m.key, mime: m.mime, bytes: size };
  }
  return renditions;
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/** Lets a project show these bytes. */
export async function linkAsset(tx: Db, projectId: string, hash: string): Promise<void> {
  await tx.projectAsset.createMany({ data: [{ projectId, hash }], skipDuplicates: true });
}

/** A rendition that is missing (made by an older version, or lost) is made when it is first asked for. */
export async function ensureRendition(db: Db, store: ObjectStore, hash: string, name: RenditionName): Promise<Renditions[RenditionName]> {
  const { maxPixels } = config().limits;
  return withLocalFile(store, assetKey(hash), async (file) => {
    const image = await inspect(file, Math.max(maxPixels, 1));
    return withRenditions({ file, hash, image, names: [name], maxPixels }, (made) =>
      inTransaction(
        db,
        async (tx) => {
          await lockName(tx, assetLock(hash));
          const renditions = await storeRenditions(store, made);
          await tx.$executeRaw`update "Asset" set "renditions" = "renditions" || ${JSON.stringify(renditions)}::jsonb where "hash" = ${hash}`;
          return renditions[name];
        },
        { timeout: STORE_MS },
      ),
    );
  });
}

/** Whether the asset's original is what browsers are given. */
export function showsOriginal(asset: Pick<AssetRecord, 'mime' | 'orientation' | 'renditions'>): boolean {
  if ((asset.renditions as Renditions).display) return false;
  const type = asset.mime.replace('image/', '') as Inspected['type'];
  return !needsDisplay({ type, mime: asset.mime, width: 1, height: 1, orientation: asset.orientation, pages: 1, deep: false });
}

/**
 * Removes an asset that no project shows any more: row and objects. Under the lock of its hash, so that whoever is about to
 * store the same bytes either comes before (and keeps them) or stores them anew. Give it the client, not a transaction that
 * holds row locks.
 * @returns bytes freed; 0 when it is in use
 */
export async function dropAssetIfUnused(db: Db, store: ObjectStore, hash: string): Promise<number> {
  return inTransaction(
    db,
    async (tx) => {
      await lockName(tx, assetLock(hash));
      // Whoever is about to refer to the row holds it: their work is seen once they are done.
      await tx.$queryRaw`select 1 from "Asset" where "hash" = ${hash} for update`;
      const asset = await tx.asset.findUnique({ where: { hash } });
      if (!asset) return 0;
      const { count } = await tx.asset.deleteMany({ where: { hash, items: { none: {} }, projects: { none: {} } } });
      if (count === 0) return 0;
      const { objects } = await store.list(renditionPrefix(hash));
      await store.deleteMany([...objects.map((o) => o.key), assetKey(hash)]);
      return Number(asset.bytes) + objects.reduce((n, o) => n + o.size, 0);
    },
    { timeout: STORE_MS },
  );
}
