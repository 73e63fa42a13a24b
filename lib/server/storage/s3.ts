import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Client, S3Error } from 'minio';
import { assertKey, assertPrefix, assertRange, ObjectNotFoundError } from './keys';
import { byteStream, collect } from './streams';
import type { ByteRange, ListOptions, ListPage, ObjectBody, ObjectStat, ObjectStore, PutOptions } from './types';

const ID_KEY = '.fieldmark-storage-id';
/** A body up to this size goes in one request; a longer one in parts of it (S3 wants parts of at least 5 MiB). */
const PART_BYTES = 16 * 1024 * 1024;
/** S3 takes at most 10,000 parts, so parts grow for very long bodies: after every 1000 parts their size doubles. */
const partBytes = (part: number) => PART_BYTES * 2 ** Math.min(8, Math.floor((part - 1) / 1000));

export interface S3Options {
  endpoint: URL;
  accessKey: string;
  secretKey: string;
  bucket: string;
  region: string;
}

const isMissing = (error: unknown) => error instanceof S3Error && ['NoSuchKey', 'NotFound', 'NoSuchBucket'].includes(error.code ?? '');

/**
 * Objects in a bucket of any S3-compatible store. A long body is sent in parts while it arrives, so memory holds one
 * part; when it breaks off the upload is aborted and nothing was stored.
 */
export class S3Store implements ObjectStore {
  readonly kind = 's3' as const;
  readonly #client: Client;
  readonly #bucket: string;
  readonly #region: string;
  #id: string | null = null;
  #opened: Promise<void> | null = null;

