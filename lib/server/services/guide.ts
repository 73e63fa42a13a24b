/** The project guide: Markdown as it was written (pages sanitise it), with example pictures, version by version. */
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import type { saveGuide } from '@/lib/api/routes/projects';
import { db, type Prisma } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events/notify';
import type { Principal } from '@/lib/server/http/handler';
import { putAsset } from '@/lib/server/media/assets';
import { inTransaction } from '@/lib/server/repositories/transaction';
import { objectStore } from '@/lib/server/storage';
import { requireProject, type Who } from './access';
import { loadSchema } from './schemaCache';

type GuideRow = z.input<typeof saveGuide.response>;

/** Version 0 is the empty guide that every project begins with. */
export async function get(who: Who, projectId: string, version?: number): Promise<GuideRow> {
  const project = await requireProject(who, projectId, { trashed: true });
  const v = version ?? project.guideVersion;
  if (v === 0) return { version: 0, markdown: '', examples: [], createdAt: null, createdBy: null };
  const row = await db().guideVersion.findUnique({ where: { projectId_version: { projectId, version: v } } });
  if (!row) throw new AppError('not-found', `The guide has no version ${v}.`);
  const by = row.createdById ? await db().user.findUnique({ where: { id: row.createdById }, select: { name: true } }) : null;
  return { version: v, markdown: row.markdown, examples: row.examples as GuideRow['examples'], createdAt: row.createdAt.toISOString(), createdBy: by?.name ?? null };
}

export async function save(who: Principal, projectId: string, input: z.output<typeof saveGuide.body>): Promise<GuideRow> {
  const project = await requireProject(who, projectId);
  const schema = await loadSchema(db(), projectId, project.schemaVersion);
  const assets = await db().projectAsset.findMany({ where: { projectId, hash: { in: input.examples.map((e) => e.asset) } }, select: { hash: true } });
  const shown = new Set(assets.map((a) => a.hash));
  const errors = input.examples.flatMap((e, i) => [
    ...(schema.classes.some((c) => c.id === e.classId) ? [] : [{ path: `examples.${i}.classId`, message: 'is not a class of the label schema' }]),
    ...(shown.has(e.asset) ? [] : [{ path: `examples.${i}.asset`, message: 'is not a picture of this project; add it first' }]),
  ]);
  if (errors.length > 0) throw new AppError('invalid', `examples: ${errors[0]!.message}`, { errors });
  await inTransaction(db(), async (tx) => {
    const { count } = await tx.project.updateMany({ where: { id: projectId, guideVersion: input.base }, data: { guideVersion: input.base + 1 } });
    if (count === 0) throw new AppError('conflict', 'Someone saved the guide while you edited it. Copy your text, load the new version, and put it in there.');
    await tx.guideVersion.create({ data: { projectId, version: input.base + 1, markdown: input.markdown, examples: input.examples as Prisma.InputJsonValue, createdById: who.userId } });
    await notify(tx, { type: 'changed', entity: 'project', id: projectId, projectId });
  });
  return get(who, projectId);
}

/** Stores a picture for the guide. Bytes that are there already are not stored again. */
export async function addImage(who: Principal, projectId: string, body: ReadableStream<Uint8Array>): Promise<{ asset: string; width: number; height: number }> {
  await requireProject(who, projectId);
  const asset = await putAsset(db(), objectStore(), { body, projectId });
  return { asset: asset.hash, width: asset.width, height: asset.height };
}
