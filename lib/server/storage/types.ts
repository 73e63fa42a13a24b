import type { Readable } from 'node:stream';

/** What may be written: bytes at hand, or any stream of byte chunks (Node, Web or async generator). */
export type ObjectBody = Uint8Array | Readable | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

export interface PutOptions {
  /** Media type given to the store; the database remains the authority on it. */
  contentType?: string;
  /** Length in bytes when known. A body of another length is refused and nothing is stored. */
  size?: number;
}

/** A part of an object, in bytes: `start` inclusive, `end` exclusive (to the end when absent). */
export interface ByteRange {
  start: number;
  end?: number;
}

export interface ObjectStat {
  key: string;
  /** Bytes. */
  size: number;
  modifiedAt: Date;
}

export interface ListOptions {
  /** The `cursor` of the page before. */
  cursor?: string;
  /** Objects per page, 1 to 1000 (default 1000). */
  limit?: number;
}

export interface ListPage {
  /** In ascending byte order of the key. */
  objects: ObjectStat[];
  /** Present while there may be more. */
  cursor?: string;
}

/**
 * Where bytes live: files on disk or any S3-compatible store, behind one interface.
 *
 * Keys are relative paths of ASCII segments (see `assertKey`). A write is whole or absent: a reader sees the
 * object before or after it, never half of it. All methods are safe to call from many processes at once.
 */
export interface ObjectStore {
  readonly kind: 'disk' | 's3';
  /** The identity written into the store when it was first used; equal on every machine that shares it. */
  id(): Promise<string>;
  /** Stores the body under the key, replacing what was there. */
  put(key: string, body: ObjectBody, options?: PutOptions): Promise<ObjectStat>;
  /** A stream of the object's bytes. Throws `ObjectNotFoundError` before the first byte when it does not exist. */
  get(key: string, range?: ByteRange): Promise<Readable>;
  /** The whole object in memory. Throws `ObjectNotFoundError`. */
  read(key: string, range?: ByteRange): Promise<Buffer>;
  /** `null` when there is no such object. */
  stat(key: string): Promise<ObjectStat | null>;
  /** Copies within the store, on the store's side. Throws `ObjectNotFoundError`. */
  copy(from: string, to: string): Promise<ObjectStat>;
  /** Removes the object; removing what is not there is not an error. */
  delete(key: string): Promise<void>;
  /** Removes many objects. */
  deleteMany(keys: Iterable<string>): Promise<void>;
  /** One page of the objects whose key begins with `prefix` ('' for all). */
  list(prefix: string, options?: ListOptions): Promise<ListPage>;
  /** The path of the object's file for code that needs one (sharp, yauzl), or `null` where objects are remote. Use `withLocalFile`. */
  localPath(key: string): string | null;
}
