import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { inject } from 'vitest';

export interface TestWorker {
  process: ChildProcess;
  /** Resolves when it takes jobs; rejects with its reason when it cannot start. */
  ready: Promise<void>;
  /** Everything it wrote. */
  output: () => string;
  /** Resolves when the process has ended. */
  ended: Promise<{ code: number | null; signal: string | null }>;
}

/** Starts a worker process, which knows the jobs of these tests, on the database and data folder. */
export function startWorker(env: Record<string, string>): TestWorker {
  const child = fork(inject('workerPrograms').machinery, [], { env: { ...process.env, FIELDMARK_LOG_LEVEL: 'info', ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let output = '';
  child.stdout!.on('data', (chunk) => (output += String(chunk)));
  child.stderr!.on('data', (chunk) => (output += String(chunk)));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message: { type: string; message?: string }) => (message.type === 'ready' ? resolve() : reject(new Error(message.message))));
    child.on('exit', () => reject(new Error(`The worker ended.\n${output}`)));
  });
  ready.catch(() => undefined);
  return { process: child, ready, output: () => output, ended };
}

/** Asks until the answer is there. */
export async function eventually<T>(ask: () => Promise<T | null | undefined | false>, timeoutMs = 20_000, what = 'what was waited for'): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${what} did not come within ${timeoutMs / 1000} s`);
    await wait(100);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
