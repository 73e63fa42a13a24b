import { AppError } from '@/lib/api/errors';
import type { JobContext } from '../../runtime/defineJob';

/** The project of a job that works on one. */
export function projectOf(ctx: JobContext): string {
  if (!ctx.projectId) throw new AppError('internal', 'This job was asked for without its project.');
  return ctx.projectId;
}

/** Whether a person asked this job to stop; a job that only its worker stopped goes on later. */
export async function wasCancelled(ctx: Pick<JobContext, 'db' | 'jobId'>): Promise<boolean> {
  const job = await ctx.db.job.findUnique({ where: { id: ctx.jobId }, select: { cancelRequested: true } });
  return job?.cancelRequested ?? false;
}

/** `1 item`, `3 items`. */
export const counted = (n: number, one: string, many = `${one}s`) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
