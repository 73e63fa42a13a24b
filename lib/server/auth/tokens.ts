import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { uuidv7 } from 'uuidv7';
import type { Db } from '@/lib/server/db/client';
import { hashToken } from './links';

/** Where the command line of this machine finds its token. */
export const cliTokenFile = (dataDir: string): string => path.join(dataDir, 'cli-token');

function kept(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/**
 * Sees that the file of this machine's command line (mode 0600) holds a token that is good: who may read the data folder
 * of the server acts as its first owner. Does nothing while there is no owner.
 */
export async function ensureLocalCliToken(db: Db, dataDir: string): Promise<void> {
  const owner = await db.membership.findFirst({ where: { role: 'owner', removedAt: null }, orderBy: { createdAt: 'asc' } });
  if (!owner) return;
  const file = cliTokenFile(dataDir);
  const present = kept(file);
  if (present) {
    const row = await db.apiToken.findUnique({ where: { tokenHash: hashToken(present) } });
    if (row && !row.revokedAt && (!row.expiresAt || row.expiresAt > new Date())) return;
  }
  const token = `fm_${randomBytes(32).toString('base64url')}`;
  await db.apiToken.create({
    data: { id: uuidv7(), userId: owner.userId, workspaceId: owner.workspaceId, name: 'Command line on this machine', tokenHash: hashToken(token), scopes: ['*'] },
  });
  writeFileSync(`${file}.new`, `${token}\n`, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}
