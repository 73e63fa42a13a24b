/** The way of a round: anchors, frozen versions, training, models, pre-labels, quality, exports, and the jobs that do them. */
import { z } from 'zod';
import { flag, idParam, isoTime, pageOf, pageQuery, projectParam, sha256, split, uuid } from '../common';
import { augmentFault, augmentOverride } from '@/lib/core/augmentation';
import { optimizerNames, projectTasks, scheduleNames, viewings } from '@/lib/core/labels';
import { defineRoute } from '../route';
import { author } from './items';

// Jobs ---------------------------------------------------------------------------------------------------------------
export const jobState = z.enum(['queued', 'running', 'done', 'failed', 'cancelled']);
export const jobRow = z.object({
  id: uuid, project: uuid.nullable(), kind: z.string(), title: z.string(), state: jobState, progress: z.number().min(0).max(1), message: z.string(),
  /** Small structured facts of the running job (step, epoch, loss, ETA…) and, once done, its result. */
  data: z.record(z.string(), z.unknown()), error: z.string().nullable(), attempt: z.number().int(), cancelRequested: z.boolean(),
  createdAt: isoTime, startedAt: isoTime.nullable(), finishedAt: isoTime.nullable(), by: z.string().nullable(),
});
export type JobRow = z.infer<typeof jobRow>;
export const jobs = defineRoute({ method: 'GET', path: '/projects/{project}/jobs', permission: 'project.view', summary: 'Jobs of a project, newest first', params: projectParam, query: pageQuery.extend({ kind: z.string().optional(), state: jobState.optional() }), response: pageOf(jobRow) });
/** What belongs to no project: the demo, projects being erased. */
export const workspaceJobs = defineRoute({ method: 'GET', path: '/jobs', permission: 'workspace.view', summary: 'Jobs of the workspace that belong to no project, newest first', query: pageQuery.extend({ kind: z.string().optional(), state: jobState.optional() }), response: pageOf(jobRow) });
export const job = defineRoute({ method: 'GET', path: '/jobs/{id}', permission: 'project.view', summary: 'One job', params: idParam, response: jobRow });
export const cancelJob = defineRoute({ method: 'POST', path: '/jobs/{id}/cancel', permission: 'train', summary: 'Ask a job to stop', params: idParam, response: jobRow });
export const jobSeries = defineRoute({
  method: 'GET', path: '/jobs/{id}/series', permission: 'project.view', summary: 'The curves of a training job', params: idParam, query: z.object({ after: z.coerce.number().int().min(0).default(0).describe('the last `n` seen') }),
  response: z.object({ points: z.array(z.object({ n: z.number().int(), step: z.number().int(), name: z.string().describe('loss, lr, val.mAP50, …'), value: z.number() })) }),
});

// Anchors ------------------------------------------------------------------------------------------------------------
const shape = z.object({ w: z.number(), h: z.number() });
const anchorReport = z.object({
  boxes: z.number().int(), items: z.number().int(), computedAt: isoTime, seed: z.number().int(),
  curve: z.array(z.object({ k: z.number().int(), meanBestIou: z.number(), anchors: z.array(shape.extend({ count: z.number().int() })) })),
  unit: z.literal('pixel'),
});
export const anchors = defineRoute({ method: 'GET', path: '/projects/{project}/anchors', permission: 'project.view', summary: 'The last anchor analysis, and whether boxes changed since', params: projectParam, response: z.object({ report: anchorReport.nullable(), stale: z.boolean(), job: uuid.nullable() }) });
export const computeAnchors = defineRoute({ method: 'POST', path: '/projects/{project}/anchors', permission: 'train', summary: 'K-means on the boxes of done items, for k = 1…maxK', params: projectParam, body: z.object({ maxK: z.number().int().min(1).max(20).default(9), seed: z.number().int().default(1) }), response: z.object({ job: uuid }) });

// Dataset versions ---------------------------------------------------------------------------------------------------
export const versionRow = z.object({
  id: uuid, project: uuid, number: z.number().int(), name: z.string(), notes: z.string(), state: z.enum(['building', 'ready', 'failed']), job: uuid.nullable(),
  manifest: sha256.nullable().describe('SHA-256 of the manifest: the version\'s name'), items: z.number().int(), annotations: z.number().int(),
  splits: z.object({ train: z.number().int(), val: z.number().int(), test: z.number().int() }),
  classes: z.array(z.object({ id: uuid, name: z.string(), index: z.number().int(), color: z.string(), kind: z.string(), annotations: z.number().int() })),
  createdAt: isoTime, by: z.string().nullable(),
});
export type VersionRow = z.infer<typeof versionRow>;
export const versions = defineRoute({ method: 'GET', path: '/projects/{project}/versions', permission: 'project.view', summary: 'Frozen dataset versions', params: projectParam, query: pageQuery, response: pageOf(versionRow) });
export const createVersion = defineRoute({ method: 'POST', path: '/projects/{project}/versions', permission: 'train', idempotent: true, summary: 'Freeze the done items as a dataset version', params: projectParam, body: z.object({ name: z.string().max(100).default(''), notes: z.string().max(5000).default('') }), response: versionRow });
export const version = defineRoute({ method: 'GET', path: '/versions/{id}', permission: 'project.view', summary: 'One version', params: idParam, response: versionRow });
export const manifest = defineRoute({ method: 'GET', path: '/versions/{id}/manifest', permission: 'data.export', summary: 'The manifest: sorted JSON lines', params: idParam, response: 'stream' });

