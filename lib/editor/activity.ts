/** Pauses longer than this are not work. */
const IDLE_MS = 30_000;

/** Adds up the time in which a person is at work, from the times of their pointer and key events. */
export class Activity {
  private last: number | null = null;
  private active = 0;

  /** The person did something. `now` in milliseconds. */
  touch(now: number): void {
    if (this.last !== null) {
      const gap = now - this.last;
      if (gap > 0 && gap <= IDLE_MS) this.active += gap;
    }
    this.last = now;
  }

  /** Milliseconds of work since the last call. */
  take(now: number): number {
    this.touch(now);
    const active = Math.round(this.active);
    this.active = 0;
    return active;
  }
}
