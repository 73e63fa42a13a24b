import { config } from '@/lib/server/config';
import { logger } from '@/lib/server/log';
import { runChild } from './child';
import type { Registry } from './registry';
import { Worker } from './worker';

function argument(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at < 0 ? null : (process.argv[at + 1] ?? null);
}

/** The child that tells its parent what this installation can train with; loading the libraries would weigh on the worker. */
async function tellAbilities({ abilities }: Registry): Promise<number> {
  if (!abilities || !process.send) return 1;
  const told = await abilities();
  await new Promise((resolve) => process.send!(told, undefined, undefined, resolve));
  return 0;
}

/** The worker's program: with `--job ID --attempt N` the child that runs one job, else the worker itself. */
export async function workerMain(registry: Registry): Promise<void> {
  if (process.argv.includes('--abilities')) process.exit(await tellAbilities(registry));
  const jobId = argument('--job');
  if (jobId !== null) {
    process.title = 'fieldmark-job';
    process.exit(await runChild(registry, jobId, Number(argument('--attempt'))));
  }
  process.title = 'fieldmark-worker';
  const log = logger('worker');
  const worker = new Worker(config(), registry, process.argv[1]!);
  const stop = (reason: string) => {
    log.info({ reason }, 'Stopping');
    worker.stop().then(() => process.exit(0), (err: unknown) => {
      log.error({ err }, 'The worker did not stop cleanly');
      process.exit(1);
    });
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  if (process.send) process.on('disconnect', () => stop('the launcher is gone'));
  try {
    await worker.start();
    process.send?.({ type: 'ready' });
  } catch (error) {
    log.fatal({ err: error }, 'The worker cannot start');
    if (process.send) process.send({ type: 'error', message: (error as Error).message }, undefined, undefined, () => process.exit(1));
    else process.exit(1);
  }
}
