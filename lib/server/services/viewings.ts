/** What flip averaging, ten crops and voting gain and cost with a model; the `measureViewings` job measures it. */
import { text } from 'node:stream/consumers';
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import { viewingReport, type measureViewings, type ViewingReport } from '@/lib/api/routes/viewings';
import { db, type Db } from '@/lib/server/db/client';
import type { Principal } from '@/lib/server/http/handler';
import { enqueue } from '@/lib/server/queue';
import { objectStore, type ObjectStore } from '@/lib/server/storage';
import { requireModel } from './models';
import { requireVoters } from './prelabel';

/** Where the measurements of a model lie, beside its files. */
export const viewingsKey = (prefix: string) => `${prefix}viewings.json`;

export async function readViewings(store: Pick<ObjectStore, 'stat' | 'get'>, objectPrefix: string): Promise<ViewingReport | null> {
  const key = viewingsKey(objectPrefix);
  if (!(await store.stat(key))) return null;
  return viewingReport.parse(JSON.parse(await text(await store.get(key))));
}

/** The frozen version a model is measured on: the one it learned from; for a model from elsewhere the newest. Null: there is none. */
export function versionToMeasureOn(db: Db, model: { projectId: string; datasetVersionId: string | null }) {
  const { projectId, datasetVersionId } = model;
  return db.datasetVersion.findFirst({ where: { projectId, state: 'ready', ...(datasetVersionId !== null && { id: datasetVersionId }) }, orderBy: { number: 'desc' }, select: { id: true, number: true, manifestKey: true } });
}

export async function read(who: Principal, id: string): Promise<{ report: ViewingReport | null }> {
  return { report: await readViewings(objectStore(), (await requireModel(who, id)).objectPrefix) };
}

/** @throws AppError `unprocessable` when there are no labelled images to measure on, or the models cannot vote together */
export async function measure(who: Principal, id: string, { viewings, vote }: z.output<typeof measureViewings.body>): Promise<{ job: string }> {
  const model = await requireModel(who, id);
  await requireVoters(who, model, vote);
  if (!(await versionToMeasureOn(db(), model))) throw new AppError('unprocessable', 'There is no frozen version with labelled images to measure on. Freeze one on the versions page.');
  const job = await enqueue(db(), 'measureViewings', { model: id, viewings, vote }, { title: `Measure ways of looking of ${model.name}`, projectId: model.projectId, workspaceId: who.workspaceId, userId: who.userId });
  return { job };
}
