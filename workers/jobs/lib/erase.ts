/** Erasing for good: rows, log and the objects that nothing refers to any more. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { readManifest } from '@/lib/core/formats/manifest';
import type { Prisma } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import { dropAssetIfUnused, lockAssets } from '@/lib/server/media/assets';
import { uploadedModelKey } from '@/lib/server/services/adoptedModels';
import { removeUploads } from '@/lib/server/services/imports';
import { removePrefix, type ObjectStore } from '@/lib/server/storage';
import type { JobContext } from '../../runtime/defineJob';
import { checkpointPrefix } from './checkpoint';

type Tx = Prisma.TransactionClient;
const CHUNK = 100;
const TIMEOUT = { timeout: 300_000 };

/** Lets go of those of these assets that neither an item nor the guide of the project shows any more; they are locked. */
async function unlinkAssets(tx: Tx, projectId: string, hashes: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    delete from "ProjectAsset" pa
    where pa."projectId" = ${projectId}::uuid and pa."hash" = any(${[...hashes]}::text[])
      and not exists (select 1 from "Item" i where i."projectId" = pa."projectId" and i."hash" = pa."hash")
      and not exists (select 1 from "GuideVersion" g, jsonb_array_elements(g."examples") e where g."projectId" = pa."projectId" and e->>'asset' = pa."hash")`;
}

/**
 * Removes the bytes of assets that no project shows, here and in the cache folder. All such assets, not only those of this job: a
 * run that was killed between the rows and the bytes is finished by the next.
 */
export async function sweepAssets(ctx: JobContext): Promise<number> {
  let freed = 0;
  for (;;) {
    const unused = await ctx.db.asset.findMany({ where: { items: { none: {} }, projects: { none: {} } }, select: { hash: true }, take: CHUNK });
    let dropped = 0;
    for (const { hash } of unused) {
      ctx.signal.throwIfAborted();
      const bytes = await dropAssetIfUnused(ctx.db, ctx.store, hash);
      if (bytes > 0) dropped++;
      freed += bytes;
      await fs.rm(path.join(ctx.cacheDir, 'assets', hash.slice(0, 2), hash), { force: true });
    }
    if (dropped === 0) return freed;
  }
}

/** Erases items of a project with all their documents. Those not in the trash are left unless `all`. Returns how many went. */
export async function eraseItems(ctx: Pick<JobContext, 'db' | 'signal'>, projectId: string, ids: readonly string[], options: { all: boolean }, onProgress: (done: number) => void): Promise<number> {
  let erased = 0;
  for (let i = 0; i < ids.length; i += CHUNK) {
    ctx.signal.throwIfAborted();
    const chunk = ids.slice(i, i + CHUNK);
    erased += await ctx.db.$transaction(async (tx) => {
      const named = await tx.item.findMany({ where: { id: { in: chunk }, projectId }, select: { hash: true } });
      await lockAssets(tx, named.map((x) => x.hash));
      // Whoever takes one out of the trash at this moment comes before, and keeps it, or too late.
      const items = await tx.$queryRaw<{ id: string; hash: string }[]>`
        select "id", "hash" from "Item" where "id" = any(${chunk}::uuid[]) and "projectId" = ${projectId}::uuid and (${options.all} or "deletedAt" is not null) order by "id" for update`;
      await tx.disagreement.deleteMany({ where: { itemId: { in: items.map((x) => x.id) } } });
      await tx.item.deleteMany({ where: { id: { in: items.map((x) => x.id) } } });
      await unlinkAssets(tx, projectId, [...new Set(items.map((x) => x.hash))]);
      return items.length;
    }, TIMEOUT);
    onProgress(Math.min(i + CHUNK, ids.length));
  }
  return erased;
}

/** Erases the project's exports that hold the pixels of images among these which the project has no more. Returns how many. */
export async function eraseExportsWith(ctx: Pick<JobContext, 'db' | 'store' | 'signal'>, projectId: string, hashes: readonly string[]): Promise<number> {
  const { db, store } = ctx;
  const kept = await db.projectAsset.findMany({ where: { projectId, hash: { in: [...hashes] } }, select: { hash: true } });
  const gone = new Set(hashes);
  for (const { hash } of kept) gone.delete(hash);
  if (gone.size === 0) return 0;
  const exports = await db.export.findMany({ where: { projectId, images: true, key: { not: null }, version: { manifestKey: { not: null } } }, select: { id: true, key: true, version: { select: { manifestKey: true } } } });
  const holds = new Map<string, boolean>();
  let erased = 0;
  for (const { id, key, version } of exports) {
    ctx.signal.throwIfAborted();
    const manifest = version.manifestKey!;
    if (!holds.has(manifest)) holds.set(manifest, await namesOne(store, manifest, gone));
    if (!holds.get(manifest)) continue;
    await store.delete(key!);
    await db.export.deleteMany({ where: { id } });
    await notify(db, { type: 'changed', entity: 'export', id, projectId });
    erased++;
  }
  return erased;
}

async function namesOne(store: ObjectStore, manifestKey: string, hashes: ReadonlySet<string>): Promise<boolean> {
  const { items } = await readManifest(await store.get(manifestKey));
  for await (const { hash } of items) if (hashes.has(hash)) return true;
  return false;
}

/** Erases a project and everything in it. */
export async function eraseProject(ctx: JobContext, projectId: string, onProgress: (message: string, fraction: number) => void): Promise<{ items: number }> {
  const { db, store } = ctx;
  const items = await db.item.findMany({ where: { projectId }, select: { id: true } });
  await eraseItems(ctx, projectId, items.map((i) => i.id), { all: true }, (done) => onProgress(`Erased ${done} of ${items.length} items`, 0.8 * (done / Math.max(1, items.length))));
  onProgress('Erasing models, versions, exports and uploads', 0.85);
  for (const { objectPrefix } of await db.modelVersion.findMany({ where: { projectId }, select: { objectPrefix: true } })) await removePrefix(store, objectPrefix);
  for (const { key } of await db.export.findMany({ where: { projectId }, select: { key: true } })) if (key) await store.delete(key);
  for (const { id } of await db.import.findMany({ where: { projectId }, select: { id: true } })) await removeUploads(store, id);
  await removePrefix(store, uploadedModelKey(projectId, ''));
  const jobs = await db.job.findMany({ where: { projectId }, select: { id: true } });
  for (const { id } of jobs) {
    await removePrefix(store, checkpointPrefix(id));
    await fs.rm(path.join(ctx.dataDir, 'jobs', id), { recursive: true, force: true });
  }
  const versions = await db.datasetVersion.findMany({ where: { projectId, manifestKey: { not: null } }, select: { manifest: true, manifestKey: true } });
  for (const { manifest, manifestKey } of versions) {
    // Two projects with the same content share a manifest.
    const elsewhere = await db.datasetVersion.count({ where: { manifest, projectId: { not: projectId } } });
    if (elsewhere === 0) await store.delete(manifestKey!);
  }
  onProgress('Erasing the project', 0.95);
  await db.$transaction((tx) => tx.project.deleteMany({ where: { id: projectId } }), TIMEOUT);
  return { items: items.length };
}

/** Erases a model version: its files, its documents with their proposals, and what was decided about them. */
export async function eraseModel(ctx: JobContext, model: { id: string; projectId: string; objectPrefix: string }, onProgress: (done: number) => void): Promise<{ documents: number }> {
  const { db, store } = ctx;
  let documents = 0;
  for (;;) {
    ctx.signal.throwIfAborted();
    const page = await db.document.findMany({ where: { projectId: model.projectId, authorKind: 'model', authorId: model.id }, take: CHUNK, select: { id: true } });
    if (page.length === 0) break;
    documents += (await db.document.deleteMany({ where: { id: { in: page.map((d) => d.id) } } })).count;
    onProgress(documents);
  }
  await db.proposalDecision.deleteMany({ where: { projectId: model.projectId, modelVersionId: model.id } });
  await removePrefix(store, model.objectPrefix);
  await fs.rm(path.join(ctx.cacheDir, model.objectPrefix), { recursive: true, force: true });
  await db.$transaction(async (tx) => {
    await tx.project.updateMany({ where: { id: model.projectId, currentModelId: model.id }, data: { currentModelId: null } });
    await tx.modelVersion.delete({ where: { id: model.id } });
  });
  return { documents };
}
