import { z } from 'zod';

/** The one channel of PostgreSQL's NOTIFY that the product uses. */
export const CHANNEL = 'fieldmark';

/**
 * What happened, by ids only: the receiver reads what it may see. `type` is `entity.verb`
 * (`job.updated`, `item.created`, `document.changed`).
 */
export const fieldmarkEvent = z.object({
  type: z.string().max(60),
  /** The kind of thing: `job`, `item`, `document`, `project`, `model`, `version`. */
  entity: z.string().max(40),
  id: z.string().max(100),
  projectId: z.string().max(100).nullish(),
  /** The person it is for, when it is for one only. */
  userId: z.string().max(100).nullish(),
  /** A sequence number or state, when it spares the receiver a query. */
  seq: z.number().int().nullish(),
});
export type FieldmarkEvent = z.infer<typeof fieldmarkEvent>;

/** A Prisma client, or the client inside a transaction. */
export interface SqlExecutor {
  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number>;
}

/**
 * Tells every process about a change. Inside a transaction the event leaves when it commits, and never when it rolls
 * back; equal events of one transaction arrive once.
 */
export async function notify(tx: SqlExecutor, event: FieldmarkEvent): Promise<void> {
  await tx.$executeRawUnsafe('select pg_notify($1, $2)', CHANNEL, JSON.stringify(fieldmarkEvent.parse(event)));
}

/** Several events in one statement. */
export async function notifyAll(tx: SqlExecutor, events: readonly FieldmarkEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.$executeRawUnsafe('select pg_notify($1, e) from unnest($2::text[]) e', CHANNEL, events.map((event) => JSON.stringify(fieldmarkEvent.parse(event))));
}
