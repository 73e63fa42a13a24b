/** Items: filters, pages by path, places in a list. */
import type { ItemStatus, Split } from '@/lib/api/common';
import { Prisma, type Db } from '@/lib/server/db/client';

export interface ItemFilter {
  status?: ItemStatus;
  split?: Split;
  classId?: string;
  q?: string;
  trash: boolean;
  proposals?: boolean;
}

export type ItemRecord = Prisma.ItemGetPayload<object>;

const likePattern = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`;

/** The SQL of a filter, on an "Item" named i. */
function where(projectId: string, f: ItemFilter): Prisma.Sql {
  const parts = [Prisma.sql`i."projectId" = ${projectId}::uuid`, f.trash ? Prisma.sql`i."deletedAt" is not null` : Prisma.sql`i."deletedAt" is null`];
  if (f.status) parts.push(Prisma.sql`i."status" = ${f.status}::"ItemStatus"`);
  if (f.split) parts.push(Prisma.sql`i."split" = ${f.split}::"Split"`);
  if (f.q) parts.push(Prisma.sql`i."path" ilike ${likePattern(f.q)}`);
  if (f.proposals !== undefined) parts.push(f.proposals ? Prisma.sql`i."proposalCount" > 0` : Prisma.sql`i."proposalCount" = 0`);
  if (f.classId) {
    parts.push(Prisma.sql`exists (
      select 1 from "Document" d join "Annotation" a on a."documentId" = d."id"
      where d."itemId" = i."id" and d."authorKind" = 'team' and a."classId" = ${f.classId}::uuid and a."deletedAt" is null)`);
  }
  return Prisma.join(parts, ' and ');
}

/** Items by path, after the last path seen; paths are unique in a project. */
export async function pageOfItems(db: Db, projectId: string, filter: ItemFilter, after: string | undefined, take: number): Promise<ItemRecord[]> {
  const ids = await db.$queryRaw<{ id: string }[]>`
    select i."id" from "Item" i where ${where(projectId, filter)} ${after === undefined ? Prisma.empty : Prisma.sql`and i."path" > ${after}`}
    order by i."path" limit ${take}`;
  const rows = await db.item.findMany({ where: { id: { in: ids.map((r) => r.id) } } });
  const byId = new Map(rows.map((r) => [r.id, r]));
  return ids.flatMap(({ id }) => byId.get(id) ?? []);
}

export interface Neighbours {
  previous: string | null;
  next: string | null;
  nextOpen: string | null;
  position: number;
  total: number;
}

/**
 * The items beside this one in the filtered list, whether or not it is still in it. `nextOpen` is the next that is not
 * done, whatever status the filter names; from the end of the list it goes on at the beginning.
 */
export async function neighboursOf(db: Db, item: { id: string; projectId: string; path: string }, filter: ItemFilter): Promise<Neighbours> {
  const list = where(item.projectId, filter);
  const undone = Prisma.sql`${where(item.projectId, { ...filter, status: undefined })} and i."status" <> 'done' and i."id" <> ${item.id}::uuid`;
  const [row] = await db.$queryRaw<Neighbours[]>`
    select
      (select i."id" from "Item" i where ${list} and i."path" < ${item.path} order by i."path" desc limit 1) as "previous",
      (select i."id" from "Item" i where ${list} and i."path" > ${item.path} order by i."path" limit 1) as "next",
      coalesce(
        (select i."id" from "Item" i where ${undone} and i."path" > ${item.path} order by i."path" limit 1),
        (select i."id" from "Item" i where ${undone} order by i."path" limit 1)) as "nextOpen",
      (select count(*)::int + 1 from "Item" i where ${list} and i."path" < ${item.path}) as "position",
      (select count(*)::int from "Item" i where ${list}) as "total"`;
  return row!;
}
