import sharp from 'sharp';
import { uuidv7 } from 'uuidv7';
import { DEMO_SEED, demoGuide, demoSchema, drawDemoImage, type DemoAnnotation, type DemoImage } from '@/lib/core/demo';
import { geometryBounds, type AnnotationFields } from '@/lib/core/labels';
import { OPERATION_VERSION } from '@/lib/core/ops';
import type { Prisma } from '@/lib/server/db/client';
import { setSetting } from '@/lib/server/db/installation';
import { notify } from '@/lib/server/events';
import { putAsset } from '@/lib/server/media/assets';
import { jobKinds } from '@/lib/server/queue/kinds';
import { inTransaction, lockName } from '@/lib/server/repositories/transaction';
import { DEMO_PROJECT } from '@/lib/server/services/demo';
import { applyOperations, ensureDocument } from '@/lib/server/services/documents';
import { writeItem } from '@/lib/server/services/imports/write';
import { createProject } from '@/lib/server/services/projects';
import { defineJob, type JobContext } from '../runtime/defineJob';
import { asPersonDrawn, isLabelled } from './lib/demoLabels';

export const DEMO_NAME = 'Demo: cells';
export const DEMO_IMAGES = 48;

/**
 * Draws the demo project: pictures, some of them labelled and done as people would have, the others open, and the ground truth
 * of all as a second author. Started again it goes on where it was; a workspace gets one demo.
 */
export default defineJob({
  kind: 'demo',
  ...jobKinds.demo,
  async run(ctx, { workspace }) {
    const projectId = await demoProject(ctx, workspace);
    for (let i = 0; i < DEMO_IMAGES; i++) {
      ctx.signal.throwIfAborted();
      ctx.progress({ fraction: i / DEMO_IMAGES, message: `Drawing picture ${i + 1} of ${DEMO_IMAGES}` });
      await picture(ctx, projectId, i);
    }
    await guide(ctx, projectId);
    await notify(ctx.db, { type: 'changed', entity: 'project', id: projectId, projectId });
    return { project: projectId, items: DEMO_IMAGES };
  },
});

async function demoProject(ctx: JobContext, workspaceId: string): Promise<string> {
  return inTransaction(ctx.db, async (tx) => {
    await lockName(tx, 'demo');
    const made = await tx.project.findFirst({ where: { workspaceId, demo: true, deletedAt: null }, select: { id: true } });
    if (made) return made.id;
    const project = await createProject(tx, {
      workspaceId, userId: ctx.userId, name: DEMO_NAME, demo: true, schema: demoSchema,
      description: 'Blood smears that Fieldmark draws itself. Some are labelled, the rest wait for you; the ground truth is known, so quality can be measured.',
    });
    await setSetting(tx, DEMO_PROJECT, project.id);
    return project.id;
  });
}

async function picture(ctx: JobContext, projectId: string, index: number): Promise<void> {
  const { db, store } = ctx;
  const path = `smears/smear-${String(index + 1).padStart(3, '0')}.png`;
  const found = await db.item.findUnique({ where: { projectId_path: { projectId, path } }, include: { documents: { where: { authorKind: 'truth' }, select: { seq: true } } } });
  if (found?.documents[0]?.seq) return;
  const drawn = drawDemoImage(DEMO_SEED, index);
  let itemId = found?.id;
  if (!itemId) {
    const asset = await putAsset(db, store, { body: await pngOf(drawn), projectId });
    const labelled = isLabelled(index);
    itemId = await writeItem(db, {
      projectId, importId: null, path, asset, split: null, annotations: labelled ? plain(asPersonDrawn(drawn, index)) : [], author: { authorKind: 'team', authorId: null }, done: labelled, userId: ctx.userId, restores: null,
    });
  }
  await writeTruth(ctx, itemId, plain(drawn.annotations));
}

const pngOf = ({ rgba, width, height }: DemoImage) => sharp(Buffer.from(rgba.buffer, rgba.byteOffset, rgba.byteLength), { raw: { width, height, channels: 4 } }).removeAlpha().png({ compressionLevel: 9 }).toBuffer();

/** Annotations of one cell belong to one group; a cell with a single one needs none. */
function plain(annotations: readonly DemoAnnotation[]): AnnotationFields[] {
  const size = new Map<number, number>();
  for (const a of annotations) size.set(a.object, (size.get(a.object) ?? 0) + 1);
  const groups = new Map<number, string>();
  return annotations.map(({ object, ...fields }) => {
    if ((size.get(object) ?? 0) < 2) return fields;
    if (!groups.has(object)) groups.set(object, uuidv7());
    return { ...fields, group: groups.get(object)! };
  });
}

async function writeTruth(ctx: JobContext, itemId: string, annotations: readonly AnnotationFields[]): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const document = await ensureDocument(tx, { itemId, authorKind: 'truth', authorId: null });
    if (document.seq > 0 || annotations.length === 0) return;
    const { results } = await applyOperations(tx, {
      documentId: document.id, userId: null,
      operations: [{
        id: uuidv7(), v: OPERATION_VERSION, type: 'draw', document: document.id, base: 0, tool: 'demo', at: new Date().toISOString(), activeMs: 0, undoes: null, batch: null,
        changes: annotations.map((after) => ({ kind: 'create', annotation: uuidv7(), after })),
      }],
    });
    const refused = results.find((r) => r.outcome === 'refused');
    if (refused) throw new Error(`The ground truth was refused: ${refused.reason}`);
  });
}

/** The guide, with an example of each class cut out of the pictures. */
async function guide(ctx: JobContext, projectId: string): Promise<void> {
  const { db, store } = ctx;
  const project = await db.project.findUniqueOrThrow({ where: { id: projectId }, select: { guideVersion: true } });
  if (project.guideVersion > 0) return;
  const wanted = new Map(demoSchema.classes.map((c) => [c.id, c]));
  const examples: { classId: string; asset: string; caption: string }[] = [];
  for (let i = 0; i < DEMO_IMAGES && wanted.size > 0; i++) {
    const drawn = drawDemoImage(DEMO_SEED, i);
    for (const a of drawn.annotations) {
      const cls = wanted.get(a.classId);
      if (!cls || a.truncated) continue;
      wanted.delete(cls.id);
      const asset = await putAsset(db, store, { body: await cutOut(drawn, geometryBounds(a.geometry)), projectId });
      examples.push({ classId: cls.id, asset: asset.hash, caption: cls.description });
    }
  }
  await db.$transaction(async (tx) => {
    const { count } = await tx.project.updateMany({ where: { id: projectId, guideVersion: 0 }, data: { guideVersion: 1 } });
    if (count === 1) await tx.guideVersion.create({ data: { projectId, version: 1, markdown: demoGuide, examples: examples as Prisma.InputJsonValue, createdById: ctx.userId } });
  });
}

/** A cell with a little of what is around it, enlarged. */
async function cutOut(drawn: DemoImage, b: { x0: number; y0: number; x1: number; y1: number }): Promise<Buffer> {
  const margin = 14;
  const left = Math.max(0, Math.floor(b.x0 - margin));
  const top = Math.max(0, Math.floor(b.y0 - margin));
  const width = Math.min(drawn.width, Math.ceil(b.x1 + margin)) - left;
  const height = Math.min(drawn.height, Math.ceil(b.y1 + margin)) - top;
  return sharp(await pngOf(drawn)).extract({ left, top, width, height }).resize(width * 3, height * 3, { kernel: 'cubic' }).png().toBuffer();
}
