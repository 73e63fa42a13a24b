import { AppError } from '@/lib/api/errors';
import { notify } from '@/lib/server/events';
import { cancelJob } from '@/lib/server/queue';
import { jobKinds } from '@/lib/server/queue/kinds';
import { refreshProposalCounts } from '@/lib/server/repositories/counts';
import { findModel } from '@/lib/server/repositories/models';
import { defineJob, type JobContext } from '../runtime/defineJob';
import { eraseExportsWith, eraseItems, eraseModel, eraseProject, sweepAssets } from './lib/erase';
import { counted } from './lib/job';

/** Erases what lies in the trash for good. What was taken out of the trash since is left alone. A run that starts again goes on. */
export default defineJob({
  kind: 'erase',
  ...jobKinds.erase,
  async run(ctx, payload) {
    if (payload.what === 'project') return project(ctx, payload.project);
    if (payload.what === 'model') return model(ctx, payload.model);
    const hashes = (await ctx.db.item.findMany({ where: { projectId: payload.project, id: { in: payload.items } }, select: { hash: true } })).map((i) => i.hash);
    const erased = await eraseItems(ctx, payload.project, payload.items, { all: false }, (done) => ctx.progress({ fraction: done / payload.items.length, message: `Erased ${done} of ${counted(payload.items.length, 'item')}` }));
    const exports = await eraseExportsWith(ctx, payload.project, hashes);
    const freedBytes = await sweepAssets(ctx);
    await notify(ctx.db, { type: 'changed', entity: 'project', id: payload.project, projectId: payload.project });
    return { items: erased, exports, freedBytes };
  },
});

async function project(ctx: JobContext, id: string) {
  const { db } = ctx;
  const row = await db.project.findUnique({ where: { id } });
  // Gone already: a run before this one did not come as far as the bytes.
  if (!row) return { items: 0, freedBytes: await sweepAssets(ctx) };
  if (!row.deletedAt) throw new AppError('conflict', `"${row.name}" was taken out of the trash: it was not erased.`);
  for (const job of await db.job.findMany({ where: { projectId: id, state: { in: ['queued', 'running'] }, id: { not: ctx.jobId } }, select: { id: true } })) await cancelJob(db, job.id);
  // This job outlives the project it erases.
  await db.job.updateMany({ where: { id: ctx.jobId }, data: { projectId: null } });
  const erased = await eraseProject(ctx, id, (message, fraction) => ctx.progress({ message, fraction }));
  const freedBytes = await sweepAssets(ctx);
  await notify(db, { type: 'changed', entity: 'project', id, projectId: id });
  return { ...erased, freedBytes };
}

async function model(ctx: JobContext, id: string) {
  const { db } = ctx;
  const row = await findModel(db, id);
  if (!row) return { documents: 0 };
  if (!row.deletedAt) throw new AppError('conflict', `"${row.name}" was taken out of the trash: it was not erased.`);
  const erased = await eraseModel(ctx, row, (done) => ctx.progress({ message: `Erased the proposals of ${counted(done, 'item')}` }));
  await refreshProposalCounts(db, row.projectId);
  await notify(db, { type: 'changed', entity: 'model', id, projectId: row.projectId });
  return erased;
}
