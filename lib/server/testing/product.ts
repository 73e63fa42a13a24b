import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

export interface ProductOptions {
  port: number;
  /** Default: a fresh temporary folder, removed by `stop`. */
  dataDir?: string;
  demo?: boolean;
  env?: Record<string, string>;
  /** How long the start may take; a first one builds. */
  timeoutMs?: number;
}

/** Processes of a running product, by name. */
export interface ProductProcesses {
  launcher: number;
  database: number | null;
  /** `web`, `worker`. */
  [name: string]: number | null;
}

/** The whole product, started as people start it. */
export interface Product {
  readonly url: string;
  /** Token of the set-up link, while nobody has used it. */
  readonly setupToken: string | null;
  readonly dataDir: string;
  /** Milliseconds from the start to the ready line. */
  readonly startMs: number;
  /** Connection string of its database. */
  readonly databaseUrl: string;
  readonly launcher: ChildProcess;
  /** What it printed so far. */
  output(): string;
  processes(): Promise<ProductProcesses>;
  /** Ctrl-C; resolves when everything has ended. Removes a temporary data folder unless `keep`. */
  stop(options?: { keep?: boolean }): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Starts the product with `scripts/start.mjs`; rejects with what it printed when it does not come up. */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const temporary = options.dataDir === undefined;
  const dataDir = options.dataDir ?? mkdtempSync(path.join(os.tmpdir(), 'fieldmark-product-'));
  const began = Date.now();
  const args = ['--data', dataDir, '--port', String(options.port), ...(options.demo ? ['--demo'] : [])];
  // A test's own database must not become the product's.
  const env: NodeJS.ProcessEnv = { ...process.env, DATABASE_URL: '', FIELDMARK_LOG_LEVEL: 'info', NO_COLOR: '1', ...options.env };
  const launcher = fork(path.resolve('scripts/start.mjs'), args, { env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let output = '';
  launcher.stdout!.on('data', (chunk) => (output += String(chunk)));
  launcher.stderr!.on('data', (chunk) => (output += String(chunk)));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => launcher.once('exit', (code, signal) => resolve({ code, signal })));
  const timeoutMs = options.timeoutMs ?? 600_000;

  const ready = await new Promise<{ url: string; setupToken: string | null; databaseUrl: string }>((resolve, reject) => {
    const timer = setTimeout(() => {
      launcher.kill('SIGTERM');
      reject(new Error(`Fieldmark did not start within ${timeoutMs / 1000} s:\n${output}`));
    }, timeoutMs);
    launcher.on('message', (message: { type: string; url: string; setupToken: string | null; databaseUrl: string }) => {
      if (message.type !== 'ready') return;
      clearTimeout(timer);
      resolve(message);
    });
    void ended.then(({ code, signal }) => {
      clearTimeout(timer);
      reject(new Error(`Fieldmark did not start (${signal ?? `exit code ${code}`}):\n${output}`));
    });
  });

  return {
    ...ready,
    dataDir,
    launcher,
    startMs: Date.now() - began,
    output: () => output,
    processes: () =>
      new Promise((resolve) => {
        const answer = (message: { type: string; processes: ProductProcesses }) => {
          if (message.type !== 'processes') return;
          launcher.off('message', answer);
          resolve(message.processes);
        };
        launcher.on('message', answer);
        launcher.send({ type: 'processes' });
      }),
    async stop({ keep = false } = {}) {
      launcher.kill('SIGINT');
      const how = await ended;
      if (temporary && !keep) await rm(dataDir, { recursive: true, force: true });
      return how;
    },
  };
}
