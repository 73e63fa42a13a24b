import { createHash } from 'node:crypto';

/** Passes chunks through and knows the SHA-256 and the length of what went by. */
export class HashingStream {
  readonly #hash = createHash('sha256');
  /** Bytes so far. */
  bytes = 0;
  async *through(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#hash.update(chunk);
      this.bytes += chunk.byteLength;
      yield chunk;
    }
  }
  /** In lower-case hexadecimal; once, after the last chunk. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}
