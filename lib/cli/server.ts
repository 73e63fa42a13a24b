/** Which server, and how to sign in. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '@/lib/api/errors';
import type { Environment } from './program';

export const DEFAULT_URL = 'http://localhost:4400';

/** `--url`, else FIELDMARK_URL (the launcher sets it to where the server of the data folder listens), else the default. */
export function findAddress({ env }: Pick<Environment, 'env'>, given?: string): string {
  const url = (given || env['FIELDMARK_URL'] || DEFAULT_URL).replace(/\/+$/, '');
  if (!/^https?:\/\//.test(url)) throw new AppError('invalid', `"${url}" is not the address of a server: it begins with http:// or https://.`);
  return url;
}

/**
 * The address, and how to sign in there.
 * Token: FIELDMARK_TOKEN, else the file `cli-token` in the data folder, which the server writes for its own machine.
 *
 * @throws AppError `unauthenticated` when there is no token
 */
export function findServer(environment: Pick<Environment, 'env' | 'cwd'>, given?: string): { url: string; token: string } {
  const { env, cwd } = environment;
  const url = findAddress(environment, given);
  const token = env['FIELDMARK_TOKEN']?.trim();
  if (token) return { url, token };
  const file = path.join(path.resolve(cwd, env['FIELDMARK_DATA'] || '.data'), 'cli-token');
  try {
    const kept = readFileSync(file, 'utf8').trim();
    if (kept) return { url, token: kept };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw new AppError('unauthenticated', `"${file}" may only be read by the account that runs the server.`);
  }
  throw new AppError('unauthenticated', `There is no token to sign in with: FIELDMARK_TOKEN is not set and there is no "${file}" (the server writes it once its owner account exists).`);
}
