/** Idempotency-Key: the same key and body get the first answer again, for a day. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@/lib/api/errors';
import { db, Prisma } from '@/lib/server/db/client';

const KEPT_MS = 24 * 3600_000;
/** A first request that has not answered for so long is taken for dead (its process was killed), and done again. */
const ABANDONED_MS = 120_000;
const WAIT_MS = 15_000;
const POLL_MS = 100;
const SWEEP_MS = 3600_000;
let swept = 0;

export interface StoredAnswer {
  status: number;
  body: unknown;
}

/**
 * Runs `work` once for a key of this person; who comes again while it runs waits for its answer.
 * A failure is not kept: the same key may try again.
 *
 * @throws AppError `unprocessable` when the key was used for another request; `conflict` when the first one is still at it
 */
export async function once(input: { userId: string; key: string; route: string; request: string }, work: () => Promise<StoredAnswer>): Promise<StoredAnswer & { replayed: boolean }> {
  if (!/^[\x21-\x7e]{1,200}$/.test(input.key)) throw new AppError('invalid', 'Idempotency-Key must be 1 to 200 visible ASCII characters.');
  const requestHash = createHash('sha256').update(`${input.route}\n${input.request}`).digest('hex');
  const id = { userId: input.userId, key: input.key };
  const where = { userId_key: id };
  const until = Date.now() + WAIT_MS;
  await sweep();
  for (;;) {
    const { count } = await db().idempotencyKey.createMany({ data: [{ ...id, route: input.route, requestHash }], skipDuplicates: true });
    if (count === 1) break;
    const row = await db().idempotencyKey.findUnique({ where });
    if (!row) continue;
    if (row.requestHash !== requestHash) throw new AppError('unprocessable', 'This Idempotency-Key was used for another request. Make a new key for each new request.');
    if (row.status !== null) return { status: row.status, body: row.response, replayed: true };
    if (Date.now() - row.createdAt.getTime() > ABANDONED_MS) {
      const { count: taken } = await db().idempotencyKey.updateMany({ where: { ...id, createdAt: row.createdAt, status: null }, data: { createdAt: new Date() } });
      if (taken === 1) break;
      continue;
    }
    if (Date.now() > until) throw new AppError('conflict', 'The first request with this Idempotency-Key is still being worked on. Ask again in a moment.');
    await sleep(POLL_MS);
  }
  try {
    const answer = await work();
    await db().idempotencyKey.update({ where, data: { status: answer.status, response: answer.body === undefined ? Prisma.JsonNull : (answer.body as Prisma.InputJsonValue) } });
    return { ...answer, replayed: false };
  } catch (error) {
    await db().idempotencyKey.deleteMany({ where: { ...id, status: null } });
    throw error;
  }
}

async function sweep(): Promise<void> {
  if (Date.now() - swept < SWEEP_MS) return;
  swept = Date.now();
  await db().idempotencyKey.deleteMany({ where: { createdAt: { lt: new Date(Date.now() - KEPT_MS) } } });
}
