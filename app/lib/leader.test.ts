import { describe, expect, it } from 'vitest';
import { LeaderElection, LEASE_MS, type LeaseStore } from './leader';

/** Tabs that share a store and one clock; timers run in order of time. */
class World {
  time = 1_000;
  value: string | null = null;
  #queue: { at: number; run: () => void; tab: string }[] = [];
  asleep = new Set<string>();
  changes: string[] = [];
  readonly store: LeaseStore = { get: () => this.value, set: (v) => (this.value = v), clear: () => (this.value = null) };

  tab(id: string): LeaderElection {
    return new LeaderElection({
      id, store: this.store, now: () => this.time, onChange: (leader) => this.changes.push(`${id}${leader ? '+' : '-'}`),
      setTimer: (run, ms) => { const t = { at: this.time + ms, run, tab: id }; this.#queue.push(t); return t; },
      clearTimer: (t) => { this.#queue = this.#queue.filter((x) => x !== t); },
    });
  }
  run(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = this.#queue.filter((t) => !this.asleep.has(t.tab)).sort((a, b) => a.at - b.at)[0];
      if (!due || due.at > end) break;
      this.#queue = this.#queue.filter((t) => t !== due);
      this.time = Math.max(this.time, due.at);
      due.run();
    }
    this.time = end;
  }
}

describe('LeaderElection', () => {
  it('makes exactly one of many tabs the leader, whatever the order', () => {
    const world = new World();
    const tabs = ['a', 'b', 'c', 'd'].map((id) => world.tab(id));
    tabs.forEach((t) => t.start());
    world.run(30_000);
    expect(tabs.filter((t) => t.isLeader)).toHaveLength(1);
  });

  it('never has two leaders among tabs that are awake', () => {
    const world = new World();
    const tabs = ['a', 'b', 'c'].map((id) => world.tab(id));
    tabs.forEach((t) => t.start());
    for (let i = 0; i < 400; i++) {
      world.run(50);
      expect(tabs.filter((t) => t.isLeader).length).toBeLessThanOrEqual(1);
    }
  });

  it('lets another tab follow at once when the leader leaves', () => {
    const world = new World();
    const [a, b] = [world.tab('a'), world.tab('b')];
    a.start();
    world.run(1_000);
    b.start();
    world.run(1_000);
    expect([a.isLeader, b.isLeader]).toEqual([true, false]);
    a.stop();
    b.tick(); // what the message `left` does
    world.run(300);
    expect([a.isLeader, b.isLeader]).toEqual([false, true]);
  });

  it('replaces a leader that crashed within two leases', () => {
    const world = new World();
    const [a, b] = [world.tab('a'), world.tab('b')];
    a.start();
    world.run(1_000);
    b.start();
    world.asleep.add('a');
    world.run(2 * LEASE_MS);
    expect(b.isLeader).toBe(true);
  });

  it('makes a leader whose timers were slowed step down when it wakes', () => {
    const world = new World();
    const [a, b] = [world.tab('a'), world.tab('b')];
    a.start();
    b.start();
    world.run(1_000);
    const [leader, other] = a.isLeader ? [a, b] : [b, a];
    const name = leader === a ? 'a' : 'b';
    world.asleep.add(name);
    world.run(60_000);
    world.asleep.delete(name);
    world.run(1_000);
    expect([leader.isLeader, other.isLeader]).toEqual([false, true]);
  });

  it('ignores a lease that cannot be read or that lies far in the future', () => {
    for (const value of ['not json', '{"id":1}', JSON.stringify({ id: 'ghost', until: 1e15 })]) {
      const world = new World();
      world.value = value;
      const a = world.tab('a');
      a.start();
      world.run(1_000);
      expect(a.isLeader).toBe(true);
    }
  });
});
