/** What was received under an import, as one source: files under their paths, and what archives hold. */
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '@/lib/api/errors';
import { BaseSource, comparePaths, joinPath, withoutExtension, type Source, type SourceEntry } from '@/lib/core/io';
import { ObjectsSource, openZip, type ArchiveLimits } from '@/lib/server/archives';
import type { ImportFileRecord } from '@/lib/server/repositories/imports';
import type { ObjectStore } from '@/lib/server/storage';

export interface ReceivedSource {
  source: Source;
  /** Files that lie in the store under a key of their own, with the SHA-256 taken when they arrived. */
  objects: ReadonlyMap<string, { key: string; sha256: string }>;
  /** Archives that were not opened, and paths that occur twice. */
  refused: { path: string; code: string; message: string }[];
  close(): Promise<void>;
}

/** Entries of several sources; of a path that occurs twice the first. */
class JoinedSource extends BaseSource {
  constructor(private readonly joined: SourceEntry[]) {
    super();
  }
  protected override async load(): Promise<SourceEntry[]> {
    return this.joined;
  }
}

/**
 * Opens what was received. A single archive gives its own paths; of several (or beside files) each lies in a folder of its name.
 * @param tempDir where archives are put that the store cannot give as a file
 */
export async function receivedSource(store: ObjectStore, files: readonly ImportFileRecord[], limits: Partial<ArchiveLimits>, tempDir: string): Promise<ReceivedSource> {
  const plain = files.filter((f) => !f.archive);
  const archives = files.filter((f) => f.archive);
  const opened: Source[] = [new ObjectsSource(store, plain.map((f) => ({ path: f.path, key: f.key, bytes: Number(f.bytes) })))];
  const refused: ReceivedSource['refused'] = [];
  const close = async () => {
    for (const source of opened) await source.close();
  };
  const byPath = new Map<string, SourceEntry>();
  const add = (entry: SourceEntry) => {
    if (byPath.has(entry.path)) refused.push({ path: entry.path, code: 'duplicate-path', message: `"${entry.path}" was received twice; the second was left out.` });
    else byPath.set(entry.path, entry);
  };
  try {
    for (const entry of await opened[0]!.list()) add(entry);
    for (const [i, archive] of archives.entries()) {
      const folder = archives.length === 1 && plain.length === 0 ? '' : withoutExtension(archive.path);
      try {
        const zip = await openZip(await archiveFile(store, archive.key, path.join(tempDir, `archive-${i}.zip`)), limits);
        opened.push(zip);
        for (const entry of await zip.list()) add({ path: joinPath(folder, entry.path), size: entry.size, open: () => entry.open(), bytes: (limit) => entry.bytes(limit) });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        refused.push({ path: archive.path, code: 'archive-refused', message: error.message });
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  const entries = [...byPath.values()].sort((a, b) => comparePaths(a.path, b.path));
  return { source: new JoinedSource(entries), objects: new Map(plain.map((f) => [f.path, { key: f.key, sha256: f.sha256 }])), refused, close };
}

async function archiveFile(store: ObjectStore, key: string, file: string): Promise<string> {
  const local = store.localPath(key);
  if (local) return local;
  await pipeline(await store.get(key), createWriteStream(file));
  return file;
}
