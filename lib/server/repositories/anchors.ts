/** Box shapes for K-means. */
import type { Db } from '@/lib/server/db/client';

/** Width and height in pixels of every box of the team's documents of done items, in a fixed order, a page at a time. */
export async function* doneBoxShapes(db: Db, projectId: string, pageSize = 20_000): AsyncGenerator<{ itemId: string; w: number; h: number }[]> {
  let document = '00000000-0000-0000-0000-000000000000';
  let id = document;
  for (;;) {
    const page = await db.$queryRaw<{ documentId: string; id: string; itemId: string; w: number; h: number }[]>`
      select a."documentId", a."id", a."itemId", a."x1" - a."x0" as "w", a."y1" - a."y0" as "h"
      from "Annotation" a
      join "Document" d on d."id" = a."documentId" and d."authorKind" = 'team'
      join "Item" i on i."id" = a."itemId"
      where d."projectId" = ${projectId}::uuid and a."kind" = 'box' and a."deletedAt" is null and i."status" = 'done' and i."deletedAt" is null
        and (a."documentId", a."id") > (${document}::uuid, ${id}::uuid)
      order by a."documentId", a."id"
      limit ${pageSize}`;
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    document = last.documentId;
    id = last.id;
  }
}
