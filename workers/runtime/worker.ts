import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import pg from 'pg';
import type { PgBoss } from 'pg-boss';
import { type Config } from '@/lib/server/config';
import { createClient, type Prisma, type PrismaClient } from '@/lib/server/db/client';
import { checkInstallation } from '@/lib/server/db/installation';
import { assertSchemaKnown } from '@/lib/server/db/migrations';
import { EventHub } from '@/lib/server/events';
import { logger } from '@/lib/server/log';
import { createBoss, QUEUE_NAMES, type Dispatch, type QueueName } from '@/lib/server/queue';
import { startRequestedDemo } from '@/lib/server/services/demo';
import { sweepUploads } from '@/lib/server/services/imports/sweep';
import { countObjects } from '@/lib/server/services/storageUse';
import { createStore } from '@/lib/server/storage';
import { JobRun, RetryJob } from './jobRun';
import { limitsOf } from './limits';
import { reconcile } from './reconcile';
import { checkRegistry, type Registry } from './registry';

const SEEN_MS = 5000;
const RECONCILE_MS = 20_000;
const SWEEP_MS = 6 * 3600_000;

/** A worker process: takes jobs from the queues it serves and runs each in a child process of its own. */
export class Worker {
  readonly id = randomUUID();
  readonly #settings: Config;
  readonly #registry: Registry;
  readonly #entry: string;
  readonly #log = logger('worker');
  readonly #runs = new Map<string, JobRun>();
  readonly #timers: NodeJS.Timeout[] = [];
  #db!: PrismaClient;
  #boss!: PgBoss;
  #hub!: EventHub;
  #stopping = false;
  #report: NodeJS.Timeout | null = null;

  /** `entry`: the program that runs one job when called with `--job ID --attempt N`. */
  constructor(settings: Config, registry: Registry, entry: string) {
    this.#settings = settings;
    this.#registry = registry;
    this.#entry = entry;
  }

