/** Sends many files, a few at a time; what fails for a passing reason is tried again, the rest is kept for the person. */

export interface UploadFile { path: string; size: number }
export interface UploadState {
  total: { files: number; bytes: number };
  sent: { files: number; bytes: number };
  failed: { path: string; message: string }[];
  state: 'sending' | 'stopped' | 'sent' | 'incomplete';
  /** Bytes a second over the last seconds; null until known. */
  rate: number | null;
}
export interface UploadQueueOptions<F extends UploadFile> {
  files: readonly F[];
  /** Sends one file; calls `onProgress` with the bytes sent so far. */
  send: (file: F, onProgress: (bytes: number) => void, signal: AbortSignal) => Promise<void>;
  onChange: (state: UploadState) => void;
  /** Whether a failure may pass by itself. */
  passing: (error: unknown) => boolean;
  describe: (error: unknown) => string;
  parallel?: number;
  /** Waits between tries, in milliseconds; as many tries more as there are waits. */
  waits?: readonly number[];
  now?: () => number;
}

export class UploadQueue<F extends UploadFile> {
  readonly #o: Required<UploadQueueOptions<F>>;
  readonly #stop = new AbortController();
  #waiting: F[];
  #partial = new Map<F, number>();
  #done = 0;
  #doneBytes = 0;
  #failed: { file: F; message: string }[] = [];
  #state: UploadState['state'] = 'sending';
  #samples: { at: number; bytes: number }[] = [];
  #lastNotice = 0;
  readonly #total: UploadState['total'];

  constructor(options: UploadQueueOptions<F>) {
    this.#o = { parallel: 4, waits: [500, 2_000, 6_000], now: Date.now, ...options };
    this.#waiting = [...options.files];
    this.#total = { files: options.files.length, bytes: options.files.reduce((sum, f) => sum + f.size, 0) };
  }

  /** Resolves when nothing is left to send: all sent, some failed, or stopped. */
  async run(): Promise<UploadState> {
    this.#state = 'sending';
    await Promise.all(Array.from({ length: this.#o.parallel }, () => this.#lane()));
    this.#state = this.#stop.signal.aborted ? 'stopped' : this.#failed.length > 0 ? 'incomplete' : 'sent';
    this.#notify(true);
    return this.snapshot();
  }

  /** Sends once more what failed. */
  retry(): Promise<UploadState> {
    this.#waiting = this.#failed.map((f) => f.file);
    this.#failed = [];
    return this.run();
  }

  stop(): void {
    this.#stop.abort();
  }

  snapshot(): UploadState {
    const partial = [...this.#partial.values()].reduce((a, b) => a + b, 0);
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    const seconds = first && last ? (last.at - first.at) / 1000 : 0;
    return {
      total: this.#total, sent: { files: this.#done, bytes: this.#doneBytes + partial }, failed: this.#failed.map((f) => ({ path: f.file.path, message: f.message })), state: this.#state,
      rate: seconds > 0.5 ? Math.max(0, (last!.bytes - first!.bytes) / seconds) : null,
    };
  }

  async #lane(): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      const file = this.#waiting.shift();
      if (!file || signal.aborted) return;
      await this.#one(file, signal);
      this.#partial.delete(file);
      this.#notify();
    }
  }

  async #one(file: F, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#o.send(file, (bytes) => {
          this.#partial.set(file, Math.min(bytes, file.size));
          this.#notify();
        }, signal);
        this.#done++;
        this.#doneBytes += file.size;
        return;
      } catch (error) {
        this.#partial.delete(file);
        if (signal.aborted) return;
        const wait = this.#o.waits[attempt];
        if (wait === undefined || !this.#o.passing(error)) {
          this.#failed.push({ file, message: this.#o.describe(error) });
          return;
        }
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, wait);
          signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
        });
        if (signal.aborted) return;
      }
    }
  }

  /** At most ten times a second: small files pass faster than a page should be drawn. */
  #notify(always = false): void {
    const now = this.#o.now();
    if (!always && now - this.#lastNotice < 100) return;
    this.#lastNotice = now;
    const partial = [...this.#partial.values()].reduce((a, b) => a + b, 0);
    this.#samples.push({ at: now, bytes: this.#doneBytes + partial });
    while (this.#samples.length > 2 && now - this.#samples[0]!.at > 5_000) this.#samples.shift();
    this.#o.onChange(this.snapshot());
  }
}
