/** Names that people give → rows of the server. */
import type { Client } from '@/lib/api/client';
import { AppError } from '@/lib/api/errors';
import type { ModelRow, VersionRow } from '@/lib/api/routes/rounds';
import type { ProjectRow } from '@/lib/api/routes/projects';
import type { Author } from '@/lib/api/routes/items';

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

interface Page<T> {
  items: T[];
  next: string | null;
}

/** Every row of a paged list, page by page. */
export async function* allOf<T>(page: (cursor: string | undefined) => Promise<Page<T>>): AsyncGenerator<T> {
  let cursor: string | undefined;
  do {
    const { items, next } = await page(cursor);
    yield* items;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
}

/** The project of this name (case does not count) or id, or null. @throws AppError when several have the name */
export async function findProject(client: Client, name: string): Promise<ProjectRow | null> {
  if (UUID.test(name)) return client.project({ params: { project: name } });
  const found: ProjectRow[] = [];
  for await (const p of allOf((cursor) => client.projects({ query: { q: name.slice(0, 100), limit: 500, cursor } }))) if (p.name.toLowerCase() === name.toLowerCase()) found.push(p);
  if (found.length > 1) throw new AppError('conflict', `${found.length} projects are called "${name}". Give the id of one: ${found.map((p) => p.id).join(', ')}.`);
  return found[0] ?? null;
}

/** @throws AppError `not-found` that lists some projects there are */
export async function requireProject(client: Client, name: string): Promise<ProjectRow> {
  const found = await findProject(client, name);
  if (found) return found;
  const some = (await client.projects({ query: { limit: 10 } })).items.map((p) => `"${p.name}"`);
  throw new AppError('not-found', `There is no project "${name}". ${some.length > 0 ? `Projects: ${some.join(', ')}.` : 'There are no projects yet: create one with `fieldmark project create NAME`.'}`);
}

/** The version of this number, or the newest that is ready. */
export async function findVersion(client: Client, project: string, number: number | undefined): Promise<VersionRow | null> {
  for await (const v of allOf((cursor) => client.versions({ params: { project }, query: { limit: 100, cursor } }))) {
    if (number === undefined ? v.state === 'ready' : v.number === number) return v;
  }
  if (number !== undefined) throw new AppError('not-found', `This project has no version ${number}.`);
  return null;
}

/** The model of this number, or the current one. @throws AppError `not-found` */
export async function findModel(client: Client, project: string, number: number | undefined): Promise<ModelRow> {
  for await (const m of allOf((cursor) => client.models({ params: { project }, query: { limit: 100, cursor } }))) if (number === undefined ? m.current : m.number === number) return m;
  throw new AppError('not-found', number === undefined ? 'This project has no model yet: train one with `fieldmark train --project NAME`.' : `This project has no model ${number}.`);
}

/** The model that a training job has made, or null. */
export async function modelOfJob(client: Client, project: string, job: string): Promise<ModelRow | null> {
  for await (const m of allOf((cursor) => client.models({ params: { project }, query: { limit: 100, cursor } }))) if (m.job === job) return m;
  return null;
}

/**
 * An author by `team`, `truth`, `model:3`, `person:NAME`, `import:…`; the part after the colon may be left out when there is only one.
 * @throws AppError that lists the authors there are
 */
export async function findAuthor(client: Client, project: string, given: string): Promise<Author> {
  const { authors } = await client.authors({ params: { project } });
  const [kind, ...rest] = given.split(':');
  const name = rest.join(':').trim().toLowerCase();
  const ofKind = authors.filter((a) => a.kind === kind);
  const matches = name === '' ? ofKind : ofKind.filter((a) => a.id === name || a.name.toLowerCase() === name || (/^\d+$/.test(name) && new RegExp(`(^|\\D)${name}(\\D|$)`).test(a.name)));
  if (matches.length === 1) return matches[0]!;
  const all = authors.map((a) => (a.kind === 'team' || a.kind === 'truth' ? a.kind : `${a.kind}:${a.name}`)).join(', ');
  throw new AppError('not-found', `${matches.length === 0 ? 'Nobody' : 'More than one author'} in this project is "${given}". Authors: ${all || 'none yet'}.`);
}
