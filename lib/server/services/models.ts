/** Model versions: trained by the `train` job, one of them current: the one whose proposals are shown. */
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import { modelEvaluation, type modelNetwork, type ModelEvaluation, type ModelRow, type modelFile, type proposalStats, type train } from '@/lib/api/routes/rounds';
import { annotationKindOf, ballotOf, kindNouns, labelSchema, modelNoun } from '@/lib/core/labels';
import { db, type Db } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import type { Principal } from '@/lib/server/http/handler';
import { enqueue } from '@/lib/server/queue';
import * as repository from '@/lib/server/repositories/models';
import { refreshProposalCounts } from '@/lib/server/repositories/counts';
import { objectStore } from '@/lib/server/storage';
import { requireOfProject, requireProject } from './access';
import { pageOfRows } from './paging';
import { createForTraining, requireReadyVersion } from './versions';

export type ModelFile = z.output<typeof modelFile.params>['file'];
export const modelPrefix = (modelId: string) => `models/${modelId}/`;

type PerClass = ModelRow['perClass'];

function toRow(row: repository.ModelRecord, currentModelId: string | null): ModelRow {
  return {
    id: row.id, project: row.projectId, number: row.number, name: row.name, task: row.task, job: row.jobId, datasetVersion: row.datasetVersionId, datasetNumber: row.datasetVersion?.number ?? null,
    metrics: row.metrics as Record<string, number>, classes: classesOf(row.card), ballot: ballotOf(row.card),
    measured: measuredOn(row), perClass: row.perClass as unknown as PerClass, options: row.options as Record<string, unknown>, bytes: Number(row.bytes), parameters: row.parameters,
    current: row.id === currentModelId, createdAt: row.createdAt.toISOString(), deletedAt: row.deletedAt?.toISOString() ?? null, trainedSeconds: row.trainedSeconds,
  };
}

/** Ids of a card's classes, in the order of the network's outputs. */
export const classesOf = (card: unknown): string[] => (card as { classes?: { id: string }[] }).classes?.map((c) => c.id) ?? [];

/** Figures are of the version a model learned from, until it is measured on another. */
function measuredOn({ options, metrics, datasetVersion }: repository.ModelRecord): ModelRow['measured'] {
  if (Object.keys(metrics as object).length === 0) return null;
  return (options as { measured?: { number: number; left: number } }).measured ?? (datasetVersion ? { number: datasetVersion.number, left: 0 } : null);
}

async function rowOf(db: Db, row: repository.ModelRecord): Promise<ModelRow> {
  const project = await db.project.findUniqueOrThrow({ where: { id: row.projectId }, select: { currentModelId: true } });
  return toRow(row, project.currentModelId);
}

/** The model, if the project it belongs to is one that `who` may see. */
export async function requireModel(who: Principal, id: string): Promise<repository.ModelRecord> {
  return requireOfProject(who, await repository.findModel(db(), id), 'model');
}

export async function list(who: Principal, projectId: string, query: { cursor?: string; limit: number; trash: boolean }) {
  const project = await requireProject(who, projectId);
  const { rows, next } = pageOfRows(await repository.pageOfModels(db(), projectId, query.trash, query.cursor, query.limit + 1), query.limit, (r) => r.id);
  return { items: rows.map((r) => toRow(r, project.currentModelId)), next };
}

export async function one(who: Principal, id: string): Promise<ModelRow> {
  return rowOf(db(), await requireModel(who, id));
}

/**
 * Makes a model (or none) the current one. The kept counts of undecided proposals are those of the current model, so
 * they are counted anew in the same transaction.
 */
export async function makeCurrent(tx: Db, projectId: string, modelId: string | null): Promise<void> {
  await tx.project.update({ where: { id: projectId }, data: { currentModelId: modelId } });
  await refreshProposalCounts(tx, projectId);
  await notify(tx, { type: 'changed', entity: 'project', id: projectId, projectId });
  if (modelId) await notify(tx, { type: 'changed', entity: 'model', id: modelId, projectId });
}

export async function promote(who: Principal, id: string): Promise<ModelRow> {
  const row = await requireModel(who, id);
  if (row.deletedAt) throw new AppError('conflict', `"${row.name}" is in the trash. Restore it, then make it current.`);
  await db().$transaction((tx) => makeCurrent(tx, row.projectId, id), { timeout: 120_000 });
  return one(who, id);
}

export async function trash(who: Principal, id: string): Promise<void> {
  const row = await requireModel(who, id);
  if (row.deletedAt) return;
  await db().$transaction(
    async (tx) => {
      await tx.modelVersion.update({ where: { id }, data: { deletedAt: new Date() } });
      const project = await tx.project.findUniqueOrThrow({ where: { id: row.projectId }, select: { currentModelId: true } });
      if (project.currentModelId === id) await makeCurrent(tx, row.projectId, null);
      await notify(tx, { type: 'changed', entity: 'model', id, projectId: row.projectId });
    },
    { timeout: 120_000 },
  );
}

