import type { Db, Prisma, PrismaClient } from '@/lib/server/db/client';

export type Tx = Prisma.TransactionClient;

/** PostgreSQL gave up one of two transactions that waited for each other, or could not put them in an order. */
function isRetryable(error: unknown): boolean {
  const text = error instanceof Error ? `${(error as { code?: string }).code ?? ''} ${error.message}` : '';
  return /\bP2034\b|40P01|40001|deadlock detected|could not serialize/.test(text);
}

/**
 * Runs `work` in one transaction: the caller's when `db` is inside one, else a new one, which is tried again (up to
 * three times) after a deadlock.
 */
export async function inTransaction<T>(db: Db, work: (tx: Tx) => Promise<T>, options: { timeout?: number } = {}): Promise<T> {
  if (!isClient(db)) return work(db);
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.$transaction(work, { maxWait: 15_000, timeout: options.timeout ?? 60_000 });
    } catch (error) {
      if (attempt === 3 || !isRetryable(error)) throw error;
    }
  }
}

/** Clients connect and disconnect; what a transaction hands out does not. */
function isClient(db: Db): db is PrismaClient {
  return '$connect' in db && typeof db.$connect === 'function';
}

/**
 * Serialises what must not happen at once, until the transaction ends. `name` is a namespace and an id:
 * `schema:PROJECT`, `asset:HASH`. Always taken before row locks.
 */
export async function lockName(tx: Tx, name: string, mode: 'shared' | 'exclusive' = 'exclusive'): Promise<void> {
  if (mode === 'shared') await tx.$executeRaw`select pg_advisory_xact_lock_shared(hashtextextended(${name}, 0))`;
  else await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
}
