/** API tokens: `fm_` and 256 random bits, kept as a hash, narrowed by scopes, revocable. */
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { uuidv7 } from 'uuidv7';
import { tokenScope, type TokenScope } from '@/lib/api/permissions';
import type { Db, Prisma } from '@/lib/server/db/client';
import { randomToken, tokenHash } from './secrets';

export const TOKEN_PREFIX = 'fm_';
/** The file in the data folder with which this machine's command line signs in. */
export const CLI_TOKEN_FILE = 'cli-token';
/** `lastUsedAt` is written at most so often. */
const LAST_USED_MS = 60_000;

export type TokenRecord = Prisma.ApiTokenGetPayload<object>;

/** Makes a token; `secret` is never to be seen again. */
export async function createApiToken(db: Db, input: { userId: string; workspaceId: string; name: string; scopes: readonly TokenScope[]; days: number | null }): Promise<{ token: TokenRecord; secret: string }> {
  const secret = TOKEN_PREFIX + randomToken();
  const token = await db.apiToken.create({
    data: {
      id: uuidv7(), userId: input.userId, workspaceId: input.workspaceId, name: input.name, tokenHash: tokenHash(secret), scopes: [...new Set(input.scopes)],
      expiresAt: input.days === null ? null : new Date(Date.now() + input.days * 24 * 3600_000),
    },
  });
  return { token, secret };
}

/** The token's row while it is good, else null. Notes that it was used. */
export async function verifyApiToken(db: Db, secret: string): Promise<TokenRecord | null> {
  if (!secret.startsWith(TOKEN_PREFIX) || secret.length > 100) return null;
  const token = await db.apiToken.findUnique({ where: { tokenHash: tokenHash(secret) } });
  const now = Date.now();
  if (!token || token.revokedAt || (token.expiresAt && token.expiresAt.getTime() <= now)) return null;
  if (!token.lastUsedAt || now - token.lastUsedAt.getTime() > LAST_USED_MS) await db.apiToken.updateMany({ where: { id: token.id }, data: { lastUsedAt: new Date(now) } });
  return token;
}

/** A scope that the product no longer knows grants nothing. */
export function scopesOf(token: Pick<TokenRecord, 'scopes'>): TokenScope[] {
  return token.scopes.flatMap((s) => tokenScope.safeParse(s).data ?? []);
}

/**
 * Sees to it that the file `cli-token` in the data folder (mode 0600) holds a good token of an owner: who can read this
 * folder owns the installation anyway. Makes a new one when the file is missing or its token is gone. Without an owner
 * there is nothing to do. Gives the file's path, or null.
 */
export async function ensureLocalCliToken(db: Db, dataDir: string): Promise<string | null> {
  const file = path.join(/* turbopackIgnore: true */ dataDir, CLI_TOKEN_FILE);
  const kept = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (kept && (await verifyApiToken(db, kept))) {
    await chmod(file, 0o600);
    return file;
  }
  const owner = await db.membership.findFirst({ where: { role: 'owner', removedAt: null }, orderBy: { id: 'asc' } });
  if (!owner) {
    await rm(file, { force: true });
    return null;
  }
  const { secret } = await createApiToken(db, { userId: owner.userId, workspaceId: owner.workspaceId, name: 'Command line of the server', scopes: ['*'], days: null });
  await mkdir(dataDir, { recursive: true });
  const made = `${file}.${process.pid}.tmp`;
  await writeFile(made, `${secret}\n`, { mode: 0o600 });
  await rename(made, file);
  return file;
}
