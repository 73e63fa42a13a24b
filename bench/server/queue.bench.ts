import { createBoss, enqueueFor, type Dispatch } from '@/lib/server/queue';
import { jobKinds } from '@/lib/server/queue/kinds';
import { defineBench } from '../define';

const JOBS = 500;

export default defineBench({
  name: 'server/queue',
  async run(ctx) {
    const { url, db } = await ctx.database();
    const enqueue = enqueueFor({ echo: jobKinds.echo });
    const began = performance.now();
    for (let i = 0; i < JOBS; i += 10) await Promise.all(Array.from({ length: 10 }, (_, j) => enqueue(db, 'echo', { text: String(i + j) })));
    const enqueued = performance.now() - began;

    const boss = createBoss(url, { supervise: true });
    await boss.start();
    let taken = 0;
    let allTaken: () => void = () => undefined;
    let onTaken: ((jobId: string) => void) | null = null;
    const done = new Promise<void>((resolve) => (allTaken = resolve));
    const starting = performance.now();
    const take = async () => {
      let id = '';
      id = await boss.work<Dispatch>('quick', { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 2 }, async ([job]) => {
        if (++taken === JOBS) allTaken();
        if (job) onTaken?.(job.data.jobId);
        boss.notifyWorker(id); // as the worker does
      });
    };
    await Promise.all(Array.from({ length: 4 }, take));
    await done;
    const dispatchSeconds = (performance.now() - starting) / 1000;

    const latencies: number[] = [];
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50)); // until the takers wait again
      const asked = performance.now();
      await new Promise<void>((resolve, reject) => {
        onTaken = () => {
          latencies.push(performance.now() - asked);
          resolve();
        };
        enqueue(db, 'echo', { text: 'x' }).catch(reject);
      });
    }
    latencies.sort((a, b) => a - b);
    await boss.stop({ graceful: false });
    return [
      { metric: `enqueue ${JOBS} jobs: row, dispatch and event in one go, 10 at a time`, value: JOBS / (enqueued / 1000), unit: 'jobs/s' },
      { metric: 'take them from the queue, 4 at a time', value: JOBS / dispatchSeconds, unit: 'jobs/s' },
      { metric: 'from asking to being taken by an idle worker, median of 20', value: latencies[10]!, unit: 'ms' },
      { metric: 'the same, slowest', value: latencies.at(-1)!, unit: 'ms' },
    ];
  },
});
