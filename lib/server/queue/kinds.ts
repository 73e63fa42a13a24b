import { z } from 'zod';
import type { QueueName } from './queues';

/** The contract of one kind of job: where it waits and what it is given. The handler is in `workers/jobs/`. */
export interface JobKindContract<Payload extends z.ZodType = z.ZodType> {
  readonly queue: QueueName;
  readonly payload: Payload;
}

/**
 * Every kind of job the product knows. The web process enqueues by this table; a worker refuses to start when a kind
 * has no handler, or two, or when its handler declares another queue or payload.
 */
export const jobKinds = {
  /** Answers at once with what it was given; the health page and the command line use it to see that work gets done. */
  echo: { queue: 'quick', payload: z.object({ text: z.string().max(200), milliseconds: z.number().int().min(0).max(60_000).default(0) }) },
} as const satisfies Record<string, JobKindContract>;

export type JobKind = keyof typeof jobKinds;
/** What a caller of `enqueue` gives (defaults may be left out). */
export type JobPayload<Kind extends JobKind> = z.input<(typeof jobKinds)[Kind]['payload']>;
