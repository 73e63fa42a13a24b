/**
 * The journal: every operation is written to IndexedDB, durably, before the save mark says so, and stays until the server
 * has it. Rows carry the user's id; what one person made is never sent by another who signs in on the same browser.
 *
 * When IndexedDB cannot write (no space, storage switched off), rows are held in memory and sent from there, tried again
 * with every following write, and `problem` says that they are not safe yet.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Operation } from '@/lib/core/ops';
import { Signal } from './emitter';

export interface JournalRow {
  /** The order in which rows were written, over all documents and tabs of this browser. */
  n: number;
  userId: string;
  documentId: string;
  operation: Operation;
  state: 'pending' | 'refused';
  /** Why the server refused it. */
  reason: string | null;
}
type NewRow = Omit<JournalRow, 'n'>;

interface Schema extends DBSchema {
  operations: { key: number; value: JournalRow; indexes: { state: [string, string]; operation: string } };
}

export interface JournalOptions {
  /** The database's name; one a browser profile and origin. */
  name?: string;
}

/** Rows held in memory get numbers after all that a database ever gives. */
const MEMORY_BASE = 2 ** 52;

export class Journal {
  /** Why the newest write failed, or null when all rows are in the database. */
  readonly problem = new Signal<string | null>(null);
  private readonly name: string;
  private database: Promise<IDBPDatabase<Schema>> | null = null;
  /** Rows that wait for the transaction under way, in order. */
  private queue: { row: NewRow; done: () => void }[] = [];
  /** Rows that could not be written, in order; they go before the queue. */
  private unwritten: JournalRow[] = [];
  private memoryNumber = MEMORY_BASE;
  private writing = false;

  constructor({ name = 'fieldmark-journal' }: JournalOptions = {}) {
    this.name = name;
  }

  private open(): Promise<IDBPDatabase<Schema>> {
    this.database ??= openDB<Schema>(this.name, 1, {
      upgrade(db) {
        const store = db.createObjectStore('operations', { keyPath: 'n', autoIncrement: true });
        store.createIndex('state', ['userId', 'state']);
        store.createIndex('operation', 'operation.id', { unique: true });
      },
      // Another tab wants a newer version, or the browser took the connection away: open again on next use.
      blocking: (_current, _blocked, event) => {
        this.database = null;
        (event.target as IDBDatabase).close();
      },
      terminated: () => {
        this.database = null;
      },
    }).catch((error: unknown) => {
      this.database = null;
      throw error;
    });
    return this.database;
  }

  /**
   * Writes an operation; settles when the transaction is complete, or when the row is only in memory (see `problem`).
   * The write starts at once, unless one is under way: rows are written in the order of the calls.
   */
  append(userId: string, operation: Operation): Promise<void> {
    return new Promise((done) => {
      this.queue.push({ row: { userId, documentId: operation.document, operation, state: 'pending', reason: null }, done });
      void this.flush();
    });
  }

  private async flush(): Promise<void> {
    if (this.writing) return;
    this.writing = true;
    try {
      while (this.queue.length > 0) {
        const batch = this.queue;
        this.queue = [];
        const held = this.unwritten;
        try {
          await this.write([...held.map(({ n: _n, ...row }) => row), ...batch.map((b) => b.row)]);
          this.unwritten = this.unwritten.filter((row) => !held.includes(row));
          this.problem.set(null);
        } catch (error) {
          for (const { row } of batch) this.unwritten.push({ ...row, n: this.memoryNumber++ });
          this.problem.set(explain(error));
        }
        for (const { done } of batch) done();
      }
    } finally {
      this.writing = false;
    }
  }

  private async write(rows: readonly NewRow[]): Promise<void> {
    const db = await this.open();
    const tx = db.transaction('operations', 'readwrite', { durability: 'strict' });
    // A row that is there already (a retry after a commit whose success was not seen) is not written twice.
    const puts = rows.map(async (row) => {
      if ((await tx.store.index('operation').getKey(row.operation.id)) === undefined) await tx.store.add(row as JournalRow);
    });
    await Promise.all([...puts, tx.done]);
  }

  /** What waits to be sent by this person, in order. `skip` names documents to leave out. */
  async pending(userId: string, limit = Infinity, skip: ReadonlySet<string> = new Set()): Promise<JournalRow[]> {
    const rows: JournalRow[] = [];
    try {
      const db = await this.open();
      let cursor = await db.transaction('operations').store.index('state').openCursor(IDBKeyRange.only([userId, 'pending']));
      while (cursor && rows.length < limit) {
        if (!skip.has(cursor.value.documentId)) rows.push(cursor.value);
        cursor = await cursor.continue();
      }
    } catch (error) {
      this.problem.set(explain(error));
    }
    for (const row of this.unwritten) if (rows.length < limit && row.userId === userId && row.state === 'pending' && !skip.has(row.documentId)) rows.push(row);
    return rows;
  }

  /** How many operations of this person the server does not have yet, over all documents. */
  async countPending(userId: string): Promise<number> {
    const held = this.unwritten.filter((r) => r.userId === userId && r.state === 'pending').length;
    try {
      const db = await this.open();
      return held + (await db.countFromIndex('operations', 'state', IDBKeyRange.only([userId, 'pending'])));
    } catch {
      return held;
    }
  }

  /** What the server refused, kept until the person discards it or has it sent again. */
  async refused(userId: string): Promise<JournalRow[]> {
    const held = this.unwritten.filter((r) => r.userId === userId && r.state === 'refused');
    try {
      const db = await this.open();
      return [...(await db.getAllFromIndex('operations', 'state', IDBKeyRange.only([userId, 'refused']))), ...held];
    } catch {
      return held;
    }
  }

  /** The server has these; they need not be kept. Rows that are gone already are no error. */
  async remove(numbers: readonly number[]): Promise<void> {
    const gone = new Set(numbers);
    this.unwritten = this.unwritten.filter((row) => !gone.has(row.n));
    const stored = numbers.filter((n) => n < MEMORY_BASE);
    if (stored.length === 0) return;
    const db = await this.open();
    const tx = db.transaction('operations', 'readwrite');
    await Promise.all([...stored.map((n) => tx.store.delete(n)), tx.done]);
  }

  /** Marks rows as refused, or with `reason` null as waiting again. */
  async mark(numbers: readonly number[], reason: string | null): Promise<void> {
    const state = reason === null ? 'pending' : 'refused';
    const marked = new Set(numbers);
    this.unwritten = this.unwritten.map((row) => (marked.has(row.n) ? { ...row, state, reason } : row));
    const stored = numbers.filter((n) => n < MEMORY_BASE);
    if (stored.length === 0) return;
    const db = await this.open();
    const tx = db.transaction('operations', 'readwrite', { durability: 'strict' });
    const puts = stored.map(async (n) => {
      const row = await tx.store.get(n);
      if (row) await tx.store.put({ ...row, state, reason });
    });
    await Promise.all([...puts, tx.done]);
  }

  async close(): Promise<void> {
    const db = await this.database?.catch(() => null);
    this.database = null;
    db?.close();
  }
}

function explain(error: unknown): string {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'QuotaExceededError') return 'This browser has no space left to keep your work safe until it is sent. Free some disk space, and keep this page open until the mark at the top says "Saved".';
  return `This browser cannot keep your work safe until it is sent (${error instanceof Error ? error.message : String(error)}). Keep this page open until the mark at the top says "Saved".`;
}