// Training and models ------------------------------------------------------------------------------------------------
export const weightsAddress = z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).max(2000)
  .refine((address) => !/^https?:\/*[^/?#]*@/i.test(address), 'must not contain a name or password: it is kept with the run');
export const trainOptions = z.object({
  task: z.enum(projectTasks).default('detect'),
  backbone: z.string().max(60).default('default').describe('a name of GET /learning, or `default` for the one the task suggests'),
  start: z.union([z.literal('default'), z.literal('scratch'), uuid, weightsAddress]).default('default').describe('weights to begin with: those that come with the backbone (where there are any), none, those of a model of this project, or those at the http(s) address of the model.json of a TensorFlow.js layers or graph model; only the public internet is asked, unless the installation allows more'),
  depth: z.enum(['auto', 'head', 'partial', 'full']).default('auto').describe('what learns: the head alone, the last third of the backbone too, or everything; auto: by the number of labelled images'),
  minutes: z.number().min(0.25).max(24 * 60).nullable().default(10).describe('wall time the run may take; null: by epochs'),
  epochs: z.number().int().min(1).max(10_000).nullable().default(null),
  inputSize: z.number().int().min(64).max(1280).multipleOf(32).nullable().default(null).describe('null: chosen from images and time'),
  batch: z.number().int().min(1).max(64).nullable().default(null),
  anchors: z.number().int().min(2).max(18).default(6).describe('detect only'),
  learningRate: z.number().positive().max(10).nullable().default(null).describe('the highest; null: the usual one of task and optimizer'),
  optimizer: z.enum(optimizerNames).default('adamw').describe('sgd: with momentum; nesterov: with Nesterov\'s'),
  schedule: z.enum(scheduleNames).default('cosine').describe('of the learning rate: after a rise it follows a cosine, falls in steps, or stays'),
  seed: z.number().int().min(0).default(1),
  augmentation: augmentOverride.default({}).describe('strengths that differ from the task\'s own (see GET /learning); near the end of a run they shrink as the task\'s do'),
}).superRefine(({ task, augmentation }, { addIssue }) => {
  const fault = augmentFault(task, augmentation);
  if (fault) addIssue({ code: 'custom', path: ['augmentation', 'mosaic'], message: fault });
});
export const train = defineRoute({
  method: 'POST', path: '/projects/{project}/train', permission: 'train', idempotent: true, summary: 'Train a model on a dataset version (a new one is frozen when none is named)', params: projectParam,
  body: z.object({ version: uuid.nullable().default(null), name: z.string().trim().max(100).default(''), options: trainOptions.prefault({}) }), response: z.object({ job: uuid, version: uuid }),
});
export const modelRow = z.object({
  id: uuid, project: uuid, number: z.number().int(), name: z.string(), task: z.string(), job: uuid.nullable(), datasetVersion: uuid.nullable(), datasetNumber: z.number().int().nullable(),
  metrics: z.record(z.string(), z.number()), perClass: z.array(z.object({ classId: uuid, name: z.string(), values: z.record(z.string(), z.number().nullable()).describe('figures by name, on the test split where there is one') })),
  classes: z.array(z.string()).optional().describe('ids in the order of the network\'s outputs, also of classes it does not propose: models with the same, and the same ballot, can vote together'),
  ballot: z.string().nullable().optional().describe('the form of its outputs; null: it looks again at each object that it found, and votes with none'),
  measured: z.object({ number: z.number().int(), left: z.number().int() }).nullish().describe('the number of the frozen version the figures are of, and how many of its images were left out because the model learned from them; null where it was not measured'),
  options: z.record(z.string(), z.unknown()), bytes: z.number(), parameters: z.number().int(), current: z.boolean(), createdAt: isoTime, deletedAt: isoTime.nullable(), trainedSeconds: z.number(),
});
export type ModelRow = z.infer<typeof modelRow>;
export const models = defineRoute({ method: 'GET', path: '/projects/{project}/models', permission: 'project.view', summary: 'Model versions, newest first', params: projectParam, query: pageQuery.extend({ trash: flag.default(false) }), response: pageOf(modelRow) });
export const model = defineRoute({ method: 'GET', path: '/models/{id}', permission: 'project.view', summary: 'One model version', params: idParam, response: modelRow });
/** What is drawn of a measurement: curves and confusion. */
export const modelEvaluation = defineRoute({
  method: 'GET', path: '/models/{id}/evaluation', permission: 'project.view', summary: 'Precision-recall curves and the confusion of a model, by split; empty where it was not measured', params: idParam,
  response: z.object({
    splits: z.partialRecord(z.enum(['train', 'val', 'test']), z.object({
      curves: z.record(z.string(), z.object({ precision: z.array(z.number()), score: z.array(z.number()) })).optional().describe('by class id: precision at recall 0, 0.01 … 1 at IoU 0.5, and the score that reaches it'),
      confusion: z.object({ classes: z.array(z.string().nullable()), counts: z.array(z.array(z.number())) }).optional().describe('counts[truth][prediction]; null stands for nothing'),
    })),
  }),
});
export type ModelEvaluation = z.infer<typeof modelEvaluation.response>;
export const evaluateModel = defineRoute({
  method: 'POST', path: '/models/{id}/evaluation', permission: 'train', summary: 'Measure a model on the val and test images of a frozen version, leaving out what it learned from; its figures, curves and confusion are replaced', params: idParam,
  body: z.object({ version: uuid.nullable().default(null).describe('null: the newest') }), response: z.object({ job: uuid }),
});
/** The network layer by layer, made on request: `GET` gives null until the job of `POST` is done. */
export const modelNetwork = defineRoute({ method: 'GET', path: '/models/{id}/network', permission: 'project.view', summary: 'Layers of a model: shapes, parameters, multiplications, times; null when nobody has asked yet', params: idParam, response: z.object({ report: z.looseObject({ format: z.literal('fieldmark-network') }).nullable() }) });
export const inspectNetwork = defineRoute({ method: 'POST', path: '/models/{id}/network', permission: 'train', summary: 'Look at the network of a model, and time its layers', params: idParam, response: z.object({ job: uuid }) });
export const promoteModel = defineRoute({ method: 'POST', path: '/models/{id}/promote', permission: 'train', summary: 'Make this the model whose proposals are shown', params: idParam, response: modelRow });
export const trashModel = defineRoute({ method: 'DELETE', path: '/models/{id}', permission: 'train', summary: 'Move a model to the trash', params: idParam, response: 'empty' });
export const restoreModel = defineRoute({ method: 'POST', path: '/models/{id}/restore', permission: 'train', summary: 'Take a model out of the trash', params: idParam, response: modelRow });
export const eraseModel = defineRoute({ method: 'POST', path: '/models/{id}/erase', permission: 'workspace.manage', summary: 'Erase a trashed model for good, with its proposals', params: idParam, response: z.object({ job: uuid }) });
export const modelFile = defineRoute({ method: 'GET', path: '/models/{id}/files/{file}', permission: 'data.export', summary: 'A file of the model', params: idParam.extend({ file: z.enum(['model.json', 'weights.bin', 'model.onnx', 'card.json']) }), response: 'stream' });

// Pre-labels ---------------------------------------------------------------------------------------------------------
export const prelabel = defineRoute({
  method: 'POST', path: '/projects/{project}/prelabel', permission: 'train', idempotent: true, summary: 'Propose annotations by a model', params: projectParam,
  body: z.object({
    model: uuid.nullable().default(null).describe('null: the current one'), scope: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('open') }), z.object({ kind: z.literal('all') }), z.object({ kind: z.literal('split'), split }), z.object({ kind: z.literal('items'), items: z.array(uuid).min(1).max(10_000) })]).default({ kind: 'open' }),
    minScore: z.number().min(0.001).max(1).default(0.05), nmsIou: z.number().min(0).max(1).default(0.5), maxPerImage: z.number().int().min(1).max(1000).default(100),
    viewing: z.enum(viewings).default('once').describe('accuracy over speed: also mirrored (2 times slower), or at ten crops (10 times)'),
    vote: z.array(uuid).max(8).default([]).describe('further models of the same task and classes, whose outputs are averaged with those of the model'),
  }), response: z.object({ job: uuid }),
});
/** What people did with proposals: the raw material of "is pre-labelling worth it". */
export const proposalStats = defineRoute({
  method: 'GET', path: '/projects/{project}/proposals/stats', permission: 'project.view', summary: 'Shown, accepted, corrected, reclassed, rejected, by model and class', params: projectParam,
  response: z.object({ rows: z.array(z.object({ model: uuid, modelNumber: z.number().int(), classId: uuid, proposed: z.number().int(), accepted: z.number().int(), corrected: z.number().int(), reclassed: z.number().int(), rejected: z.number().int() })) }),
});

