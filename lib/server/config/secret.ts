import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from './schema';

/**
 * The key that signs sessions: `FIELDMARK_SECRET`, else the one kept in the data folder (mode 0600), made when there
 * is none. Two processes that make it at the same moment agree on one.
 */
export function secret(config: Pick<Config, 'secret' | 'dataDir'>): string {
  if (config.secret) return config.secret;
  const file = path.join(config.dataDir, 'secret');
  const kept = readKept(file);
  if (kept) return kept;
  mkdirSync(config.dataDir, { recursive: true });
  const made = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(made, randomBytes(32).toString('base64url') + '\n', { mode: 0o600, flag: 'wx' });
  try {
    linkSync(made, file); // fails when another process was first; then its secret is the secret
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(made, { force: true });
  }
  chmodSync(file, 0o600);
  const secretNow = readKept(file);
  if (!secretNow) throw new Error(`The file ${file} is empty. Restore it from a backup, or delete it: everybody then signs in again.`);
  return secretNow;
}

function readKept(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
