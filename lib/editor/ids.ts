import { uuidv7 } from 'uuidv7';

/**
 * A new UUID version 7. It needs `crypto.getRandomValues` only, which browsers also have on pages over plain http, unlike
 * `crypto.randomUUID`.
 */
export function newId(): string {
  return uuidv7();
}
