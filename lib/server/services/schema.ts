/**
 * The label schema of a project, version by version. Annotations name classes by id, so a rename touches none of them; a
 * class that is in use leaves only with word on its annotations, which then change through their documents' logs.
 */
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import type { removal } from '@/lib/api/routes/projects';
import { checkSchemaChange, numberClasses } from '@/lib/core/labels';
import type { LabelClass, LabelSchema } from '@/lib/core/labels';
import { db, type Db, type Prisma } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events/notify';
import type { Principal } from '@/lib/server/http/handler';
import { enqueue } from '@/lib/server/queue';
import { inTransaction, lockName, type Tx } from '@/lib/server/repositories/transaction';
import { requireProject, type Who } from './access';
import { schemaLock } from './documents';
import { rewriteClasses, type Rewrite } from './rewrite';
import { forgetSchema, loadSchema } from './schemaCache';

/** Up to so many annotations are changed at once; more are a job. */
const AT_ONCE = 500;

export type Removal = z.output<typeof removal>;

export async function get(who: Who, projectId: string, version?: number) {
  const project = await requireProject(who, projectId, { trashed: true });
  return versionRow(db(), project.id, version ?? project.schemaVersion, project.nextClassIndex);
}

async function versionRow(client: Db, projectId: string, version: number, nextIndex: number) {
  const row = await client.labelSchemaVersion.findUnique({ where: { projectId_version: { projectId, version } } });
  if (!row) throw new AppError('not-found', `The label schema has no version ${version}.`);
  const by = row.createdById ? await client.user.findUnique({ where: { id: row.createdById }, select: { name: true } }) : null;
  return { version, schema: row.schema as unknown as LabelSchema, createdAt: row.createdAt.toISOString(), createdBy: by?.name ?? null, nextIndex };
}

export interface ClassUse {
  classId: string;
  /** Labels of the team on items that are not in the trash, as the project's own count has them, and on how many items. */
  annotations: number;
  items: number;
  /** What else names the class: proposals of models, ground truth, imports, one person's copy, items in the trash. */
  elsewhere: number;
}

/** Annotations of each class; deleted ones do not count. What is not the team's counts apart, but a class with it is in use too. */
export async function usesOf(client: Db, projectId: string): Promise<ClassUse[]> {
  return client.$queryRaw`
    select a."classId", count(*) filter (where own."is")::int as "annotations", count(distinct a."itemId") filter (where own."is")::int as "items",
      count(*) filter (where not own."is")::int as "elsewhere"
    from "Annotation" a join "Document" d on d."id" = a."documentId" join "Item" i on i."id" = a."itemId",
      lateral (select d."authorKind" = 'team' and i."deletedAt" is null as "is") own
    where a."projectId" = ${projectId}::uuid and a."deletedAt" is null group by a."classId"`;
}

export async function classUse(who: Who, projectId: string) {
  await requireProject(who, projectId, { trashed: true });
  return { classes: await usesOf(db(), projectId) };
}

/** The index that each of these classes ever had in the project. */
async function indicesOf(tx: Tx, projectId: string, ids: string[]): Promise<Map<string, number>> {
  const rows = await tx.$queryRaw<{ id: string; index: number }[]>`
    select distinct c->>'id' as "id", (c->>'index')::int as "index"
    from "LabelSchemaVersion" v, jsonb_array_elements(v."schema"->'classes') c
    where v."projectId" = ${projectId}::uuid and c->>'id' = any(${ids}::text[])`;
  return new Map(rows.map((r) => [r.id, r.index]));
}

export async function save(who: Principal, projectId: string, input: { base: number; schema: LabelSchema; removals: Removal[] }) {
  await requireProject(who, projectId);
  return saveSchema(db(), { projectId, userId: who.userId, ...input });
}

/**
 * Saves a new version. The server numbers new classes, whatever the client sent. For services and jobs (an import that
 * brings classes).
 * @throws AppError `conflict` when another version was saved since `base`, or when classes in use leave without word on
 *   their annotations (`extra.classes`); `invalid` for what may not change
 */
