/** Erasing for good: rows, log and the objects that nothing refers to any more. */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Prisma } from '@/lib/server/db/client';
import { lockName } from '@/lib/server/repositories/transaction';
import type { ObjectStore } from '@/lib/server/storage';
import type { JobContext } from '../../runtime/defineJob';

type Tx = Prisma.TransactionClient;
const CHUNK = 100;
const TIMEOUT = { timeout: 300_000 };

/** Removes every object under a prefix. */
export async function removePrefix(store: ObjectStore, prefix: string): Promise<void> {
  for (;;) {
    const page = await store.list(prefix);
    await store.deleteMany(page.objects.map((o) => o.key));
    if (page.objects.length === 0) return;
  }
}

/**
 * Of these assets, lets go those that the project needs no more, and removes the bytes of those that no project needs. The
 * objects go before the transaction ends: when it fails, the rows are still there and the job finds them again.
 */
async function releaseAssets(ctx: JobContext, tx: Tx, projectId: string, hashes: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    delete from "ProjectAsset" pa
    where pa."projectId" = ${projectId}::uuid and pa."hash" = any(${[...hashes]}::text[])
      and not exists (select 1 from "Item" i where i."projectId" = pa."projectId" and i."hash" = pa."hash")
      and not exists (select 1 from "GuideVersion" g, jsonb_array_elements(g."examples") e where g."projectId" = pa."projectId" and e->>'asset' = pa."hash")`;
  await removeUnused(ctx, tx, hashes);
}

/** Removes the rows and objects of assets without an item and without a project. */
async function removeUnused(ctx: JobContext, tx: Tx, hashes: readonly string[]): Promise<void> {
  const unused = await tx.asset.findMany({ where: { hash: { in: [...hashes] }, items: { none: {} }, projects: { none: {} } }, select: { hash: true } });
  if (unused.length === 0) return;
  for (const { hash } of unused) {
    const folder = hash.slice(0, 2);
    await ctx.store.delete(`assets/${folder}/${hash}`);
    await removePrefix(ctx.store, `renditions/${folder}/${hash}/`);
    await fs.rm(path.join(ctx.cacheDir, 'assets', folder, hash), { force: true });
  }
  await tx.asset.deleteMany({ where: { hash: { in: unused.map((u) => u.hash) } } });
}

/** Nobody may take up an asset while it is decided whether it is needed. */
async function lockAssets(tx: Tx, hashes: readonly string[]): Promise<void> {
  for (const hash of [...new Set(hashes)].sort()) await lockName(tx, `asset:${hash}`);
}

/** Erases items of a project with all their documents. Those not in the trash are left unless `all`. Returns how many went. */
export async function eraseItems(ctx: JobContext, projectId: string, ids: readonly string[], options: { all: boolean }, onProgress: (done: number) => void): Promise<number> {
  let erased = 0;
  for (let i = 0; i < ids.length; i += CHUNK) {
    ctx.signal.throwIfAborted();
    const chunk = ids.slice(i, i + CHUNK);
    erased += await ctx.db.$transaction(async (tx) => {
      const where = { id: { in: chunk }, projectId, ...(!options.all && { deletedAt: { not: null } }) };
      const items = await tx.item.findMany({ where, select: { id: true, hash: true } });
      const hashes = items.map((x) => x.hash);
      await lockAssets(tx, hashes);
      await tx.disagreement.deleteMany({ where: { itemId: { in: items.map((x) => x.id) } } });
      await tx.item.deleteMany({ where: { id: { in: items.map((x) => x.id) } } });
      await releaseAssets(ctx, tx, projectId, [...new Set(hashes)]);
      return items.length;
    }, TIMEOUT);
    onProgress(Math.min(i + CHUNK, ids.length));
  }
  return erased;
}

/** Erases a project and everything in it. */
export async function eraseProject(ctx: JobContext, projectId: string, onProgress: (message: string, fraction: number) => void): Promise<{ items: number }> {
  const { db, store } = ctx;
  const items = await db.item.findMany({ where: { projectId }, select: { id: true } });
  await eraseItems(ctx, projectId, items.map((i) => i.id), { all: true }, (done) => onProgress(`Erased ${done} of ${items.length} items`, 0.8 * (done / Math.max(1, items.length))));
  onProgress('Erasing models, versions, exports and uploads', 0.85);
  for (const { objectPrefix } of await db.modelVersion.findMany({ where: { projectId }, select: { objectPrefix: true } })) await removePrefix(store, objectPrefix);
  for (const { key } of await db.export.findMany({ where: { projectId }, select: { key: true } })) if (key) await store.delete(key);
  for (const { id } of await db.import.findMany({ where: { projectId }, select: { id: true } })) await removePrefix(store, `imports/${id}/`);
  const jobs = await db.job.findMany({ where: { projectId }, select: { id: true } });
  await Promise.all(jobs.map(({ id }) => fs.rm(path.join(ctx.dataDir, 'jobs', id), { recursive: true, force: true })));
  const versions = await db.datasetVersion.findMany({ where: { projectId, manifestKey: { not: null } }, select: { manifest: true, manifestKey: true } });
  for (const { manifest, manifestKey } of versions) {
    // Two projects with the same content share a manifest.
    const elsewhere = await db.datasetVersion.count({ where: { manifest, projectId: { not: projectId } } });
    if (elsewhere === 0) await store.delete(manifestKey!);
  }
  onProgress('Erasing the project', 0.95);
  await db.$transaction(async (tx) => {
    // Guide pictures, and whatever an import stored without coming as far as an item.
    const rest = (await tx.projectAsset.findMany({ where: { projectId }, select: { hash: true } })).map((a) => a.hash);
    await lockAssets(tx, rest);
    await tx.projectAsset.deleteMany({ where: { projectId } });
    await removeUnused(ctx, tx, rest);
    await tx.project.deleteMany({ where: { id: projectId } });
  }, TIMEOUT);
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
