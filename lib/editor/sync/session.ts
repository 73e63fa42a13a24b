/**
 * One open document: what the server confirmed, the operations on top that it has not confirmed, and what the person sees,
 * which is both together.
 *
 * A gesture is applied at once and journalled; the outbox sends it. What others did meanwhile comes by the log: it goes
 * onto the confirmed state, and the person's own unconfirmed operations are applied again on top.
 */
import { applyOperation, OPERATION_VERSION, OperationRefused, type Change, type DocumentState, type Operation } from '@/lib/core/ops';
import { Activity } from '../activity';
import { cloneState, EditorDocument, stateOf } from '../document';
import { Signal } from '../emitter';
import { History } from '../history';
import { newId } from '../ids';
import type { Journal } from '../journal';
import type { Outbox } from './outbox';
import { TransportError, type LoggedOperation, type OperationResult, type Transport } from './transport';

/** What a gesture wants done; the session makes an operation of it. */
export interface Draft {
  /** The gesture, for people: `draw`, `move`, `paint`… */
  type: string;
  changes: Change[];
  tool: string;
}

/**
 * `saving` the journal's transaction is not complete; `here` it is, and the server has not answered; `server` the server
 * has everything; `offline` safe here, the server cannot be reached; `signed-out` safe here, waits for a sign-in;
 * `refused` the server will not take something; `failed` this browser cannot keep it; `view` nothing can be changed.
 */
export type SaveState = 'saving' | 'here' | 'server' | 'offline' | 'signed-out' | 'refused' | 'failed' | 'view';
export interface SaveMark {
  state: SaveState;
  /** Operations the server does not have yet. */
  waiting: number;
  message: string | null;
}

export interface SessionOptions {
  documentId: string;
  userId: string;
  journal: Journal;
  outbox: Outbox;
  transport: Transport;
  readOnly?: boolean;
  now?: () => number;
}

/** Operations of the log that are read for the history of undo. */
const HISTORY_WINDOW = 1000;
const PAGE = 500;

export class DocumentSession {
  readonly document: EditorDocument;
  readonly history = new History();
  /** Grows whenever undo or redo may have become possible or impossible. */
  readonly historyVersion = new Signal(0);
  readonly save: Signal<SaveMark>;
  readonly activity = new Activity();
  readonly documentId: string;
  readonly readOnly: boolean;
  private confirmed: DocumentState;
  private pending: Operation[] = [];
  private seen = new Set<string>();
  /** Gestures whose journal transaction is not complete. */
  private writing = 0;
  private work: Promise<void> = Promise.resolve();
  private pullWanted = false;
  private closed = false;
  private readonly now: () => number;
  private readonly stops: (() => void)[] = [];

  private constructor(
    private readonly options: SessionOptions,
    confirmed: DocumentState,
    private confirmedSeq: number,
  ) {
    this.documentId = options.documentId;
    this.readOnly = options.readOnly ?? false;
    this.now = options.now ?? Date.now;
    this.confirmed = confirmed;
    this.document = new EditorDocument(cloneState(confirmed));
    this.save = new Signal<SaveMark>({ state: this.readOnly ? 'view' : 'server', waiting: 0, message: null });
    if (this.readOnly) return;
    const { outbox, journal } = options;
    this.stops.push(
      outbox.events.on('results', ({ documentId, results }) => {
        if (documentId === this.documentId) void this.enqueue(() => this.takeResults(results));
      }),
      outbox.events.on('retried', ({ rows }) => {
        const mine = rows.filter((r) => r.documentId === this.documentId && !this.pending.some((p) => p.id === r.operation.id));
        if (mine.length === 0) return;
        this.pending.push(...mine.map((r) => r.operation));
        this.rebuild();
      }),
      outbox.status.subscribe(this.updateMark),
      outbox.refused.subscribe(this.updateMark),
      journal.problem.subscribe(this.updateMark),
    );
  }