  constructor(options: S3Options) {
    const { endpoint } = options;
    if (endpoint.pathname !== '/' && endpoint.pathname !== '') {
      throw new Error(`S3_ENDPOINT must be the address of the server without a path, such as ${endpoint.origin}; the bucket goes into S3_BUCKET.`);
    }
    this.#client = new Client({
      endPoint: endpoint.hostname,
      port: endpoint.port ? Number(endpoint.port) : endpoint.protocol === 'https:' ? 443 : 80,
      useSSL: endpoint.protocol === 'https:',
      accessKey: options.accessKey,
      secretKey: options.secretKey,
      region: options.region,
      pathStyle: true,
    });
    this.#bucket = options.bucket;
    this.#region = options.region;
  }

  /** Makes the bucket when it is absent. */
  #open(): Promise<void> {
    return (this.#opened ??= (async () => {
      if (await this.#client.bucketExists(this.#bucket)) return;
      try {
        await this.#client.makeBucket(this.#bucket, this.#region);
      } catch (error) {
        if (!(error instanceof S3Error) || !['BucketAlreadyOwnedByYou', 'BucketAlreadyExists'].includes(error.code ?? '')) throw error;
      }
    })().catch((error: unknown) => {
      this.#opened = null;
      throw error;
    }));
  }

  async id(): Promise<string> {
    if (this.#id) return this.#id;
    await this.#open();
    const kept = await this.#readText(ID_KEY);
    if (kept) return (this.#id = kept);
    await this.#client.putObject(this.#bucket, ID_KEY, Buffer.from(randomUUID()));
    // Two first starts at once: both read what the last one wrote; the database's copy decides which start fails.
    return (this.#id = (await this.#readText(ID_KEY)) ?? '');
  }

  async #readText(key: string): Promise<string | null> {
    try {
      return (await collect(await this.#client.getObject(this.#bucket, key))).toString('utf8').trim();
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  localPath(): null {
    return null;
  }

  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<ObjectStat> {
    assertKey(key);
    await this.#open();
    const headers = { 'Content-Type': options.contentType ?? 'application/octet-stream' };
    let part = 1;
    let size = 0;
    let uploadId: string | null = null;
    const etags: { part: number; etag?: string }[] = [];
    const flush = async (bytes: Buffer) => {
      uploadId ??= await this.#client.initiateNewMultipartUpload(this.#bucket, key, headers);
      const { etag } = await this.#client.uploadPart({ bucketName: this.#bucket, objectName: key, uploadID: uploadId, partNumber: part, headers: { 'Content-Length': bytes.length } }, bytes);
      etags.push({ part, etag });
      part++;
    };
    try {
      let chunks: Uint8Array[] = [];
      let buffered = 0;
      for await (const chunk of byteStream(body)) {
        let rest = chunk;
        size += chunk.byteLength;
        while (buffered + rest.byteLength > partBytes(part)) {
          const room = partBytes(part) - buffered;
          chunks.push(rest.subarray(0, room));
          rest = rest.subarray(room);
          await flush(Buffer.concat(chunks));
          chunks = [];
          buffered = 0;
        }
        chunks.push(rest);
        buffered += rest.byteLength;
      }
      if (options.size !== undefined && size !== options.size) {
        throw new Error(`Object "${key}" was to have ${options.size} bytes and had ${size}; nothing was stored.`);
      }
      if (uploadId === null) {
        await this.#client.putObject(this.#bucket, key, Buffer.concat(chunks), size, headers);
      } else {
        await flush(Buffer.concat(chunks));
        await this.#client.completeMultipartUpload(this.#bucket, key, uploadId, etags);
      }
    } catch (error) {
      if (uploadId !== null) await this.#client.abortMultipartUpload(this.#bucket, key, uploadId).catch(() => undefined);
      throw error;
    }
    return { key, size, modifiedAt: new Date() };
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    assertKey(key);
    if (range) assertRange(range);
    try {
      if (!range) return await this.#client.getObject(this.#bucket, key);
      return await this.#client.getPartialObject(this.#bucket, key, range.start, range.end === undefined ? 0 : range.end - range.start);
    } catch (error) {
      if (isMissing(error)) throw new ObjectNotFoundError(key);
      if (error instanceof S3Error && error.code === 'InvalidRange') throw new RangeError(`Byte ${range?.start} is beyond the end of object "${key}".`);
      throw error;
    }
  }

  async read(key: string, range?: ByteRange): Promise<Buffer> {
    return collect(await this.get(key, range));
  }

  async stat(key: string): Promise<ObjectStat | null> {
    assertKey(key);
    try {
      const stat = await this.#client.statObject(this.#bucket, key);
      return { key, size: stat.size, modifiedAt: stat.lastModified };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async copy(from: string, to: string): Promise<ObjectStat> {
    assertKey(from);
    assertKey(to);
    try {
      await this.#client.copyObject(this.#bucket, to, `/${this.#bucket}/${from}`);
    } catch (error) {
      throw isMissing(error) ? new ObjectNotFoundError(from) : error;
    }
    const stat = await this.stat(to);
    if (!stat) throw new ObjectNotFoundError(to);
    return stat;
  }

  async delete(key: string): Promise<void> {
    assertKey(key);
    try {
      await this.#client.removeObject(this.#bucket, key);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async deleteMany(keys: Iterable<string>): Promise<void> {
    const all = [...keys];
    for (const key of all) assertKey(key);
    for (let i = 0; i < all.length; i += 1000) {
      const answers = await this.#client.removeObjects(this.#bucket, all.slice(i, i + 1000));
      const failed = answers.flatMap((a) => (a?.Error?.Code && a.Error.Code !== 'NoSuchKey' ? [`${a.Error.Key ?? '?'}: ${a.Error.Message ?? a.Error.Code}`] : []));
      if (failed.length > 0) throw new Error(`The object store refused to delete ${failed.length} objects, first ${failed[0]}`);
    }
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    assertPrefix(prefix);
    await this.#open();
    const limit = Math.min(Math.max(options.limit ?? 1000, 1), 1000);
    // A page asked for by its last key rather than by the server's token: the cursor stays valid for ever, as on disk.
    const page = await this.#client.listObjectsV2Query(this.#bucket, prefix, '', '', limit, options.cursor ?? '');
    const rows = page.objects as { name?: string; size: number; lastModified: Date }[];
    const objects = rows.flatMap((o) => (o.name && !o.name.startsWith('.') ? [{ key: o.name, size: o.size, modifiedAt: new Date(o.lastModified) }] : []));
    const last = rows.at(-1)?.name;
    return page.isTruncated && last ? { objects, cursor: last } : { objects };
  }
}
