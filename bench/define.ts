import type { PrismaClient } from '@/lib/server/db/client';

/** One figure. */
export interface Row {
  /** What was done, and how much of it. */
  metric: string;
  value: number;
  /** `ms`, `MB/s`, `jobs/s`, `MB`, … */
  unit: string;
  /** A figure to compare with, in the same unit. */
  reference?: number;
  /** `value / reference` unless given. */
  ratio?: number;
}

export interface Timing {
  /** Milliseconds. */
  median: number;
  min: number;
  max: number;
}

export interface BenchContext {
  /** Runs `act` `warmup` times unmeasured (default 1), then `runs` times (default 10). */
  time(act: () => unknown, options?: { runs?: number; warmup?: number }): Promise<Timing>;
  /** A folder of the benchmark's own, removed afterwards. */
  tempDir: string;
  /** A fresh database with all migrations, on a throw-away PostgreSQL with durability as in production. */
  database(): Promise<{ url: string; db: PrismaClient }>;
  /** The real data sets (`FIELDMARK_TEST_DATA`, default ../shared/data), or `null` when they are not here. */
  dataDir: string | null;
  log(text: string): void;
}

export interface Bench {
  /** `area/what`. */
  name: string;
  run(ctx: BenchContext): Promise<Row[]>;
}

export function defineBench(bench: Bench): Bench {
  return bench;
}
