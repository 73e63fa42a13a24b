import { createSetupLink } from '@/lib/server/auth/links';
import { ensureLocalCliToken } from '@/lib/server/auth/tokens';
import type { PrismaClient } from '@/lib/server/db/client';

/**
 * How a person gets in: while there is no owner, the token of a fresh one-time set-up link; afterwards `null`, and the
 * command line of this machine has its token file.
 */
export async function signIn(db: PrismaClient, dataDir: string): Promise<string | null> {
  const owners = await db.membership.count({ where: { role: 'owner', removedAt: null } });
  if (owners === 0) return createSetupLink(db);
  await ensureLocalCliToken(db, dataDir);
  return null;
}
