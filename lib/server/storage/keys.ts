/** The longest key both stores take: S3 allows 1024 bytes, a file name 255. */
const MAX_KEY = 900;
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._=+@-]{0,199}$/;

/** The object asked for does not exist. */
export class ObjectNotFoundError extends Error {
  constructor(readonly key: string) {
    super(`There is no stored object "${key}".`);
    this.name = 'ObjectNotFoundError';
  }
}

/** The key is not one this product writes: empty, absolute, with `..`, hidden, or with unusual characters. */
export class InvalidKeyError extends Error {
  constructor(readonly key: string) {
    super(
      `"${key.slice(0, 80)}" is not a valid object key: use segments of letters, digits and . _ - = + @ ` +
        `joined by "/", each beginning with a letter, digit or "_".`,
    );
    this.name = 'InvalidKeyError';
  }
}

/**
 * Throws `InvalidKeyError` unless the key is a relative path that no file system or S3 server reads differently:
 * ASCII segments, none of them empty, hidden (`.tmp`) or a traversal (`..`).
 */
export function assertKey(key: string): void {
  if (key.length === 0 || key.length > MAX_KEY) throw new InvalidKeyError(key);
  for (const segment of key.split('/')) if (!SEGMENT.test(segment)) throw new InvalidKeyError(key);
}

/** Throws `InvalidKeyError` unless `prefix` is '' or the beginning of a possible key. */
export function assertPrefix(prefix: string): void {
  if (prefix === '') return;
  if (prefix.length > MAX_KEY) throw new InvalidKeyError(prefix);
  const segments = prefix.split('/');
  const last = segments.pop();
  for (const segment of segments) if (!SEGMENT.test(segment)) throw new InvalidKeyError(prefix);
  if (last && !SEGMENT.test(last)) throw new InvalidKeyError(prefix);
}

/** Throws `RangeError` unless the range is of whole, ordered, non-negative byte positions. */
export function assertRange(range: { start: number; end?: number }): void {
  const { start, end } = range;
  if (!Number.isSafeInteger(start) || start < 0) throw new RangeError(`A byte range begins at a whole number ≥ 0, not ${start}.`);
  if (end !== undefined && (!Number.isSafeInteger(end) || end <= start)) {
    throw new RangeError(`A byte range ends after it begins: [${start}, ${end}).`);
  }
}
