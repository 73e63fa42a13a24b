import { createHash } from 'node:crypto';
import { AppError } from '@/lib/api/errors';

/** Counts and hashes what goes by; more than `limit` bytes is an error. */
export class Intake {
  readonly #hash = createHash('sha256');
  bytes = 0;
  constructor(readonly name: string, readonly limit: number) {}
  async *through(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.bytes += chunk.byteLength;
      if (this.bytes > this.limit) throw new AppError('too-large', `"${this.name}" is larger than the ${Math.floor(this.limit / 1e6)} MB that one upload may have. Split it, or raise FIELDMARK_MAX_UPLOAD_MB.`);
      this.#hash.update(chunk);
      yield chunk;
    }
  }
  digest = () => this.#hash.digest('hex');
}
