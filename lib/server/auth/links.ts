import { createHash, randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { Db } from '@/lib/server/db/client';

const SETUP_LINK_DAYS = 30;

/** What is kept of a link's or an API token's secret. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** Makes the one-time link with which the first owner is created, ending those before it. Returns its token. */
export async function createSetupLink(db: Db): Promise<string> {
  const token = randomBytes(24).toString('base64url');
  const now = new Date();
  await db.oneTimeLink.updateMany({ where: { kind: 'setup', usedAt: null, expiresAt: { gt: now } }, data: { expiresAt: now } });
  await db.oneTimeLink.create({
    data: { id: uuidv7(), kind: 'setup', tokenHash: hashToken(token), expiresAt: new Date(now.getTime() + SETUP_LINK_DAYS * 24 * 3600 * 1000) },
  });
  return token;
}
