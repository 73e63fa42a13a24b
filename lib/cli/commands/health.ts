import type { Command } from 'commander';
import { FailedResult, act, command, type Frame } from '../program';

export function healthCommand(frame: Frame): Command {
  return command('health', 'say what each part of the server is doing; fails when one of them does not work', { server: true })
    .action(act(frame, async (ctx) => {
      const health = await ctx.anybody().health({});
      const { workers, queues, ...parts } = health.parts;
      ctx.out.line(`Fieldmark ${health.version}, since ${health.startedAt.slice(0, 16).replace('T', ' ')} UTC:`);
      ctx.out.table(['part', 'works', 'detail'], [
        ...Object.entries(parts).map(([name, part]) => [name, part.ok ? 'yes' : 'no', part.detail]),
        ...workers.map((w) => [`worker on ${w.host}`, w.ok ? 'yes' : 'silent', w.running.map((r) => r.kind).join(', ') || 'waits for jobs']),
        ...queues.map((q) => [`queue ${q.name}`, '', `${q.waiting} waiting, ${q.running} running`]),
      ]);
      if (!health.ok) throw new FailedResult(health);
      return health;
    }));
}
