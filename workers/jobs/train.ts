import fs from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '@/lib/api/errors';
import { readManifest } from '@/lib/core/formats/manifest';
import { headlineOf, type TaskName } from '@/lib/core/labels';
import type { Prisma } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import { jobKinds, type JobInput } from '@/lib/server/queue/kinds';
import { insertModel } from '@/lib/server/repositories/models';
import { makeCurrent, modelPrefix } from '@/lib/server/services/models';
import { freezeVersion } from '@/lib/server/services/versions/freeze';
import { countParameters, evaluateModel, loadPredictor, trainModel, type Example, type ModelCard, type TaskMetrics, type TrainOptions } from '@/models/node';
import { defineJob, type JobContext } from '../runtime/defineJob';
import { SharedCheckpoint, sweepCheckpoints } from './lib/checkpoint';
import { metricsOf, perClassOf, storeEvaluation, type Measured } from './lib/figures';
import { AssetImages, stillThere } from './lib/images';
import { counted, wasCancelled } from './lib/job';
import { modelFolder, storeModel } from './lib/modelFolder';
import { succession } from './lib/succession';
import { threadsNow } from './lib/threads';
import { TrainingReport } from './lib/trainingReport';
import { trainingSetOf, type LabelledImage, type TrainingSet } from './lib/trainingSet';

/**
 * Trains a model on a frozen version (which is frozen first, if it is not) and keeps it as a model version of the
 * project. The model's id is the job's, so that a run that starts again after the last step finds its work done; before that
 * it goes on from its checkpoint, on whatever machine.
 */
export default defineJob({
  kind: 'train',
  ...jobKinds.train,
  async run(ctx, payload) {
    const { db } = ctx;
    const made = await db.modelVersion.findUnique({ where: { jobId: ctx.jobId } });
    if (made) return resultOf(made);
    const folder = await jobFolder(ctx);
    const checkpoint = new SharedCheckpoint(ctx, path.join(folder, 'checkpoint'));
    try {
      const model = await trainAndKeep(ctx, payload, folder, checkpoint);
      await checkpoint.remove();
      await fs.rm(folder, { recursive: true, force: true });
      return resultOf(model);
    } catch (error) {
      // A job that only its worker stopped goes on later, here or elsewhere.
      if (error instanceof Error) error.message = withoutKey(error.message, payload.options.start);
      if (!ctx.signal.aborted || (await wasCancelled(ctx))) await checkpoint.remove().catch((err: unknown) => ctx.log.warn({ err }, 'The checkpoint stays in the store for now'));
      throw error;
    }
  },
});

async function trainAndKeep(ctx: JobContext, payload: JobInput<'train'>, folder: string, checkpoint: SharedCheckpoint) {
  const { db } = ctx;
  const version = await freezeVersion({ db, store: ctx.store, signal: ctx.signal, progress: (done, of) => ctx.progress({ message: `Freezing ${done} of ${of} items` }) }, payload.version);
  const { manifest, manifestKey } = version;
  if (!manifestKey || !manifest) throw new AppError('unprocessable', `Version ${version.number} has no manifest. Freeze a new one.`);
  ctx.progress({ message: 'Reading the version' });
  const { head, items } = await readManifest(await ctx.store.get(manifestKey));
  let erased = 0;
  const set = await trainingSetOf(payload.options.task, head.schema, stillThere(db, version.projectId, items, () => erased++));
  if (erased > 0) set.notes.push(`Left out, because they were erased since: ${counted(erased, 'image')} of the version.`);
  const watchesTrain = set.val.length === 0;
  const report = new TrainingReport(ctx, set, watchesTrain, payload.options.task);
  if (watchesTrain) report.note('The val split is empty: the curve is of the training images, so it says nothing about new ones. Mark more images as done.');

  const images = new AssetImages(ctx);
  const source = (i: LabelledImage) => images.source(i.hash);
  const example = (i: LabelledImage): Example => ({ id: i.path, image: source(i), width: i.width, height: i.height, labels: i.labels });
  const outDir = path.join(folder, 'model');
  await checkpoint.fetch();
  const start = await startOf(ctx, payload.options.start);
  const trained = await checkpoint.during(() => trainModel(
    { train: set.train.map(example), val: (watchesTrain ? set.train : set.val).map(example), classes: set.classes, datasetHash: manifest },
    { ...optionsOf(payload.options), ...start, threads: () => threadsNow(ctx), outDir, checkpointDir: checkpoint.folder, featureDir: path.join(ctx.cacheDir, 'features') },
    { onPreparing: (done, of) => report.preparing(done, of), onProgress: (p) => report.progress(p), onEvaluation: (e) => report.evaluation(e), onNote: (n) => report.note(withoutKey(n, payload.options.start)) },
    ctx.signal,
  ));

  const predictor = await loadPredictor(outDir, { threads: await threadsNow(ctx) });
  const measured = await measure(ctx, set, watchesTrain, (split, done, of) => report.evaluating(split, done, of), (list, onImage) => evaluateModel(predictor, list.map(example), { signal: ctx.signal, onImage })).finally(() => predictor.dispose());
  report.saving();
  return keep(ctx, { payload, version, set, card: trained.card, seconds: trained.seconds, measured, outDir, report });
}

