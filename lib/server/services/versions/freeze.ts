/** Freezing: the done items of a project, as they are at one moment, written as a manifest under its SHA-256. */
import { AppError } from '@/lib/api/errors';
import { labelSchema, type Annotation } from '@/lib/core/labels';
import { manifestHeadLine, manifestItemLine, toManifestAnnotation, type ManifestItem } from '@/lib/core/formats/manifest';
import { splitOfHash } from '@/lib/core/labels/split';
import type { Prisma, PrismaClient } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import { fromRow } from '@/lib/server/repositories/annotationRows';
import { countDone, doneItemsAfter, findVersion, type VersionRecord } from '@/lib/server/repositories/versions';
import { HashingStream, type ObjectStore } from '@/lib/server/storage';

export interface FreezeContext {
  db: PrismaClient;
  store: ObjectStore;
  signal: AbortSignal;
  progress(done: number, of: number): void;
}

export interface VersionStats {
  splits: Record<'train' | 'val' | 'test', number>;
  /** Annotations by class id. */
  classes: Record<string, number>;
}

export const manifestKey = (sha256: string) => `manifests/${sha256}.jsonl`;
const PAGE = 200;
/** The snapshot of a very large project stays open so long at most. */
const SNAPSHOT_MS = 6 * 3600 * 1000;

/**
 * Writes the version's manifest and makes the version ready; of a version that is ready it changes nothing. Items are
 * read a page at a time from one snapshot, so that the version is the project at one moment and memory stays bounded.
 * @throws AppError `unprocessable` when no item is done
 */
export async function freezeVersion(ctx: FreezeContext, versionId: string): Promise<VersionRecord> {
  const { db, store } = ctx;
  const version = await findVersion(db, versionId);
  if (!version) throw new AppError('not-found', 'The dataset version was erased before it was frozen.');
  if (version.state === 'ready') return version;
  const { projectId } = version;
  const building = `manifests/building-${versionId}.jsonl`;
  const hashing = new HashingStream();
  const stats: VersionStats = { splits: { train: 0, val: 0, test: 0 }, classes: {} };
  let items = 0;
  let annotations = 0;
  try {
    const schema = await db.$transaction(
      async (tx) => {
        const total = await countDone(tx, projectId);
        if (total === 0) throw new AppError('unprocessable', 'No item of this project is done. Mark items as done, then freeze a version.');
        const project = await tx.project.findUniqueOrThrow({ where: { id: projectId }, select: { schemaVersion: true } });
        const stored = await tx.labelSchemaVersion.findUniqueOrThrow({ where: { projectId_version: { projectId, version: project.schemaVersion } } });
        const schema = labelSchema.parse(stored.schema);
        async function* lines(): AsyncGenerator<Uint8Array> {
          const encoder = new TextEncoder();
          yield encoder.encode(manifestHeadLine(schema));
          for await (const item of doneItems(tx, projectId)) {
            ctx.signal.throwIfAborted();
            items++;
            annotations += item.annotations.length;
            stats.splits[item.split]++;
            for (const a of item.annotations) stats.classes[a.classId] = (stats.classes[a.classId] ?? 0) + 1;
            yield encoder.encode(manifestItemLine(item));
            if (items % 50 === 0) ctx.progress(items, total);
          }
        }
        await store.put(building, hashing.through(lines()));
        return schema;
      },
      { isolationLevel: 'RepeatableRead', timeout: SNAPSHOT_MS },
    );
    const manifest = hashing.digest();
    await store.copy(building, manifestKey(manifest));
    return await db.$transaction(async (tx) => {
      const ready = await tx.datasetVersion.update({
        where: { id: versionId },
        data: { state: 'ready', manifest, manifestKey: manifestKey(manifest), schema: schema as Prisma.InputJsonValue, items, annotations, stats: stats as unknown as Prisma.InputJsonValue },
      });
      await notify(tx, { type: 'changed', entity: 'version', id: versionId, projectId });
      return ready;
    });
  } finally {
    await store.delete(building);
  }
}

/** Done items with the team's annotations, in the manifest's order. */
async function* doneItems(tx: Prisma.TransactionClient, projectId: string): AsyncGenerator<ManifestItem> {
  let after = '';
  for (;;) {
    const page = await doneItemsAfter(tx, projectId, after, PAGE);
    const documents = page.map((i) => i.documentId).filter((id): id is string => id !== null);
    const rows = await tx.annotation.findMany({ where: { documentId: { in: documents }, deletedAt: null } });
    const byDocument = new Map<string, Annotation[]>();
    for (const row of rows) {
      const list = byDocument.get(row.documentId);
      if (list) list.push(fromRow(row));
      else byDocument.set(row.documentId, [fromRow(row)]);
    }
    for (const i of page) {
      yield {
        path: i.path, hash: i.hash, mime: i.mime, width: i.width, height: i.height, orientation: i.orientation,
        // Stored when the item was first done; the rule gives the same answer for one that was not.
        split: i.split ?? splitOfHash(i.hash),
        annotations: (byDocument.get(i.documentId ?? '') ?? []).map(toManifestAnnotation),
      };
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.path;
  }
}
