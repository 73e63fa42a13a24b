/**
 * Models that were not trained here. The web process never opens one: an upload is stored, and jobs look at it, try it and
 * keep it, each in a process that can be ended.
 */
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import type { adoptModel, inspectUpload, tryModel } from '@/lib/api/routes/adoptedModels';
import { db } from '@/lib/server/db/client';
import type { Principal } from '@/lib/server/http/handler';
import { enqueue } from '@/lib/server/queue';
import { HashingStream, objectStore } from '@/lib/server/storage';
import { requireItem, requireProject } from './access';
import { loadSchema } from './schemaCache';

/** Where uploaded models lie until they are kept, or a day has gone by. */
export const UPLOADED_MODELS = 'model-uploads/';
export const uploadedModelKey = (projectId: string, upload: string) => `${UPLOADED_MODELS}${projectId}/${upload}`;

export async function upload(who: Principal, projectId: string, name: string, body: AsyncIterable<Uint8Array>): Promise<{ upload: string; bytes: number; job: string }> {
  const project = await requireProject(who, projectId);
  const id = uuidv7();
  const intake = new HashingStream();
  await objectStore().put(uploadedModelKey(project.id, id), intake.through(body));
  const job = await enqueue(db(), 'inspectModel', { upload: id }, { title: `Look at ${name}`, projectId: project.id, workspaceId: who.workspaceId, userId: who.userId });
  return { upload: id, bytes: intake.bytes, job };
}

async function requireUpload(projectId: string, upload: string): Promise<void> {
  if (!(await objectStore().stat(uploadedModelKey(projectId, upload)))) throw new AppError('not-found', 'There is no such upload: it was kept already, or is older than a day. Upload the file again.');
}

/** Outputs have other shapes at another input size; a file that leaves it open is looked at again. */
export async function inspect(who: Principal, projectId: string, uploadId: string, { inputSize }: z.output<typeof inspectUpload.body>): Promise<{ job: string }> {
  const project = await requireProject(who, projectId);
  await requireUpload(project.id, uploadId);
  return { job: await enqueue(db(), 'inspectModel', { upload: uploadId, inputSize }, { title: `Look at a model at ${inputSize.width}×${inputSize.height}`, projectId: project.id, workspaceId: who.workspaceId, userId: who.userId }) };
}

export async function tryOut(who: Principal, projectId: string, uploadId: string, { choices, item: itemId, minScore }: z.output<typeof tryModel.body>): Promise<{ job: string }> {
  const project = await requireProject(who, projectId);
  await requireUpload(project.id, uploadId);
  const item = await requireItem(who, itemId);
  if (item.projectId !== project.id) throw new AppError('invalid', 'item: this image belongs to another project. Choose one of this project.');
  return { job: await enqueue(db(), 'tryModel', { upload: uploadId, choices, item: item.id, minScore }, { title: 'Try a model on one image', projectId: project.id, workspaceId: who.workspaceId, userId: who.userId }) };
}

export async function adopt(who: Principal, projectId: string, body: z.output<typeof adoptModel.body>): Promise<{ job: string }> {
  const project = await requireProject(who, projectId);
  if (body.source.kind === 'upload') await requireUpload(project.id, body.source.upload);
  const known = new Set((await loadSchema(db(), project.id)).classes.map((c) => c.id));
  const targets = Object.values(body.mapping).filter((id) => id !== null);
  const foreign = targets.find((id) => !known.has(id));
  if (foreign) throw new AppError('invalid', `mapping: this project has no class ${foreign}. Reload the page, and choose again.`);
  if (targets.length === 0) throw new AppError('invalid', 'mapping: no class of the model goes to a class of the project, so that it could propose nothing. Choose at least one.');
  return { job: await enqueue(db(), 'adoptModel', body, { title: 'Add a model', projectId: project.id, workspaceId: who.workspaceId, userId: who.userId }) };
}
