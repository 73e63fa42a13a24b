/**
 * One leader among the tabs of a browser, without Web Locks (absent on plain http): a lease in shared storage, renewed
 * while the leader lives, and messages for what has to be quick. Timers of hidden tabs may be slowed to one a minute;
 * then a tab that is awake takes the lease over, and the slow one notices at its next tick.
 */
export interface LeaseStore {
  get(): string | null;
  set(value: string): void;
  clear(): void;
}
export interface LeaderOptions {
  id: string;
  store: LeaseStore;
  /** Called once at each change of rank. */
  onChange: (leader: boolean) => void;
  now?: () => number;
  /** How long a lease holds without renewal. */
  leaseMs?: number;
  /** How long a claim has to stand before it counts: two tabs may write at the same time, the last writer wins. */
  settleMs?: number;
  setTimer?: (run: () => void, ms: number) => unknown;
  clearTimer?: (timer: unknown) => void;
}

export const LEASE_MS = 5_000;

export class LeaderElection {
  #timer: unknown;
  #leader = false;
  #claimed = false;
  #stopped = true;
  readonly #o: Required<LeaderOptions>;

  constructor(options: LeaderOptions) {
    this.#o = {
      now: Date.now,
      leaseMs: LEASE_MS,
      settleMs: 120,
      setTimer: (run, ms) => setTimeout(run, ms),
      clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
      ...options,
    };
  }

  get isLeader(): boolean {
    return this.#leader;
  }

  start(): void {
    this.#stopped = false;
    this.tick();
  }

  /** Gives the lease up at once, so that another tab can follow without waiting. */
  stop(): void {
    this.#stopped = true;
    this.#o.clearTimer(this.#timer);
    if (this.#lease()?.id === this.#o.id) this.#o.store.clear();
    this.#rank(false);
  }

  /** Looks at the lease and acts; also called when another tab says that it left. */
  tick(): void {
    if (this.#stopped) return;
    this.#o.clearTimer(this.#timer);
    const { now, id, leaseMs, settleMs } = this.#o;
    const lease = this.#lease();
    if (lease?.id === id) {
      this.#write();
      // A claim counts when it is still ours one settling time later.
      if (this.#claimed || this.#leader) this.#rank(true);
      this.#claimed = true;
      this.#next(leaseMs / 3);
      return;
    }
    this.#rank(false);
    if (!lease || lease.until <= now()) {
      this.#write();
      this.#claimed = true;
      this.#next(settleMs);
    } else {
      this.#claimed = false;
      this.#next(Math.max(settleMs, Math.min(leaseMs / 3, lease.until - now() + 50)));
    }
  }

  #next(ms: number): void {
    this.#timer = this.#o.setTimer(() => this.tick(), ms);
  }

  #write(): void {
    this.#o.store.set(JSON.stringify({ id: this.#o.id, until: this.#o.now() + this.#o.leaseMs }));
  }

  #lease(): { id: string; until: number } | null {
    try {
      const value = JSON.parse(this.#o.store.get() ?? 'null') as { id?: unknown; until?: unknown } | null;
      if (typeof value?.id !== 'string' || typeof value.until !== 'number') return null;
      // A clock that was set back must not freeze the election.
      return value.until > this.#o.now() + 10 * this.#o.leaseMs ? null : { id: value.id, until: value.until };
    } catch {
      return null;
    }
  }

  #rank(leader: boolean): void {
    if (leader === this.#leader) return;
    this.#leader = leader;
    if (!leader) this.#claimed = false;
    this.#o.onChange(leader);
  }
}