function optionsOf(o: JobInput<'train'>['options']): Omit<TrainOptions, 'outDir' | 'checkpointDir'> {
  return {
    // Epochs, when given, are meant: the minutes are then the form's default.
    ...(o.epochs !== null ? { epochs: o.epochs } : { minutes: o.minutes ?? 10 }),
    ...(o.inputSize !== null && { inputSize: { width: o.inputSize, height: o.inputSize } }),
    ...(o.batch !== null && { batch: o.batch }),
    task: o.task, ...(o.task === 'detect' && { taskOptions: { anchorCount: o.anchors } }), ...(o.backbone !== 'default' && { backbone: o.backbone }), ...(o.depth !== 'auto' && { depth: o.depth }), ...(o.learningRate !== null && { learningRate: o.learningRate }), optimizer: o.optimizer, schedule: o.schedule, seed: o.seed, augmentation: o.augmentation,
  };
}

/** Where the weights come from that the training begins with. */
async function startOf(ctx: JobContext, start: JobInput<'train'>['options']['start']): Promise<Pick<TrainOptions, 'start'>> {
  if (start === 'default') return {};
  if (start === 'scratch' || isAddress(start)) return { start };
  const model = await ctx.db.modelVersion.findFirst({ where: { id: start, projectId: ctx.projectId! }, select: { objectPrefix: true } });
  if (!model) throw new AppError('not-found', 'The model whose weights the training should begin with is not in this project any more. Choose another.');
  return { start: await modelFolder(ctx, model.objectPrefix) };
}

const isAddress = (start: string) => /^https?:/i.test(start);

/** A text without what follows the ? of the address that training begins with: it may be a key that opens it. */
function withoutKey(text: string, start: string): string {
  const query = isAddress(start) ? new URL(start).search : '';
  return query ? text.replaceAll(query, '') : text;
}

/** The folder of this job's checkpoint and model. What training jobs that are over have left is removed on the way. */
async function jobFolder(ctx: JobContext): Promise<string> {
  const root = path.join(ctx.dataDir, 'jobs');
  await fs.mkdir(root, { recursive: true });
  const others = (await fs.readdir(root)).filter((name) => /^[0-9a-f-]{36}$/.test(name) && name !== ctx.jobId);
  const alive = await ctx.db.job.findMany({ where: { id: { in: others }, state: { in: ['queued', 'running'] } }, select: { id: true } });
  const kept = new Set(alive.map((j) => j.id));
  await Promise.all(others.filter((name) => !kept.has(name)).map((name) => fs.rm(path.join(root, name), { recursive: true, force: true })));
  await sweepCheckpoints(ctx);
  const folder = path.join(root, ctx.jobId);
  await fs.mkdir(folder, { recursive: true });
  return folder;
}

async function measure(
  ctx: JobContext, set: TrainingSet, watchesTrain: boolean, onProgress: (split: string, done: number, of: number) => void,
  run: (images: readonly LabelledImage[], onImage: (done: number) => void) => Promise<TaskMetrics>,
): Promise<Measured> {
  const measured: Measured = {};
  for (const split of watchesTrain ? (['train', 'test'] as const) : (['val', 'test'] as const)) {
    ctx.signal.throwIfAborted();
    const images = set[split];
    if (images.length > 0) measured[split] = await run(images, (done) => onProgress(split, done, images.length));
  }
  return measured;
}

interface Finished {
  payload: JobInput<'train'>;
  version: { id: string; number: number };
  set: TrainingSet;
  card: ModelCard;
  seconds: number;
  measured: Measured;
  outDir: string;
  report: TrainingReport;
}

/** Stores the files, then the row; makes the model current when there is none, or when it beats the current one of its task on val. */
async function keep(ctx: JobContext, { payload, version, set, card, seconds, measured, outDir, report }: Finished) {
  const { db } = ctx;
  const projectId = ctx.projectId!;
  const objectPrefix = modelPrefix(ctx.jobId);
  const bytes = await storeModel(ctx, outDir, objectPrefix);
  await storeEvaluation(ctx, objectPrefix, measured);
  const parameters = await countParameters(outDir);
  const metrics = metricsOf(measured);
  return db.$transaction(
    async (tx) => {
      // Of two runs that end at once the second sees the first.
      await tx.$queryRaw`select 1 from "Project" where "id" = ${projectId}::uuid for update`;
      const project = await tx.project.findUniqueOrThrow({ where: { id: projectId }, select: { currentModelId: true } });
      const current = project.currentModelId ? await tx.modelVersion.findUnique({ where: { id: project.currentModelId }, select: { name: true, task: true, metrics: true } }) : null;
      const { promote, note } = succession(card.task, metrics, current && { ...current, metrics: current.metrics as Record<string, number> });
      const model = await insertModel(tx, {
        id: ctx.jobId, projectId, name: payload.name, task: card.task, jobId: ctx.jobId, datasetVersionId: version.id, card: card as unknown as Prisma.InputJsonValue, metrics,
        perClass: perClassOf(measured, set.classes) as unknown as Prisma.InputJsonValue,
        options: { ...payload.options, start: withoutKey(payload.options.start, payload.options.start), notes: note ? [...report.notes, note] : report.notes, versionNumber: version.number } as Prisma.InputJsonValue, objectPrefix, bytes: BigInt(bytes), parameters, trainedSeconds: seconds,
      });
      if (promote) await makeCurrent(tx, projectId, model.id);
      await notify(tx, { type: 'changed', entity: 'model', id: model.id, projectId });
      return model;
    },
    { timeout: 120_000 },
  );
}

function resultOf(model: { task: string; id: string; number: number; name: string; metrics: Prisma.JsonValue; options: Prisma.JsonValue; trainedSeconds: number }) {
  const { notes } = model.options as { notes?: string[] };
  return { model: model.id, number: model.number, name: model.name, metrics: model.metrics, headline: headlineOf[model.task as TaskName], notes: notes ?? [], seconds: model.trainedSeconds, summary: `${model.name}, trained in ${counted(Math.round(model.trainedSeconds), 'second')}` };
}
