/** Between the annotation of the label types and its row: masks as bytes, bounds and area in columns of their own. */
import { geometryBounds, type Annotation, type Geometry, type Origin } from '@/lib/core/labels';
import { fromBase64, maskArea, maskFromString, toBase64 } from '@/lib/core/masks';
import { Prisma, type Db } from '@/lib/server/db/client';

export type AnnotationRow = Prisma.AnnotationGetPayload<object>;
type AnnotationInput = Prisma.AnnotationCreateManyInput;

/** Where a row belongs, besides what the annotation says. */
export interface RowPlace {
  documentId: string;
  projectId: string;
  itemId: string;
  batchId: string | null;
  createdById: string | null;
}

/** Area in pixels: of a mask its pixels, of a box w × h, of landmarks that of the bounds of the points placed. */
export function geometryArea(g: Geometry): number {
  if (g.kind === 'mask') return maskArea(maskFromString(g.mask));
  const b = geometryBounds(g);
  return (b.x1 - b.x0) * (b.y1 - b.y0);
}

/** The row of an annotation; `deletedAt` when it is in the document's deleted ones. Good for `createMany`. */
export function toRow(annotation: Annotation, place: RowPlace, deletedAt: Date | null = null): AnnotationInput {
  const { geometry } = annotation;
  return {
    ...place,
    id: annotation.id,
    classId: annotation.classId,
    kind: geometry.kind,
    ...geometryBounds(geometry),
    area: geometryArea(geometry),
    geometry: geometry.kind === 'mask' ? Prisma.DbNull : (geometry as unknown as Prisma.InputJsonValue),
    mask: geometry.kind === 'mask' ? new Uint8Array(fromBase64(geometry.mask)) : null,
    attributes: annotation.attributes as Prisma.InputJsonValue,
    truncated: annotation.truncated,
    occluded: annotation.occluded,
    difficult: annotation.difficult,
    crowd: annotation.crowd,
    group: annotation.group,
    track: annotation.track,
    at: annotation.at,
    score: annotation.score,
    origin: annotation.origin === null ? Prisma.DbNull : (annotation.origin as Prisma.InputJsonValue),
    rev: annotation.rev,
    deletedAt,
  };
}

/** The annotation of a row, deleted or not. */
export function fromRow(row: AnnotationRow): Annotation {
  const geometry: Geometry =
    row.kind === 'mask' ? { kind: 'mask', v: 1, mask: toBase64(row.mask ?? new Uint8Array(0)) } : (row.geometry as unknown as Geometry);
  return {
    id: row.id,
    rev: row.rev,
    classId: row.classId,
    geometry,
    attributes: (row.attributes ?? {}) as Annotation['attributes'],
    truncated: row.truncated,
    occluded: row.occluded,
    difficult: row.difficult,
    crowd: row.crowd,
    group: row.group,
    track: row.track,
    at: row.at,
    score: row.score,
    origin: row.origin as Origin | null,
  };
}

/** Characters of JSON that one statement carries at most; masks can be long. */
const STATEMENT_CHARS = 8_000_000;
const STATEMENT_ROWS = 2000;

/**
 * Writes rows whole, new or not, in as few statements as their size allows. `batchId`, `createdById` and `createdAt` of a
 * row that exists stay as they were.
 */
export async function upsertRows(tx: Db, rows: readonly AnnotationInput[]): Promise<void> {
  let chunk: string[] = [];
  let size = 0;
  const flush = async () => {
    if (chunk.length > 0) await upsertStatement(tx, `[${chunk.join(',')}]`);
    chunk = [];
    size = 0;
  };
  for (const row of rows) {
    const json = JSON.stringify({
      ...row,
      geometry: row.geometry === Prisma.DbNull ? null : row.geometry,
      origin: row.origin === Prisma.DbNull ? null : row.origin,
      mask: row.mask ? toBase64(row.mask) : null,
    });
    if (size + json.length > STATEMENT_CHARS || chunk.length >= STATEMENT_ROWS) await flush();
    chunk.push(json);
    size += json.length;
  }
  await flush();
}

async function upsertStatement(tx: Db, json: string): Promise<void> {
  await tx.$executeRaw`
    insert into "Annotation" as a (
      "id", "documentId", "projectId", "itemId", "classId", "kind", "x0", "y0", "x1", "y1", "area", "geometry", "mask",
      "attributes", "truncated", "occluded", "difficult", "crowd", "group", "track", "at", "score", "origin", "rev",
      "batchId", "createdById", "deletedAt", "updatedAt")
    select
      r."id", r."documentId", r."projectId", r."itemId", r."classId", r."kind"::"GeometryKind", r."x0", r."y0", r."x1", r."y1", r."area", r."geometry", decode(r."mask", 'base64'),
      r."attributes", r."truncated", r."occluded", r."difficult", r."crowd", r."group", r."track", r."at", r."score", r."origin", r."rev",
      r."batchId", r."createdById", r."deletedAt", now()
    from json_to_recordset(${json}::json) as r(
      "id" uuid, "documentId" uuid, "projectId" uuid, "itemId" uuid, "classId" uuid, "kind" text,
      "x0" float8, "y0" float8, "x1" float8, "y1" float8, "area" float8, "geometry" jsonb, "mask" text,
      "attributes" jsonb, "truncated" bool, "occluded" bool, "difficult" bool, "crowd" bool, "group" uuid, "track" uuid,
      "at" int, "score" float8, "origin" jsonb, "rev" int, "batchId" uuid, "createdById" uuid, "deletedAt" timestamptz)
    on conflict ("documentId", "id") do update set
      "classId" = excluded."classId", "kind" = excluded."kind",
      "x0" = excluded."x0", "y0" = excluded."y0", "x1" = excluded."x1", "y1" = excluded."y1", "area" = excluded."area",
      "geometry" = excluded."geometry", "mask" = excluded."mask", "attributes" = excluded."attributes",
      "truncated" = excluded."truncated", "occluded" = excluded."occluded", "difficult" = excluded."difficult", "crowd" = excluded."crowd",
      "group" = excluded."group", "track" = excluded."track", "at" = excluded."at", "score" = excluded."score", "origin" = excluded."origin",
      "rev" = excluded."rev", "deletedAt" = excluded."deletedAt", "updatedAt" = now()`;
}