  /**
   * Loads a document, puts what the journal still holds on top, and reads back what can be undone.
   * @throws TransportError
   */
  static async open(options: SessionOptions): Promise<DocumentSession> {
    const { transport, journal, documentId, userId } = options;
    const waiting = async () => (await journal.pending(userId)).filter((r) => r.documentId === documentId);
    // Before the document is read: the outbox sends rows away meanwhile, and each must be in the one or the other.
    const kept = options.readOnly ? [] : await waiting();
    const loaded = await transport.load(documentId);
    const state = stateOf(loaded.annotations, Object.entries(loaded.decisions));
    const session = new DocumentSession(options, state, loaded.seq);
    if (session.readOnly) return session;
    const after = Math.max(0, loaded.seq - HISTORY_WINDOW);
    const tail = loaded.seq > 0 ? (await transport.log(documentId, after, HISTORY_WINDOW)).operations.filter((o) => o.seq <= loaded.seq) : [];
    const inLog = new Set(tail.map((o) => o.operation.id));
    const rows = kept.filter((r) => !inLog.has(r.operation.id));
    session.pending = rows.map((r) => r.operation);
    const own = [...tail.filter((o) => o.by.id === userId).map((o) => o.operation), ...session.pending];
    session.history.rebuild(own);
    own.forEach((op) => session.seen.add(op.id));
    session.historyVersion.update((v) => v + 1);
    if (rows.length > 0) {
      session.rebuild();
      const left = new Set((await waiting()).map((r) => r.operation.id));
      const answered = rows.map((r) => r.operation.id).filter((id) => !left.has(id));
      if (answered.length > 0) void session.enqueue(() => session.takeAnswered(answered));
    }
    session.updateMark();
    options.outbox.kick();
    return session;
  }

  /** The newest number of the log that is part of what is shown. */
  get seq(): number {
    return this.confirmedSeq;
  }
  /** Operations that the server has not confirmed. */
  get unconfirmed(): readonly Operation[] {
    return this.pending;
  }

  /** Does what a gesture wants: at once on the screen, then in the journal, then on the server. Null when read-only. */
  commit(draft: Draft): Operation | null {
    if (this.readOnly || this.closed || draft.changes.length === 0) return null;
    const now = this.now();
    return this.perform({
      id: newId(), v: OPERATION_VERSION, type: draft.type, document: this.documentId, base: this.confirmedSeq, changes: draft.changes,
      tool: draft.tool, at: new Date(now).toISOString(), activeMs: this.activity.take(now), undoes: null, batch: null,
    });
  }

  /** Takes the newest step back; false when there is none. */
  undo(): boolean {
    return this.performAll(this.history.undo(this.confirmedSeq, new Date(this.now()).toISOString()));
  }
  /** Does the step again that was taken back last; false when there is none. */
  redo(): boolean {
    return this.performAll(this.history.redo(this.confirmedSeq, new Date(this.now()).toISOString()));
  }

  /** A place in history to which a cancelled gesture returns. */
  mark(): number {
    return this.history.depth;
  }
  revertTo(mark: number): void {
    while (this.history.depth > mark && this.undo());
  }

  private performAll(operations: Operation[]): boolean {
    if (this.readOnly || this.closed || operations.length === 0) return false;
    const now = this.now();
    operations.forEach((op, i) => this.perform({ ...op, activeMs: i === 0 ? this.activity.take(now) : 0 }));
    return true;
  }

  private perform(op: Operation): Operation {
    this.document.apply(op);
    this.pending.push(op);
    this.seen.add(op.id);
    this.history.record(op);
    this.historyVersion.update((v) => v + 1);
    this.writing++;
    this.updateMark();
    void this.options.journal.append(this.options.userId, op).then(() => {
      this.writing--;
      this.updateMark();
      this.options.outbox.kick();
    });
    return op;
  }

  /** The server says that the document changed: reads what is new from the log. */
  changed(): Promise<void> {
    if (this.pullWanted || this.closed) return this.work;
    this.pullWanted = true;
    return this.enqueue(() => this.pull());
  }

  /** Settles when answers and pulls that have come so far are part of the document. */
  async settled(): Promise<void> {
    let last;
    do await (last = this.work);
    while (last !== this.work);
  }

  close(): void {
    this.closed = true;
    this.stops.forEach((stop) => stop());
  }

  private enqueue(task: () => Promise<void>): Promise<void> {
    // What fails for want of a server is tried again with the next event; the outbox says meanwhile that it is offline.
    this.work = this.work.then(async () => {
      if (!this.closed) await task();
    }).catch((error: unknown) => {
      if (!(error instanceof TransportError)) throw error;
    });
    return this.work;
  }

  private async takeResults(results: readonly OperationResult[]): Promise<void> {
    let stale = false;
    let behind = false;
    for (const r of results) {
      const at = this.pending.findIndex((p) => p.id === r.id);
      if (at < 0) continue;
      if (r.outcome === 'refused') {
        this.history.forget(r.id);
        this.historyVersion.update((v) => v + 1);
        this.pending.splice(at, 1);
        stale = true;
      } else if (at === 0 && r.seq === this.confirmedSeq + 1) {
        // The usual case: nobody else wrote. What is shown is already right.
        if (!this.confirm(this.pending.shift()!, r.seq)) return this.reload();
      } else if (r.seq !== null && r.seq <= this.confirmedSeq) {
        this.pending.splice(at, 1);
        stale = true;
      } else behind = true;
    }
    if (stale) this.rebuild();
    this.updateMark();
    if (behind) await this.pull();
  }

