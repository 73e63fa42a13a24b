import fs from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '@/lib/api/errors';
import type { Context } from './program';

/** JavaScript reads a text of half a gigabyte at most. */
const MAX_BYTES = 500_000_000;

/** A JSON file. @throws AppError that names the file and what is wrong with it */
export async function readJson(ctx: Context, given: string): Promise<unknown> {
  const file = path.resolve(ctx.environment.cwd, given);
  const stat = await fs.stat(file).catch(() => null);
  if (!stat?.isFile()) throw new AppError('not-found', `There is no file "${file}".`);
  if (stat.size > MAX_BYTES) throw new AppError('invalid', `"${file}" is larger than ${MAX_BYTES / 1e6} MB: take parts of it.`);
  const text = await fs.readFile(file, { encoding: 'utf8', signal: ctx.environment.signal });
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new AppError('invalid', `"${file}" is not JSON: ${error instanceof Error ? error.message : 'it is damaged'}.`);
  }
}
