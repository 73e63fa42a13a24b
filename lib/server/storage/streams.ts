import { createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ObjectBody, ObjectStore } from './types';

/** The body as chunks of bytes. A chunk that is not bytes is an error, not text to guess an encoding for. */
export async function* byteStream(body: ObjectBody): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    yield body;
    return;
  }
  for await (const chunk of body as AsyncIterable<unknown>) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('An object is written from bytes; this stream yields something else.');
    yield chunk;
  }
}

/** The body as a Node stream. */
export function nodeStream(body: ObjectBody): Readable {
  return body instanceof Readable ? body : Readable.from(byteStream(body), { objectMode: false });
}

/** All bytes of a stream in memory. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Calls `act` with the path of a local file holding the object: the object's own file on disk storage, else a temporary
 * copy that is removed afterwards. The file must not be changed.
 */
export async function withLocalFile<T>(store: ObjectStore, key: string, act: (file: string) => Promise<T>): Promise<T> {
  const local = store.localPath(key);
  if (local !== null) {
    await store.get(key, { start: 0, end: 1 }).then((s) => s.destroy(), (error: unknown) => {
      if (!(error instanceof RangeError)) throw error; // an empty object is still an object
    });
    return act(local);
  }
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-object-'));
  try {
    const file = path.join(folder, path.basename(key));
    await pipeline(await store.get(key), createWriteStream(file));
    return await act(file);
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}
