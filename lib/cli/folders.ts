import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AppError } from '@/lib/api/errors';
import { inTheWayOfModel } from '@/models/node/files';

export interface OutputFolder {
  folder: string;
  /** Lets `write` fill a folder. A new folder appears under its name only when it is whole. */
  fill(write: (folder: string) => Promise<void>): Promise<void>;
}

/**
 * Checks that a folder may be written to, before any work is done for it: it must be absent or empty, unless `force`.
 * @throws AppError that says what is in the way
 */
export async function prepareFolder(folder: string, force: boolean): Promise<OutputFolder> {
  const stat = await fs.stat(folder).catch(() => null);
  if (stat && !stat.isDirectory()) throw new AppError('conflict', `"${folder}" is a file: choose another folder with --out.`);
  const inside = stat ? await fs.readdir(folder) : [];
  if (inside.length > 0 && !force) throw new AppError('conflict', `The folder "${folder}" is not empty. Choose another with --out, or let --force replace files of the same names.`);
  return {
    folder,
    async fill(write) {
      if (inside.length > 0) return write(folder);
      await fs.mkdir(path.dirname(folder), { recursive: true });
      const building = await fs.mkdtemp(path.join(path.dirname(folder), `.${path.basename(folder)}-`));
      try {
        await write(building);
        await fs.chmod(building, 0o755);
        // Whoever put something there meanwhile keeps it: this fails then.
        if (stat) await fs.rmdir(folder);
        await fs.rename(building, folder);
      } catch (error) {
        await fs.rm(building, { recursive: true, force: true });
        throw error;
      }
    },
  };
}

/**
 * Checks that a file may be written, before any work is done for it: nothing must be there, unless `force`. Gives the path back.
 * @throws AppError that says what is in the way
 */
export async function prepareFile(file: string, force: boolean): Promise<string> {
  const stat = await fs.stat(file).catch(() => null);
  if (stat?.isDirectory()) throw new AppError('conflict', `"${file}" is a folder: name a file in it with --out.`);
  if (stat && !force) throw new AppError('conflict', `"${file}" is there already. Choose another with --out, or let --force replace it.`);
  const parent = await fs.stat(path.dirname(file)).catch(() => null);
  if (parent && !parent.isDirectory()) throw new AppError('conflict', `"${path.dirname(file)}" is a file: choose another place with --out.`);
  return file;
}

/**
 * Checks that a model may be written as the folder `folder`, before hours are spent on it. The folder is replaced as a whole: it must
 * be absent or empty or, with `force`, hold a model and nothing else. The folders `kept` and what they lie in are never replaced.
 * @throws AppError that says what is in the way
 */
export async function checkModelFolder(folder: string, { force, kept }: { force: boolean; kept: readonly { folder: string; what: string }[] }): Promise<void> {
  const real = async (place: string) => fs.realpath(place).catch(() => path.resolve(place));
  const target = await real(folder);
  for (const { folder: other, what } of kept) {
    const below = path.relative(target, await real(other));
    if (below === '' || (below !== '..' && !below.startsWith(`..${path.sep}`) && !path.isAbsolute(below))) throw new AppError('conflict', `"${folder}" ${below === '' ? 'is' : 'holds'} ${what}: choose another folder with --out.`);
  }
  const inTheWay = await inTheWayOfModel(folder);
  if (inTheWay) throw new AppError('conflict', `${inTheWay} A model takes a whole folder, and replaces nothing but an older model: choose another with --out.`);
  if (!force && (await fs.readdir(folder).catch(() => [])).length > 0) throw new AppError('conflict', `There is a model in "${folder}" already. Choose another folder with --out, or let --force replace it.`);
}

/** Folder of what can be computed again, where no server says which: that of the setting FIELDMARK_CACHE, else the user's. */
export function cacheFolder(env: Record<string, string | undefined>): string {
  if (env['FIELDMARK_CACHE']) return path.resolve(env['FIELDMARK_CACHE']);
  const home = env['HOME'] ?? os.homedir();
  const ofUser = env['XDG_CACHE_HOME'] ?? (process.platform === 'win32' ? env['LOCALAPPDATA'] : process.platform === 'darwin' ? path.join(home, 'Library', 'Caches') : undefined);
  return path.join(ofUser ?? path.join(home, '.cache'), 'fieldmark');
}