// Quality ------------------------------------------------------------------------------------------------------------
export const authors = defineRoute({ method: 'GET', path: '/projects/{project}/authors', permission: 'project.view', summary: 'Whose documents there are', params: projectParam, response: z.object({ authors: z.array(author.extend({ documents: z.number().int() })) }) });
const authorRef = author.pick({ kind: true, id: true });
const figure = z.object({ matches: z.number().int(), onlyA: z.number().int(), onlyB: z.number().int(), precision: z.number().nullable(), recall: z.number().nullable(), f1: z.number().nullable(), meanIou: z.number().nullable() });
export const qualityRow = z.object({
  id: uuid, project: uuid, a: author, b: author, iou: z.number(), minScore: z.number(), state: z.enum(['building', 'ready', 'failed']), job: uuid.nullable(), createdAt: isoTime,
  items: z.number().int(), overall: figure.nullable(), interval: z.object({ f1: z.tuple([z.number(), z.number()]) }).nullable(),
  perClass: z.array(figure.extend({ classId: uuid, name: z.string() })), confusion: z.array(z.object({ a: uuid.nullable(), b: uuid.nullable(), count: z.number().int() })), disagreements: z.number().int(),
});
export const qualityReports = defineRoute({ method: 'GET', path: '/projects/{project}/quality', permission: 'project.view', summary: 'Quality reports, newest first', params: projectParam, query: pageQuery, response: pageOf(qualityRow) });
export const compare = defineRoute({
  method: 'POST', path: '/projects/{project}/quality', permission: 'review', idempotent: true, summary: 'Compare two authors on the items that both have (a is the reference: precision and recall are of b)', params: projectParam,
  body: z.object({ a: authorRef, b: authorRef, iou: z.number().min(0.05).max(1).default(0.5), minScore: z.number().min(0).max(1).default(0.5), doneOnly: z.boolean().default(true), split: split.nullable().default(null) }), response: qualityRow,
});
export const qualityReport = defineRoute({ method: 'GET', path: '/quality/{id}', permission: 'project.view', summary: 'One report', params: idParam, response: qualityRow });
export const disagreements = defineRoute({
  method: 'GET', path: '/quality/{id}/disagreements', permission: 'project.view', summary: 'Where the two differ, worst first', params: idParam, query: pageQuery.extend({ kind: z.enum(['missing', 'extra', 'class', 'place']).optional() }),
  response: pageOf(z.object({ n: z.number().int(), item: uuid, path: z.string(), asset: sha256, width: z.number().int(), height: z.number().int(), kind: z.enum(['missing', 'extra', 'class', 'place']), classA: uuid.nullable(), classB: uuid.nullable(), annotationA: uuid.nullable(), annotationB: uuid.nullable(), iou: z.number().nullable(), box: z.object({ x0: z.number(), y0: z.number(), x1: z.number(), y1: z.number() }) })),
});

