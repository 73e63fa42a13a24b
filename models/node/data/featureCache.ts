/**
 * Features of frozen layers on disk, in half precision, under a budget of bytes: the least recently used leave first. A key
 * says what the features are of (trunk and image by their hashes), so that they outlive a run and are never another's.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { decodeHalf, encodeHalf } from '../../runtime/half';
import { writeAtomically } from '../files';

export interface FeatureCache {
  has(key: string): boolean;
  /** The arrays of a key, as they were put up to half precision; null when they are not (or no longer) there. */
  get(key: string): Promise<Float32Array[] | null>;
  put(key: string, arrays: readonly Float32Array[]): Promise<void>;
}

const EXTENSION = '.f16';

/** Opens the cache of a folder, which may hold features of earlier runs. */
export async function openFeatureCache({ dir, maxBytes }: { dir: string; maxBytes: number }): Promise<FeatureCache> {
  await mkdir(dir, { recursive: true });
  const found = await Promise.all((await readdir(dir)).filter((name) => name.endsWith(EXTENSION)).map(async (name) => {
    const { size, mtimeMs } = await stat(path.join(dir, name));
    return { name, size, mtimeMs };
  }));
  const cache = new DiskFeatures(dir, maxBytes);
  for (const { name, size } of found.sort((a, b) => a.mtimeMs - b.mtimeMs)) await cache.note(name, size);
  return cache;
}

class DiskFeatures implements FeatureCache {
  /** Size by file name, the least recently used first. */
  private readonly files = new Map<string, number>();
  private bytes = 0;

  constructor(private readonly dir: string, private readonly maxBytes: number) {}

  has(key: string): boolean {
    return this.files.has(nameOf(key));
  }

  async get(key: string): Promise<Float32Array[] | null> {
    const name = nameOf(key);
    const size = this.files.get(name);
    if (size === undefined) return null;
    this.files.delete(name);
    this.files.set(name, size);
    const file = path.join(this.dir, name);
    let bytes: Buffer;
    try {
      bytes = await readFile(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.forget(name);
      return null;
    }
    const now = new Date();
    await utimes(file, now, now).catch(() => undefined);
    // Count, lengths, numbers.
    const count = bytes.readUInt32LE(0);
    let at = 4 + 4 * count;
    return Array.from({ length: count }, (_, i) => {
      const length = bytes.readUInt32LE(4 + 4 * i);
      const halves = new Uint16Array(bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + 2 * length));
      at += 2 * length;
      return decodeHalf(halves);
    });
  }

  async put(key: string, arrays: readonly Float32Array[]): Promise<void> {
    const head = Uint32Array.of(arrays.length, ...arrays.map((array) => array.length));
    const parts = [head, ...arrays.map(encodeHalf)].map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    const name = nameOf(key);
    await writeAtomically(path.join(this.dir, name), parts);
    await this.note(name, parts.reduce((sum, part) => sum + part.byteLength, 0));
  }

  /** Counts a file that was written, and removes others until the budget holds. */
  async note(name: string, size: number): Promise<void> {
    this.forget(name);
    this.files.set(name, size);
    this.bytes += size;
    for (const oldest of [...this.files.keys()]) {
      if (this.bytes <= this.maxBytes) break;
      this.forget(oldest);
      await rm(path.join(this.dir, oldest), { force: true });
    }
  }

  private forget(name: string): void {
    this.bytes -= this.files.get(name) ?? 0;
    this.files.delete(name);
  }
}

/** Keys may be long and hold any characters; file names may not. */
const nameOf = (key: string): string => `${createHash('sha256').update(key).digest('hex')}${EXTENSION}`;
