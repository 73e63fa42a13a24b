/**
 * Random numbers as a function of a key: the same key gives the same sequence in every process, so that a resumed run
 * draws what the uninterrupted one would have drawn.
 */

/** One round of mixing (the finaliser of MurmurHash3). */
function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A 32-bit hash of numbers and strings. */
export function hashKey(...key: readonly (number | string)[]): number {
  let hash = 0x9e3779b9;
  const take = (word: number) => {
    hash = mix((Math.imul(hash, 31) + word) | 0);
  };
  for (const part of key) {
    if (typeof part === 'number') {
      take(part | 0);
      take(Math.floor(part / 2 ** 32) | 0);
    } else {
      for (let i = 0; i < part.length; i++) take(part.charCodeAt(i));
      take(part.length);
    }
  }
  return hash;
}

/** A seeded generator (Mulberry32, with its state taken from a key). */
export class Random {
  private state: number;

  constructor(...key: readonly (number | string)[]) {
    this.state = hashKey(...key);
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Whole number in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** The numbers 0 … n − 1 in random order (Fisher–Yates). */
  permutation(n: number): number[] {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }
}
