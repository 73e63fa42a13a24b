import { z } from 'zod';
import type { JobKindContract } from '@/lib/server/queue';

/** Job kinds of the tests of the machinery. */
export const testKinds = {
  sum: { queue: 'quick', payload: z.object({ numbers: z.array(z.number()) }) },
  refuse: { queue: 'quick', payload: z.object({ why: z.string() }) },
  /** Kills its own process on the first `times` attempts. */
  crash: { queue: 'quick', payload: z.object({ times: z.number() }) },
  /** Waits for `seconds`, heeding its signal. */
  wait: { queue: 'batch', payload: z.object({ seconds: z.number() }) },
  /** Computes without a pause, as a model does: heeds nothing. */
  busy: { queue: 'train', payload: z.object({ seconds: z.number() }) },
  /** Computes without a pause and without end, as a model may that somebody brought along. */
  endless: { queue: 'quick', runsModels: 'trial', payload: z.object({}) },
  /** Takes more memory and more. */
  greedy: { queue: 'quick', runsModels: 'work', payload: z.object({}) },
} as const satisfies Record<string, JobKindContract>;
