import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '@/lib/api/errors';
import { defineJob } from '../defineJob';
import type { JobLoader } from '../registry';
import { testKinds } from './kinds';

const sum = defineJob({
  kind: 'sum',
  ...testKinds.sum,
  async run(ctx, { numbers }) {
    writeFileSync(path.join(ctx.tempDir, 'scratch'), 'x');
    let total = 0;
    for (const [i, n] of numbers.entries()) {
      total += n;
      ctx.progress({ fraction: i / numbers.length, message: `At ${i}`, data: { total } });
      ctx.points([{ name: 'total', step: i, value: total }]);
    }
    return { total, attempt: ctx.attempt, priority: os.getPriority(), tempDir: ctx.tempDir };
  },
});

const refuse = defineJob({
  kind: 'refuse',
  ...testKinds.refuse,
  async run(_ctx, { why }) {
    throw new AppError('invalid', why);
  },
});

const crash = defineJob({
  kind: 'crash',
  ...testKinds.crash,
  async run(ctx, { times }) {
    if (ctx.attempt <= times) process.kill(process.pid, 'SIGKILL');
    return { attempt: ctx.attempt };
  },
});

const waits = defineJob({
  kind: 'wait',
  ...testKinds.wait,
  async run(ctx, { seconds }) {
    ctx.progress({ message: 'Waiting', data: { pid: process.pid } });
    await wait(seconds * 1000, undefined, { signal: ctx.signal });
    return { attempt: ctx.attempt };
  },
});

const busy = defineJob({
  kind: 'busy',
  ...testKinds.busy,
  async run(ctx, { seconds }) {
    await ctx.result({ pid: process.pid, priority: os.getPriority() });
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) Math.sqrt(Math.random());
    return { pid: process.pid, priority: os.getPriority(), attempt: ctx.attempt };
  },
});

const endless = defineJob({
  kind: 'endless',
  ...testKinds.endless,
  async run(ctx) {
    await ctx.result({ pid: process.pid });
    for (;;) Math.sqrt(Math.random());
  },
});

const greedy = defineJob({
  kind: 'greedy',
  ...testKinds.greedy,
  async run(ctx) {
    await ctx.result({ pid: process.pid });
    // A pause, so that a machine whose watch fails is not brought down.
    for (const kept: Buffer[] = []; kept.length < 100; await wait(20)) kept.push(Buffer.alloc(30e6, 1));
  },
});

export const testJobs: Record<keyof typeof testKinds, JobLoader> = {
  sum: async () => ({ default: sum }),
  refuse: async () => ({ default: refuse }),
  crash: async () => ({ default: crash }),
  wait: async () => ({ default: waits }),
  busy: async () => ({ default: busy }),
  endless: async () => ({ default: endless }),
  greedy: async () => ({ default: greedy }),
};
