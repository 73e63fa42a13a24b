import { AsyncLocalStorage } from 'node:async_hooks';
import { PrismaPg } from '@prisma/adapter-pg';
import { config } from '@/lib/server/config';
import { onShutdown } from '@/lib/server/web/lifecycle';
import { Prisma, PrismaClient } from './generated/client';

export { Prisma, PrismaClient };

/** The client inside `db().$transaction(async (tx) => …)`, and the client itself: what repositories take. */
export type Db = PrismaClient | Prisma.TransactionClient;

/** A new client with its own pool. Processes use `db()`; tests, with a database of their own, use this. */
export function createClient(connectionString: string, options: { max?: number; name?: string } = {}): PrismaClient {
  const adapter = new PrismaPg({
    connectionString,
    max: options.max ?? 10,
    application_name: options.name ?? 'fieldmark',
    connectionTimeoutMillis: 15_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
  return new PrismaClient({ adapter, transactionOptions: { maxWait: 15_000, timeout: 60_000 } });
}

const KEY = Symbol.for('fieldmark.db');
type Holder = { [KEY]?: PrismaClient };

/** The transaction that the work at hand is a part of, for code that asks for `db()`. */
const ambient = new AsyncLocalStorage<PrismaClient>();

/**
 * Runs `work` as a part of a transaction: whatever it does through `db()`, its own transactions included, is kept when that
 * commits, and never otherwise.
 */
export function within<T>(tx: Prisma.TransactionClient, work: () => Promise<T>): Promise<T> {
  const nested = (inner: unknown) => (typeof inner === 'function' ? (inner as (tx: Prisma.TransactionClient) => unknown)(tx) : Promise.all(inner as Promise<unknown>[]));
  const client = new Proxy(tx, { get: (target, name) => (name === '$transaction' ? nested : (Reflect.get(target, name) as unknown)) });
  return ambient.run(client as PrismaClient, work);
}

/** The database client of this process (one pool, made on first use); inside `within`, its transaction. */
export function db(): PrismaClient {
  const transaction = ambient.getStore();
  if (transaction) return transaction;
  const holder = globalThis as Holder;
  if (!holder[KEY]) {
    const { databaseUrl, databasePool } = config();
    if (!databaseUrl) throw new Error('DATABASE_URL is not set: start Fieldmark with npm start, or set it.');
    const client = createClient(databaseUrl, { max: databasePool });
    holder[KEY] = client;
    onShutdown('database', () => client.$disconnect());
  }
  return holder[KEY];
}
