/** The model that a command works with: a folder of this machine, or a model of a project on the server. */
import { createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from '@/lib/api/client';
import { AppError } from '@/lib/api/errors';
import { formatBytes } from '@/lib/core/io';
import { filesOf, parseModelCard } from '@/models/runtime/card';
import { findModel, requireProject } from './lookups';
import { UsageError, type Context } from './program';

export interface ModelChoice {
  /** Name or id of a project on the server; else models are folders. */
  project?: string;
  /** Number of the project's model; otherwise the current one. */
  model?: number;
}

/** A folder with a model in it, for as long as `run` needs it. */
export interface OpenModel {
  dir: string;
  /** Where it is from: the folder, or the project and number. */
  place: string;
}

/**
 * Runs with the models named: the first is `given` or, with a project, the model chosen there. `votes` are folders or, with a
 * project, numbers of its models. What is fetched from the server is removed in the end.
 * @throws AppError when there is no such model, saying what to give instead
 */
export async function withModels<T>(ctx: Context, { project, model, given, votes = [] }: ModelChoice & { given?: string; votes?: readonly string[] }, run: (models: OpenModel[]) => Promise<T>): Promise<T> {
  if (project === undefined) {
    if (model !== undefined) throw new UsageError('--model is the number of a model of a project: say which with --project.');
    if (given === undefined) throw new UsageError('Give the folder of a model, or --project.');
    const models: OpenModel[] = [];
    for (const name of [given, ...votes]) {
      const dir = await modelFolder(ctx, name);
      models.push({ dir, place: dir });
    }
    return run(models);
  }
  const client = ctx.client();
  const { id, name } = await requireProject(client, project);
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-model-'));
  try {
    const models: OpenModel[] = [await fetchModel(ctx, client, { id, name }, model, folder)];
    for (const vote of votes) {
      if (/^\d+$/.test(vote)) models.push(await fetchModel(ctx, client, { id, name }, Number(vote), folder));
      else {
        const dir = await modelFolder(ctx, vote);
        models.push({ dir, place: dir });
      }
    }
    return await run(models);
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

async function fetchModel(ctx: Context, client: Client, project: { id: string; name: string }, number: number | undefined, folder: string): Promise<OpenModel> {
  const model = await findModel(client, project.id, number);
  const name = `model ${model.number} of "${project.name}"`;
  const dir = path.join(folder, String(model.number));
  await fs.mkdir(dir, { recursive: true });
  const fetchFile = async (file: string) => {
    const response = await client.modelFile({ params: { id: model.id, file: file as 'card.json' } }, { signal: ctx.environment.signal });
    if (!response.body) throw new AppError('unavailable', `The server sent an empty answer instead of ${file} of ${name}.`);
    ctx.out.progress('Fetching', null, `${name}, ${formatBytes(model.bytes)}`);
    await pipeline(Readable.fromWeb(response.body as never), createWriteStream(path.join(dir, file)), { signal: ctx.environment.signal });
  };
  await fetchFile('card.json');
  const card = parseModelCard(JSON.parse(await fs.readFile(path.join(dir, 'card.json'), 'utf8')));
  for (const file of filesOf(card)) if (file !== 'card.json') await fetchFile(file);
  ctx.out.progressEnd();
  return { dir, place: name };
}

/** The folder of a model of this machine. @throws AppError when it is none */
async function modelFolder(ctx: Context, given: string): Promise<string> {
  const dir = path.resolve(ctx.environment.cwd, given);
  if (await fs.stat(path.join(dir, 'card.json')).catch(() => null)) return dir;
  const stat = await fs.stat(dir).catch(() => null);
  if (!stat) throw new AppError('not-found', `There is nothing at "${dir}". Give the folder of a model; for a model of a project on the server, give --project NAME instead.`);
  const beside = path.dirname(dir);
  if (stat.isFile() && /\.onnx$/i.test(dir)) throw new AppError('invalid', `"${dir}" is an ONNX file alone, which does not say how its outputs are read. Add it to a project on the Models page, and use it with --project NAME.`);
  if (stat.isFile() && (await fs.stat(path.join(beside, 'card.json')).catch(() => null))) throw new AppError('invalid', `"${dir}" is a file of a model: give its folder, "${beside}".`);
  if (stat.isFile() && path.extname(dir) === '.json') throw new AppError('invalid', `"${dir}" is a network without a card.json, which does not say what its outputs mean. Training can begin with it: fieldmark train DATA --start "${given}".`);
  throw new AppError('not-found', `"${dir}" is not the folder of a model: it has no card.json.`);
}
