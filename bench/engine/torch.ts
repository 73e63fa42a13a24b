/** Debian's python3-torch beside the engine: the same networks, timed by turns. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface TorchRequest {
  what: 'train' | 'predict';
  network: string;
  loss?: string;
  size: number;
  batch?: number;
  runs: number;
}

export class Torch {
  private constructor(private readonly child: ChildProcessWithoutNullStreams, private readonly lines: AsyncIterator<string>, readonly version: string) {}

  /** Null where there is no Python with torch. */
  static async start(threads: number): Promise<Torch | null> {
    const child = spawn(process.env['FIELDMARK_PYTHON'] ?? '/usr/bin/python3', [path.resolve('bench/engine/torch/serve.py'), String(threads)]);
    const failed = new Promise<null>((resolve) => {
      child.on('error', () => resolve(null));
      child.on('exit', () => resolve(null));
    });
    child.stderr.resume();
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const first = await Promise.race([lines.next(), failed]);
    if (!first || first.done) return null;
    const { torch } = JSON.parse(first.value) as { torch?: string };
    return torch ? new Torch(child, lines, torch) : null;
  }

  /** Milliseconds of each run. */
  async time(request: TorchRequest): Promise<number[]> {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error('PyTorch ended');
    return (JSON.parse(value) as { ms: number[] }).ms;
  }

  stop(): void {
    this.child.kill();
  }
}

export const NO_TORCH = 'PyTorch is not here (apt-get install python3-torch): times are given without it.';

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

/**
 * Times `act` and the request by turns, `rounds` times `request.runs` runs each, so that what else the machine does falls on
 * both. The first run of each turn is not counted: it finds the caches full of the other's. Medians in milliseconds.
 */
export async function pairedTimes(torch: Torch | null, request: TorchRequest, act: () => Promise<unknown>, rounds: number): Promise<{ ours: number; theirs: number | null }> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < 2; i++) await act();
  if (torch) await torch.time({ ...request, runs: 1 });
  for (let round = 0; round < rounds; round++) {
    await act();
    for (let i = 0; i < request.runs; i++) {
      const began = performance.now();
      await act();
      ours.push(performance.now() - began);
    }
    if (torch) theirs.push(...(await torch.time({ ...request, runs: request.runs + 1 })).slice(1));
  }
  return { ours: median(ours), theirs: torch ? median(theirs) : null };
}
