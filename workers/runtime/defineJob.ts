import type { z } from 'zod';
import type { Logger } from '@/lib/server/log';
import type { PrismaClient } from '@/lib/server/db/client';
import type { ObjectStore } from '@/lib/server/storage';
import type { QueueName } from '@/lib/server/queue/queues';

/** What a job says of its progress. Writes are throttled to about four a second; the last one always arrives. */
export interface JobProgress {
  /** Share done, 0 to 1. Left as it was when absent. */
  fraction?: number;
  /** One short line for people: "Reading 120 of 364 images". */
  message?: string;
  /** Anything the page draws live (curves, counts); must be JSON and small. Replaces what was there. */
  data?: unknown;
}

/** What a job's handler is given. */
export interface JobContext {
  readonly jobId: string;
  readonly projectId: string | null;
  /** Who asked for it, when a person did. */
  readonly userId: string | null;
  /** 1 for the first run; 2 and more after a crash. A handler must be able to run again from the beginning or resume. */
  readonly attempt: number;
  /** Aborted when a person cancels or the worker stops. The process is killed 2 s later (5 s at a stop). */
  readonly signal: AbortSignal;
  readonly db: PrismaClient;
  readonly store: ObjectStore;
  readonly log: Logger;
  /** The data folder of this machine. */
  readonly dataDir: string;
  /** A folder for what can be computed again; shared by all jobs of this machine. */
  readonly cacheDir: string;
  /** A fresh temporary folder of this job's own, removed after it. */
  readonly tempDir: string;
  progress(progress: JobProgress): void;
  /** Appends to the curves of the job (`JobPoint`); written within a quarter of a second. `step` counts batches or epochs. */
  points(points: readonly { name: string; step: number; value: number }[]): void;
  /** Stores the job's result in `Job.data` at once (what `run` returns is stored there, too, when it returns something). */
  result(value: unknown): Promise<void>;
}

export interface JobDefinition<Payload extends z.ZodType = z.ZodType> {
  /** Unique name, kebab-case: `import-images`, `train`. */
  readonly kind: string;
  /** As `lib/server/queue/kinds.ts` declares it. */
  readonly queue: QueueName;
  /** The very schema that `lib/server/queue/kinds.ts` declares: the web process checks with it, and so does the worker. */
  readonly payload: Payload;
  /**
   * Does the work, in a child process of its own. What it returns becomes the job's result. Throwing fails the job
   * with the message for people (no retry: an error of the work would repeat); a crash of the process is retried.
   */
  run(ctx: JobContext, payload: z.output<Payload>): Promise<unknown>;
}

/** Declares the handler of a job kind: the default export of a file that `workers/jobs/index.ts` lists. */
export function defineJob<Payload extends z.ZodType>(definition: JobDefinition<Payload>): JobDefinition<Payload> {
  return definition;
}
