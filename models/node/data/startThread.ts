/** Starts the program of a loader's thread: the bundled one, or the source where the source itself runs (tests, benches). */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ThreadData } from './messages';

/** The name of the program that scripts/build.mjs makes of loaderThread.ts. */
const PROGRAM = 'loaderThread.js';

export function startThread(workerData: ThreadData): Worker {
  if (import.meta.url.endsWith('.ts')) return new Worker(new URL('./sourceThread.mjs', import.meta.url), { workerData, execArgv: [] });
  // This module may be in a program, or in a part that programs share, one folder deeper.
  const places = [PROGRAM, `../${PROGRAM}`].map((place) => new URL(place, import.meta.url));
  const program = places.find((place) => existsSync(fileURLToPath(place)));
  if (!program) throw new Error(`the program ${PROGRAM} is not beside ${fileURLToPath(import.meta.url)}: run npm run build`);
  return new Worker(program, { workerData });
}
