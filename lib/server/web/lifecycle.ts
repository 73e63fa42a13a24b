/**
 * What must be closed before the process ends. Kept on globalThis because the pages' bundle and the server's own
 * bundle are two copies of this module in one process.
 */
const KEY = Symbol.for('fieldmark.shutdown');
type Closer = { name: string; close: () => unknown };
type Holder = { [KEY]?: Closer[] };

/** Registers something to close at shutdown; last registered, first closed. */
export function onShutdown(name: string, close: () => unknown): void {
  ((globalThis as Holder)[KEY] ??= []).push({ name, close });
}

/** Closes everything registered, each within `timeoutMs`; returns the names of what failed or hung. */
export async function runShutdown(timeoutMs = 5000): Promise<string[]> {
  const closers = ((globalThis as Holder)[KEY] ?? []).splice(0).reverse();
  const failed: string[] = [];
  for (const { name, close } of closers) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), timeoutMs)));
    try {
      if ((await Promise.race([Promise.resolve(close()), late])) === 'late') failed.push(name);
    } catch {
      failed.push(name);
    } finally {
      clearTimeout(timer);
    }
  }
  return failed;
}
