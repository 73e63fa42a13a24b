import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startProduct, type Product } from '@/lib/server/testing/product';
import { freePort } from '../../scripts/lib/network.mjs';
import { defineBench, type Row } from '../define';

/** So long nobody asks for anything before memory is looked at. */
const IDLE_MS = 20_000;

/** Memory of a process in MB, what it shares with others counted in parts (PSS); Linux only. */
function memoryOf(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)![1]) / 1024;
}
const parentOf = (pid: string) => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]);
};
/** The process and its children. */
function family(pid: number): number[] {
  const children = readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && parentOf(name) === pid;
    } catch {
      return false; // it ended while we looked
    }
  });
  return [pid, ...children.map(Number)];
}

async function started(dataDir: string): Promise<{ product: Product; seconds: number }> {
  const began = Date.now();
  const product = await startProduct({ port: await freePort(), dataDir });
  const page = await fetch(`${product.url}/sign-in`);
  await page.text();
  if (!page.ok) throw new Error(`The first page answered ${page.status}.`);
  return { product, seconds: (Date.now() - began) / 1000 };
}

export default defineBench({
  name: 'server/start',
  async run(ctx) {
    const dataDir = path.join(ctx.tempDir, 'data');
    // Brings the build up to date, which is not what is measured.
    const prepared = await started(path.join(ctx.tempDir, 'prepared'));
    await prepared.product.stop();
    const first = await started(dataDir);
    await first.product.stop();
    const { product, seconds } = await started(dataDir);
    const rows: Row[] = [
      { metric: 'first start on an empty folder, installed and built, to the first page', value: first.seconds, unit: 's', reference: 180 },
      { metric: 'second start, to the first page', value: seconds, unit: 's', reference: 10 },
    ];
    try {
      if (process.platform !== 'linux') {
        ctx.log('Memory is measured on Linux only.');
        return rows;
      }
      await wait(IDLE_MS);
      const { web, worker, database, launcher } = await product.processes();
      const sum = (pids: number[]) => pids.reduce((total, pid) => total + memoryOf(pid), 0);
      const parts = { web: sum([web!]), worker: sum([worker!]), database: sum(family(database!)), launcher: sum([launcher]) };
      for (const [name, value] of Object.entries(parts)) rows.push({ metric: `${name}, idle`, value, unit: 'MB' });
      rows.push({ metric: 'web, worker and database together, idle', value: parts.web + parts.worker + parts.database, unit: 'MB', reference: 1000 });
      return rows;
    } finally {
      await product.stop();
    }
  },
});
