/** Training in this process, on a dataset on disk. The same code as the worker's job, without a server. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { AugmentOverride } from '@/lib/core/augmentation';
import { headlineOf, type OptimizerName, type ScheduleName } from '@/lib/core/labels';
import type { MeasuredViewing, TaskMetrics, TaskName, TrainEvaluation, TrainProgress, Viewing } from '@/models/node';
import { openDataset } from '../dataset';
import { cacheFolder, checkModelFolder } from '../folders';
import { count, duration } from '../output';
import { UsageError, type Context } from '../program';
import { readTrainingSet } from './trainingSet';

export interface LocalTraining {
  task: TaskName;
  out: string;
  format: string;
  vocFrame: 'labelimg' | 'devkit';
  crops: boolean;
  perClass?: number;
  limit?: number;
  minutes?: number;
  epochs?: number;
  backbone?: string;
  inputSize?: number;
  batch?: number;
  anchors?: number;
  seed: number;
  learningRate?: number;
  optimizer?: OptimizerName;
  schedule?: ScheduleName;
  threads?: number;
  /** Gigabytes. */
  memory?: number;
  start?: string;
  depth?: 'head' | 'partial' | 'full';
  viewing: Viewing;
  set: Record<string, unknown>;
  augment?: AugmentOverride;
  force: boolean;
}

const DEFAULT_MINUTES = 10;

export async function trainLocally(ctx: Context, given: string, o: LocalTraining) {
  // Everything that can be wrong is looked at before hours are spent.
  const began = performance.now();
  const { cwd, signal } = ctx.environment;
  const outDir = path.resolve(cwd, o.out);
  await checkModelFolder(outDir, { force: o.force, kept: [{ folder: cwd, what: 'the folder you are in' }, { folder: path.resolve(cwd, given), what: 'the data' }] });
  const { trainModel, measureViewings, loadPredictor, taskOf } = await import('@/models/node');
  const { FROM_SCRATCH } = await import('@/models/node/train/start');
  const { isAddress } = await import('@/models/node/pretrained');
  const task = taskOf(o.task);
  const { backbones } = await import('@/models/backbones');
  const trunk = o.backbone ?? task.defaults.backbone;
  const untrained = o.start === FROM_SCRATCH || (o.start === undefined && backbones[trunk] !== undefined && !backbones[trunk].trained);
  if (o.depth !== undefined && o.depth !== 'full' && untrained) throw new UsageError(`--depth ${o.depth} wants trained weights to begin with, and ${o.start === FROM_SCRATCH ? '--start scratch takes none' : `the backbone ${trunk} comes without: give some with --start`}.`);
  const threads = o.threads ?? os.availableParallelism();
  const dataset = await openDataset(ctx, given, o, true);
  const checkpointDir = path.join(path.dirname(outDir), `.${path.basename(outDir)}.training`);
  try {
    const set = await readTrainingSet(ctx, dataset, task, o);
    const notes = [...set.notes];
    const note = (text: string) => {
      notes.push(text);
      ctx.out.note(text);
    };
    for (const text of set.notes) ctx.out.note(text);
    ctx.out.note(`Training on ${count(set.train.length, 'image')}, watching ${set.val.length}, testing on ${set.test.length}; ${count(set.classes.length, 'class', 'classes')}: ${set.classes.slice(0, 20).map((c) => c.name).join(', ')}${set.classes.length > 20 ? ' …' : ''}.`);
    await fs.mkdir(checkpointDir, { recursive: true });
    const trained = await trainModel(
      { train: set.train, val: set.val, classes: set.classes },
      {
        task: o.task, outDir, checkpointDir, seed: o.seed, threads, featureDir: path.join(cacheFolder(ctx.environment.env), 'features'), ...(o.memory !== undefined && { memoryBytes: Math.round(o.memory * 2 ** 30) }),
        ...(o.epochs !== undefined ? { epochs: o.epochs } : { minutes: o.minutes ?? DEFAULT_MINUTES }),
        ...(o.backbone !== undefined && { backbone: o.backbone }), ...(o.inputSize !== undefined && { inputSize: { width: o.inputSize, height: o.inputSize } }), ...(o.batch !== undefined && { batch: o.batch }),
        ...(o.learningRate !== undefined && { learningRate: o.learningRate }), ...(o.optimizer && { optimizer: o.optimizer }), ...(o.schedule && { schedule: o.schedule }), ...(o.start !== undefined && { start: o.start === FROM_SCRATCH || isAddress(o.start) ? o.start : path.resolve(cwd, o.start) }), ...(o.depth !== undefined && { depth: o.depth }), ...(o.augment && { augmentation: o.augment }),
        taskOptions: { ...(o.anchors !== undefined && { anchorCount: o.anchors }), ...o.set },
      },
      { onPreparing: (done, of) => ctx.out.progress('Computing features', done / of, `${done} of ${of}`), onProgress: (p) => showProgress(ctx, p), onEvaluation: (e) => ctx.out.note(evaluationLine(e)), onNote: note },
      signal,
    ).catch(async (error: unknown) => {
      // Without a checkpoint in it the folder is of no use to a later run.
      const kept = await fs.rmdir(checkpointDir).then(() => false, () => true);
      if (signal.aborted && kept) ctx.out.note('Run the same command again to go on from here.');
      throw error;
    });
    await fs.rm(checkpointDir, { recursive: true, force: true });

    let measured: { split: string; metrics: TaskMetrics } | null = trained.metrics && { split: 'val', metrics: trained.metrics };
    let looked: MeasuredViewing[] = [];
    if (set.test.length > 0) {
      const predictor = await loadPredictor(outDir, { threads });
      try {
        // What looking more than once is worth is seen beside a single look.
        looked = await measureViewings(predictor, set.test, o.viewing === 'once' ? ['once'] : ['once', o.viewing], { signal, onImage: (n, of) => ctx.out.progress('Testing', n / of, `${n} of ${of}`) });
        measured = { split: 'test', metrics: looked.at(-1)!.metrics };
      } finally {
        await predictor.dispose();
      }
    }
    const seconds = (performance.now() - began) / 1000;
    const { card } = trained;
    ctx.out.line(`Trained in ${duration(seconds)}: ${count(trained.steps, 'step')}, ${trained.epochs.toFixed(1)} epochs. The model is in ${outDir}.`);
    if (measured) {
      ctx.out.line(`On the ${count(measured.metrics.images, 'image')} of the ${measured.split} split:`);
      ctx.out.table(['figure', 'value'], Object.entries(measured.metrics.values).map(([name, value]) => [name, rounded(value)]));
      classTable(ctx, measured.metrics, set.classes);
      if (looked.length > 1) viewingTable(ctx, task.name, looked);
    } else ctx.out.line('There are no held-out images: how good the model is was not measured.');
    return {
      task: o.task, out: outDir, split: measured?.split ?? null, ...measured?.metrics.values, heldOut: measured?.metrics ?? null, val: trained.metrics,
      images: { train: set.train.length, val: set.val.length, test: set.test.length }, classes: set.classes.map((c) => c.name),
      backbone: card.architecture.backbone, inputSize: card.inputSize, seed: o.seed, steps: trained.steps, epochs: trained.epochs, seconds, trainingSeconds: trained.seconds, resumed: trained.resumed, engine: card.training?.engine ?? null, notes,
      viewings: looked.map(({ viewing, metrics, milliseconds }) => ({ viewing, ...metrics.values, millisecondsPerImage: milliseconds })),
    };
  } finally {
    await dataset.close();
  }
}

