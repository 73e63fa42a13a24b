import { hostname } from 'node:os';
import { PgBoss } from 'pg-boss';
import { logger } from '@/lib/server/log';
import { QUEUE_NAMES } from './queues';

/** A worker that says nothing for so long is taken for dead, and its job goes to another. pg-boss takes no less. */
export const HEARTBEAT_SECONDS = 10;
/** Runs of a job that crashes: the first and three more. */
export const RETRY_LIMIT = 3;

const QUEUE_OPTIONS = {
  heartbeatSeconds: HEARTBEAT_SECONDS,
  retryLimit: RETRY_LIMIT,
  retryDelay: 1,
  retryBackoff: false,
  expireInSeconds: 24 * 3600 - 60, // the longest pg-boss allows; the heartbeat finds the dead long before
  retentionSeconds: 30 * 24 * 3600,
  deleteAfterSeconds: 24 * 3600,
  notify: true,
} as const;

export interface BossOptions {
  /** True in workers: this process watches for dead workers and does the upkeep. */
  supervise: boolean;
  max?: number;
}

/** A pg-boss instance on the database, not yet started. Only `installQueue` may make or change its tables. */
export function createBoss(connectionString: string, options: BossOptions): PgBoss {
  const log = logger('queue');
  const boss = new PgBoss({
    connectionString,
    application_name: 'fieldmark-queue',
    max: options.max ?? (options.supervise ? 4 : 2),
    migrate: false,
    createSchema: false,
    schedule: false,
    supervise: options.supervise,
    useListenNotify: options.supervise,
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
    maintenanceIntervalSeconds: 600,
    registerInstance: false,
    instanceName: hostname(),
  });
  boss.on('error', (err) => log.error({ err }, 'Queue error'));
  boss.on('warning', (warning) => log.warn({ warning }, 'Queue warning'));
  return boss;
}

/** Makes or updates pg-boss's tables and the three queues. Run once, by the launcher, before web and workers start. */
export async function installQueue(connectionString: string): Promise<void> {
  const boss = new PgBoss({ connectionString, application_name: 'fieldmark-queue', max: 2, schedule: false, supervise: false, registerInstance: false });
  boss.on('error', () => undefined); // what matters rejects below
  await boss.start();
  try {
    for (const name of QUEUE_NAMES) {
      if (await boss.getQueue(name)) await boss.updateQueue(name, QUEUE_OPTIONS);
      else await boss.createQueue(name, QUEUE_OPTIONS);
    }
  } finally {
    await boss.stop({ graceful: false });
  }
}
