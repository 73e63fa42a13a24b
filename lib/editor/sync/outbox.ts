/**
 * Sends what the journal holds, of all documents of one person, in order, until the server has it. It survives reloads
 * because it knows nothing but the journal; two tabs may send the same rows, since the server tells operations by id.
 */
import { Emitter, Signal } from '../emitter';
import type { Journal, JournalRow } from '../journal';
import { TransportError, type OperationResult, type Transport } from './transport';

export interface OutboxStatus {
  /** `resting` when there is nothing to do. */
  state: 'resting' | 'sending' | 'offline' | 'signed-out';
  /** Operations the server does not have yet, of all documents. */
  waiting: number;
  message: string | null;
}

export interface OutboxEvents {
  /** The server answered these operations, in this order. */
  results: { documentId: string; results: OperationResult[] };
  /** A person has refused operations sent again. */
  retried: { rows: readonly JournalRow[] };
}

/** Time, so that tests need not wait. */
export interface Clock {
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
  random(): number;
}
export const realClock: Clock = {
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
  clearTimeout: (handle) => globalThis.clearTimeout(handle as number),
  random: Math.random,
};

const MAX_OPERATIONS = 200;
/** Characters of JSON in one request, about; a single operation may be larger. */
const MAX_CHARACTERS = 4_000_000;
const FIRST_DELAY = 500;
const MAX_DELAY = 10_000;

export class Outbox {
  readonly events = new Emitter<OutboxEvents>();
  readonly status = new Signal<OutboxStatus>({ state: 'resting', waiting: 0, message: null });
  /** What the server refused, of all documents; kept until the person discards it or has it sent again. */
  readonly refused = new Signal<readonly JournalRow[]>([]);
  private running: Promise<void> | null = null;
  private again = false;
  private timer: unknown = null;
  private failures = 0;
  private closed = false;
  /** Documents whose last batch held something invalid: they are sent one by one until that is found. */
  private readonly oneByOne = new Set<string>();

  constructor(
    private readonly journal: Journal,
    private readonly transport: Transport,
    readonly userId: string,
    private readonly clock: Clock = realClock,
  ) {}

  /** There may be something to send; at once, without waiting for a back-off to pass. */
  kick(): void {
    if (this.closed) return;
    if (this.timer !== null) this.clock.clearTimeout(this.timer);
    this.timer = null;
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = this.run().finally(() => {
      this.running = null;
      if (this.again) {
        this.again = false;
        this.kick();
      }
    });
  }

  /** Settles when what was in the journal has been tried: sent, refused, or the server could not be reached. */
  async settled(): Promise<void> {
    while (this.running) await this.running;
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) this.clock.clearTimeout(this.timer);
    this.timer = null;
  }

  private async run(): Promise<void> {
    for (;;) {
      if (this.closed) return;
      const rows = await this.journal.pending(this.userId, MAX_OPERATIONS);
      const first = rows[0];
      if (!first) {
        this.status.set({ state: 'resting', waiting: 0, message: null });
        return;
      }
      const waiting = await this.journal.countPending(this.userId);
      this.set(this.failures > 0 ? this.status.get().state : 'sending', waiting, this.status.get().message);
      const batch = this.batchOf(rows, first.documentId);
      try {
        const { results } = await this.transport.send(first.documentId, batch.map((r) => r.operation));
        this.failures = 0;
        await this.settle(first.documentId, batch, results);
      } catch (error) {
        const failure = error instanceof TransportError ? error.failure : 'offline';
        const message = error instanceof Error ? error.message : String(error);
        if (failure === 'invalid' && batch.length > 1) {
          this.oneByOne.add(first.documentId);
          continue;
        }
        if (failure === 'invalid' || failure === 'forbidden') {
          await this.settle(first.documentId, batch, batch.map((r) => ({ id: r.operation.id, outcome: 'refused' as const, seq: null, reason: message })));
          continue;
        }
        this.failures++;
        this.set(failure, waiting, message);
        this.schedule();
        return;
      }
    }
  }

  /** The rows of one document from the front, as many as fit in a request. */
  private batchOf(rows: readonly JournalRow[], documentId: string): JournalRow[] {
    const batch: JournalRow[] = [];
    let characters = 0;
    for (const row of rows) {
      if (row.documentId !== documentId) continue;
      characters += sizeOf(row);
      if (batch.length > 0 && (characters > MAX_CHARACTERS || this.oneByOne.has(documentId))) break;
      batch.push(row);
    }
    return batch;
  }

  private async settle(documentId: string, batch: readonly JournalRow[], results: OperationResult[]): Promise<void> {
    const byId = new Map(results.map((r) => [r.id, r]));
    const taken = batch.filter((r) => (byId.get(r.operation.id)?.outcome ?? 'refused') !== 'refused');
    const refused = batch.filter((r) => byId.get(r.operation.id)?.outcome === 'refused');
    if (taken.length + refused.length === 0) throw new TransportError('offline', 'The server did not say what became of the operations.');
    await this.journal.remove(taken.map((r) => r.n));
    for (const row of refused) await this.journal.mark([row.n], byId.get(row.operation.id)?.reason ?? 'The server gave no reason.');
    if (refused.length > 0) this.oneByOne.delete(documentId);
    this.events.emit('results', { documentId, results: batch.flatMap((r) => byId.get(r.operation.id) ?? []) });
    if (refused.length > 0) await this.readRefused();
  }

  /** Reads from the journal what was refused earlier. */
  async readRefused(): Promise<void> {
    this.refused.set(await this.journal.refused(this.userId));
  }

  /** Has refused operations sent again. */
  async retry(rows: readonly JournalRow[]): Promise<void> {
    await this.journal.mark(rows.map((r) => r.n), null);
    await this.readRefused();
    this.events.emit('retried', { rows });
    this.kick();
  }

  /** Gives refused operations up for good. */
  async discard(rows: readonly JournalRow[]): Promise<void> {
    await this.journal.remove(rows.map((r) => r.n));
    await this.readRefused();
  }

  private set(state: OutboxStatus['state'], waiting: number, message: string | null): void {
    this.status.set({ state, waiting, message: state === 'offline' || state === 'signed-out' ? message : null });
  }

  private schedule(): void {
    if (this.closed) return;
    const delay = Math.min(MAX_DELAY, FIRST_DELAY * 2 ** Math.min(10, this.failures - 1)) * (0.75 + this.clock.random() / 2);
    this.timer = this.clock.setTimeout(() => {
      this.timer = null;
      this.kick();
    }, delay);
  }
}

/** Characters of an operation's JSON, about: only masks are large. */
function sizeOf(row: JournalRow): number {
  let size = 300;
  for (const c of row.operation.changes) {
    size += 400;
    if (c.kind === 'paint') size += c.set.length + c.cleared.length;
    else if (c.kind === 'create' && c.after.geometry.kind === 'mask') size += c.after.geometry.mask.length;
    else if (c.kind === 'delete' && c.before.geometry.kind === 'mask') size += c.before.geometry.mask.length;
    else if (c.kind === 'update' && c.after.geometry) size += JSON.stringify(c.after.geometry).length * 2;
  }
  return size;
}
