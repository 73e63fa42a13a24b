/** Training as a job of the server. */
import { uuidv7 } from 'uuidv7';
import { AppError } from '@/lib/api/errors';
import type { AugmentOverride } from '@/lib/core/augmentation';
import type { OptimizerName, projectTasks, ScheduleName } from '@/lib/core/labels';
import { findModel, findVersion, modelOfJob, requireProject } from '../lookups';
import { UsageError, type Context } from '../program';
import { waitForJob } from '../wait';

export interface ServerTraining {
  task?: (typeof projectTasks)[number];
  depth?: 'head' | 'partial' | 'full';
  /** `scratch`, the number of a model of the project, or an address. */
  start?: string;
  version?: number;
  name?: string;
  minutes?: number;
  epochs?: number;
  backbone?: string;
  inputSize?: number;
  batch?: number;
  anchors?: number;
  learningRate?: number;
  optimizer?: OptimizerName;
  schedule?: ScheduleName;
  seed?: number;
  augment?: AugmentOverride;
  wait: boolean;
}

export async function trainOnServer(ctx: Context, projectName: string, o: ServerTraining) {
  const numbered = o.start !== undefined && /^\d+$/.test(o.start);
  if (o.start !== undefined && !numbered && o.start !== 'scratch' && !/^https?:\/\//i.test(o.start)) throw new UsageError(`With --project, --start is scratch, the number of a model of the project, or an address, not "${o.start}".`);
  const client = ctx.client();
  const project = await requireProject(client, projectName);
  const start = !numbered ? o.start : (await findModel(client, project.id, Number(o.start))).id;
  const version = o.version === undefined ? null : await findVersion(client, project.id, o.version);
  const started = await client.train({
    params: { project: project.id },
    body: {
      version: version?.id ?? null, name: o.name ?? '',
      options: {
        ...(o.epochs !== undefined ? { epochs: o.epochs, minutes: null } : o.minutes !== undefined && { minutes: o.minutes }),
        ...(o.backbone !== undefined && { backbone: o.backbone }), ...(o.inputSize !== undefined && { inputSize: o.inputSize }), ...(o.batch !== undefined && { batch: o.batch }),
        ...(o.task !== undefined && { task: o.task }), ...(o.depth !== undefined && { depth: o.depth }), ...(start !== undefined && { start }), ...(o.anchors !== undefined && { anchors: o.anchors }), ...(o.learningRate !== undefined && { learningRate: o.learningRate }), ...(o.optimizer && { optimizer: o.optimizer }), ...(o.schedule && { schedule: o.schedule }), ...(o.seed !== undefined && { seed: o.seed }), ...(o.augment && { augmentation: o.augment }),
      },
    },
  }, { idempotencyKey: uuidv7() });
  if (!o.wait) {
    ctx.out.line(`Training "${project.name}": job ${started.job}.`);
    return { project: project.id, job: started.job, version: started.version };
  }
  await waitForJob(ctx, client, started.job, 'Training');
  const model = await modelOfJob(client, project.id, started.job);
  if (!model) throw new AppError('internal', 'The training is done, but its model is not listed. The Jobs page of the project may say why.');
  ctx.out.line(`Trained model ${model.number} of "${project.name}" in ${Math.round(model.trainedSeconds)} s.`);
  const metrics = Object.entries(model.metrics);
  const { notes } = model.options as { notes?: string[] };
  for (const note of notes ?? []) ctx.out.note(note);
  if (metrics.length > 0) ctx.out.table(['metric', 'value'], metrics.map(([name, value]) => [name, Number(value.toFixed(4))]));
  if (model.perClass.length > 0) {
    const figures = Object.keys(model.perClass[0]!.values);
    ctx.out.table(['class', ...figures], model.perClass.map((c) => [c.name, ...figures.map((name) => { const v = c.values[name] ?? null; return v === null ? null : Number(v.toFixed(4)); })]));
  }
  const { split, values } = heldOut(model.metrics);
  return {
    project: project.id, job: started.job, version: started.version, task: model.task, split, ...values, seconds: model.trainedSeconds, notes: notes ?? [],
    model: { id: model.id, number: model.number, current: model.current, metrics: model.metrics, perClass: model.perClass },
  };
}

/** Figures under their usual names, of the images that nothing was learned from: of the test split, else of val. */
function heldOut(metrics: Readonly<Record<string, number>>): { split: 'test' | 'val' | null; values: Record<string, number> } {
  const split = (['test', 'val'] as const).find((s) => Object.keys(metrics).some((name) => name.startsWith(`${s}.`))) ?? null;
  const values = Object.entries(metrics).flatMap(([name, value]) => (split && name.startsWith(`${split}.`) ? [[name.slice(split.length + 1), value] as const] : []));
  return { split, values: Object.fromEntries(values.filter(([name]) => name !== 'images')) };
}
