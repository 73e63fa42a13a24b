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
  /** Whether the key is there as far as is known. Asking is using: it is not the next to leave. */
  has(key: string): boolean;
  /** The arrays of a key, as they were put up to half precision; null when they are not (or no longer) there. */
  get(key: string): Promise<Float32Array[] | null>;
  put(key: string, arrays: readonly Float32Array[]): Promise<void>;
}

/** What arrays of these lengths take on disk. */
export const storedBytes = (lengths: readonly number[]): number => lengths.reduce((sum, length) => sum + 4 + 2 * length, DIGEST_BYTES + 4);
/** What arrays are after they were kept. */
export const asKept = (array: Float32Array): Float32Array => decodeHalf(encodeHalf(array));

const EXTENSION = '.f16';
/** What an interrupted process has left is removed once nobody can be writing to it. */
const ABANDONED_MS = 3600_000;
/** Files are in folders by the first letters of their names: no folder holds hundreds of thousands. */
const FOLDER_LETTERS = 2;
const DIGEST_BYTES = 16;

interface Found {
  name: string;
  size: number;
  usedAt: number;
}

async function readFolder(folder: string): Promise<Found[]> {
  const found: Found[] = [];
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    // Another process may remove it meanwhile.
    const info = await stat(file).catch(() => null);
    if (!info?.isFile()) continue;
    if (name.endsWith(EXTENSION)) found.push({ name, size: info.size, usedAt: info.mtimeMs });
    else if (name.endsWith('.tmp') && Date.now() - info.mtimeMs > ABANDONED_MS) await rm(file, { force: true });
  }
  return found;
}

/** Opens the cache of a folder, which may hold features of earlier runs. */
export async function openFeatureCache({ dir, maxBytes }: { dir: string; maxBytes: number }): Promise<FeatureCache> {
  await mkdir(dir, { recursive: true });
  const folders = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isDirectory() && entry.name.length === FOLDER_LETTERS);
  const found = (await Promise.all(folders.map(({ name }) => readFolder(path.join(dir, name))))).flat();
  const cache = new DiskFeatures(dir, maxBytes);
  for (const { name, size } of found.sort((a, b) => a.usedAt - b.usedAt)) await cache.note(name, size);
  return cache;
}

class DiskFeatures implements FeatureCache {
  /** Size by file name, the least recently used first. */
  private readonly files = new Map<string, number>();
  private readonly writing = new Map<string, Promise<void>>();
  private bytes = 0;

  constructor(private readonly dir: string, private readonly maxBytes: number) {}

  has(key: string): boolean {
    return this.use(nameOf(key)) !== undefined;
  }

  async get(key: string): Promise<Float32Array[] | null> {
    const name = nameOf(key);
    if (this.use(name) === undefined) return null;
    const file = this.fileOf(name);
    let bytes: Buffer;
    try {
      bytes = await readFile(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.forget(name);
      return null;
    }
    const arrays = unpack(bytes);
    if (!arrays) {
      // A disk that lost power may keep a file's name and not its bytes.
      this.forget(name);
      await rm(file, { force: true });
      return null;
    }
    const now = new Date();
    await utimes(file, now, now).catch(() => undefined);
    return arrays;
  }

  /** Putting a key twice at a time is putting it once. */
  put(key: string, arrays: readonly Float32Array[]): Promise<void> {
    const name = nameOf(key);
    let writing = this.writing.get(name);
    if (!writing) {
      writing = this.write(name, pack(arrays)).finally(() => this.writing.delete(name));
      this.writing.set(name, writing);
    }
    return writing;
  }

  /** Counts a file that was written, and removes others until the budget holds. */
  async note(name: string, size: number): Promise<void> {
    this.forget(name);
    this.files.set(name, size);
    this.bytes += size;
    const leaving: string[] = [];
    for (const [oldest] of this.files) {
      if (this.bytes <= this.maxBytes) break;
      this.forget(oldest);
      leaving.push(oldest);
    }
    await Promise.all(leaving.map((oldest) => rm(this.fileOf(oldest), { force: true })));
  }

  private async write(name: string, parts: readonly Uint8Array[]): Promise<void> {
    // The digest tells a file that is not whole: features are made again.
    await writeAtomically(this.fileOf(name), parts, { sync: false });
    await this.note(name, parts.reduce((sum, part) => sum + part.byteLength, 0));
  }

  /** The size of a file, which is now the last used. */
  private use(name: string): number | undefined {
    const size = this.files.get(name);
    if (size === undefined) return undefined;
    this.files.delete(name);
    this.files.set(name, size);
    return size;
  }

  private fileOf(name: string): string {
    return path.join(this.dir, name.slice(0, FOLDER_LETTERS), name);
  }

  private forget(name: string): void {
    this.bytes -= this.files.get(name) ?? 0;
    this.files.delete(name);
  }
}

const bytesOf = (array: Uint32Array | Uint16Array): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

function digestOf(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest().subarray(0, DIGEST_BYTES);
}

/** A digest of what follows: count, lengths, numbers. */
function pack(arrays: readonly Float32Array[]): Uint8Array[] {
  const content = [bytesOf(Uint32Array.of(arrays.length, ...arrays.map((array) => array.length))), ...arrays.map((array) => bytesOf(encodeHalf(array)))];
  return [digestOf(content), ...content];
}

/** Null when the bytes are not what was written. */
function unpack(bytes: Buffer): Float32Array[] | null {
  const content = bytes.subarray(DIGEST_BYTES);
  if (content.length < 4 || !bytes.subarray(0, DIGEST_BYTES).equals(digestOf([content]))) return null;
  const count = content.readUInt32LE(0);
  let at = content.byteOffset + 4 + 4 * count;
  return Array.from({ length: count }, (_, i) => {
    const length = content.readUInt32LE(4 + 4 * i);
    const halves = new Uint16Array(content.buffer.slice(at, at + 2 * length));
    at += 2 * length;
    return decodeHalf(halves);
  });
}

/** Keys may be long and hold any characters; file names may not. */
const nameOf = (key: string): string => `${createHash('sha256').update(key).digest('hex')}${EXTENSION}`;
