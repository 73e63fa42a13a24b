import { AppError } from '@/lib/api/errors';
import { may, type Role, type TokenScope } from '@/lib/api/permissions';
import { db } from '@/lib/server/db/client';
import type { Principal } from '@/lib/server/http/handler';
import { sessionOf } from './auth';
import { scopesOf, verifyApiToken } from './tokens';

/** `lastSeenAt` is written at most so often. */
const LAST_SEEN_MS = 5 * 60_000;

export interface Authenticated {
  who: Principal;
  /** A cookie came by itself, whoever made the request; a token was put there by a program. */
  by: 'cookie' | 'token';
  setCookie: string[];
}

async function principalOf(userId: string, workspaceId: string | null, scopes: readonly TokenScope[]): Promise<Principal | null> {
  const membership = await db().membership.findFirst({
    where: { userId, removedAt: null, ...(workspaceId && { workspaceId }) },
    include: { user: { select: { name: true, email: true, lastSeenAt: true } } },
    orderBy: { id: 'asc' },
  });
  if (!membership) return null;
  const { user } = membership;
  const role = membership.role as Role;
  if (!user.lastSeenAt || Date.now() - user.lastSeenAt.getTime() > LAST_SEEN_MS) await db().user.updateMany({ where: { id: userId }, data: { lastSeenAt: new Date() } });
  return { userId, name: user.name, email: user.email, workspaceId: membership.workspaceId, role, scopes, may: (permission) => may(role, permission, scopes) };
}

/**
 * Who makes this request: by API token when there is an `Authorization` header, else by the session's cookie. Null when
 * it carries neither.
 * @throws AppError `unauthenticated` when it carries a token that is not good, `forbidden` when the person is out
 */
export async function authenticate(request: Request): Promise<Authenticated | null> {
  const header = request.headers.get('authorization');
  if (header !== null) {
    const [scheme, secret] = header.split(/\s+/, 2);
    if (scheme?.toLowerCase() !== 'bearer' || !secret) throw new AppError('unauthenticated', 'The Authorization header must be "Bearer" and an API token.');
    const token = await verifyApiToken(db(), secret);
    const who = token && (await principalOf(token.userId, token.workspaceId, scopesOf(token)));
    if (!who) throw new AppError('unauthenticated', 'This API token is not good: it was revoked, has expired, or never existed. Make a new one under Account.');
    return { who, by: 'token', setCookie: [] };
  }
  const session = await sessionOf(request);
  if (!session) return null;
  const who = await principalOf(session.userId, null, ['*']);
  if (!who) throw new AppError('forbidden', 'You are no longer a member of this workspace. Ask an owner for an invitation.');
  return { who, by: 'cookie', setCookie: session.setCookie };
}
