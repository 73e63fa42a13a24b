/** The side of a dataset on which an item stands. */
export const splits = ['train', 'val', 'test'] as const;
export type SplitName = (typeof splits)[number];

/** Upper ends of train and val on [0, 1). */
export const SPLIT_RATIOS = { train: 0.8, val: 0.9 } as const;

/**
 * The place of a file on [0, 1): the first 52 bits of its SHA-256, over 2^52 (exact in a double).
 * @param hash SHA-256 in hexadecimal
 */
export function splitFraction(hash: string): number {
  if (!/^[0-9a-f]{64}$/i.test(hash)) throw new RangeError(`"${hash}" is not a SHA-256 in hexadecimal`);
  return parseInt(hash.slice(0, 13), 16) / 2 ** 52;
}

/** Split of a file by its bytes alone: train < 0.8 ≤ val < 0.9 ≤ test. Same bytes, same side, on every machine. */
export function splitOfHash(hash: string): SplitName {
  const u = splitFraction(hash);
  return u < SPLIT_RATIOS.train ? 'train' : u < SPLIT_RATIOS.val ? 'val' : 'test';
}
