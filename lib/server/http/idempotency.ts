/** Idempotency-Key: the same key and body get the first answer again, for a day. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { AppError } from '@/lib/api/errors';
import { config, secret } from '@/lib/server/config';
import { db, Prisma, within } from '@/lib/server/db/client';
import { inTransaction, type Tx } from '@/lib/server/repositories/transaction';

const KEPT_MS = 24 * 3600_000;
/** Who comes again waits so long for the first one's answer. */
const WAIT_MS = 15_000;
const SWEEP_MS = 3600_000;
let swept = 0;

export interface StoredAnswer {
  status: number;
  body: unknown;
}

/**
 * Runs `work` once for a key of this person. The key, what `work` does through `db()`, and its answer are one transaction: who
 * comes again while it runs waits for its answer, and of a process that died in the middle nothing is left, so that the same
 * key may try again. So it may after a failure.
 *
 * @throws AppError `unprocessable` when the key was used for another request; `conflict` when the first one is still at it
 */
export async function once(input: { userId: string; key: string; route: string; request: string }, work: () => Promise<StoredAnswer>): Promise<StoredAnswer & { replayed: boolean }> {
  if (!/^[\x21-\x7e]{1,200}$/.test(input.key)) throw new AppError('invalid', 'Idempotency-Key must be 1 to 200 visible ASCII characters.');
  const requestHash = createHash('sha256').update(`${input.route}\n${input.request}`).digest('hex');
  await sweep();
  return inTransaction(db(), async (tx) => {
    const earlier = await claim(tx, { userId: input.userId, key: input.key, route: input.route, requestHash });
    if (earlier) return { ...earlier, replayed: true };
    const answer = await within(tx, work);
    await tx.idempotencyKey.update({
      where: { userId_key: { userId: input.userId, key: input.key } },
      data: { status: answer.status, response: sealed(answer.body) },
    });
    return { ...answer, replayed: false };
  });
}

/** Makes the key this transaction's, or gives the answer of the one that had it. A transaction that has it and is not over is waited for. */
async function claim(tx: Tx, row: { userId: string; key: string; route: string; requestHash: string }): Promise<StoredAnswer | null> {
  await tx.$executeRawUnsafe(`set local lock_timeout = ${WAIT_MS}`);
  let made: number;
  try {
    made = (await tx.idempotencyKey.createMany({ data: [row], skipDuplicates: true })).count;
  } catch (error) {
    if (/55P03|lock timeout/.test(String((error as Error).message))) throw new AppError('conflict', 'The first request with this Idempotency-Key is still being worked on. Ask again in a moment.', { cause: error });
    throw error;
  }
  await tx.$executeRawUnsafe('set local lock_timeout to default');
  if (made === 1) return null;
  const found = await tx.idempotencyKey.findUniqueOrThrow({ where: { userId_key: { userId: row.userId, key: row.key } } });
  if (found.requestHash !== row.requestHash) throw new AppError('unprocessable', 'This Idempotency-Key was used for another request. Make a new key for each new request.');
  return { status: found.status ?? 200, body: opened(found.response) };
}

/** Answers may carry what is shown once (an invitation's link): the database and its backups hold them under the installation's secret. */
const answerKey = () => createHash('sha256').update(`fieldmark-answers:${secret(config())}`).digest();
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

function sealed(body: unknown): Prisma.InputJsonValue | typeof Prisma.JsonNull {
  if (body === undefined) return Prisma.JsonNull;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', answerKey(), nonce);
  const text = Buffer.concat([cipher.update(JSON.stringify(body), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64');
}

function opened(response: Prisma.JsonValue): unknown {
  if (typeof response !== 'string') return undefined;
  const bytes = Buffer.from(response, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', answerKey(), bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8'));
  } catch (error) {
    throw new AppError('conflict', 'The answer to the first request with this Idempotency-Key can no longer be read: FIELDMARK_SECRET was changed since. Make a new key.', { cause: error });
  }
}

async function sweep(): Promise<void> {
  if (Date.now() - swept < SWEEP_MS) return;
  swept = Date.now();
  await db().idempotencyKey.deleteMany({ where: { createdAt: { lt: new Date(Date.now() - KEPT_MS) } } });
}
