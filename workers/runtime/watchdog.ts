import { Worker } from 'node:worker_threads';

/** Runs beside the main thread, so that it works also while a model computes for minutes without a pause. */
const WATCH = `
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);
`;

/**
 * Ends this process when its parent does, however busy it is: a job whose worker was killed is soon begun again
 * elsewhere, and must not run twice.
 */
export function dieWithParent(): void {
  const watcher = new Worker(WATCH, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 }, stdout: false, stderr: false });
  watcher.on('error', () => undefined);
  watcher.unref();
}
