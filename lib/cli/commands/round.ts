/** The commands of a round: anchors, train, prelabel, quality. */
import { Option, type Command } from 'commander';
import { uuidv7 } from 'uuidv7';
import { AppError } from '@/lib/api/errors';
import { findAuthor, findModel, findVersion, requireProject } from '../lookups';
import { count } from '../output';
import { UsageError, act, command, number, wholeNumber, type Frame } from '../program';
import { poll, waitForJob } from '../wait';

const share = (value: number | null | undefined) => (value == null ? '–' : value.toFixed(3));

export function anchorsCommand(frame: Frame): Command {
  return command('anchors', 'choose anchor boxes by K-means on the boxes of done images', { server: true })
    .requiredOption('--project <name>', 'name or id of the project')
    .option('--max-k <number>', 'try one to so many anchors', wholeNumber(1, 20), 9)
    .option('--seed <number>', 'seed of the random start', wholeNumber(0, 2 ** 31), 1)
    .action(act<{ project: string; maxK: number; seed: number }>(frame, async (ctx, options) => {
      const client = ctx.client();
      const project = await requireProject(client, options.project);
      const { job } = await client.computeAnchors({ params: { project: project.id }, body: { maxK: options.maxK, seed: options.seed } });
      await waitForJob(ctx, client, job, 'Anchors');
      const { report } = await client.anchors({ params: { project: project.id } });
      if (!report) throw new AppError('unprocessable', 'There are no boxes on done images yet: mark some images as done first.');
      ctx.out.line(`${count(report.boxes, 'box', 'boxes')} on ${count(report.items, 'done image')} of "${project.name}":`);
      ctx.out.table(['k', 'mean best IoU', 'anchors (width × height in pixels)'], report.curve.map((c) => [c.k, Number(c.meanBestIou.toFixed(4)), c.anchors.map((a) => `${Math.round(a.w)}×${Math.round(a.h)}`).join(' ')]));
      return { project: project.id, job, ...report };
    }));
}

interface TrainOptions {
  project: string;
  version?: number;
  name?: string;
  minutes?: number;
  epochs?: number;
  backbone?: string;
  inputSize?: number;
  batch?: number;
  anchors?: number;
  seed?: number;
  wait: boolean;
}

export function trainCommand(frame: Frame): Command {
  return command('train', 'train a detector on a frozen version', { server: true })
    .requiredOption('--project <name>', 'name or id of the project')
    .option('--version <number>', 'number of the version; otherwise a new one is frozen', wholeNumber(1, 1e9))
    .option('--name <text>', 'name of the model')
    .option('--minutes <number>', 'time the run may take (10, unless --epochs is given)', number(0.25, 1440))
    .option('--epochs <number>', 'passes over the images, instead of --minutes', wholeNumber(1, 10_000))
    .option('--backbone <name>', 'network to start from')
    .option('--input-size <pixels>', 'side of the network\'s input, a multiple of 32', wholeNumber(64, 1280))
    .option('--batch <number>', 'images a step', wholeNumber(1, 64))
    .option('--anchors <number>', 'number of anchor boxes', wholeNumber(2, 18))
    .option('--seed <number>', 'seed of the run', wholeNumber(0, 2 ** 31))
    .option('--no-wait', 'start the job and return')
    .action(act<TrainOptions>(frame, async (ctx, o) => {
      if (o.minutes !== undefined && o.epochs !== undefined) throw new UsageError('--minutes and --epochs exclude each other.');
      const client = ctx.client();
      const project = await requireProject(client, o.project);
      const version = o.version === undefined ? null : await findVersion(client, project.id, o.version);
      const started = await client.train({
        params: { project: project.id },
        body: {
          version: version?.id ?? null, name: o.name ?? '',
          options: {
            ...(o.epochs !== undefined ? { epochs: o.epochs, minutes: null } : o.minutes !== undefined && { minutes: o.minutes }),
            ...(o.backbone !== undefined && { backbone: o.backbone }), ...(o.inputSize !== undefined && { inputSize: o.inputSize }), ...(o.batch !== undefined && { batch: o.batch }),
            ...(o.anchors !== undefined && { anchors: o.anchors }), ...(o.seed !== undefined && { seed: o.seed }),
          },
        },
      }, { idempotencyKey: uuidv7() });
      if (!o.wait) {
        ctx.out.line(`Training "${project.name}": job ${started.job}.`);
        return { project: project.id, job: started.job, version: started.version };
      }
      await waitForJob(ctx, client, started.job, 'Training');
      const models = await client.models({ params: { project: project.id }, query: { limit: 50 } });
      const model = models.items.find((m) => m.job === started.job);
      if (!model) throw new AppError('internal', 'The training is done, but its model is not listed. The Jobs page of the project may say why.');
      ctx.out.line(`Trained model ${model.number} of "${project.name}" in ${Math.round(model.trainedSeconds)} s.`);
      const metrics = Object.entries(model.metrics);
      if (metrics.length > 0) ctx.out.table(['metric', 'value'], metrics.map(([name, value]) => [name, Number(value.toFixed(4))]));
      if (model.perClass.length > 0) ctx.out.table(['class', 'AP at IoU 0.5', 'objects'], model.perClass.map((c) => [c.name, c.ap50 === null ? null : Number(c.ap50.toFixed(4)), c.groundTruth]));
      return { project: project.id, job: started.job, version: started.version, model: { id: model.id, number: model.number, metrics: model.metrics, perClass: model.perClass } };
    }));
}

interface PrelabelOptions {
  project: string;
  model?: number;
  scope: 'open' | 'all' | 'train' | 'val' | 'test';
  minScore: number;
  nmsIou: number;
  maxPerImage: number;
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
    .option('--no-wait', 'start the job and return')
    .action(act<PrelabelOptions>(frame, async (ctx, o) => {
      const client = ctx.client();
      const project = await requireProject(client, o.project);
      const model = o.model === undefined ? null : (await findModel(client, project.id, o.model)).id;
      const scope = o.scope === 'open' || o.scope === 'all' ? { kind: o.scope } : { kind: 'split' as const, split: o.scope };
      const { job } = await client.prelabel({ params: { project: project.id }, body: { model, scope, minScore: o.minScore, nmsIou: o.nmsIou, maxPerImage: o.maxPerImage } }, { idempotencyKey: uuidv7() });
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
