import { randomUUID } from 'node:crypto';
import { constants, createReadStream, type Dirent } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { assertKey, assertPrefix, assertRange, ObjectNotFoundError } from './keys';
import { byteStream, collect } from './streams';
import type { ByteRange, ListOptions, ListPage, ObjectBody, ObjectStat, ObjectStore, PutOptions } from './types';

const ID_FILE = '.storage-id';
const TEMP_DIR = '.tmp';
/** Abandoned temporary files older than this are removed when the store is opened. */
const TEMP_MAX_AGE_MS = 24 * 3600 * 1000;

const code = (error: unknown) => (error as NodeJS.ErrnoException).code;
const isMissing = (error: unknown) => code(error) === 'ENOENT' || code(error) === 'ENOTDIR';

/**
 * Objects as files below one folder; the key is the path. A write goes to a temporary file on the same file system, is
 * flushed (fsync) and renamed, and the folder is flushed, so that an object acknowledged survives a power cut.
 * The folder may be shared by several machines (NFS and the like).
 */
export class DiskStore implements ObjectStore {
  readonly kind = 'disk' as const;
  readonly #root: string;
  #id: string | null = null;
  #opened: Promise<void> | null = null;

  constructor(root: string) {
    this.#root = path.resolve(/* turbopackIgnore: true */ root);
  }

