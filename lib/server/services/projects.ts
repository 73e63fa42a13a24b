/** Projects: create, list, rename, trash, erase. */
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import type { projectRow } from '@/lib/api/routes/projects';
import type { LabelSchema } from '@/lib/core/labels';
import { db, type Db, type Prisma } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events/notify';
import type { Principal } from '@/lib/server/http/handler';
import { enqueue } from '@/lib/server/queue';
import { inTransaction } from '@/lib/server/repositories/transaction';
import { requireProject, type ProjectRecord, type Who } from './access';
import { pageOfRows } from './paging';

export type ProjectRow = z.input<typeof projectRow>;
const COVER = 4;

/** The first few images of each project, for its card. */
async function coversOf(client: Db, ids: string[]): Promise<Map<string, { item: string; hash: string }[]>> {
  if (ids.length === 0) return new Map();
  const rows = await client.$queryRaw<{ projectId: string; id: string; hash: string }[]>`
    select p."id" as "projectId", i."id", i."hash"
    from unnest(${ids}::uuid[]) as p("id")
    cross join lateral (select "id", "hash" from "Item" where "projectId" = p."id" and "deletedAt" is null order by "path" limit ${COVER}) i`;
  const covers = new Map<string, { item: string; hash: string }[]>();
  for (const r of rows) covers.set(r.projectId, [...(covers.get(r.projectId) ?? []), { item: r.id, hash: r.hash }]);
  return covers;
}

function toRow(p: ProjectRecord, cover: { item: string; hash: string }[]): ProjectRow {
  return {
    id: p.id, name: p.name, description: p.description, createdAt: p.createdAt.toISOString(), updatedAt: p.updatedAt.toISOString(), deletedAt: p.deletedAt?.toISOString() ?? null,
    counts: { items: p.itemCount, open: p.openCount, work: p.workCount, done: p.doneCount, annotations: p.annotationCount },
    schemaVersion: p.schemaVersion, guideVersion: p.guideVersion, demo: p.demo, cover,
  };
}
async function rowOf(p: ProjectRecord, client: Db = db()): Promise<ProjectRow> {
  return toRow(p, (await coversOf(client, [p.id])).get(p.id) ?? []);
}

const changed = (tx: Db, id: string) => notify(tx, { type: 'changed', entity: 'project', id, projectId: id });

/** Newest first; in the trash, or by a part of the name, when asked for. */
export async function list(who: Who, query: { cursor?: string; limit: number; trash: boolean; q?: string }) {
  const where: Prisma.ProjectWhereInput = {
    workspaceId: who.workspaceId, deletedAt: query.trash ? { not: null } : null,
    ...(query.q && { name: { contains: query.q, mode: 'insensitive' } }), ...(query.cursor && { id: { lt: query.cursor } }),
  };
  const rows = await db().project.findMany({ where, orderBy: { id: 'desc' }, take: query.limit + 1 });
  const shown = pageOfRows(rows, query.limit, (p) => p.id);
  const covers = await coversOf(db(), shown.rows.map((p) => p.id));
  return { items: shown.rows.map((p) => toRow(p, covers.get(p.id) ?? [])), next: shown.next };
}

export interface NewProject {
  name: string;
  description?: string;
  schema?: LabelSchema;
  demo?: boolean;
}

/** Makes a project with the first version of its label schema; classes are numbered in the order given. For services and jobs. */
export function createProject(client: Db, input: NewProject & { workspaceId: string; userId: string | null }): Promise<ProjectRecord> {
  return inTransaction(client, async (tx) => {
    const id = uuidv7();
    const classes = (input.schema?.classes ?? []).map((c, index) => ({ ...c, index }));
    const project = await tx.project.create({
      data: {
        id, workspaceId: input.workspaceId, name: input.name, description: input.description ?? '', demo: input.demo ?? false, nextClassIndex: classes.length,
        schemas: { create: { version: 1, schema: { classes } as unknown as Prisma.InputJsonValue, createdById: input.userId } },
      },
    });
    await changed(tx, id);
    return project;
  });
}

export async function create(who: Principal, input: NewProject): Promise<ProjectRow> {
  return toRow(await createProject(db(), { ...input, workspaceId: who.workspaceId, userId: who.userId }), []);
}

/** Also one in the trash: its page says so and offers to restore it. */
export async function get(who: Who, id: string): Promise<ProjectRow> {
  return rowOf(await requireProject(who, id, { trashed: true }));
}

export async function update(who: Who, id: string, input: { name?: string; description?: string }): Promise<ProjectRow> {
  await requireProject(who, id);
  return inTransaction(db(), async (tx) => {
    const project = await tx.project.update({ where: { id }, data: input });
    await changed(tx, id);
    return rowOf(project, tx);
  });
}

async function setDeleted(who: Who, id: string, deletedAt: Date | null): Promise<ProjectRecord> {
  const project = await requireProject(who, id, { trashed: true });
  if ((project.deletedAt === null) === (deletedAt === null)) return project;
  return inTransaction(db(), async (tx) => {
    const after = await tx.project.update({ where: { id }, data: { deletedAt } });
    await changed(tx, id);
    return after;
  });
}

export async function trash(who: Who, id: string): Promise<void> {
  await setDeleted(who, id, new Date());
}

export async function restore(who: Who, id: string): Promise<ProjectRow> {
  return rowOf(await setDeleted(who, id, null));
}

/** Asks for the job that erases a trashed project. The job outlives the project, so it belongs to the workspace. */
export async function erase(who: Principal, id: string, confirmName: string): Promise<{ job: string }> {
  const project = await requireProject(who, id, { trashed: true });
  if (!project.deletedAt) throw new AppError('conflict', `Move "${project.name}" to the trash first; from there it can be erased for good.`);
  if (confirmName.trim() !== project.name.trim()) throw new AppError('invalid', `Type the name of the project, "${project.name}", to erase it for good.`, { errors: [{ path: 'confirmName', message: 'is not the name of the project' }] });
  const job = await inTransaction(db(), (tx) => enqueue(tx, 'erase', { what: 'project', project: id }, { title: `Erase the project "${project.name}"`, workspaceId: who.workspaceId, userId: who.userId }));
  return { job };
}

export async function createDemo(who: Principal): Promise<{ job: string }> {
  return { job: await inTransaction(db(), (tx) => enqueue(tx, 'demo', { workspace: who.workspaceId }, { title: 'Draw the demo project', workspaceId: who.workspaceId, userId: who.userId })) };
}
