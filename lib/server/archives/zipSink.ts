/** A zip file, written as a stream. The same files in the same order give the same bytes, in every time zone. */
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import yazl from 'yazl';
import { chunksOf, extensionOf, safePath, type Sink, type SinkBody } from '@/lib/core/io';

/** These are packed already; packing them again only takes time. */
const packed = new Set(['jpg', 'jpeg', 'png', 'webp', 'gif', 'tif', 'tiff', 'zip', 'gz', 'bin', 'onnx']);

/**
 * Writes a zip: `produce` writes the files, `consume` takes the bytes at the same time (into the object store, a response, a file).
 * When one of them fails, the other is stopped and the error is thrown.
 *
 * @returns what `consume` returns
 */
export async function writeZip<T>(consume: (stream: Readable) => Promise<T>, produce: (sink: Sink) => Promise<void>): Promise<T> {
  const zip = new yazl.ZipFile();
  const output = zip.outputStream as Readable;
  // Its events are listened to below; without a listener an error would end the process.
  zip.on('error', (error: Error) => output.destroy(error));
  const sink = new ZipSink(zip, output);
  const consumed = consume(output);
  // A consumer that fails must wake a producer that waits for it.
  consumed.catch((error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error))));
  try {
    await produce(sink);
    await sink.close();
  } catch (error) {
    // A producer that was only told to stop says nothing of why: the consumer knows.
    const stopped = error === sink.stoppedBy;
    output.destroy(error instanceof Error ? error : new Error(String(error)));
    const reason = await consumed.then(() => error, (failure: unknown) => (stopped ? failure : error));
    throw reason;
  }
  return consumed;
}

class ZipSink implements Sink {
  private readonly written = new Set<string>();
  private closed = false;
  /** What `write` throws when the stream ended early. */
  stoppedBy: Error | null = null;
  private readonly stopped: Promise<never>;

  constructor(private readonly zip: yazl.ZipFile, output: Readable) {
    this.stopped = new Promise<never>((_, reject) => {
      const stop = (error: Error) => reject((this.stoppedBy ??= error));
      output.once('error', stop);
      output.once('close', () => {
        if (!this.closed) stop(new Error('nobody reads the archive any more'));
      });
    });
    this.stopped.catch(() => {});
  }

  async write(given: string, body: SinkBody): Promise<void> {
    const path = safePath(given);
    if (this.closed) throw new Error('the archive is closed');
    if (this.written.has(path)) throw new Error(`"${path}" was already written`);
    this.written.add(path);
    const stream = Readable.from(body instanceof Uint8Array ? chunksOf(body) : body, { objectMode: false });
    // The DOS time is local time: the fields of a local date are the same everywhere. Without the extra field in UTC.
    this.zip.addReadStream(stream, path, { mtime: new Date(1980, 0, 1), mode: 0o100644, forceDosTimestamp: true, compress: !packed.has(extensionOf(path)) });
    try {
      await Promise.race([finished(stream, { writable: false }), this.stopped]);
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.zip.end();
  }
}
