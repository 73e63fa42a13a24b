/**
 * What belongs to the person's workspace. Every service that is given an id asks here first; what is not theirs does not
 * exist for them.
 */
import { AppError } from '@/lib/api/errors';
import { db as client, type Db, type Prisma } from '@/lib/server/db/client';

/** Whose workspace counts; a `Principal` will do. */
export interface Who {
  workspaceId: string;
}
export type ProjectRecord = Prisma.ProjectGetPayload<object>;
export type ItemRecord = Prisma.ItemGetPayload<{ include: { project: true } }>;
export type DocumentRecord = Prisma.DocumentGetPayload<{ include: { project: true; item: true } }>;

interface Options {
  /** Also what lies in the trash. */
  trashed?: boolean;
  /** The client inside a transaction; the process's own unless told. */
  db?: Db;
}

const missing = (what: string) => new AppError('not-found', `There is no such ${what}, or it is not in your workspace.`);

/** @throws AppError `not-found`; `gone` when the project lies in the trash and `trashed` is not asked for */
export async function requireProject(who: Who, id: string, options: Options = {}): Promise<ProjectRecord> {
  const project = await (options.db ?? client()).project.findUnique({ where: { id } });
  return checkProject(project, who, options);
}

function checkProject(project: ProjectRecord | null, who: Who, options: Options): ProjectRecord {
  if (!project || project.workspaceId !== who.workspaceId) throw missing('project');
  if (project.deletedAt && !options.trashed) throw new AppError('gone', `The project "${project.name}" is in the trash. Restore it to work on it.`);
  return project;
}

/** An item that may be in the trash, of a project that (unless asked for) is not. */
export async function requireItem(who: Who, id: string, options: Options = {}): Promise<ItemRecord> {
  const item = await (options.db ?? client()).item.findUnique({ where: { id }, include: { project: true } });
  if (!item || item.project.workspaceId !== who.workspaceId) throw missing('item');
  checkProject(item.project, who, options);
  return item;
}

export async function requireDocument(who: Who, id: string, options: Options = {}): Promise<DocumentRecord> {
  const document = await (options.db ?? client()).document.findUnique({ where: { id }, include: { project: true, item: true } });
  if (!document || document.project.workspaceId !== who.workspaceId) throw missing('document');
  checkProject(document.project, who, options);
  return document;
}

/** For whatever else carries a `projectId` (jobs, imports, versions…): checks that the project is the person's. */
export async function requireOfProject<T extends { projectId: string | null }>(who: Who, row: T | null, what: string, options: Options = {}): Promise<T> {
  if (!row?.projectId) throw missing(what);
  const project = await (options.db ?? client()).project.findUnique({ where: { id: row.projectId } });
  if (!project || project.workspaceId !== who.workspaceId) throw missing(what);
  checkProject(project, who, options);
  return row;
}
