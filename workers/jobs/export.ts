import type { Readable } from 'node:stream';
import sharp from 'sharp';
import { AppError } from '@/lib/api/errors';
import { readManifest, writerOf, type ManifestItem, type WriteReport } from '@/lib/core/formats';
import { writeZip } from '@/lib/server/archives';
import type { Prisma } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import { jobKinds } from '@/lib/server/queue/kinds';
import { assetKey } from '@/lib/server/media/assets';
import { findExport } from '@/lib/server/repositories/exports';
import { HashingStream } from '@/lib/server/storage';
import { defineJob, type JobContext } from '../runtime/defineJob';
import { counted } from './lib/job';

/** Writes a frozen version in a format, as a zip. The same version gives the same bytes. */
export default defineJob({
  kind: 'export',
  ...jobKinds.export,
  async run(ctx, { export: exportId }) {
    const { db, store } = ctx;
    const row = await findExport(db, exportId);
    if (!row) throw new AppError('not-found', 'The export was erased before it was written.');
    const version = await db.datasetVersion.findUniqueOrThrow({ where: { id: row.versionId } });
    const { manifestKey, manifest } = version;
    if (!manifestKey || !manifest) throw new AppError('conflict', `Version ${version.number} is not frozen. Freeze it, then export.`);
    const { head } = await readManifest(await store.get(manifestKey));
    const key = `exports/${exportId}.zip`;
    const hashing = new HashingStream();
    let written: WriteReport | null = null;
    await writeZip(
      (stream: Readable) => store.put(key, hashing.through(stream), { contentType: 'application/zip' }),
      async (sink) => {
        written = await writerOf(row.format).write(
          {
            schema: head.schema,
            // The manifest names the content; the version's number and name are not part of it.
            info: { name: `Dataset ${manifest.slice(0, 12)}`, manifest },
            async *items() {
              const reading = await readManifest(await store.get(manifestKey));
              yield* reading.items;
            },
            ...(row.images && { image: (item: ManifestItem) => uprightImage(ctx, row.projectId, item) }),
            signal: ctx.signal,
            onItem: (done) => ctx.progress({ fraction: done / Math.max(1, version.items), message: `Writing ${done} of ${version.items} items` }),
          },
          sink,
        );
      },
    );
    const report = written as WriteReport | null;
    const sha256 = hashing.digest();
    await db.$transaction(async (tx) => {
      await tx.export.update({ where: { id: exportId }, data: { state: 'ready', key, bytes: BigInt(hashing.bytes), sha256, losses: (report?.losses ?? []) as unknown as Prisma.InputJsonValue } });
      await notify(tx, { type: 'changed', entity: 'export', id: exportId, projectId: row.projectId });
    });
    const [items, annotations, files] = [report?.items ?? 0, report?.annotations ?? 0, report?.files ?? 0];
    return { export: exportId, bytes: hashing.bytes, sha256, items, files, annotations, summary: `${counted(annotations, 'label')} on ${counted(items, 'item')}, in ${counted(files, 'file')}` };
  },
});

/**
 * The image as labels see it: the original bytes, unless an EXIF orientation would make other tools show it turned; then it is
 * turned once and written without loss. Null when it was erased since the version was frozen.
 */
async function uprightImage({ db, store }: JobContext, projectId: string, item: ManifestItem): Promise<{ body: Uint8Array | AsyncIterable<Uint8Array>; extension?: string } | null> {
  const key = assetKey(item.hash);
  const shown = await db.projectAsset.findUnique({ where: { projectId_hash: { projectId, hash: item.hash } } });
  if (!shown || !(await store.stat(key))) return null;
  if (item.orientation === 1) return { body: await store.get(key) };
  const turned = await sharp(await store.read(key), { limitInputPixels: false }).autoOrient().png({ compressionLevel: 6 }).toBuffer();
  return { body: turned, extension: 'png' };
}