export async function restore(who: Principal, id: string): Promise<ModelRow> {
  const row = await requireModel(who, id);
  if (row.deletedAt) {
    await db().$transaction(async (tx) => {
      await tx.modelVersion.update({ where: { id }, data: { deletedAt: null } });
      await notify(tx, { type: 'changed', entity: 'model', id, projectId: row.projectId });
    });
  }
  return one(who, id);
}

export async function erase(who: Principal, id: string): Promise<{ job: string }> {
  const row = await requireModel(who, id);
  if (!row.deletedAt) throw new AppError('conflict', `"${row.name}" is not in the trash. Move it to the trash first.`);
  return { job: await enqueue(db(), 'erase', { what: 'model', model: id }, { title: `Erase ${row.name}`, projectId: row.projectId, workspaceId: who.workspaceId, userId: who.userId }) };
}

export async function file(who: Principal, id: string, name: ModelFile): Promise<Response> {
  const row = await requireModel(who, id);
  const key = `${row.objectPrefix}${name}`;
  const stat = await objectStore().stat(key);
  if (!stat) throw new AppError('gone', `${name} of "${row.name}" is missing in the object storage. Restore it from a backup, or train again.`);
  return new Response(Readable.toWeb(await objectStore().get(key)) as ReadableStream, {
    headers: {
      'content-type': name.endsWith('.json') ? 'application/json' : 'application/octet-stream', 'content-length': String(stat.size),
      'cache-control': 'private, max-age=31536000, immutable', 'content-disposition': `attachment; filename="${name}"`,
    },
  });
}

/** Where curves and confusion of a model lie, beside its files. */
export const evaluationKey = (prefix: string) => `${prefix}evaluation.json`;

export async function evaluation(who: Principal, id: string): Promise<ModelEvaluation> {
  const { objectPrefix } = await requireModel(who, id);
  const key = evaluationKey(objectPrefix);
  if (!(await objectStore().stat(key))) return { splits: {} };
  return modelEvaluation.response.parse(JSON.parse(await text(await objectStore().get(key))));
}

/** @throws AppError `unprocessable` when there is no frozen version to measure on */
export async function evaluate(who: Principal, id: string, versionId: string | null): Promise<{ job: string }> {
  const row = await requireModel(who, id);
  const version = versionId ? await requireReadyVersion(who, versionId) : await db().datasetVersion.findFirst({ where: { projectId: row.projectId, state: 'ready' }, orderBy: { number: 'desc' } });
  if (!version) throw new AppError('unprocessable', 'There is no frozen version with labelled images to measure on. Freeze one on the versions page.');
  if (version.projectId !== row.projectId) throw new AppError('invalid', 'version: belongs to another project.');
  return { job: await enqueue(db(), 'evaluate', { model: id, version: version.id }, { title: `Measure ${row.name} on version ${version.number}`, projectId: row.projectId, workspaceId: who.workspaceId, userId: who.userId }) };
}

/** Where the report of a model's network lies, beside its files. */
export const networkKey = (prefix: string) => `${prefix}network.json`;

export async function network(who: Principal, id: string): Promise<z.input<typeof modelNetwork.response>> {
  const key = networkKey((await requireModel(who, id)).objectPrefix);
  if (!(await objectStore().stat(key))) return { report: null };
  return { report: JSON.parse(await text(await objectStore().get(key))) as { format: 'fieldmark-network' } };
}

export async function inspectNetwork(who: Principal, id: string): Promise<{ job: string }> {
  const row = await requireModel(who, id);
  return { job: await enqueue(db(), 'inspectNetwork', { model: id }, { title: `Look at the network of ${row.name}`, projectId: row.projectId, workspaceId: who.workspaceId, userId: who.userId }) };
}

export async function startTraining(who: Principal, projectId: string, body: z.output<typeof train.body>): Promise<{ job: string; version: string }> {
  const project = await requireProject(who, projectId);
  const { minutes, epochs } = body.options;
  if (minutes === null && epochs === null) throw new AppError('invalid', 'options: say how long to train, by minutes or by epochs.');
  if (body.version) {
    const version = await requireReadyVersion(who, body.version);
    if (version.projectId !== projectId) throw new AppError('invalid', 'version: belongs to another project.');
  }
  return db().$transaction(async (tx) => {
    const stored = await tx.labelSchemaVersion.findUnique({ where: { projectId_version: { projectId, version: project.schemaVersion } } });
    const { task } = body.options;
    const kind = annotationKindOf[task]!;
    if (!body.version && stored && !labelSchema.parse(stored.schema).classes.some((c) => c.kind === kind)) {
      throw new AppError('unprocessable', `This project has no class of kind ${kind}, and ${modelNoun[task]} learns ${kindNouns[kind].many}. Add one to the label schema and label some images with it.`);
    }
    const job = uuidv7();
    const version = body.version ?? (await createForTraining(tx, who, projectId, job)).id;
    await enqueue(tx, 'train', { version, name: body.name, options: body.options }, { id: job, title: `Train ${body.name || modelNoun[task]}`, projectId, workspaceId: who.workspaceId, userId: who.userId });
    return { job, version };
  });
}

export async function stats(who: Principal, projectId: string): Promise<z.input<typeof proposalStats.response>> {
  await requireProject(who, projectId);
  return { rows: await repository.proposalRows(db(), projectId) };
}
