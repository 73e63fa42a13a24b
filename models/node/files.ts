/** Files that are there whole or not at all. */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes beside the target, syncs, and renames over it. Without `sync` a machine that loses power may keep the name and not
 * the bytes: for files that carry a digest and can be made again.
 */
export async function writeAtomically(file: string, chunks: readonly (Uint8Array | string)[], { sync = true }: { sync?: boolean } = {}): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    try {
      for (const chunk of chunks) await handle.writeFile(chunk);
      if (sync) await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Every file that a stored model may have. */
const OF_MODELS: ReadonlySet<string> = new Set(['model.json', 'weights.bin', 'model.onnx', 'card.json']);

/**
 * Why a model must not take the place of what is at `dir`: a sentence, or null where nothing is there, or an empty folder, or
 * a stored model and nothing else.
 */
export async function inTheWayOfModel(dir: string): Promise<string | null> {
  const inside = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (inside === null) return `${dir} is a file.`;
  const strangers = inside.filter((entry) => !entry.isFile() || !OF_MODELS.has(entry.name)).map((entry) => entry.name);
  if (strangers.length > 0) return `${dir} holds what is not of a model: ${strangers.slice(0, 5).join(', ')}${strangers.length > 5 ? ` and ${strangers.length - 5} more` : ''}.`;
  if (inside.length > 0 && !inside.some((entry) => entry.name === 'card.json')) return `${dir} holds files, but no model: it has no card.json.`;
  return null;
}
