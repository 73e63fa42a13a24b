/** Commands of a round on the server: prelabel, quality. */
import { Option, type Command } from 'commander';
import { uuidv7 } from 'uuidv7';
import { AppError } from '@/lib/api/errors';
import { viewings, type Viewing } from '@/lib/core/labels';
import { findAuthor, findModel, requireProject } from '../lookups';
import { count } from '../output';
import { act, command, number, wholeNumber, type Frame } from '../program';
import { poll, waitForJob } from '../wait';

const share = (value: number | null | undefined) => (value == null ? '–' : value.toFixed(3));

interface PrelabelOptions {
  project: string;
  model?: number;
  scope: 'open' | 'all' | 'train' | 'val' | 'test';
  minScore: number;
  nmsIou: number;
  maxPerImage: number;
  viewing: Viewing;
  vote?: number[];
  wait: boolean;
}

export function prelabelCommand(frame: Frame): Command {
  return command('prelabel', 'let a model propose labels', { server: true })
    .requiredOption('--project <name>', 'name or id of the project')
    .option('--model <number>', 'number of the model; otherwise the current one', wholeNumber(1, 1e9))
    .addOption(new Option('--scope <which>', 'images to propose for').choices(['open', 'all', 'train', 'val', 'test']).default('open'))
    .option('--min-score <number>', 'leave out proposals below this score', number(0.001, 1), 0.05)
    .option('--nms-iou <number>', 'of two boxes of a class that overlap more than this, keep the better', number(0, 1), 0.5)
    .option('--max-per-image <number>', 'at most so many proposals an image', wholeNumber(1, 1000), 100)
    .addOption(new Option('--viewing <how>', 'look at each image once, also mirrored (twice the time), or at ten crops (ten times)').choices([...viewings]).default('once'))
    .option('--vote <number>', 'number of a further model of the same task and classes, whose outputs are averaged in; as often as needed', (value: string, before: number[] = []) => [...before, wholeNumber(1, 1e9)(value)])
    .option('--no-wait', 'start the job and return')
    .action(act<PrelabelOptions>(frame, async (ctx, o) => {
      const client = ctx.client();
      const project = await requireProject(client, o.project);
      const model = o.model === undefined ? null : (await findModel(client, project.id, o.model)).id;
      const vote: string[] = [];
      for (const number of o.vote ?? []) vote.push((await findModel(client, project.id, number)).id);
      const scope = o.scope === 'open' || o.scope === 'all' ? { kind: o.scope } : { kind: 'split' as const, split: o.scope };
      const { job } = await client.prelabel({ params: { project: project.id }, body: { model, scope, minScore: o.minScore, nmsIou: o.nmsIou, maxPerImage: o.maxPerImage, viewing: o.viewing, vote } }, { idempotencyKey: uuidv7() });
      if (!o.wait) {
        ctx.out.line(`Pre-labelling "${project.name}": job ${job}.`);
        return { project: project.id, job };
      }
      const done = await waitForJob(ctx, client, job, 'Pre-labelling');
      ctx.out.line(done.message || `Pre-labelled "${project.name}".`);
      return { project: project.id, job, result: done.data };
    }));
}

interface QualityOptions {
  project: string;
  a: string;
  b: string;
  iou: number;
  minScore: number;
  split?: 'train' | 'val' | 'test';
  open?: boolean;
}

export function qualityCommand(frame: Frame): Command {
  return command('quality', 'compare the labels of two authors', { server: true })
    .requiredOption('--project <name>', 'name or id of the project')
    .option('--a <author>', 'the reference: team, truth, model:3, person:NAME, import:NAME', 'team')
    .requiredOption('--b <author>', 'the author who is measured, named likewise')
    .option('--iou <number>', 'least IoU of a match', number(0.05, 1), 0.5)
    .option('--min-score <number>', 'leave out proposals below this score', number(0, 1), 0.5)
    .addOption(new Option('--split <name>', 'only images of this split').choices(['train', 'val', 'test']))
    .option('--open', 'count images that are not done, too')
    .action(act<QualityOptions>(frame, async (ctx, o) => {
      const client = ctx.client();
      const project = await requireProject(client, o.project);
      const [a, b] = [await findAuthor(client, project.id, o.a), await findAuthor(client, project.id, o.b)];
      const started = await client.compare({
        params: { project: project.id },
        body: { a: { kind: a.kind, id: a.id }, b: { kind: b.kind, id: b.id }, iou: o.iou, minScore: o.minScore, doneOnly: !o.open, split: o.split ?? null },
      }, { idempotencyKey: uuidv7() });
      if (started.state === 'building' && started.job) await waitForJob(ctx, client, started.job, 'Comparing');
      const report = await poll(ctx, async () => {
        const now = await client.qualityReport({ params: { id: started.id } });
        return now.state === 'building' ? null : now;
      });
      if (report.state !== 'ready' || !report.overall) throw new AppError('unprocessable', 'The comparison failed. The Jobs page of the project says why.');
      const row = (name: string, f: NonNullable<typeof report.overall>) => [name, f.matches, f.onlyA, f.onlyB, share(f.precision), share(f.recall), share(f.f1), share(f.meanIou)];
      ctx.out.line(`${b.name} against ${a.name} on ${count(report.items, 'image')} of "${project.name}", IoU ≥ ${report.iou}:`);
      ctx.out.table(['class', 'matches', 'missed', 'extra', 'precision', 'recall', 'F1', 'mean IoU'], [...report.perClass.map((c) => row(c.name, c)), row('all', report.overall)]);
      if (report.interval) ctx.out.line(`F1 lies between ${share(report.interval.f1[0])} and ${share(report.interval.f1[1])} (95 %). ${count(report.disagreements, 'disagreement')}.`);
      return { project: project.id, report };
    }));
}
