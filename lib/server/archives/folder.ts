/** A folder on disk as a source and as a sink. */
import { createReadStream, createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '@/lib/api/errors';
import { BaseSource, UnsafePathError, joinPath, safePath, sourceEntry, type Sink, type SinkBody, type SourceEntry } from '@/lib/core/io';

export interface FolderOptions {
  /** Follow symbolic links to files; links to folders never are. Off: links are left out. */
  followLinks?: boolean;
  /** Most files taken. */
  maxEntries?: number;
}

/** The files below a folder. What cannot be taken (sockets, links, names that no other system reads) is left out and listed. */
export class FolderSource extends BaseSource {
  /** Complete once the source was listed: what was left out, and why. */
  readonly skipped: { path: string; reason: string }[] = [];
  constructor(readonly root: string, private readonly options: FolderOptions = {}) {
    super();
  }

  protected override async load(): Promise<SourceEntry[]> {
    const stat = await fs.stat(this.root).catch((error: unknown) => {
      throw new AppError('not-found', `The folder "${this.root}" cannot be read: ${reasonOf(error)}.`, { cause: error });
    });
    if (!stat.isDirectory()) throw new AppError('invalid', `"${this.root}" is not a folder.`);
    const entries: SourceEntry[] = [];
    await this.walk('', entries);
    return entries;
  }

  private async walk(folder: string, entries: SourceEntry[]): Promise<void> {
    const { maxEntries = Infinity, followLinks = false } = this.options;
    for (const found of await fs.readdir(path.join(this.root, folder), { withFileTypes: true })) {
      const relative = joinPath(folder, found.name);
      if (found.isDirectory()) {
        await this.walk(relative, entries);
        continue;
      }
      const full = path.join(this.root, relative);
      const link = found.isSymbolicLink();
      if (link && !followLinks) {
        this.skipped.push({ path: relative, reason: 'it is a symbolic link' });
        continue;
      }
      const stat = await fs.stat(full).catch(() => null);
      if (!stat?.isFile()) {
        this.skipped.push({ path: relative, reason: link ? 'it is a link to nothing, or to a folder' : 'it is not a file' });
        continue;
      }
      try {
        // A backslash is part of a name here, but a folder elsewhere.
        if (found.name.includes('\\')) throw new UnsafePathError(relative, 'its name holds a backslash');
        entries.push(sourceEntry(safePath(relative), stat.size, () => createReadStream(full)));
      } catch (error) {
        if (!(error instanceof UnsafePathError)) throw error;
        this.skipped.push({ path: relative, reason: error.message });
        continue;
      }
      if (entries.length > maxEntries) throw new AppError('too-large', `The folder "${this.root}" holds more than ${maxEntries} files.`);
    }
  }
}

/**
 * Writes below a folder, which is made when absent. A file appears under its name only when it is whole.
 * An existing file is replaced; a link in the way is replaced, never followed.
 */
export class FolderSink implements Sink {
  private readonly written = new Set<string>();
  private readonly folders = new Set<string>();
  constructor(readonly root: string) {}

  async write(given: string, body: SinkBody): Promise<void> {
    const safe = safePath(given);
    if (this.written.has(safe)) throw new Error(`"${safe}" was already written`);
    this.written.add(safe);
    const target = path.join(this.root, safe);
    await this.makeFolder(path.dirname(safe));
    const temporary = `${target}.part`;
    try {
      if (body instanceof Uint8Array) await fs.writeFile(temporary, body);
      else await pipeline(Readable.from(body, { objectMode: false }), createWriteStream(temporary));
      await fs.rename(temporary, target);
    } catch (error) {
      await fs.rm(temporary, { force: true });
      throw error;
    }
  }

  /** Folders one by one: a link in the middle would lead out of the root. */
  private async makeFolder(relative: string): Promise<void> {
    await fs.mkdir(this.root, { recursive: true });
    let folder = '';
    for (const segment of relative === '.' ? [] : relative.split('/')) {
      folder = joinPath(folder, segment);
      if (this.folders.has(folder)) continue;
      const full = path.join(this.root, folder);
      await fs.mkdir(full).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
        const stat = await fs.lstat(full);
        if (!stat.isDirectory()) throw new AppError('conflict', `"${full}" is in the way: it is not a folder.`);
      });
      this.folders.add(folder);
    }
  }

  async close(): Promise<void> {}
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'it does not exist' : code === 'EACCES' ? 'permission is denied' : message;
}
