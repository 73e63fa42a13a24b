/** People of the workspace: the first owner, invitations, roles, passwords, tokens. */
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { AppError } from '@/lib/api/errors';
import { permissions, type Role, type TokenScope } from '@/lib/api/permissions';
import type * as contract from '@/lib/api/routes/people';
import { sessionOf } from '@/lib/server/auth/auth';
import { badLink, consumeLink, createInviteLink, createPasswordLink, findLink, type LinkRecord } from '@/lib/server/auth/links';
import { hashPassword, verifyPassword } from '@/lib/server/auth/password';
import { createApiToken, ensureLocalCliToken, scopesOf, type TokenRecord } from '@/lib/server/auth/tokens';
import { config } from '@/lib/server/config';
import { db, type Db, type Prisma } from '@/lib/server/db/client';
import type { Principal } from '@/lib/server/http/handler';
import { FailureLimiter } from '@/lib/server/http/limiter';
import { logger } from '@/lib/server/log';
import { inTransaction, lockName, type Tx } from '@/lib/server/repositories/transaction';
import { startRequestedDemo } from './demo';
import { pageOfRows } from './paging';

type MemberRow = z.input<typeof contract.updateMember.response>;
type Membership = Prisma.MembershipGetPayload<{ include: { user: true } }>;

// Accounts ------------------------------------------------------------------------------------------------------------

interface Account {
  name: string;
  email: string;
  password: string;
}

async function createUser(tx: Tx, account: Account, hash: string): Promise<string> {
  const id = uuidv7();
  await tx.user.create({ data: { id, name: account.name, email: account.email } });
  await tx.account.create({ data: { id: uuidv7(), userId: id, accountId: id, providerId: 'credential', password: hash } });
  return id;
}

/** Everybody signed in as this person is signed out, but for one session when it is named. */
async function setPassword(tx: Tx, userId: string, hash: string, keptSession?: string): Promise<void> {
  const { count } = await tx.account.updateMany({ where: { userId, providerId: 'credential' }, data: { password: hash } });
  if (count === 0) await tx.account.create({ data: { id: uuidv7(), userId, accountId: userId, providerId: 'credential', password: hash } });
  await tx.session.deleteMany({ where: { userId, ...(keptSession && { id: { not: keptSession } }) } });
}

/** Whether there is an owner yet, and whether this token would make one. */
export async function setupState(token: string | undefined): Promise<{ needsOwner: boolean; tokenValid: boolean }> {
  const needsOwner = (await db().membership.count({ where: { role: 'owner', removedAt: null } })) === 0;
  return { needsOwner, tokenValid: needsOwner && token !== undefined && (await findLink(db(), token, ['setup'])) !== null };
}

/** Makes workspace and owner. Of several that come at once with a good token, one succeeds. */
export async function setUp(input: Account & { token: string; workspace: string }): Promise<{ email: string }> {
  if (!(await findLink(db(), input.token, ['setup']))) throw badLink();
  const hash = await hashPassword(input.password);
  await inTransaction(db(), async (tx) => {
    await lockName(tx, 'setup');
    if ((await tx.membership.count({ where: { role: 'owner', removedAt: null } })) > 0) throw new AppError('gone', 'This installation has an owner already. Sign in, or ask for an invitation.');
    await consumeLink(tx, input.token, 'setup');
    const workspace = await tx.workspace.create({ data: { id: uuidv7(), name: input.workspace } });
    const userId = await createUser(tx, input, hash);
    await tx.membership.create({ data: { id: uuidv7(), workspaceId: workspace.id, userId, role: 'owner' } });
  });
  // A start with --demo has waited for a workspace; a worker that starts would see to it too.
  await startRequestedDemo(db()).catch((err: unknown) => logger('people').warn({ err }, 'The demo project could not be asked for'));
  // The command line of this machine can work from now on; the next start would see to it too.
  await ensureLocalCliToken(db(), config().dataDir).catch((err: unknown) => logger('people').warn({ err }, 'The token file of the command line could not be written'));
  return { email: input.email };
}