  #open(): Promise<void> {
    return (this.#opened ??= (async () => {
      const temp = path.join(this.#root, TEMP_DIR);
      await fs.mkdir(temp, { recursive: true });
      for (const name of await fs.readdir(temp)) {
        const file = path.join(temp, name);
        const stat = await fs.stat(file).catch(() => null);
        if (stat && Date.now() - stat.mtimeMs > TEMP_MAX_AGE_MS) await fs.rm(file, { force: true });
      }
    })().catch((error: unknown) => {
      this.#opened = null;
      throw error;
    }));
  }

  #path(key: string): string {
    assertKey(key);
    return path.join(this.#root, ...key.split('/'));
  }

  async id(): Promise<string> {
    if (this.#id) return this.#id;
    await this.#open();
    const file = path.join(this.#root, ID_FILE);
    const made = path.join(this.#root, TEMP_DIR, randomUUID());
    await fs.writeFile(made, `${randomUUID()}\n`);
    try {
      await fs.link(made, file); // whoever is first names the store
    } catch (error) {
      if (code(error) !== 'EEXIST') throw error;
    } finally {
      await fs.rm(made, { force: true });
    }
    return (this.#id = (await fs.readFile(file, 'utf8')).trim());
  }

  localPath(key: string): string {
    return this.#path(key);
  }

  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<ObjectStat> {
    const target = this.#path(key);
    await this.#open();
    const temp = path.join(this.#root, TEMP_DIR, randomUUID());
    const handle = await fs.open(temp, 'wx', 0o644);
    try {
      let size = 0;
      try {
        for await (const chunk of byteStream(body)) {
          size += chunk.byteLength;
          await handle.writeFile(chunk);
        }
        if (options.size !== undefined && size !== options.size) {
          throw new Error(`Object "${key}" was to have ${options.size} bytes and had ${size}; nothing was stored.`);
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      await this.#place(key, temp, target);
      return await this.#mustStat(key);
    } catch (error) {
      await fs.rm(temp, { force: true });
      throw error;
    }
  }

  /** Moves a finished temporary file to its place; a folder emptied and removed meanwhile is made again. */
  async #place(key: string, temp: string, target: string): Promise<void> {
    const folder = path.dirname(target);
    for (let attempt = 1; ; attempt++) {
      try {
        await fs.mkdir(folder, { recursive: true });
        await fs.rename(temp, target);
        break;
      } catch (error) {
        if (code(error) === 'ENOENT' && attempt < 5) continue;
        if (['EISDIR', 'ENOTDIR', 'EEXIST', 'ENOTEMPTY'].includes(code(error) ?? '')) {
          throw new Error(`Object "${key}" cannot be stored: a part of its path is an object, or it is the path of other objects.`, { cause: error });
        }
        throw error;
      }
    }
    const directory = await fs.open(folder, constants.O_RDONLY).catch(() => null);
    try {
      await directory?.sync();
    } catch {
      // Some file systems cannot flush a folder; the rename is as durable there as they make it.
    } finally {
      await directory?.close();
    }
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    if (range) assertRange(range);
    const file = this.#path(key);
    let handle: fs.FileHandle;
    try {
      handle = await fs.open(file, 'r');
    } catch (error) {
      throw isMissing(error) ? new ObjectNotFoundError(key) : error;
    }
    const stat = await handle.stat();
    if (!stat.isFile()) {
      await handle.close();
      throw new ObjectNotFoundError(key);
    }
    const start = range?.start ?? 0;
    const end = Math.min(range?.end ?? stat.size, stat.size);
    if (start >= end) {
      await handle.close();
      if (range && start >= stat.size) throw new RangeError(`Object "${key}" has ${stat.size} bytes; byte ${start} is beyond its end.`);
      return Readable.from([]);
    }
    return createReadStream('', { fd: handle, start, end: end - 1, highWaterMark: 256 * 1024 });
  }

  async read(key: string, range?: ByteRange): Promise<Buffer> {
    return collect(await this.get(key, range));
  }

  async stat(key: string): Promise<ObjectStat | null> {
    try {
      const stat = await fs.stat(this.#path(key));
      return stat.isFile() ? { key, size: stat.size, modifiedAt: stat.mtime } : null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async #mustStat(key: string): Promise<ObjectStat> {
    const stat = await this.stat(key);
    if (!stat) throw new ObjectNotFoundError(key);
    return stat;
  }

  async copy(from: string, to: string): Promise<ObjectStat> {
    const source = this.#path(from);
    const target = this.#path(to);
    await this.#open();
    const temp = path.join(this.#root, TEMP_DIR, randomUUID());
    try {
      await fs.copyFile(source, temp, constants.COPYFILE_FICLONE);
      const handle = await fs.open(temp, 'r+');
      await handle.sync().finally(() => handle.close());
      await this.#place(to, temp, target);
    } catch (error) {
      await fs.rm(temp, { force: true });
      throw isMissing(error) ? new ObjectNotFoundError(from) : error;
    }
    return this.#mustStat(to);
  }

  async delete(key: string): Promise<void> {
    const file = this.#path(key);
    try {
      await fs.unlink(file);
    } catch (error) {
      if (isMissing(error)) return;
      if ((await fs.stat(file).catch(() => null))?.isDirectory()) return; // a path of objects, not an object
      throw error;
    }
    await this.#removeEmptyFolders(path.dirname(file));
  }

  async #removeEmptyFolders(folder: string): Promise<void> {
    for (let at = folder; at.startsWith(this.#root + path.sep); at = path.dirname(at)) {
      try {
        await fs.rmdir(at);
      } catch {
        return;
      }
    }
  }

  async deleteMany(keys: Iterable<string>): Promise<void> {
    const all = [...keys];
    for (const key of all) assertKey(key); // all or none, as far as the names go
    let next = 0;
    await Promise.all(
      Array.from({ length: Math.min(8, all.length) }, async () => {
        while (next < all.length) await this.delete(all[next++]!);
      }),
    );
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    assertPrefix(prefix);
    const limit = Math.min(Math.max(options.limit ?? 1000, 1), 1000);
    const found: ObjectStat[] = [];
    for await (const stat of this.#walk('', prefix, options.cursor ?? '')) {
      if (found.length === limit) return { objects: found, cursor: found[limit - 1]!.key };
      found.push(stat);
    }
    return { objects: found };
  }

  /** Depth first in byte order of the keys: a folder sorts as its name and "/", as S3 sees it. */
  async *#walk(folder: string, prefix: string, after: string): AsyncGenerator<ObjectStat> {
    let entries: Dirent[];
    try {
      entries = await fs.readdir(path.join(this.#root, folder), { withFileTypes: true });
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    const rows = entries
      .filter((entry) => !entry.name.startsWith('.') && (entry.isFile() || entry.isDirectory()))
      .map((entry) => ({ key: folder + entry.name + (entry.isDirectory() ? '/' : ''), directory: entry.isDirectory() }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const { key, directory } of rows) {
      if (directory) {
        const possible = key.startsWith(prefix) || prefix.startsWith(key);
        const done = key < after && !after.startsWith(key);
        if (possible && !done) yield* this.#walk(key, prefix, after);
      } else if (key.startsWith(prefix) && key > after) {
        const stat = await this.stat(key);
        if (stat) yield stat;
      }
    }
  }
}
