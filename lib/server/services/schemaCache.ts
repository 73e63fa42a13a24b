import { labelSchema, type LabelSchema } from '@/lib/core/labels';
import type { Db } from '@/lib/server/db/client';

// Versions never change, so what was read once is right for ever. The newest few hundred stay.
const cache = new Map<string, LabelSchema>();
const KEPT = 200;

/** The label schema of a version; of the project's current one when no version is named. */
export async function loadSchema(db: Db, projectId: string, version?: number): Promise<LabelSchema> {
  const v = version ?? (await db.project.findUniqueOrThrow({ where: { id: projectId }, select: { schemaVersion: true } })).schemaVersion;
  const key = `${projectId}:${v}`;
  const known = cache.get(key);
  if (known) return known;
  const row = await db.labelSchemaVersion.findUniqueOrThrow({ where: { projectId_version: { projectId, version: v } } });
  const schema = labelSchema.parse(row.schema);
  cache.set(key, schema);
  if (cache.size > KEPT) cache.delete(cache.keys().next().value!);
  return schema;
}

/** For a transaction that failed after it had read the version that it made. */
export function forgetSchema(projectId: string, version: number): void {
  cache.delete(`${projectId}:${version}`);
}
