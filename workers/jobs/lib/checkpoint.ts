import { createReadStream, createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { objectsUnder, removePrefix } from '@/lib/server/storage';
import type { JobContext } from '../../runtime/defineJob';

const ROOT = 'checkpoints/';
export const checkpointPrefix = (jobId: string) => `${ROOT}${jobId}/`;
/** The store gets what is new so often at the most. */
const EVERY_MS = 20_000;
/** Files being written are not whole yet. */
const isWhole = (name: string) => /^\w[\w.-]*$/.test(name) && !name.endsWith('.tmp');

/**
 * The checkpoint of a running training job, in a folder of this machine and, a little later, in the object store: when the
 * machine is gone, another one's worker goes on from there.
 */
export class SharedCheckpoint {
  /** Name and state (time, size) of the files that the store has. */
  readonly #stored = new Map<string, string>();
  #sending: Promise<void> = Promise.resolve();

  /**
   * @param folder where the training keeps its checkpoint: files that are replaced whole
   * @param everyMs how often the store gets what is new
   */
  constructor(private readonly ctx: Pick<JobContext, 'jobId' | 'attempt' | 'store' | 'log'>, readonly folder: string, private readonly everyMs = EVERY_MS) {}

  /**
   * Makes the folder hold the newest checkpoint there is. What this machine wrote in the run before this one is the newest;
   * else that of the store is, which another machine may have written since.
   */
  async fetch(): Promise<void> {
    const { ctx, folder } = this;
    const marker = `${folder}.attempt`;
    await fs.mkdir(folder, { recursive: true });
    const ranHere = Number(await fs.readFile(marker, 'utf8').catch(() => '0')) === ctx.attempt - 1;
    const local = (await fs.readdir(folder)).filter(isWhole);
    if (!ranHere || local.length === 0) {
      let fetched = 0;
      for await (const { key } of objectsUnder(ctx.store, checkpointPrefix(ctx.jobId))) {
        if (fetched++ === 0) for (const name of local) await fs.rm(path.join(folder, name));
        const name = path.posix.basename(key);
        const partial = path.join(folder, `${name}.tmp`);
        await pipeline(await ctx.store.get(key), createWriteStream(partial));
        await fs.rename(partial, path.join(folder, name));
        this.#stored.set(name, await stateOf(path.join(folder, name)));
      }
    }
    await fs.writeFile(marker, String(ctx.attempt));
  }

  /** Runs the training, and sends what it writes to the store meanwhile and once more at its end, however it ends. */
  async during<T>(training: () => Promise<T>): Promise<T> {
    const timer = setInterval(() => void this.#send(), this.everyMs);
    try {
      return await training();
    } finally {
      clearInterval(timer);
      await this.#send();
    }
  }

  /** One after another; a store that does not answer does not end the training. */
  #send(): Promise<void> {
    return (this.#sending = this.#sending.then(async () => {
      try {
        for (const name of (await fs.readdir(this.folder)).filter(isWhole)) await this.#sendFile(name);
      } catch (err) {
        this.ctx.log.warn({ err }, 'The checkpoint could not be stored; it stays on this machine');
      }
    }));
  }

  async #sendFile(name: string): Promise<void> {
    const file = path.join(this.folder, name);
    // Opened once: the training may put a newer file in its place, which goes with the next.
    const handle = await fs.open(file).catch(() => null);
    if (!handle) return;
    try {
      const stat = await handle.stat();
      const state = `${stat.mtimeMs} ${stat.size}`;
      if (this.#stored.get(name) === state) return;
      await this.ctx.store.put(`${checkpointPrefix(this.ctx.jobId)}${name}`, createReadStream('', { fd: handle, autoClose: false, start: 0 }), { size: stat.size });
      this.#stored.set(name, state);
    } finally {
      await handle.close();
    }
  }

  /** Removes it from the store: the job is over. */
  async remove(): Promise<void> {
    await this.#sending;
    await removePrefix(this.ctx.store, checkpointPrefix(this.ctx.jobId));
  }
}

async function stateOf(file: string): Promise<string> {
  const { mtimeMs, size } = await fs.stat(file);
  return `${mtimeMs} ${size}`;
}

/** Removes the checkpoints of jobs that are over from the store: of runs that were killed after the last word was said about them. */
export async function sweepCheckpoints(ctx: Pick<JobContext, 'db' | 'store'>): Promise<void> {
  const ids = new Set<string>();
  for await (const { key } of objectsUnder(ctx.store, ROOT)) ids.add(key.slice(ROOT.length).split('/')[0]!);
  for (const id of ids) if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) ids.delete(id);
  if (ids.size === 0) return;
  const alive = await ctx.db.job.findMany({ where: { id: { in: [...ids] }, state: { in: ['queued', 'running'] } }, select: { id: true } });
  for (const { id } of alive) ids.delete(id);
  for (const id of ids) await removePrefix(ctx.store, checkpointPrefix(id));
}
