/** Runs the benchmarks: see bench/README.md. Started by scripts/bench.mjs. */
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createClient, type PrismaClient } from '@/lib/server/db/client';
import { migrate } from '@/lib/server/db/migrate';
import { installQueue } from '@/lib/server/queue';
import { EmbeddedPostgres } from '../scripts/lib/postgres.mjs';
import type { Bench, BenchContext, Row, Timing } from './define';

async function time(act: () => unknown, { runs = 10, warmup = 1 } = {}): Promise<Timing> {
  for (let i = 0; i < warmup; i++) await act();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const began = performance.now();
    await act();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return { median: times[Math.floor(times.length / 2)]!, min: times[0]!, max: times.at(-1)! };
}

class Context implements BenchContext {
  readonly tempDir = mkdtempSync(path.join(os.tmpdir(), 'fieldmark-bench-'));
  readonly time = time;
  readonly #clients: PrismaClient[] = [];
  #server: EmbeddedPostgres | null = null;

  get dataDir(): string | null {
    const folder = path.resolve(process.env['FIELDMARK_TEST_DATA'] ?? '../shared/data');
    return existsSync(folder) ? folder : null;
  }

  async database(): Promise<{ url: string; db: PrismaClient }> {
    if (!this.#server) {
      this.#server = new EmbeddedPostgres(path.join(this.tempDir, 'database'));
      await this.#server.start();
    }
    const url = this.#server.url(`bench_${this.#clients.length}`);
    await migrate(url);
    await installQueue(url);
    const db = createClient(url);
    this.#clients.push(db);
    return { url, db };
  }

  log(text: string): void {
    process.stderr.write(`  ${text}\n`);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((db) => db.$disconnect()));
    await this.#server?.stop();
    await rm(this.tempDir, { recursive: true, force: true });
  }
}

/** Three significant digits, thousands separated. */
const shown = (value: number) => Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 20 });

function table(rows: Row[]): string {
  const cells = rows.map((r) => {
    const ratio = r.ratio ?? (r.reference === undefined ? undefined : r.value / r.reference);
    return [r.metric, shown(r.value), r.unit, r.reference === undefined ? '' : shown(r.reference), ratio === undefined ? '' : `${ratio.toFixed(2)}×`];
  });
  const all = [['metric', 'value', 'unit', 'reference', 'ratio'], ...cells];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: string[]) => row.map((cell, column) => (column === 1 || column > 2 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join('  ').trimEnd();
  return all.map(line).join('\n');
}

async function discover(): Promise<Bench[]> {
  const files = readdirSync('bench', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.bench.ts')).sort();
  return Promise.all(files.map(async (file) => ((await import(pathToFileURL(path.resolve('bench', file)).href)) as { default: Bench }).default));
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' }, list: { type: 'boolean' } } });
  const all = await discover();
  const wanted = positionals.length === 0 ? all : all.filter(({ name }) => positionals.some((word) => name.includes(word)));
  if (values.list) {
    console.log(wanted.map(({ name }) => name).join('\n'));
    return 0;
  }
  if (wanted.length === 0) {
    console.error(`No benchmark has ${positionals.map((p) => `"${p}"`).join(' or ')} in its name. There are: ${all.map(({ name }) => name).join(', ')}`);
    return 1;
  }
  const results: (Row & { bench: string })[] = [];
  let failed = 0;
  for (const bench of wanted) {
    if (!values.json) console.log(`\n${bench.name}`);
    const ctx = new Context();
    try {
      const rows = await bench.run(ctx);
      results.push(...rows.map((row) => ({ bench: bench.name, ...row })));
      if (!values.json && rows.length > 0) console.log(table(rows));
    } catch (error) {
      failed++;
      console.error(`  failed: ${(error as Error).stack}`);
    } finally {
      await ctx.close();
    }
  }
  if (values.json) console.log(JSON.stringify(results, null, 1));
  return failed > 0 ? 1 : 0;
}

process.env['FIELDMARK_LOG_LEVEL'] ??= 'warn';
process.exit(await main());