  /** The server answered these before this session heard its answers: they are in the log, or were refused. */
  private async takeAnswered(ids: readonly string[]): Promise<void> {
    await this.pull();
    const refused = this.pending.filter((p) => ids.includes(p.id));
    if (refused.length === 0) return;
    refused.forEach((p) => this.history.forget(p.id));
    this.historyVersion.update((v) => v + 1);
    this.pending = this.pending.filter((p) => !ids.includes(p.id));
    this.rebuild();
    this.updateMark();
  }

  private async pull(): Promise<void> {
    this.pullWanted = false;
    let stale = false;
    for (;;) {
      const page = await this.options.transport.log(this.documentId, this.confirmedSeq, PAGE);
      for (const logged of page.operations) {
        if (logged.seq <= this.confirmedSeq) continue;
        if (logged.seq !== this.confirmedSeq + 1) return this.reload();
        if (this.pending[0]?.id === logged.operation.id) this.pending.shift();
        else {
          stale = true;
          this.pending = this.pending.filter((p) => p.id !== logged.operation.id);
          this.noteOwn(logged);
        }
        if (!this.confirm(logged.operation, logged.seq)) return this.reload();
      }
      if (page.operations.length === 0 || this.confirmedSeq >= page.seq) break;
    }
    if (stale) this.rebuild();
    this.updateMark();
  }

  /** My own operation from another tab can be taken back here too. */
  private noteOwn({ by, operation }: LoggedOperation): void {
    if (by.id !== this.options.userId || this.seen.has(operation.id)) return;
    this.seen.add(operation.id);
    this.history.record(operation);
    this.historyVersion.update((v) => v + 1);
  }

  private confirm(op: Operation, seq: number): boolean {
    try {
      applyOperation(this.confirmed, op);
    } catch (error) {
      // The server took it, so it holds something that this copy does not (an annotation deleted before it was loaded).
      if (!(error instanceof OperationRefused)) throw error;
      return false;
    }
    this.confirmedSeq = seq;
    return true;
  }

  /** Reads the document anew; unconfirmed operations go on top. */
  private async reload(): Promise<void> {
    const loaded = await this.options.transport.load(this.documentId);
    this.confirmed = stateOf(loaded.annotations, Object.entries(loaded.decisions));
    this.confirmedSeq = loaded.seq;
    if (this.pending.length > 0) {
      const after = Math.max(0, loaded.seq - HISTORY_WINDOW);
      const tail = await this.options.transport.log(this.documentId, after, HISTORY_WINDOW);
      const known = new Set(tail.operations.filter((o) => o.seq <= loaded.seq).map((o) => o.operation.id));
      this.pending = this.pending.filter((p) => !known.has(p.id));
    }
    this.rebuild();
    this.updateMark();
  }

  private rebuild(): void {
    const next = cloneState(this.confirmed);
    for (const op of this.pending) {
      try {
        applyOperation(next, op);
      } catch (error) {
        // It stays unconfirmed: whether it can be done is for the server to say.
        if (!(error instanceof OperationRefused)) throw error;
      }
    }
    this.document.replace(next);
  }

  private readonly updateMark = (): void => {
    if (this.readOnly) return;
    const { outbox, journal } = this.options;
    const status = outbox.status.get();
    const refused = outbox.refused.get().length;
    const problem = journal.problem.get();
    const waiting = Math.max(this.pending.length, status.waiting);
    const [state, message]: [SaveState, string | null] =
      problem !== null && waiting > 0 ? ['failed', problem]
      : this.writing > 0 ? ['saving', null]
      : refused > 0 ? ['refused', `The server refused ${refused === 1 ? 'one gesture' : `${refused} gestures`}; nothing of it was saved there.`]
      : status.state === 'offline' && waiting > 0 ? ['offline', status.message]
      : status.state === 'signed-out' && waiting > 0 ? ['signed-out', status.message]
      : waiting > 0 ? ['here', null]
      : ['server', null];
    const now = this.save.get();
    if (now.state !== state || now.waiting !== waiting || now.message !== message) this.save.set({ state, waiting, message });
  };
}