const rounded = (value: number | null | undefined) => (value == null ? null : Number(value.toFixed(4)));

function showProgress(ctx: Context, p: TrainProgress): void {
  const fraction = p.steps > 0 ? Math.min(1, p.step / p.steps) : null;
  const figures = [p.stage, `step ${p.step} of ${p.steps}`, `epoch ${p.epoch.toFixed(1)}`, `loss ${p.loss.toPrecision(3)}`, `${p.imagesPerSecond.toFixed(1)} images/s`, ...(p.etaSeconds > 0 ? [`${duration(p.etaSeconds)} left`] : [])];
  ctx.out.progress(phases[p.phase], fraction, figures.join(', '));
}
const phases: Record<TrainProgress['phase'], string> = { training: 'Training', evaluating: 'Evaluating', saving: 'Saving' };

function evaluationLine({ step, epoch, values, best }: TrainEvaluation): string {
  const figures = Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value.toFixed(4)}`]));
  return `Step ${step}, epoch ${epoch.toFixed(1)}: ${figures.join(', ')}${best ? ' (best so far)' : ''}`;
}

function classTable(ctx: Context, metrics: TaskMetrics, classes: readonly { id: string; name: string }[]): void {
  const figures = Object.keys(metrics.byClass);
  if (figures.length === 0 || classes.length < 2) return;
  ctx.out.table(['class', ...figures], classes.slice(0, 50).map((c) => [c.name, ...figures.map((f) => rounded(metrics.byClass[f]![c.id]))]));
  if (classes.length > 50) ctx.out.line(`… and ${classes.length - 50} more classes: --json lists them all.`);
}

/** The headline figure and the time of each way of looking. */
function viewingTable(ctx: Context, task: TaskName, looked: readonly MeasuredViewing[]): void {
  const { metric } = headlineOf[task];
  ctx.out.table(['looked', metric, 'ms an image'], looked.map(({ viewing, metrics, milliseconds }) => [viewing, rounded(metrics.values[metric]), Number(milliseconds.toFixed(1))]));
}

/** `--set name=value`: settings of the task's own; values are JSON where they can be, else text. */
export function setting(text: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const m = /^([A-Za-z]\w*)=(.*)$/.exec(text);
  if (!m) throw new InvalidArgumentError('It is not of the form name=value.');
  let value: unknown = m[2];
  try {
    value = JSON.parse(m[2]!);
  } catch {
    // Text, then.
  }
  return { ...before, [m[1]!]: value };
}

/** @throws UsageError when an option is for the other place */
export function refuse(o: object, names: readonly string[], why: string): void {
  for (const name of names) {
    const value = (o as Record<string, unknown>)[name];
    if (value !== undefined && value !== false) throw new UsageError(`--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} ${why}.`);
  }
}
