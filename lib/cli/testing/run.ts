/** Runs a command line in this process, without a server. */
import path from 'node:path';
import { run } from '../cli';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
  /** The last line of standard output, where it is JSON. */
  json: Record<string, unknown> | null;
}

export async function fieldmarkIn(folder: string, args: readonly string[], more: { env?: Record<string, string>; terminal?: boolean; signal?: AbortSignal; onStderr?: (text: string) => void } = {}): Promise<Ran> {
  let [stdout, stderr] = ['', ''];
  const code = await run(args, {
    env: { FIELDMARK_DATA: path.join(folder, 'none'), FIELDMARK_CACHE: path.join(folder, 'cache'), ...more.env }, cwd: folder, fetch, signal: more.signal ?? new AbortController().signal, stderrIsTerminal: more.terminal ?? false, columns: 100,
    stdout: { write: (s) => (stdout += s) }, stderr: { write: (s) => (more.onStderr?.(s), (stderr += s)) },
  }, 1);
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  return { code, stdout, stderr, json: last.startsWith('{') ? (JSON.parse(last) as Record<string, unknown>) : null };
}