/** What a link is for, as its page shows it. */
export async function lookup(token: string): Promise<{ kind: LinkRecord['kind']; workspace: string; role: Role | null; email: string | null }> {
  const link = await findLink(db(), token);
  if (!link) throw badLink();
  return { kind: link.kind, workspace: link.workspace?.name ?? '', role: link.role, email: link.email };
}

/** Joins with an invitation. Whoever was taken out comes back only by an invitation made for their address. */
export async function acceptInvitation(input: Account & { token: string }): Promise<{ email: string }> {
  if (!(await findLink(db(), input.token, ['invite']))) throw badLink();
  const hash = await hashPassword(input.password);
  await inTransaction(db(), async (tx) => {
    const link = await consumeLink(tx, input.token, 'invite');
    if (!link.workspaceId || !link.role) throw badLink();
    if (link.email && link.email !== input.email) throw new AppError('invalid', `This invitation is for ${link.email}.`, { errors: [{ path: 'email', message: `must be ${link.email}` }] });
    const known = await tx.user.findUnique({ where: { email: input.email }, include: { memberships: { where: { workspaceId: link.workspaceId } } } });
    const membership = known?.memberships[0];
    if (known && membership?.removedAt === null) throw new AppError('conflict', `${input.email} is a member already. Sign in; an owner can make a link for a new password.`);
    if (known && link.email !== input.email) throw new AppError('conflict', `There is an account of ${input.email}. Ask for an invitation that is made for this address.`);
    if (!known) {
      const userId = await createUser(tx, input, hash);
      await tx.membership.create({ data: { id: uuidv7(), workspaceId: link.workspaceId, userId, role: link.role } });
      return;
    }
    await tx.user.update({ where: { id: known.id }, data: { name: input.name } });
    await setPassword(tx, known.id, hash);
    await tx.membership.upsert({
      where: { workspaceId_userId: { workspaceId: link.workspaceId, userId: known.id } },
      create: { id: uuidv7(), workspaceId: link.workspaceId, userId: known.id, role: link.role },
      update: { role: link.role, removedAt: null },
    });
  });
  return { email: input.email };
}

/** Sets a new password with a link; everybody signed in as this person is signed out. */
export async function resetPassword(token: string, password: string): Promise<{ email: string }> {
  if (!(await findLink(db(), token, ['reset']))) throw badLink();
  const hash = await hashPassword(password);
  return inTransaction(db(), async (tx) => {
    const link = await consumeLink(tx, token, 'reset');
    const user = link.userId && (await tx.user.findUnique({ where: { id: link.userId } }));
    if (!user) throw badLink();
    await setPassword(tx, user.id, hash);
    return { email: user.email };
  });
}

/** For the command line of the server: a link for whoever has this address. @throws AppError `not-found` */
export async function createResetLink(client: Db, email: string): Promise<{ token: string; expiresAt: Date; email: string; name: string }> {
  const user = await client.user.findUnique({ where: { email: email.trim().toLowerCase() }, include: { memberships: { where: { removedAt: null } } } });
  const membership = user?.memberships[0];
  if (!user || !membership) throw new AppError('not-found', `Nobody here has the address ${email}. Look for it under Members.`);
  const made = await createPasswordLink(client, { userId: user.id, email: user.email, workspaceId: membership.workspaceId, createdById: null });
  return { ...made, email: user.email, name: user.name };
}

// Me ------------------------------------------------------------------------------------------------------------------

export async function me(who: Principal, secureCookies: boolean): Promise<z.input<typeof contract.me.response>> {
  const workspace = await db().workspace.findUniqueOrThrow({ where: { id: who.workspaceId } });
  return {
    user: { id: who.userId, name: who.name, email: who.email },
    workspace: { id: workspace.id, name: workspace.name },
    role: who.role, permissions: permissions.filter((p) => who.may(p)), secureCookies,
  };
}

export async function rename(who: Principal, name: string): Promise<void> {
  await db().user.update({ where: { id: who.userId }, data: { name } });
}

