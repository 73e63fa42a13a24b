import { AppError } from '@/lib/api/errors';
import type { Annotation } from '@/lib/core/labels';
import { disagreementsOf, QualityAccumulator, type Figure } from '@/lib/core/quality';
import type { Prisma, PrismaClient } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import { jobKinds } from '@/lib/server/queue/kinds';
import { findModel } from '@/lib/server/repositories/models';
import * as repository from '@/lib/server/repositories/quality';
import type { QualityRequest, QualitySummary } from '@/lib/server/services/quality';
import { loadSchema } from '@/lib/server/services/schemaCache';
import { defineJob } from '../runtime/defineJob';
import { counted } from './lib/job';

/** Compares two authors on the items that both have; keeps the figures and every place where they differ. */
export default defineJob({
  kind: 'quality',
  ...jobKinds.quality,
  async run(ctx, { report: reportId }) {
    const { db } = ctx;
    const report = await repository.findReport(db, reportId);
    if (!report) throw new AppError('not-found', 'The quality report was erased before it was made.');
    const { projectId } = report;
    const request = report.request as unknown as QualityRequest;
    const schema = await loadSchema(db, projectId);
    await repository.clearDisagreements(db, reportId);
    const total = await db.item.count({ where: { projectId, deletedAt: null, ...(request.doneOnly && { status: 'done' as const }), ...(request.split && { split: request.split }) } });

    const accumulator = new QualityAccumulator({ iou: request.iou });
    // What a person drew has no score; a model's proposals count from the threshold on.
    const known = [await classesOf(db, request.a), await classesOf(db, request.b)];
    const shown = (list: Annotation[] | undefined) => (list ?? []).filter((x) => (x.score === null || x.score >= request.minScore) && known.every((classes) => !classes || classes.has(x.classId)));
    let items = 0;
    let disagreements = 0;
    for await (const page of repository.comparedItems(db, projectId, request.a, request.b, request)) {
      ctx.signal.throwIfAborted();
      const annotations = await repository.annotationsByDocument(db, page.flatMap((i) => [i.documentA, i.documentB]));
      const rows = page.flatMap((item) => {
        const result = accumulator.add(shown(annotations.get(item.documentA ?? '')), shown(annotations.get(item.documentB ?? '')));
        return disagreementsOf(result).map((d) => ({ ...d, itemId: item.id }));
      });
      await repository.appendDisagreements(db, reportId, disagreements, rows);
      items += page.length;
      disagreements += rows.length;
      ctx.progress({ fraction: total > 0 ? Math.min(0.95, items / total) : 0, message: `Compared ${counted(items, 'item')}` });
    }
    if (items === 0) throw new AppError('unprocessable', nothingToCompare(request));
    const summary = accumulator.summary();
    const nameOf = new Map(schema.classes.map((c) => [c.id, c]));
    const stored: QualitySummary = {
      overall: plain(summary.overall),
      interval: summary.overall.interval.f1 && { f1: summary.overall.interval.f1 },
      perClass: summary.perClass
        .map(({ classId, ...figure }) => ({ ...plain(figure), classId, name: nameOf.get(classId)?.name ?? 'removed class' }))
        .sort((p, q) => (nameOf.get(p.classId)?.index ?? Infinity) - (nameOf.get(q.classId)?.index ?? Infinity)),
      confusion: summary.confusion,
    };
    await db.$transaction(
      async (tx) => {
        await repository.rankDisagreements(tx, reportId);
        await tx.qualityReport.update({ where: { id: reportId }, data: { state: 'ready', items, disagreements, summary: stored as unknown as Prisma.InputJsonValue } });
        await notify(tx, { type: 'changed', entity: 'quality', id: reportId, projectId });
      },
      { timeout: 120_000 },
    );
    const f1 = summary.overall.f1;
    return { report: reportId, items, disagreements, f1, summary: `${f1 === null ? '' : `F1 ${(100 * f1).toFixed(1)} %, `}${counted(disagreements, 'disagreement')} on ${counted(items, 'item')}` };
  },
});

/** The classes that a model can propose; null for people, who know them all. What a model was never taught is no miss of it. */
async function classesOf(db: PrismaClient, author: QualityRequest['a']): Promise<Set<string> | null> {
  if (author.kind !== 'model') return null;
  const model = await findModel(db, author.id!);
  const { classes } = (model?.card ?? {}) as { classes?: { id: string; skip?: boolean }[] };
  return classes ? new Set(classes.filter((c) => !c.skip).map((c) => c.id)) : null;
}

function plain({ matches, onlyA, onlyB, precision, recall, f1, meanIou }: Figure) {
  return { matches, onlyA, onlyB, precision, recall, f1, meanIou };
}

function nothingToCompare({ doneOnly, split }: QualityRequest): string {
  const where = `${doneOnly ? 'done ' : ''}item${split ? ` of the ${split} split` : ''}`;
  return `There is no ${where} that both have annotated. ${doneOnly ? 'Mark items as done, or compare items that are not done as well.' : 'Choose other authors or another split.'}`;
}
