/** Datasets on this machine's disk, for the commands that need no server. */
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '@/lib/api/errors';
import { detectFormats, formatOf, imageInfoOf, readerOf, type DatasetReading, type Format } from '@/lib/core/formats';
import { extensionOf, type Source, type SourceEntry } from '@/lib/core/io';
import { FolderSource, openZip } from '@/lib/server/archives';
import type { Context } from './program';

export interface OpenDataset {
  format: Format;
  reading: DatasetReading;
  source: Source;
  /** The folder on disk that paths are relative to; null for an archive. */
  folder: string | null;
  close(): Promise<void>;
}

/** A folder or a zip file as a source, with the folder on disk that its paths are relative to. */
export async function openSource(full: string): Promise<{ source: Source; folder: string | null }> {
  const stat = await fs.stat(full).catch(() => null);
  if (!stat) throw new AppError('not-found', `There is nothing at "${full}".`);
  if (stat.isDirectory()) return { source: new FolderSource(full, { followLinks: true }), folder: full };
  if (extensionOf(full) === 'zip') return { source: await openZip(full), folder: null };
  throw new AppError('invalid', `"${full}" is neither a folder nor a .zip file.`);
}

/** Opens a dataset in the format named, or in the one that its content speaks for. @param orProject whether the command takes a project too */
export async function openDataset(ctx: Context, given: string, options: { format: string; vocFrame: 'labelimg' | 'devkit' }, orProject = false): Promise<OpenDataset> {
  const { source, folder } = await openSource(path.resolve(ctx.environment.cwd, given)).catch((error: unknown) => {
    if (!(orProject && error instanceof AppError && error.code === 'not-found')) throw error;
    throw new AppError('not-found', `${error.message} If it is a project on the server, say --project ${JSON.stringify(given)}.`);
  });
  try {
    let format: Format;
    if (options.format === 'auto') {
      const found = await detectFormats(source);
      if (found.length === 0) throw new AppError('unsupported', `No format is known in which "${given}" could be. If it is in one, name it with --format or --from.`);
      format = found[0]!.format;
      ctx.out.note(`${format.name}: ${found[0]!.reason}.`);
    } else format = formatOf(options.format);
    const reading = await readerOf(format.id).read(source, { imageInfo: imageInfoOf, vocFrame: options.vocFrame, signal: ctx.environment.signal });
    return { format, reading, source, folder, close: () => source.close() };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** SHA-256 of a file, in hexadecimal. */
export async function sha256Of(entry: SourceEntry): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of entry.open()) hash.update(chunk);
  return hash.digest('hex');
}
