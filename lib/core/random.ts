/**
 * Seeded random numbers that are the same on every machine and in every browser.
 *
 * Counter-based: number n of a seed is a hash of (seed, n), so a stream can be begun anywhere, and streams of different keys do
 * not depend on how much was drawn from each other. The hash is MurmurHash3's 32-bit finaliser, applied twice over two words of
 * key. Not for secrets.
 */

/** Bijective mixing of 32 bits (MurmurHash3's fmix32). */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The odd number nearest 2³²/φ: spreads consecutive counters over all bits. */
const GOLDEN = 0x9e3779b9;

/** Folds a seed into two words of key. Numbers are taken by value, so that 1 and "1" differ. */
function keyOf(seed: number | string): [number, number] {
  let a = 0x243f6a88;
  let b = 0x85a308d3;
  const words = typeof seed === 'string' ? Array.from({ length: seed.length }, (_, i) => seed.charCodeAt(i)) : [...new Uint32Array(Float64Array.of(seed).buffer), 0xffffffff];
  for (const word of words) {
    a = mix(a ^ word);
    b = mix((b + GOLDEN) ^ a);
  }
  return [a, b];
}

export class Random {
  private readonly a: number;
  private readonly b: number;
  private counter = 0;

  /** Streams of the same seed are equal. */
  constructor(private readonly seed: number | string) {
    [this.a, this.b] = keyOf(seed);
  }

  /** A whole number in [0, 2³²). */
  uint32(): number {
    const n = this.counter++;
    const low = mix(Math.imul(n, GOLDEN) ^ this.a);
    return mix((low + this.b) ^ Math.imul(Math.floor(n / 0x100000000) + 1, 0x632be5ab));
  }

  /** A number in [0, 1) with 53 random bits. */
  next(): number {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  /** A whole number in [0, n), each equally likely. */
  below(n: number): number {
    if (!(Number.isInteger(n) && n > 0)) throw new RangeError(`a whole number above 0, not ${n}`);
    return Math.floor(this.next() * n);
  }

  /** A number in [min, max). */
  between(min: number, max: number): number {
    return min + (max - min) * this.next();
  }

  /** A standard normal number (Box and Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /**
   * Fills `target` with normal numbers of mean 0, several times faster than one by one (the polar method of Marsaglia and Bray
   * 1964: two numbers from a point in the unit disc). The stream goes on behind what this has drawn.
   */
  normals(target: Float32Array, deviation = 1): void {
    const n = target.length;
    for (let i = 0; i < n; i += 2) {
      let x: number;
      let y: number;
      let square: number;
      do {
        x = this.uint32() * 2 ** -31 - 1;
        y = this.uint32() * 2 ** -31 - 1;
        square = x * x + y * y;
      } while (square >= 1 || square === 0);
      const factor = deviation * Math.sqrt((-2 * Math.log(square)) / square);
      target[i] = x * factor;
      if (i + 1 < n) target[i + 1] = y * factor;
    }
  }

  /** Shuffles in place (Fisher and Yates) and returns the list. */
  shuffle<T>(list: T[]): T[] {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [list[i], list[j]] = [list[j]!, list[i]!];
    }
    return list;
  }

  /** A stream of its own for a part of the work; independent of what this one has drawn. */
  fork(key: number | string): Random {
    return new Random(`${typeof this.seed}:${this.seed}/${typeof key}:${key}`);
  }
}
