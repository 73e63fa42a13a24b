/** Asking a model for proposals; the `prelabel` job makes them. */
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import type { prelabel } from '@/lib/api/routes/rounds';
import { db } from '@/lib/server/db/client';
import type { Principal } from '@/lib/server/http/handler';
import { enqueue } from '@/lib/server/queue';
import { countInScope } from '@/lib/server/repositories/prelabel';
import { requireProject } from './access';
import { requireModel } from './models';

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

/** @throws AppError when one of these models cannot vote with `model`: in the trash, of another project, task or classes */
export async function requireVoters(who: Principal, model: { name: string; projectId: string; task: string; card: unknown }, ids: readonly string[]): Promise<void> {
  const classes = (card: unknown) => JSON.stringify((card as { classes?: { id: string }[] }).classes?.map((c) => c.id));
  for (const id of ids) {
    const voter = await requireModel(who, id);
    if (voter.projectId !== model.projectId || voter.deletedAt) throw new AppError('invalid', `vote: "${voter.name}" is in the trash, or of another project.`);
    if (voter.task !== model.task || classes(voter.card) !== classes(model.card)) throw new AppError('unprocessable', `vote: "${voter.name}" has another task or other classes than "${model.name}". Models that vote must have learned the same classes.`);
  }
}
