/**
 * Where datasets are read from and written to: folders, archives and object-store prefixes are all a `Source` or a
 * `Sink`, so that a format neither knows nor cares which.
 *
 * Paths are relative, with forward slashes, without empty, `.` or `..` segments; see `safePath`.
 */

/** One file of a source. */
export interface SourceEntry {
  readonly path: string;
  /** Bytes of content, as far as the source declares it; reading enforces it. */
  readonly size: number;
  /** The content, from the beginning, chunk by chunk. May be called again. */
  open(): AsyncIterable<Uint8Array>;
  /**
   * The whole content.
   * @param limit most bytes to take; beyond it a `FileTooLargeError` is thrown, having read no more than the limit.
   */
  bytes(limit?: number): Promise<Uint8Array>;
}

/** A tree of files. Iterating yields every entry once, in ascending order of path. */
export interface Source extends AsyncIterable<SourceEntry> {
  /** Every entry, in ascending order of path (by UTF-16 code unit). Contents are not read. */
  list(): Promise<readonly SourceEntry[]>;
  /** The entry at exactly this path. */
  find(path: string): Promise<SourceEntry | undefined>;
  /** The content of the file at this path, or null when there is none. */
  read(path: string, limit?: number): Promise<Uint8Array | null>;
  /** Lets go of what the source holds open. */
  close(): Promise<void>;
}

/** What a sink takes. */
export type SinkBody = Uint8Array | AsyncIterable<Uint8Array>;

export interface Sink {
  /** Writes one file. Files are written one after another; the same path twice is an error. */
  write(path: string, body: SinkBody): Promise<void>;
  /** Everything is written: makes it durable. Nothing may be written afterwards. */
  close(): Promise<void>;
}

/** A file is larger than whoever reads it allows. */
export class FileTooLargeError extends Error {
  override readonly name = 'FileTooLargeError';
  constructor(readonly path: string, readonly limit: number) {
    super(`"${path}" is larger than the ${formatBytes(limit)} allowed here.`);
  }
}

/** A path that could lead out of its folder, or that a file system would read differently. */
export class UnsafePathError extends Error {
  override readonly name = 'UnsafePathError';
  constructor(readonly path: string, reason: string) {
    super(`The path "${path.slice(0, 200)}" is not accepted: ${reason}.`);
  }
}

/** Longest path accepted, in characters. */
export const MAX_PATH = 1000;

/**
 * The path in the one form used here: relative, forward slashes, no empty or `.` segments.
 * @throws UnsafePathError for absolute paths, drive letters, `..`, control characters and overlong paths
 */
export function safePath(path: string): string {
  if (path.length > MAX_PATH) throw new UnsafePathError(path, `it is longer than ${MAX_PATH} characters`);
  if (/[\u0000-\u001f\u007f]/.test(path)) throw new UnsafePathError(path.replace(/[^\x20-\x7e]/g, '?'), 'it holds control characters');
  const slashed = path.replaceAll('\\', '/');
  if (slashed.startsWith('/')) throw new UnsafePathError(path, 'it is absolute');
  const segments = slashed.split('/').filter((s) => s !== '' && s !== '.');
  if (/^[A-Za-z]:/.test(segments[0] ?? '')) throw new UnsafePathError(path, 'it begins with a drive letter');
  if (segments.includes('..')) throw new UnsafePathError(path, 'it leads out of its folder with ".."');
  if (segments.length === 0) throw new UnsafePathError(path, 'it is empty');
  return segments.join('/');
}

/** `a/b/c.tar.gz` → `c.tar.gz` */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
/** `a/b/c.jpg` → `a/b`; '' for a file at the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
/** The extension in lower case without its dot: `a/b.JPG` → `jpg`; '' when there is none. */
export function extensionOf(path: string): string {
  const name = fileName(path);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
}
/** The path without its extension: `a/b.jpg` → `a/b`. */
export function withoutExtension(path: string): string {
  const name = fileName(path);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? path : path.slice(0, path.length - (name.length - dot));
}
/** Joins path segments, leaving out empty ones. */
export function joinPath(...segments: string[]): string {
  return segments.filter((s) => s !== '').join('/');
}

const imageExtensions = new Set(['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'webp', 'tif', 'tiff', 'bmp', 'dib', 'gif']);
/** Whether the name looks like an image's. What a file is, its bytes decide; this only tells images from their labels. */
export function hasImageExtension(path: string): boolean {
  return imageExtensions.has(extensionOf(path));
}

/** Order of paths everywhere: by UTF-16 code unit, the same on every machine and under every locale. */
export function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Bytes for people: `812 bytes`, `4.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = '';
  for (unit of units) {
    value /= 1000;
    if (value < 1000) break;
  }
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ${unit}`;
}

/** All chunks as one array. @throws FileTooLargeError when there are more than `limit` bytes; no more than that is read */
export async function collectBytes(chunks: AsyncIterable<Uint8Array>, limit = Infinity, path = 'the file'): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > limit) throw new FileTooLargeError(path, limit);
    parts.push(chunk);
  }
  if (parts.length === 1) return parts[0]!;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Bytes as a body of chunks. */