export async function saveSchema(client: Db, input: { projectId: string; userId: string | null; base: number; schema: LabelSchema; removals?: Removal[] }) {
  const { projectId, userId } = input;
  let made: number | null = null;
  try {
    return await inTransaction(client, async (tx) => {
      await lockName(tx, schemaLock(projectId));
      const project = await tx.project.findUniqueOrThrow({ where: { id: projectId } });
      if (project.schemaVersion !== input.base) {
        throw new AppError('conflict', `Someone saved version ${project.schemaVersion} of the label schema while you edited version ${input.base}. Load it, and make your changes there.`, { extra: { version: project.schemaVersion } });
      }
      const before = await loadSchema(tx, projectId, project.schemaVersion);
      const known = await indicesOf(tx, projectId, input.schema.classes.map((c) => c.id));
      const { schema, nextIndex } = numberClasses(input.schema, known, project.nextClassIndex);
      const used = new Map((await usesOf(tx, projectId)).map((u) => [u.classId, u.annotations + u.elsewhere]));
      const faults = checkSchemaChange(before, schema, (id) => (used.get(id) ?? 0) > 0);
      if (faults.length > 0) throw new AppError('invalid', `The label schema cannot be changed so: ${faults[0]!.message}${faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''}`, { errors: faults });
      const rewrites = rewritesOf(before, schema, used, input.removals ?? []);

      const version = (made = project.schemaVersion + 1);
      await tx.labelSchemaVersion.create({ data: { projectId, version, schema: schema as unknown as Prisma.InputJsonValue, createdById: userId } });
      await tx.project.update({ where: { id: projectId }, data: { schemaVersion: version, nextClassIndex: nextIndex } });
      if (rewrites.length > 0) await rewrite(tx, { projectId, workspaceId: project.workspaceId, userId, rewrites, annotations: rewrites.reduce((n, r) => n + (used.get(r.classId) ?? 0), 0), title: titleOf(rewrites, before) });
      await notify(tx, { type: 'changed', entity: 'project', id: projectId, projectId });
      return versionRow(tx, projectId, version, nextIndex);
    });
  } catch (error) {
    if (made !== null) forgetSchema(projectId, made);
    throw error;
  }
}

function titleOf(rewrites: Rewrite[], before: LabelSchema): string {
  const names = rewrites.map((r) => `"${before.classes.find((c) => c.id === r.classId)?.name ?? r.classId}"`).join(', ');
  return rewrites.every((r) => r.action === 'complete') ? `Add new points to ${names}` : `Take out or change ${names}`;
}

/** What has to happen to annotations: of classes that leave, as was asked; of skeletons that grew, their new points. */
function rewritesOf(before: LabelSchema, after: LabelSchema, used: Map<string, number>, removals: Removal[]): Rewrite[] {
  const stays = new Map(after.classes.map((c) => [c.id, c]));
  const rewrites: Rewrite[] = [];
  const unsaid: LabelClass[] = [];
  for (const cls of before.classes) {
    if (!used.get(cls.id)) continue;
    const next = stays.get(cls.id);
    if (next) {
      if ((next.skeleton?.points.length ?? 0) > (cls.skeleton?.points.length ?? 0)) rewrites.push({ classId: cls.id, action: 'complete' });
      continue;
    }
    const said = removals.find((r) => r.classId === cls.id);
    if (!said) unsaid.push(cls);
    else if (said.action === 'delete') rewrites.push({ classId: cls.id, action: 'delete' });
    else rewrites.push({ classId: cls.id, action: 'reassign', to: checkTarget(cls, stays.get(said.to)) });
  }
  if (unsaid.length > 0) {
    throw new AppError('conflict', `${unsaid.map((c) => `"${c.name}" (${used.get(c.id)} annotations)`).join(', ')} cannot be taken out without saying what happens to the annotations: delete them, or give them another class.`, {
      extra: { classes: unsaid.map((c) => ({ classId: c.id, name: c.name, annotations: used.get(c.id) })) },
    });
  }
  return rewrites;
}

function checkTarget(from: LabelClass, to: LabelClass | undefined): string {
  if (!to) throw new AppError('invalid', `The annotations of "${from.name}" cannot go to a class that is not in the label schema.`);
  if (to.kind !== from.kind) throw new AppError('invalid', `The annotations of "${from.name}" are of kind ${from.kind}; "${to.name}" takes ${to.kind}.`);
  if (from.kind === 'landmarks' && to.skeleton!.points.length !== from.skeleton!.points.length) {
    throw new AppError('invalid', `"${from.name}" has ${from.skeleton!.points.length} points and "${to.name}" ${to.skeleton!.points.length}: point k would not mean the same place.`);
  }
  return to.id;
}

async function rewrite(tx: Tx, input: { projectId: string; workspaceId: string; userId: string | null; rewrites: Rewrite[]; annotations: number; title: string }): Promise<void> {
  const batch = await tx.batch.create({ data: { id: uuidv7(), projectId: input.projectId, kind: 'reassign', title: input.title, createdById: input.userId } });
  if (input.annotations <= AT_ONCE) await rewriteClasses(tx, { batchId: batch.id, rewrites: input.rewrites });
  else await enqueue(tx, 'reassign', { batch: batch.id, rewrites: input.rewrites }, { title: input.title, projectId: input.projectId, workspaceId: input.workspaceId, userId: input.userId });
}
