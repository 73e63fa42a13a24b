/** What a job's process may take, seen to from outside: a model that computes without a pause heeds nothing. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Config } from '@/lib/server/config';
import { type JobKindContract } from '@/lib/server/queue/kinds';

export interface Limits {
  seconds: number;
  /** Resident memory, bytes. */
  bytes: number;
}

const UNLIMITED: Limits = { seconds: Infinity, bytes: Infinity };
/** The file is read in microseconds; `ps` is a process of its own. */
const POLL_MS = { file: 250, ps: 1000 };

/** What the process of a kind may take. */
export function limitsOf({ runsModels }: Pick<JobKindContract, 'runsModels'>, { model }: Pick<Config, 'model'>): Limits {
  if (!runsModels) return UNLIMITED;
  return { seconds: runsModels === 'trial' ? model.seconds : Infinity, bytes: model.memoryBytes };
}

const kilobytes = (text: string | undefined): number | null => (text && Number(text) > 0 ? Number(text) * 1024 : null);

/** By Linux's /proc. Bytes; null where it does not say, as of a process that is gone. */
export const residentByFile = async (pid: number): Promise<number | null> =>
  kilobytes(/^VmRSS:\s*(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1]);

/** By `ps`, which every other Unix has. */
export const residentByPs = async (pid: number): Promise<number | null> =>
  kilobytes((await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => null))?.stdout.trim());

/**
 * Watches a process and calls `exceeded`, once, with a sentence for people when it takes more than it may. Returns what ends the
 * watch. Where the system does not tell the memory of a process (Windows), only the time is bounded.
 */
export function watchLimits(pid: number, { seconds, bytes }: Limits, exceeded: (why: string) => void): () => void {
  let over = false;
  let poll: NodeJS.Timeout | undefined;
  const timer = Number.isFinite(seconds) ? setTimeout(() => end(`The model took longer than ${seconds.toLocaleString('en')} seconds and was ended. Use a smaller input or model, or allow more with FIELDMARK_MODEL_SECONDS.`), seconds * 1000) : undefined;
  const stop = () => {
    over = true;
    clearTimeout(timer);
    clearTimeout(poll);
  };
  const end = (why: string) => {
    if (over) return;
    stop();
    exceeded(why);
  };
  const [resident, every] = process.platform === 'linux' ? [residentByFile, POLL_MS.file] : [residentByPs, POLL_MS.ps];
  const look = async () => {
    if (((await resident(pid)) ?? 0) > bytes) end(`The model took more than ${Math.round(bytes / 1e6).toLocaleString('en')} MB of memory and was ended. Use a smaller input or model, or allow more with FIELDMARK_MODEL_MEMORY_MB.`);
    else if (!over) poll = setTimeout(() => void look(), every);
  };
  if (Number.isFinite(bytes)) void look();
  return stop;
}
