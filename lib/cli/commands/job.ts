import { Option, type Command } from 'commander';
import { AppError } from '@/lib/api/errors';
import { allOf, requireProject } from '../lookups';
import { act, command, group, type Frame } from '../program';

export function jobCommand(frame: Frame): Command {
  const parent = group('job', 'list and cancel jobs');
  parent.addCommand(
    command('list', 'list the jobs of a project, newest first', { server: true })
      .option('--project <name>', 'name or id of the project; otherwise the jobs that belong to none')
      .addOption(new Option('--state <state>', 'only jobs in this state').choices(['queued', 'running', 'done', 'failed', 'cancelled']))
      .action(act<{ project?: string; state?: 'queued' | 'running' | 'done' | 'failed' | 'cancelled' }>(frame, async (ctx, options) => {
        const client = ctx.client();
        const project = options.project === undefined ? null : await requireProject(client, options.project);
        const jobs = [];
        for await (const j of allOf((cursor) => {
          const query = { limit: 100, cursor, state: options.state };
          return project ? client.jobs({ params: { project: project.id }, query }) : client.workspaceJobs({ query });
        })) {
          jobs.push(j);
          if (jobs.length === 1000) break;
        }
        if (jobs.length === 0) ctx.out.line('There are no such jobs.');
        else ctx.out.table(['state', 'done', 'what', 'begun', 'id'], jobs.map((j) => [j.state, `${Math.floor(j.progress * 100)} %`, j.title, j.startedAt?.slice(0, 16).replace('T', ' ') ?? null, j.id]));
        return { jobs: jobs.map(({ id, kind, title, state, progress, message, error, createdAt, startedAt, finishedAt }) => ({ id, kind, title, state, progress, message, error, createdAt, startedAt, finishedAt })) };
      })),
  );
  parent.addCommand(
    command('cancel', 'ask a job to stop', { server: true }).argument('<id>', 'id of the job, as job list shows it')
      .action(act(frame, async (ctx, _, [id]) => {
        const client = ctx.client();
        const before = await client.job({ params: { id: id! } });
        if (!['queued', 'running'].includes(before.state)) throw new AppError('conflict', `The job "${before.title}" is already ${before.state}.`);
        const job = await client.cancelJob({ params: { id: id! } });
        ctx.out.line(`"${job.title}" is asked to stop.`);
        return { job: { id: job.id, state: job.state, cancelRequested: job.cancelRequested } };
      })),
  );
  return parent;
}
