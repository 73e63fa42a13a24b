import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits as text that fits a link. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a token: its SHA-256. Tokens are random, so that no salt and no slow hash is needed. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
