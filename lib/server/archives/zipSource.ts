/** A zip file as a source. Archives come from strangers: everything is checked before a byte is unpacked. */
import fs from 'node:fs/promises';
import type { Readable } from 'node:stream';
import yauzl from 'yauzl';
import { AppError } from '@/lib/api/errors';
import { BaseSource, UnsafePathError, formatBytes, safePath, sourceEntry, type SourceEntry } from '@/lib/core/io';

export interface ArchiveLimits {
  /** Most files. */
  maxEntries: number;
  /** Most bytes unpacked, all files together. */
  maxBytes: number;
  /** Most bytes unpacked for each byte of the archive; held once more than 100 MB would be unpacked. */
  maxRatio: number;
}

export const defaultArchiveLimits: ArchiveLimits = { maxEntries: 1_000_000, maxBytes: 100e9, maxRatio: 200 };
/** Below this an archive does no harm, whatever its ratio. */
const RATIO_FROM = 100e6;

const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;
const FILE_TYPE = 0o170000;
const SYMBOLIC_LINK = 0o120000;
const REGULAR = 0o100000;
const UNIX = 3;

/**
 * Opens a zip file. Its directory is read and checked as a whole: number, sizes and ratio of the entries, paths, links,
 * encryption, duplicates, overlaps. Contents are unpacked when an entry is opened, and checked against their declared size.
 *
 * @throws AppError that names the entry at fault
 */
export async function openZip(file: string, limits: Partial<ArchiveLimits> = {}): Promise<ZipSource> {
  const { size } = await fs.stat(file);
  const zip = await new Promise<yauzl.ZipFile>((resolve, reject) => {
    yauzl.open(file, { lazyEntries: true, autoClose: false, decodeStrings: true, validateEntrySizes: true }, (error, opened) => (error ? reject(notAZip(error)) : resolve(opened)));
  });
  try {
    return new ZipSource(zip, await readDirectory(zip, size, { ...defaultArchiveLimits, ...limits }));
  } catch (error) {
    zip.close();
    throw error;
  }
}

function notAZip(error: Error): AppError {
  return new AppError('unprocessable', `The archive cannot be opened as a zip file: ${error.message.replace(/\.$/, '')}. If it was uploaded, it may have been cut off: send it again.`, { cause: error });
}

function readDirectory(zip: yauzl.ZipFile, archiveSize: number, limits: ArchiveLimits): Promise<yauzl.Entry[]> {
  const entries: yauzl.Entry[] = [];
  const paths = new Map<string, 'file' | 'folder'>();
  let total = 0;
  let packed = 0;
  const refuse = (entry: string, reason: string, code: 'unprocessable' | 'too-large' = 'unprocessable') => new AppError(code, `The archive was refused because of its entry "${entry.slice(0, 200)}": ${reason}. Nothing of it was unpacked.`);

  const check = (entry: yauzl.Entry): void => {
    const name = entry.fileName;
    let path: string;
    try {
      path = safePath(name);
    } catch (error) {
      throw error instanceof UnsafePathError ? refuse(name, error.message.replace(/^The path ".*?" is not accepted: /s, '').replace(/\.$/, '')) : error;
    }
    const mode = entry.versionMadeBy >> 8 === UNIX ? (entry.externalFileAttributes >>> 16) & FILE_TYPE : 0;
    if (mode === SYMBOLIC_LINK) throw refuse(name, 'it is a symbolic link');
    const isFolder = name.endsWith('/');
    if (!isFolder && mode !== 0 && mode !== REGULAR) throw refuse(name, 'it is neither a file nor a folder');
    const segments = path.split('/');
    for (let i = 1; i < segments.length; i++) {
      const parent = segments.slice(0, i).join('/');
      if (paths.get(parent) === 'file') throw refuse(name, `"${parent}" is a file and a folder`);
      paths.set(parent, 'folder');
    }
    if (isFolder) {
      if (paths.get(path) === 'file') throw refuse(name, 'it is a file and a folder');
      paths.set(path, 'folder');
      return;
    }
    if (paths.has(path)) throw refuse(name, paths.get(path) === 'folder' ? 'it is a file and a folder' : 'there are two entries of this name');
    paths.set(path, 'file');
    if (entry.generalPurposeBitFlag & ENCRYPTED) throw refuse(name, 'it is encrypted. Pack the files without a password');
    if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) throw refuse(name, `it is packed by method ${entry.compressionMethod}, which is not supported. Pack the files as an ordinary zip`);
    total += entry.uncompressedSize;
    packed += entry.compressedSize;
    if (total > limits.maxBytes) throw refuse(name, `with it the archive unpacks to more than ${formatBytes(limits.maxBytes)}`, 'too-large');
    if (packed > archiveSize) throw refuse(name, 'its entries overlap');
    if (total > RATIO_FROM && total > archiveSize * limits.maxRatio) throw refuse(name, `with it the archive unpacks to more than ${limits.maxRatio} times its size`, 'too-large');
    entries.push(entry);
    if (entries.length > limits.maxEntries) throw refuse(name, `the archive holds more than ${limits.maxEntries} files`, 'too-large');
  };

  return new Promise((resolve, reject) => {
    zip.on('error', (error: Error) => reject(error instanceof AppError ? error : new AppError('unprocessable', `The archive was refused: ${error.message.replace(/\.$/, '')}. Nothing of it was unpacked.`, { cause: error })));
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: yauzl.Entry) => {
      try {
        check(entry);
        zip.readEntry();
      } catch (error) {
        reject(error as Error);
      }
    });
    zip.readEntry();
  });
}

export class ZipSource extends BaseSource {
  constructor(private readonly zip: yauzl.ZipFile, private readonly found: readonly yauzl.Entry[]) {
    super();
  }

  protected override async load(): Promise<SourceEntry[]> {
    return this.found.map((entry) => sourceEntry(safePath(entry.fileName), entry.uncompressedSize, () => this.content(entry)));
  }

  private async *content(entry: yauzl.Entry): AsyncGenerator<Uint8Array> {
    try {
      const stream = await new Promise<Readable>((resolve, reject) => this.zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened))));
      yield* stream;
    } catch (error) {
      throw new AppError('unprocessable', `"${entry.fileName}" cannot be unpacked: ${error instanceof Error ? error.message : String(error)}.`, { cause: error });
    }
  }

  override async close(): Promise<void> {
    this.zip.close();
  }
}
