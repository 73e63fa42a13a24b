import fs from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '@/lib/api/errors';

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