/** Wrong current passwords of one person: whoever found an open browser does not try many. */
const wrongPasswords = new FailureLimiter(10, 'with a password that is not right');

/** Sets a new password. Other browsers of this person are signed out; API tokens stay good, each can be revoked by itself. */
export async function changePassword(who: Principal, input: { current: string; password: string }, request: Request): Promise<void> {
  if (!who.scopes.includes('*')) throw new AppError('forbidden', 'An API token with narrowed scopes does not change the password. Sign in to do that.');
  wrongPasswords.check(who.userId);
  const account = await db().account.findFirst({ where: { userId: who.userId, providerId: 'credential' } });
  if (!account?.password || !(await verifyPassword(account.password, input.current))) {
    wrongPasswords.fail(who.userId);
    throw new AppError('invalid', 'The current password is not right. Nothing was changed.', { errors: [{ path: 'current', message: 'is not right' }] });
  }
  const hash = await hashPassword(input.password);
  const session = await sessionOf(request);
  await inTransaction(db(), async (tx) => {
    await setPassword(tx, who.userId, hash, session?.sessionId);
    await tx.oneTimeLink.deleteMany({ where: { kind: 'reset', userId: who.userId, usedAt: null } });
  });
}

// Members -------------------------------------------------------------------------------------------------------------

const toMember = (m: Membership): MemberRow => ({
  id: m.id, userId: m.userId, name: m.user.name, email: m.user.email, role: m.role, joinedAt: m.createdAt.toISOString(), lastSeenAt: m.user.lastSeenAt?.toISOString() ?? null,
});

export async function members(who: Principal, page: { cursor?: string; limit: number }) {
  const rows = await db().membership.findMany({
    where: { workspaceId: who.workspaceId, removedAt: null, ...(page.cursor && { id: { gt: page.cursor } }) }, include: { user: true }, orderBy: { id: 'asc' }, take: page.limit + 1,
  });
  const shown = pageOfRows(rows, page.limit, (m) => m.id);
  return { items: shown.rows.map(toMember), next: shown.next };
}

async function requireMember(tx: Db, who: Principal, id: string): Promise<Membership> {
  const membership = await tx.membership.findUnique({ where: { id }, include: { user: true } });
  if (!membership || membership.workspaceId !== who.workspaceId || membership.removedAt) throw new AppError('not-found', 'There is no such member in your workspace.');
  return membership;
}

/** A workspace always has an owner. */
async function assertOwnerLeft(tx: Tx, membership: Membership): Promise<void> {
  if (membership.role !== 'owner') return;
  const others = await tx.membership.count({ where: { workspaceId: membership.workspaceId, role: 'owner', removedAt: null, id: { not: membership.id } } });
  if (others === 0) throw new AppError('conflict', `${membership.user.name} is the only owner. Make someone else an owner first.`);
}

export function changeRole(who: Principal, id: string, role: Role): Promise<MemberRow> {
  return inTransaction(db(), async (tx) => {
    await lockName(tx, `members:${who.workspaceId}`);
    const membership = await requireMember(tx, who, id);
    if (role !== 'owner') await assertOwnerLeft(tx, membership);
    return toMember(await tx.membership.update({ where: { id }, data: { role }, include: { user: true } }));
  });
}

/** Takes a person out: sessions end, tokens are revoked, what they labelled stays. */
export function removeMember(who: Principal, id: string): Promise<void> {
  return inTransaction(db(), async (tx) => {
    await lockName(tx, `members:${who.workspaceId}`);
    const membership = await requireMember(tx, who, id);
    await assertOwnerLeft(tx, membership);
    const now = new Date();
    await tx.membership.update({ where: { id }, data: { removedAt: now } });
    await tx.session.deleteMany({ where: { userId: membership.userId } });
    await tx.apiToken.updateMany({ where: { userId: membership.userId, workspaceId: who.workspaceId, revokedAt: null }, data: { revokedAt: now } });
    await tx.oneTimeLink.deleteMany({ where: { kind: 'reset', userId: membership.userId, usedAt: null } });
  });
}

