/**
 * What the installation holds. Pages are answered from the rows that know their sizes, each table read once, never from the
 * objects: there may be millions. What really lies in the store is counted by workers, now and then.
 */
import { statfsSync } from 'node:fs';
import type { z } from 'zod';
import type * as contract from '@/lib/api/routes/system';
import { config } from '@/lib/server/config';
import { db, type Db } from '@/lib/server/db/client';
import { getSetting, setSetting } from '@/lib/server/db/installation';
import { objectStore, objectsUnder, type ObjectStore } from '@/lib/server/storage';
import type { Who } from './access';

type StorageUse = z.input<typeof contract.storageUse.response>;

const COUNTED = 'storage.counted';
/** A count of the store is good for so long. */
const COUNT_MS = 24 * 3600_000;

/** What lies where, in bytes. Images that several projects show count in each of them; the total counts them once. */
export async function storageUse(who: Who): Promise<StorageUse> {
  const [[whole], projects, counted] = await Promise.all([
    db().$queryRaw<{ objects: number; database: number }[]>`
      select (
        (select coalesce(sum("bytes" + coalesce(("renditions"->'display'->>'bytes')::bigint, 0) + coalesce(("renditions"->'thumb'->>'bytes')::bigint, 0)), 0) from "Asset")
        + (select coalesce(sum("bytes"), 0) from "ModelVersion") + (select coalesce(sum("bytes"), 0) from "Export") + (select coalesce(sum("bytes"), 0) from "ImportFile")
      )::float8 as "objects", pg_database_size(current_database())::float8 as "database"`,
    projectsOf(who.workspaceId),
    getSetting<NonNullable<StorageUse['counted']>>(db(), COUNTED),
  ]);
  return {
    kind: objectStore().kind, objectBytes: whole?.objects ?? 0, counted: counted ?? null, databaseBytes: whole?.database ?? 0, freeBytes: freeBytes(),
    trashBytes: projects.reduce((n, p) => n + (p.trashed ? p.bytes : p.trash), 0),
    projects: projects.map(({ id, name, bytes }) => ({ id, name, bytes })),
  };
}

/** Each project's bytes, and how many of them only trashed items and models hold. */
function projectsOf(workspaceId: string): Promise<{ id: string; name: string; trashed: boolean; bytes: number; trash: number }[]> {
  return db().$queryRaw`
    with mine as materialized (select "id", "name", "deletedAt" is not null as "trashed" from "Project" where "workspaceId" = ${workspaceId}::uuid),
    parts as (
      select pa."projectId" as "id", sum(a."bytes" + coalesce((a."renditions"->'display'->>'bytes')::bigint, 0) + coalesce((a."renditions"->'thumb'->>'bytes')::bigint, 0)) as "bytes", 0 as "trash"
        from "ProjectAsset" pa join mine on mine."id" = pa."projectId" join "Asset" a on a."hash" = pa."hash" group by 1
      union all
      select gone."projectId", 0, sum(a."bytes" + coalesce((a."renditions"->'display'->>'bytes')::bigint, 0) + coalesce((a."renditions"->'thumb'->>'bytes')::bigint, 0))
        from (select distinct i."projectId", i."hash" from "Item" i join mine on mine."id" = i."projectId" where i."deletedAt" is not null
          and not exists (select 1 from "Item" o where o."projectId" = i."projectId" and o."hash" = i."hash" and o."deletedAt" is null)) gone
        join "Asset" a on a."hash" = gone."hash" group by 1
      union all
      select m."projectId", sum(m."bytes"), coalesce(sum(m."bytes") filter (where m."deletedAt" is not null), 0) from "ModelVersion" m join mine on mine."id" = m."projectId" group by 1
      union all
      select e."projectId", coalesce(sum(e."bytes"), 0), 0 from "Export" e join mine on mine."id" = e."projectId" group by 1
      union all
      select i."projectId", sum(f."bytes"), 0 from "ImportFile" f join "Import" i on i."id" = f."importId" join mine on mine."id" = i."projectId" group by 1)
    select mine."id", mine."name", mine."trashed", coalesce(sum(parts."bytes"), 0)::float8 as "bytes", coalesce(sum(parts."trash"), 0)::float8 as "trash"
    from mine left join parts on parts."id" = mine."id" group by 1, 2, 3 order by 4 desc, 2`;
}

/**
 * Counts what lies in the store, object by object, and keeps the result for the page; not again while it is a day old or less.
 * For workers: it takes as long as the store takes to list everything. Returns whether it counted.
 */
export async function countObjects(client: Db, store: Pick<ObjectStore, 'list'>, { now = Date.now(), stopped = () => false }: { now?: number; stopped?: () => boolean } = {}): Promise<boolean> {
  const last = await getSetting<StorageUse['counted']>(client, COUNTED);
  if (last && now - Date.parse(last.at) < COUNT_MS) return false;
  let objects = 0;
  let bytes = 0;
  for await (const { size } of objectsUnder(store, '')) {
    if (stopped()) return false;
    objects++;
    bytes += size;
  }
  await setSetting(client, COUNTED, { objects, bytes, at: new Date(now).toISOString() });
  return true;
}

function freeBytes(): number | null {
  if (objectStore().kind !== 'disk') return null;
  try {
    const { bavail, bsize } = statfsSync(config().dataDir);
    return bavail * bsize;
  } catch {
    return null;
  }
}
