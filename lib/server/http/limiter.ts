import { AppError } from '@/lib/api/errors';

/**
 * Counts failures per key in a sliding minute, in this process. It slows down guessing; what is guessed at (tokens of 256
 * random bits) does not depend on it.
 */
export class FailureLimiter {
  readonly #failures = new Map<string, number[]>();
  constructor(
    private readonly limit: number,
    /** What is tried, for the message: "Too many attempts …". */
    private readonly what: string,
    private readonly windowMs = 60_000,
  ) {}

  #recent(key: string, now: number): number[] {
    const recent = (this.#failures.get(key) ?? []).filter((t) => now - t < this.windowMs);
    if (recent.length > 0) this.#failures.set(key, recent);
    else this.#failures.delete(key);
    return recent;
  }

  /** @throws AppError `too-many-requests` when this key failed too often within the window */
  check(key: string, now = Date.now()): void {
    if (this.#recent(key, now).length >= this.limit) throw new AppError('too-many-requests', `Too many attempts ${this.what}. Wait a minute, then try again.`);
  }

  fail(key: string, now = Date.now()): void {
    const recent = this.#recent(key, now);
    recent.push(now);
    this.#failures.set(key, recent);
    if (this.#failures.size > 10_000) for (const k of [...this.#failures.keys()].slice(0, 5000)) this.#recent(k, now);
  }
}