export async function resetLinkFor(who: Principal, id: string, base: string): Promise<{ url: string; expiresAt: string }> {
  const membership = await requireMember(db(), who, id);
  const { token, expiresAt } = await createPasswordLink(db(), { userId: membership.userId, email: membership.user.email, workspaceId: who.workspaceId, createdById: who.userId });
  return { url: `${base}/reset?token=${token}`, expiresAt: expiresAt.toISOString() };
}

// Invitations ---------------------------------------------------------------------------------------------------------

const toInvitation = (l: Prisma.OneTimeLinkGetPayload<object>) => ({
  id: l.id, role: l.role ?? 'viewer', email: l.email, createdAt: l.createdAt.toISOString(), expiresAt: l.expiresAt.toISOString(), usedAt: l.usedAt?.toISOString() ?? null,
});

export async function invitations(who: Principal, page: { cursor?: string; limit: number }) {
  const rows = await db().oneTimeLink.findMany({
    where: { workspaceId: who.workspaceId, kind: 'invite', ...(page.cursor && { id: { lt: page.cursor } }) }, orderBy: { id: 'desc' }, take: page.limit + 1,
  });
  const shown = pageOfRows(rows, page.limit, (l) => l.id);
  return { items: shown.rows.map(toInvitation), next: shown.next };
}

export async function invite(who: Principal, input: { role: Exclude<Role, 'owner'>; email?: string; days: number }, base: string) {
  if (input.email) {
    const member = await db().membership.findFirst({ where: { workspaceId: who.workspaceId, removedAt: null, user: { email: input.email } } });
    if (member) throw new AppError('conflict', `${input.email} is a member already.`);
  }
  const { token, link } = await createInviteLink(db(), { workspaceId: who.workspaceId, role: input.role, email: input.email ?? null, createdById: who.userId, days: input.days });
  return { ...toInvitation(link), url: `${base}/join?token=${token}` };
}

export async function revokeInvitation(who: Principal, id: string): Promise<void> {
  const { count } = await db().oneTimeLink.deleteMany({ where: { id, workspaceId: who.workspaceId, kind: 'invite', usedAt: null } });
  if (count === 0) throw new AppError('not-found', 'There is no such open invitation.');
}

// Tokens --------------------------------------------------------------------------------------------------------------

const toToken = (t: TokenRecord) => ({
  id: t.id, name: t.name, scopes: scopesOf(t), createdAt: t.createdAt.toISOString(), lastUsedAt: t.lastUsedAt?.toISOString() ?? null, expiresAt: t.expiresAt?.toISOString() ?? null,
});

export async function tokens(who: Principal, page: { cursor?: string; limit: number }) {
  const rows = await db().apiToken.findMany({
    where: { userId: who.userId, workspaceId: who.workspaceId, revokedAt: null, ...(page.cursor && { id: { lt: page.cursor } }) }, orderBy: { id: 'desc' }, take: page.limit + 1,
  });
  const shown = pageOfRows(rows, page.limit, (t) => t.id);
  return { items: shown.rows.map(toToken), next: shown.next };
}

/** A token makes none that may more than it may itself. */
export async function createToken(who: Principal, input: { name: string; scopes: TokenScope[]; days: number | null }) {
  const beyond = who.scopes.includes('*') ? [] : input.scopes.filter((s) => !who.scopes.includes(s));
  if (beyond.length > 0) throw new AppError('forbidden', `This API token cannot make one that may more than itself: ${beyond.join(', ')}.`);
  const { token, secret } = await createApiToken(db(), { userId: who.userId, workspaceId: who.workspaceId, ...input });
  return { ...toToken(token), secret };
}

export async function revokeToken(who: Principal, id: string): Promise<void> {
  const { count } = await db().apiToken.updateMany({ where: { id, userId: who.userId, revokedAt: null }, data: { revokedAt: new Date() } });
  if (count === 0) throw new AppError('not-found', 'You have no such API token.');
}
