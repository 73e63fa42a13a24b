/**
 * Decoded, reduced images (and their label maps) in memory that all loader threads share, under a budget of bytes.
 *
 * The memory is cut into slots of one size. A slot is pinned while a thread reads or fills it. When none is free, one
 * that was not used since the hand last passed leaves (the clock algorithm: least recently used to within a round).
 */

/** What threads are given to find the store. */
export interface StoreMemory {
  slots: number;
  /** Bytes of a slot. */
  slotBytes: number;
  examples: number;
  /** Lock and hand, then per example its slot + 1, then per slot: owner + 1, pins, used. */
  directory: SharedArrayBuffer;
  pixels: SharedArrayBuffer;
}

const LOCK = 0;
const HAND = 1;
const HEADER = 2;

/** Memory for `examples` images of at most `slotBytes` each; less than all when the budget does not hold them. */
export function createStore(examples: number, slotBytes: number, budget: number): StoreMemory {
  const slots = slotBytes === 0 ? 0 : Math.max(0, Math.min(examples, Math.floor(budget / slotBytes)));
  return {
    slots, slotBytes, examples,
    directory: new SharedArrayBuffer(4 * (HEADER + examples + 3 * slots)),
    // Pages that are never written to cost nothing.
    pixels: new SharedArrayBuffer(slots * slotBytes),
  };
}

/** A pinned slot. Give it back with `release`. */
export interface Slot {
  readonly index: number;
  readonly bytes: Uint8Array;
}

export class PixelStore {
  private readonly words: Int32Array;
  private readonly owners: number;
  private readonly pins: number;
  private readonly used: number;

  constructor(private readonly memory: StoreMemory) {
    this.words = new Int32Array(memory.directory);
    this.owners = HEADER + memory.examples;
    this.pins = this.owners + memory.slots;
    this.used = this.pins + memory.slots;
  }

  has(example: number): boolean {
    return Atomics.load(this.words, HEADER + example) !== 0;
  }

  /** The slot that holds the example, pinned; null when it is not there. */
  acquire(example: number): Slot | null {
    return this.locked(() => {
      const index = this.words[HEADER + example]! - 1;
      if (index < 0) return null;
      this.words[this.pins + index]!++;
      this.words[this.used + index] = 1;
      return this.slot(index);
    });
  }

  /** A slot to fill, pinned and of no example yet; null when all are pinned. */
  reserve(): Slot | null {
    return this.locked(() => {
      const { slots } = this.memory;
      // Two rounds: the first may find every slot lately used.
      for (let tries = 0; tries < 2 * slots; tries++) {
        const index = this.words[HAND]!;
        this.words[HAND] = (index + 1) % slots;
        if (this.words[this.pins + index] !== 0) continue;
        if (this.words[this.used + index] !== 0) {
          this.words[this.used + index] = 0;
          continue;
        }
        const owner = this.words[this.owners + index]!;
        if (owner !== 0) this.words[HEADER + owner - 1] = 0;
        this.words[this.owners + index] = 0;
        this.words[this.pins + index] = 1;
        return this.slot(index);
      }
      return null;
    });
  }

  /** Shows a filled slot to all as the example's; it stays pinned. */
  publish({ index }: Slot, example: number): void {
    this.locked(() => {
      if (this.words[HEADER + example] !== 0) return; // another thread was faster: this one is free once released
      this.words[HEADER + example] = index + 1;
      this.words[this.owners + index] = example + 1;
      this.words[this.used + index] = 1;
    });
  }

  release({ index }: Slot): void {
    this.locked(() => {
      this.words[this.pins + index]!--;
    });
  }

  private slot(index: number): Slot {
    const { pixels, slotBytes } = this.memory;
    return { index, bytes: new Uint8Array(pixels, index * slotBytes, slotBytes) };
  }

  /** Held for microseconds, so that waiting for it is no loss. */
  private locked<T>(act: () => T): T {
    while (Atomics.compareExchange(this.words, LOCK, 0, 1) !== 0) Atomics.wait(this.words, LOCK, 1, 1);
    try {
      return act();
    } finally {
      Atomics.store(this.words, LOCK, 0);
      Atomics.notify(this.words, LOCK, 1);
    }
  }
}
