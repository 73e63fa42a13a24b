import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '@/lib/server/config';
import { jobKinds } from '@/lib/server/queue/kinds';
import { limitsOf, residentByFile, residentByPs, watchLimits } from './limits';

const children: ReturnType<typeof spawn>[] = [];
/** A process that runs this program. */
function run(program: string): number {
  const child = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
  children.push(child);
  return child.pid!;
}
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
const BUSY = 'for (;;) Math.sqrt(Math.random());';
const GREEDY = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(20e6, 1)), 20);';
const why = (pid: number, limits: Parameters<typeof watchLimits>[1]) => new Promise<string>((resolve) => watchLimits(pid, limits, resolve));

describe('what a process may take', () => {
  it('is said for every kind that runs models of people, by the settings', () => {
    const settings = loadConfig({ FIELDMARK_MODEL_SECONDS: '20', FIELDMARK_MODEL_MEMORY_MB: '900' });
    for (const kind of ['inspectModel', 'tryModel', 'adoptModel', 'inspectNetwork'] as const) expect(limitsOf(jobKinds[kind], settings), kind).toEqual({ seconds: 20, bytes: 900e6 });
    for (const kind of ['prelabel', 'measureViewings', 'evaluate'] as const) expect(limitsOf(jobKinds[kind], settings), kind).toEqual({ seconds: Infinity, bytes: 900e6 });
    expect(limitsOf({}, settings)).toEqual({ seconds: Infinity, bytes: Infinity });
    expect(loadConfig({}).model.memoryBytes).toBeGreaterThan(1e8);
  });

  it('time and memory are told apart', async () => {
    expect(await why(run(BUSY), { seconds: 0.2, bytes: 1e12 })).toMatch(/longer than 0\.2 seconds.*FIELDMARK_MODEL_SECONDS/);
    expect(await why(run(GREEDY), { seconds: 60, bytes: 200e6 })).toMatch(/more than 200 MB.*FIELDMARK_MODEL_MEMORY_MB/);
  });

  it('nothing is said of one that keeps to it, nor after the watch has ended', async () => {
    const said: string[] = [];
    const pid = run(GREEDY);
    const stop = watchLimits(pid, { seconds: 60, bytes: 1e12 }, (text) => said.push(text));
    watchLimits(pid, { seconds: 0.1, bytes: 1 }, (text) => said.push(text))();
    await wait(400);
    stop();
    expect(said).toEqual([]);
  });

  it('is what the process itself knows of its memory', async () => {
    const own = process.memoryUsage.rss();
    const told = [await residentByPs(process.pid), ...(process.platform === 'linux' ? [await residentByFile(process.pid)] : [])];
    // Where there is no ps, there is the file.
    for (const bytes of told.filter((n) => n !== null)) expect(Math.abs(bytes - own)).toBeLessThan(0.3 * own);
    expect(told.some((n) => n !== null)).toBe(true);
    expect([await residentByFile(2 ** 30), await residentByPs(2 ** 30)]).toEqual([null, null]);
  });
});