// Exports ------------------------------------------------------------------------------------------------------------
export const formats = defineRoute({
  method: 'GET', path: '/formats', permission: 'self', summary: 'Formats, and what each can hold',
  response: z.object({ formats: z.array(z.object({ id: z.string(), name: z.string(), reads: z.boolean(), writes: z.boolean(), kinds: z.array(z.string()), notes: z.string() })) }),
});
export const exportRow = z.object({
  id: uuid, version: uuid, versionNumber: z.number().int(), format: z.string(), images: z.boolean(), state: z.enum(['building', 'ready', 'failed']), job: uuid.nullable(), bytes: z.number().nullable(), sha256: sha256.nullable(),
  losses: z.array(z.object({ code: z.string(), message: z.string(), count: z.number().int() })), createdAt: isoTime, by: z.string().nullable(),
});
export const createExport = defineRoute({ method: 'POST', path: '/versions/{id}/exports', permission: 'data.export', idempotent: true, summary: 'Write a version in a format', params: idParam, body: z.object({ format: z.string().max(40), images: z.boolean().default(false) }), response: exportRow });
/** What the format cannot hold of this version, before anything is written. */
export const exportLosses = defineRoute({ method: 'GET', path: '/versions/{id}/losses', permission: 'project.view', summary: 'What a format would lose', params: idParam, query: z.object({ format: z.string().max(40) }), response: exportRow.pick({ losses: true }) });
export const exports_ = defineRoute({ method: 'GET', path: '/projects/{project}/exports', permission: 'project.view', summary: 'Exports, newest first', params: projectParam, query: pageQuery, response: pageOf(exportRow) });
export const exportOne = defineRoute({ method: 'GET', path: '/exports/{id}', permission: 'project.view', summary: 'One export', params: idParam, response: exportRow });
export const downloadExport = defineRoute({ method: 'GET', path: '/exports/{id}/download', permission: 'data.export', summary: 'The zip', params: idParam, response: 'stream' });