  /** Checks handlers, schema and storage, then takes jobs. Throws, having started nothing, when one of them is not right. */
  async start(): Promise<void> {
    checkRegistry(this.#registry);
    const { databaseUrl, queues } = this.#settings;
    if (!databaseUrl) throw new Error('DATABASE_URL is not set: start Fieldmark with npm start, or set it.');
    const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 15_000 });
    await client.connect();
    await assertSchemaKnown(client).finally(() => client.end());
    this.#db = createClient(databaseUrl, { max: 4, name: 'fieldmark-worker' });
    await checkInstallation(this.#db, createStore(this.#settings), this.#settings);

    this.#hub = new EventHub(databaseUrl);
    this.#hub.subscribe((event) => {
      if (event.type === 'job.cancel') void this.#runOf(event.id)?.beat();
    });
    await this.#seen();
    this.#boss = createBoss(databaseUrl, { supervise: true });
    await this.#boss.start({ attempts: 5 });
    for (const queue of QUEUE_NAMES) for (let taker = 0; taker < queues[queue]; taker++) await this.#take(queue);
    this.#timers.push(
      setInterval(() => void this.#seen().catch((err: unknown) => this.#log.warn({ err }, 'The worker could not report')), SEEN_MS),
      setInterval(() => void this.#sweep(), SWEEP_MS),
      setInterval(() => void reconcile(this.#db, this.#log).catch((err: unknown) => this.#log.warn({ err }, 'Reconciling failed')), RECONCILE_MS),
    );
    if (this.#registry.abilities) void this.#askAbilities();
    await startRequestedDemo(this.#db);
    void this.#sweep();
    this.#log.info({ worker: this.id, queues, rss: process.memoryUsage().rss }, 'Taking jobs');
  }

  /** Lets a child say what can be trained with here, and keeps it beside the worker. */
  async #askAbilities(): Promise<void> {
    try {
      const child = fork(this.#entry, ['--abilities'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      const told = await new Promise<unknown>((resolve, reject) => {
        child.once('message', resolve);
        child.once('error', reject);
        child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
      });
      if (!this.#stopping) await this.#db.workerInstance.update({ where: { id: this.id }, data: { abilities: told as Prisma.InputJsonValue } });
    } catch (err) {
      this.#log.warn({ err }, 'What this worker can train with is not known');
    }
  }

  /** One taker of a queue: a job at a time. */
  async #take(queue: QueueName): Promise<void> {
    let id = '';
    const options = { includeMetadata: true, pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 2, heartbeatRefreshSeconds: 3 } as const;
    id = await this.#boss.work<Dispatch>(queue, options, async ([delivery]) => {
      try {
        if (delivery) await this.#deliver(delivery.data.jobId, delivery.retryCount, delivery.signal);
      } finally {
        this.#boss.notifyWorker(id); // look for the next job at once, not at the next poll
      }
    });
  }

  #runOf(jobId: string): JobRun | undefined {
    return [...this.#runs.values()].find((run) => run.jobId === jobId);
  }

  async #deliver(jobId: string, retryCount: number, signal: AbortSignal): Promise<void> {
    const run = new JobRun(
      { db: this.#db, log: this.#log, workerId: this.id, dataDir: this.#settings.dataDir, entry: this.#entry, stopping: () => this.#stopping, limitsOf: (kind) => limitsOf(this.#registry.kinds[kind] ?? {}, this.#settings), claimed: () => this.#reportSoon() },
      jobId,
      retryCount,
    );
    this.#runs.set(run.token, run);
    // The queue gave the job to somebody else, or its day is over: two must not run it.
    const taken = () => {
      if (!this.#stopping) run.kill();
    };
    signal.addEventListener('abort', taken);
    try {
      await run.run();
    } catch (error) {
      if (!(error instanceof RetryJob)) this.#log.error({ err: error, job: jobId }, 'A job could not be handled');
      throw error;
    } finally {
      signal.removeEventListener('abort', taken);
      this.#runs.delete(run.token);
      this.#reportSoon();
    }
  }

  #reportSoon(): void {
    if (this.#report || this.#stopping) return;
    this.#report = setTimeout(() => {
      this.#report = null;
      this.#seen().catch((err: unknown) => this.#log.warn({ err }, 'The worker could not report'));
    }, 300);
  }

  async #seen(): Promise<void> {
    const running = [...this.#runs.values()].filter((run) => run.kind !== '').map((run) => ({ kind: run.kind, job: run.jobId }));
    const row = { seenAt: new Date(), running };
    await this.#db.workerInstance.upsert({ where: { id: this.id }, create: { id: this.id, host: hostname(), pid: process.pid, ...row }, update: row });
    await this.#db.workerInstance.deleteMany({ where: { seenAt: { lt: new Date(Date.now() - 600_000) } } });
  }

  /** Removes what was uploaded and will never be imported; counts what the store holds. */
  async #sweep(): Promise<void> {
    try {
      const swept = await sweepUploads(this.#db, createStore(this.#settings));
      if (swept > 0) this.#log.info({ imports: swept }, 'Uploads that nobody went on with were removed');
    } catch (err) {
      this.#log.warn({ err }, 'Old uploads could not be removed');
    }
    try {
      await countObjects(this.#db, createStore(this.#settings), { stopped: () => this.#stopping });
    } catch (err) {
      if (!this.#stopping) this.#log.warn({ err }, 'What the object store holds could not be counted');
    }
  }

  /** Takes no more jobs, gives running ones five seconds to stop, puts them back into the queue, and closes everything. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#report) clearTimeout(this.#report);
    for (const run of this.#runs.values()) run.stop();
    await this.#boss?.stop({ graceful: true, timeout: 8000 }).catch((err: unknown) => this.#log.warn({ err }, 'The queue did not stop cleanly'));
    await this.#hub?.close();
    await this.#db?.workerInstance.deleteMany({ where: { id: this.id } }).catch(() => undefined);
    await this.#db?.$disconnect();
  }
}