export async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** Text as UTF-8, gathered into chunks of about 64 kB, so that writers may yield as small pieces as they like. */
export async function* encodeText(pieces: Iterable<string> | AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let gathered: string[] = [];
  let length = 0;
  for await (const piece of pieces) {
    gathered.push(piece);
    length += piece.length;
    if (length < 65_536) continue;
    yield encoder.encode(gathered.join(''));
    gathered = [];
    length = 0;
  }
  if (length > 0) yield encoder.encode(gathered.join(''));
}

/** A text file's content: UTF-8, or UTF-16 when a byte-order mark says so. @throws when the bytes are neither */
export function decodeText(bytes: Uint8Array): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : null;
  return new TextDecoder(utf16 ?? 'utf-8', { fatal: true }).decode(bytes);
}

/** What every source shares; a kind of source says only what its entries are. */
export abstract class BaseSource implements Source {
  private entries: Promise<{ list: readonly SourceEntry[]; byPath: Map<string, SourceEntry> }> | null = null;

  /** Every entry once, in any order. */
  protected abstract load(): Promise<SourceEntry[]>;

  private index() {
    return (this.entries ??= this.load().then((found) => {
      const list = found.sort((a, b) => comparePaths(a.path, b.path));
      return { list, byPath: new Map(list.map((e) => [e.path, e])) };
    }));
  }
  async list(): Promise<readonly SourceEntry[]> {
    return (await this.index()).list;
  }
  async find(path: string): Promise<SourceEntry | undefined> {
    return (await this.index()).byPath.get(path);
  }
  async read(path: string, limit?: number): Promise<Uint8Array | null> {
    const entry = await this.find(path);
    return entry ? entry.bytes(limit) : null;
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<SourceEntry> {
    yield* await this.list();
  }
  async close(): Promise<void> {}
}

/** An entry from its way of opening. */
export function sourceEntry(path: string, size: number, open: () => AsyncIterable<Uint8Array>): SourceEntry {
  return { path, size, open, bytes: (limit) => (limit !== undefined && size > limit ? Promise.reject(new FileTooLargeError(path, limit)) : collectBytes(open(), limit, path)) };
}

/** Files in memory. Text is taken as UTF-8. */
export class MemorySource extends BaseSource {
  constructor(private readonly files: Readonly<Record<string, Uint8Array | string>> | ReadonlyMap<string, Uint8Array | string>) {
    super();
  }
  protected override async load(): Promise<SourceEntry[]> {
    const pairs = this.files instanceof Map ? [...(this.files as ReadonlyMap<string, Uint8Array | string>)] : Object.entries(this.files as Record<string, Uint8Array | string>);
    const encoder = new TextEncoder();
    return pairs.map(([path, content]) => {
      const bytes = typeof content === 'string' ? encoder.encode(content) : content;
      return sourceEntry(safePath(path), bytes.length, () => chunksOf(bytes));
    });
  }
}

/** Keeps what is written in memory. */
export class MemorySink implements Sink {
  readonly files = new Map<string, Uint8Array>();
  private closed = false;
  async write(path: string, body: SinkBody): Promise<void> {
    const safe = safePath(path);
    if (this.closed) throw new Error('the sink is closed');
    if (this.files.has(safe)) throw new Error(`"${safe}" was already written`);
    this.files.set(safe, body instanceof Uint8Array ? body.slice() : await collectBytes(body));
  }
  async close(): Promise<void> {
    this.closed = true;
  }
  /** What was written, to be read again. */
  toSource(): MemorySource {
    return new MemorySource(this.files);
  }
  /** A written file as text. */
  text(path: string): string {
    const bytes = this.files.get(path);
    if (!bytes) throw new Error(`"${path}" was not written; there are ${[...this.files.keys()].join(', ')}`);
    return decodeText(bytes);
  }
}

/** The part of a source below a folder, with paths relative to it. */
export function subSource(source: Source, folder: string): Source {
  const prefix = `${folder}/`;
  return new (class extends BaseSource {
    protected override async load(): Promise<SourceEntry[]> {
      return (await source.list()).filter((e) => e.path.startsWith(prefix)).map((e) => ({ path: e.path.slice(prefix.length), size: e.size, open: () => e.open(), bytes: (limit) => e.bytes(limit) }));
    }
  })();
}
