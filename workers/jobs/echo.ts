import { setTimeout as wait } from 'node:timers/promises';
import { jobKinds } from '@/lib/server/queue/kinds';
import { defineJob } from '../runtime/defineJob';

/** Answers with what it was given, after the time it was told to take: shows that jobs are run, reported and cancelled. */
export default defineJob({
  kind: 'echo',
  ...jobKinds.echo,
  async run(ctx, { text, milliseconds }) {
    const steps = Math.max(1, Math.ceil(milliseconds / 100));
    for (let step = 0; step < steps; step++) {
      ctx.progress({ fraction: step / steps, message: `Step ${step + 1} of ${steps}` });
      await wait(milliseconds / steps, undefined, { signal: ctx.signal });
    }
    return { text };
  },
});
