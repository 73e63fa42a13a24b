/** Asking a model for proposals; the `prelabel` job makes them. */
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import type { prelabel } from '@/lib/api/routes/rounds';
import type * as suggestions from '@/lib/api/routes/suggestions';
import { ballotOf } from '@/lib/core/labels';
import { db } from '@/lib/server/db/client';
import type { Principal } from '@/lib/server/http/handler';
import { enqueue } from '@/lib/server/queue';
import { countInScope } from '@/lib/server/repositories/prelabel';
import { requireItem, requireProject } from './access';
import { classesOf, requireModel } from './models';
import { propose } from './prelabel/propose';
import { loadSchema } from './schemaCache';

/** @throws AppError `unprocessable` when there is no model, or nothing in scope */
export async function start(who: Principal, projectId: string, body: z.output<typeof prelabel.body>): Promise<{ job: string }> {
  const project = await requireProject(who, projectId);
  const modelId = body.model ?? project.currentModelId;
  if (!modelId) throw new AppError('unprocessable', 'This project has no model yet. Train one first, or name one.');
  const model = await requireModel(who, modelId);
  if (model.projectId !== projectId) throw new AppError('invalid', 'model: belongs to another project.');
  if (model.deletedAt) throw new AppError('conflict', `"${model.name}" is in the trash. Restore it, or name another model.`);
  await requireVoters(who, model, body.vote);
  const items = await countInScope(db(), projectId, body.scope);
  if (items === 0) throw new AppError('unprocessable', body.scope.kind === 'open' ? 'Every item of this project is done: there is nothing to propose for. Choose "all" to run over done items too.' : 'No item is in that scope.');
  const { scope, minScore, nmsIou, maxPerImage, viewing, vote } = body;
  const job = await db().$transaction((tx) =>
    enqueue(tx, 'prelabel', { model: modelId, scope, minScore, nmsIou, maxPerImage, viewing, vote }, { title: `Pre-label ${items} item${items === 1 ? '' : 's'} by ${model.name}`, projectId, workspaceId: who.workspaceId, userId: who.userId }),
  );
  return { job };
}

/**
 * Keeps proposals that a browser computed with a model of the project, as a worker's would be kept.
 * @throws AppError `conflict` when the item is done or in the trash, or the model is; `unprocessable` when a shape does not fit the item or the schema
 */
export async function suggest(who: Principal, itemId: string, { model: modelId, backend, proposals: sent }: z.output<typeof suggestions.suggest.body>): Promise<z.input<typeof suggestions.suggest.response>> {
  const item = await requireItem(who, itemId);
  const model = await requireModel(who, modelId);
  if (model.projectId !== item.projectId) throw new AppError('invalid', 'model: belongs to another project than the item.');
  if (model.deletedAt) throw new AppError('conflict', `"${model.name}" is in the trash. Restore it, or name another model.`);
  const kinds = new Map((await loadSchema(db(), item.projectId)).classes.map((c) => [c.id, c.kind]));
  const proposals = sent.filter((p) => kinds.get(p.classId) === p.geometry.kind);
  const made = await propose(db(), { itemId, modelId, batchId: null, userId: who.userId, proposals, sparesDone: true, tool: `browser:${backend}` });
  if (made === null) throw new AppError('conflict', 'This item is done, or in the trash: nothing is proposed for it. Open it again first.');
  return { proposed: proposals.length, vanishedClass: sent.length - proposals.length };
}

/** @throws AppError when one of these models cannot vote with `model`: in the trash, of another project, task, classes or form of outputs */
export async function requireVoters(who: Principal, model: { name: string; projectId: string; task: string; card: unknown }, ids: readonly string[]): Promise<void> {
  const classes = (card: unknown) => classesOf(card).join();
  for (const id of ids) {
    const voter = await requireModel(who, id);
    if (voter.projectId !== model.projectId || voter.deletedAt) throw new AppError('invalid', `vote: "${voter.name}" is in the trash, or of another project.`);
    if (ballotOf(model.card) === null) throw new AppError('unprocessable', `vote: "${model.name}" looks again at each object that it found, and cannot vote with other models. Leave the others out.`);
    if (voter.task !== model.task || classes(voter.card) !== classes(model.card)) throw new AppError('unprocessable', `vote: "${voter.name}" has another task or other classes than "${model.name}". Models that vote must have learned the same classes.`);
    if (ballotOf(voter.card) !== ballotOf(model.card)) throw new AppError('unprocessable', `vote: "${voter.name}" gives its outputs in another form than "${model.name}", so that they cannot be averaged. Choose models that were made alike.`);
  }
}
