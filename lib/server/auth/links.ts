/** One-time links: set-up, invitations, new passwords. The token is shown once; only its hash is kept. */
import { uuidv7 } from 'uuidv7';
import { AppError } from '@/lib/api/errors';
import type { Role } from '@/lib/api/permissions';
import type { Db, Prisma } from '@/lib/server/db/client';
import { randomToken, tokenHash } from './secrets';

export type LinkRecord = Prisma.OneTimeLinkGetPayload<{ include: { workspace: true } }>;
const DAY = 24 * 3600_000;
/** A set-up link is replaced at each start as long as nobody used one. */
const SETUP_DAYS = 30;
export const RESET_HOURS = 24;

/** Makes the set-up link that the start prints, and takes back the ones before it. Gives the token. */
export async function createSetupLink(db: Db): Promise<string> {
  const token = randomToken();
  await db.oneTimeLink.deleteMany({ where: { kind: 'setup' } });
  await db.oneTimeLink.create({ data: { id: uuidv7(), kind: 'setup', tokenHash: tokenHash(token), expiresAt: new Date(Date.now() + SETUP_DAYS * DAY) } });
  return token;
}

export async function createInviteLink(db: Db, input: { workspaceId: string; role: Role; email: string | null; createdById: string; days: number }): Promise<{ token: string; link: LinkRecord }> {
  const token = randomToken();
  const link = await db.oneTimeLink.create({
    data: {
      id: uuidv7(), kind: 'invite', tokenHash: tokenHash(token), workspaceId: input.workspaceId, role: input.role, email: input.email,
      createdById: input.createdById, expiresAt: new Date(Date.now() + input.days * DAY),
    },
    include: { workspace: true },
  });
  return { token, link };
}

/** A new link for this person; the ones before it are taken back. */
export async function createPasswordLink(db: Db, input: { userId: string; email: string; workspaceId: string | null; createdById: string | null }): Promise<{ token: string; expiresAt: Date }> {
  const token = randomToken();
  const expiresAt = new Date(Date.now() + RESET_HOURS * 3600_000);
  await db.oneTimeLink.deleteMany({ where: { kind: 'reset', userId: input.userId, usedAt: null } });
  await db.oneTimeLink.create({ data: { id: uuidv7(), kind: 'reset', tokenHash: tokenHash(token), expiresAt, ...input } });
  return { token, expiresAt };
}

/** The link of this token while it can be used, else null. */
export async function findLink(db: Db, token: string, kinds: readonly LinkRecord['kind'][] = ['setup', 'invite', 'reset']): Promise<LinkRecord | null> {
  const link = await db.oneTimeLink.findUnique({ where: { tokenHash: tokenHash(token) }, include: { workspace: true } });
  return link && link.usedAt === null && link.expiresAt > new Date() && kinds.includes(link.kind) ? link : null;
}

/** Uses a link up. Of two that come at once, one gets it. @throws AppError `gone` */
export async function consumeLink(tx: Db, token: string, kind: LinkRecord['kind']): Promise<LinkRecord> {
  const link = await findLink(tx, token, [kind]);
  const taken = link && (await tx.oneTimeLink.updateMany({ where: { id: link.id, usedAt: null }, data: { usedAt: new Date() } })).count === 1;
  if (!link || !taken) throw badLink();
  return link;
}

export function badLink(): AppError {
  return new AppError('gone', 'This link is not good: it was used, has expired, or was replaced by a newer one. Ask an owner for a new one (for the set-up link: start Fieldmark again).');
}
