import { type ChildProcess, fork } from 'node:child_process';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import { createInterface } from 'node:readline';
import type { Logger } from '@/lib/server/log';
import { GRACE_MS, type ToChild } from './messages';

const KEPT_LINES = 20;
/** Nice values: a person's clicks come before long work. */
const PRIORITY: Record<string, number> = { quick: 0, batch: 5, train: 10 };

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines it wrote to standard error. */
  lastWords: string[];
}

/** The process of one job, as its worker sees it. */
export class JobProcess {
  readonly exited: Promise<ChildExit>;
  readonly #child: ChildProcess;
  #killTimer: NodeJS.Timeout | null = null;

  /** `entry`: the bundle to run (this program's own). `tempDir` is removed when the process has ended. */
  constructor(options: { entry: string; jobId: string; attempt: number; queue: string; tempDir: string; log: Logger }) {
    const { entry, jobId, attempt, queue, tempDir, log } = options;
    this.#child = fork(entry, ['--job', jobId, '--attempt', String(attempt)], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    const lastWords: string[] = [];
    const { stdout, stderr, pid } = this.#child;
    if (pid !== undefined && PRIORITY[queue]) {
      try {
        os.setPriority(pid, PRIORITY[queue]);
      } catch (err) {
        log.warn({ err }, 'The priority of a job could not be lowered');
      }
    }
    // The child logs in the worker's own format: pass its lines on. Anything else came from a library.
    if (stdout) createInterface({ input: stdout }).on('line', (line) => (line.startsWith('{"level"') ? process.stdout.write(`${line}\n`) : log.info({ job: jobId }, line)));
    if (stderr) {
      createInterface({ input: stderr }).on('line', (line) => {
        lastWords.push(line.slice(0, 500));
        if (lastWords.length > KEPT_LINES) lastWords.shift();
        log.warn({ job: jobId }, line);
      });
    }
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve({ code: null, signal: null, lastWords: [error.message] }));
      this.#child.once('close', (code, signal) => resolve({ code, signal, lastWords }));
    });
    void this.exited.finally(() => {
      if (this.#killTimer) clearTimeout(this.#killTimer);
      return rm(tempDir, { recursive: true, force: true }).catch(() => undefined);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Tells the child; kills it when it has not ended after the grace time. */
  end(type: ToChild['type']): void {
    if (this.#child.connected) this.#child.send({ type } satisfies ToChild, () => undefined);
    this.#killTimer ??= setTimeout(() => this.kill(), GRACE_MS[type]);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
