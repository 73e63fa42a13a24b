/** Waiting that an abort ends. */
import { setImmediate } from 'node:timers/promises';

/** What the promise gives, or at once the signal's reason when it is aborted: what was begun goes on unheard. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  promise.catch(() => undefined);
  signal.throwIfAborted();
  let giveUp!: () => void;
  const aborted = new Promise<never>((_, reject) => (giveUp = () => reject(signal.reason as Error)));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** Between two pieces of work that let nothing else run: an abort that was asked for meanwhile is heard here. */
export async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}
