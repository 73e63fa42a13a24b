/** Batches: imports, pre-labels, reassignments; taken back as one by the `revert` job. */
import { AppError } from '@/lib/api/errors';
import type { z } from 'zod';
import type { batches } from '@/lib/api/routes/imports';
import { db } from '@/lib/server/db/client';
import type { Principal } from '@/lib/server/http/handler';
import { enqueue } from '@/lib/server/queue';
import * as repository from '@/lib/server/repositories/batches';
import { requireOfProject, requireProject } from './access';
import { namesOf } from './names';
import { pageOfRows } from './paging';

export async function list(who: Principal, projectId: string, page: { cursor?: string; limit: number }): Promise<z.input<typeof batches.response>> {
  await requireProject(who, projectId);
  const { rows, next } = pageOfRows(await repository.pageOfBatches(db(), projectId, page.cursor, page.limit + 1), page.limit, (r) => r.id);
  const names = await namesOf(db(), rows.map((r) => r.createdById));
  return {
    items: rows.map((r) => ({
      id: r.id, kind: r.kind, title: r.title, createdAt: r.createdAt.toISOString(), by: names.get(r.createdById ?? '') ?? null,
      documents: r.documents, annotations: r.annotations, revertedAt: r.revertedAt?.toISOString() ?? null,
    })),
    next,
  };
}

export async function revert(who: Principal, id: string): Promise<{ job: string }> {
  const row = await requireOfProject(who, await repository.findBatch(db(), id), 'batch');
  if (row.revertedAt) throw new AppError('conflict', `"${row.title}" was already taken back.`);
  const job = await db().$transaction((tx) => enqueue(tx, 'revert', { batch: id }, { title: `Take back: ${row.title}`, projectId: row.projectId, workspaceId: who.workspaceId, userId: who.userId }));
  return { job };
}
