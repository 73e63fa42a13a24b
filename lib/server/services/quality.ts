/** Quality: two authors compared on the same items. The `quality` job does the matching. */
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import type { author } from '@/lib/api/routes/items';
import type { authors as authorsRoute, compare as compareRoute, disagreements as disagreementsRoute, qualityRow } from '@/lib/api/routes/rounds';
import { db, type Prisma } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import type { Principal } from '@/lib/server/http/handler';
import { enqueue } from '@/lib/server/queue';
import { NIL_UUID } from '@/lib/server/repositories/documents';
import { jobStates } from '@/lib/server/repositories/jobs';
import * as repository from '@/lib/server/repositories/quality';
import { requireOfProject, requireProject } from './access';
import { authorsOf } from './itemDocuments';
import { pageOfRows } from './paging';
import { builtState } from './versions';

export type QualityRow = z.input<typeof qualityRow>;
/** As asked for. */
export type QualityRequest = z.output<typeof compareRoute.body>;
/** What the job writes into the report's row. */
export type QualitySummary = Pick<QualityRow, 'overall' | 'interval' | 'perClass' | 'confusion'>;

/** Names for references to authors. */
async function namedAuthors(refs: readonly repository.AuthorRef[]): Promise<(ref: repository.AuthorRef) => z.input<typeof author>> {
  const asDocument = (r: repository.AuthorRef) => ({ authorKind: r.kind, authorId: r.id ?? NIL_UUID });
  const named = await authorsOf(db(), refs.map(asDocument));
  return (ref) => named(asDocument(ref));
}

async function toRows(rows: readonly repository.ReportRecord[]): Promise<QualityRow[]> {
  const requests = rows.map((r) => r.request as unknown as QualityRequest);
  const [jobs, named] = await Promise.all([
    jobStates(db(), rows.filter((r) => r.state === 'building').map((r) => r.jobId)),
    namedAuthors(requests.flatMap((r) => [r.a, r.b])),
  ]);
  return rows.map((row, i) => {
    const request = requests[i]!;
    const summary = row.summary as unknown as QualitySummary | null;
    return {
      id: row.id, project: row.projectId, a: named(request.a), b: named(request.b), iou: request.iou, minScore: request.minScore, state: builtState(row, jobs), job: row.jobId, createdAt: row.createdAt.toISOString(),
      items: row.items, overall: summary?.overall ?? null, interval: summary?.interval ?? null, perClass: summary?.perClass ?? [], confusion: summary?.confusion ?? [], disagreements: row.disagreements,
    };
  });
}

export async function authors(who: Principal, projectId: string): Promise<z.input<typeof authorsRoute.response>> {
  await requireProject(who, projectId);
  const counts = await repository.authorCounts(db(), projectId);
  const refs = counts.map((c): repository.AuthorRef => ({ kind: c.kind, id: c.id === NIL_UUID ? null : c.id }));
  const named = await namedAuthors(refs);
  return { authors: counts.map((c, i) => ({ ...named(refs[i]!), documents: c.documents })) };
}

/** @throws AppError `invalid` when both are the same, `unprocessable` when one of them has no document here */
export async function compare(who: Principal, projectId: string, body: QualityRequest): Promise<QualityRow> {
  await requireProject(who, projectId);
  if (repository.authorKey(body.a) === repository.authorKey(body.b)) throw new AppError('invalid', 'Choose two different authors: somebody always agrees with themselves.');
  const known = new Set((await repository.authorCounts(db(), projectId)).map((c) => `${c.kind}:${c.id}`));
  const named = await namedAuthors([body.a, body.b]);
  for (const ref of [body.a, body.b]) {
    if (!known.has(repository.authorKey(ref)) && ref.kind !== 'team') throw new AppError('unprocessable', `${named(ref).name} has no annotations in this project.`);
  }
  const row = await db().$transaction(async (tx) => {
    const id = uuidv7();
    const job = await enqueue(tx, 'quality', { report: id }, { title: `Compare ${named(body.a).name} and ${named(body.b).name}`, projectId, workspaceId: who.workspaceId, userId: who.userId });
    const made = await tx.qualityReport.create({ data: { id, projectId, request: body as unknown as Prisma.InputJsonValue, jobId: job, createdById: who.userId } });
    await notify(tx, { type: 'changed', entity: 'quality', id, projectId });
    return made;
  });
  return (await toRows([row]))[0]!;
}

export async function list(who: Principal, projectId: string, page: { cursor?: string; limit: number }) {
  await requireProject(who, projectId);
  const { rows, next } = pageOfRows(await repository.pageOfReports(db(), projectId, page.cursor, page.limit + 1), page.limit, (r) => r.id);
  return { items: await toRows(rows), next };
}

async function requireReport(who: Principal, id: string) {
  return requireOfProject(who, await repository.findReport(db(), id), 'quality report');
}

export async function one(who: Principal, id: string): Promise<QualityRow> {
  return (await toRows([await requireReport(who, id)]))[0]!;
}

export async function disagreements(who: Principal, id: string, query: z.output<typeof disagreementsRoute.query>): Promise<z.input<typeof disagreementsRoute.response>> {
  await requireReport(who, id);
  const after = query.cursor === undefined ? 0 : Number(query.cursor);
  if (!Number.isSafeInteger(after) || after < 0) throw new AppError('invalid', 'cursor: not one this list gave. Leave it out to start from the beginning.');
  const { rows, next } = pageOfRows(await repository.pageOfDisagreements(db(), id, query.kind, after, query.limit + 1), query.limit, ({ row }) => String(row.n));
  return {
    // An item erased since has no place to open.
    items: rows.flatMap(({ row, item }) =>
      item
        ? [{ n: row.n, item: row.itemId, path: item.path, asset: item.hash, width: item.width, height: item.height, kind: row.kind as 'missing', classA: row.classA, classB: row.classB, annotationA: row.annotationA, annotationB: row.annotationB, iou: row.iou, box: { x0: row.x0, y0: row.y0, x1: row.x1, y1: row.y1 } }]
        : [],
    ),
    next,
  };
}
