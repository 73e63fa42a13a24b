/**
 * Sign-in by better-auth: email and password, sessions in the database, a cookie. Accounts come only from set-up,
 * invitations and password links (services/people.ts); its own sign-up is off.
 */
import { betterAuth } from 'better-auth';
import { APIError } from 'better-auth/api';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { uuidv7 } from 'uuidv7';
import { AppError } from '@/lib/api/errors';
import { config, secret } from '@/lib/server/config';
import { db, type PrismaClient } from '@/lib/server/db/client';
import { logger } from '@/lib/server/log';
import { assertSameSite, clientAddress, isOwnOrigin, originOf } from '@/lib/server/http/origin';
import { secureHeaders } from '@/lib/server/http/secureHeaders';
import { hashPassword, verifyPassword } from './password';

const BASE_PATH = '/api/auth';
/** Better-auth has many more; what is not here does not exist. */
const PATHS = new Set(['/sign-in/email', '/sign-out', '/get-session', '/list-sessions', '/revoke-session', '/revoke-sessions', '/revoke-other-sessions']);
const ADDRESS_HEADER = 'x-fieldmark-address';
const SESSION_DAYS = 30;

function create(client: PrismaClient, secure: boolean) {
  return betterAuth({
    appName: 'Fieldmark',
    baseURL: config().url,
    basePath: BASE_PATH,
    secret: secret(config()),
    database: prismaAdapter(client, { provider: 'postgresql' }),
    telemetry: { enabled: false },
    logger: { level: 'error', log: (level, message) => logger('auth')[level === 'error' ? 'warn' : 'debug'](message) },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: 10,
      maxPasswordLength: 200,
      password: { hash: hashPassword, verify: ({ hash, password }) => verifyPassword(hash, password) },
    },
    session: { expiresIn: SESSION_DAYS * 24 * 3600, updateAge: 24 * 3600 },
    // A name on the local network is as good as the configured address: a page of another name has another Origin, and
    // no page can make a browser send a Host that is not its target's.
    trustedOrigins: (request) => {
      const origin = request?.headers.get('origin');
      return origin && isOwnOrigin(origin, request!) ? [origin] : [];
    },
    // A lab behind one address signs in at nine o'clock.
    rateLimit: { enabled: true, storage: 'memory', window: 10, max: 100, customRules: { '/sign-in/email': { window: 60, max: 30 } } },
    advanced: {
      cookiePrefix: 'fieldmark',
      useSecureCookies: secure,
      database: { generateId: () => uuidv7() },
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
    },
    databaseHooks: {
      session: {
        create: {
          before: async (session) => {
            const member = await client.membership.findFirst({ where: { userId: session.userId, removedAt: null } });
            if (!member) throw new APIError('FORBIDDEN', { code: 'NO_MEMBER', message: 'You are no longer a member of this workspace.', detail: 'You are no longer a member of this workspace. Ask an owner for an invitation.' });
          },
        },
      },
    },
  });
}
type Auth = ReturnType<typeof create>;

const instances = new WeakMap<PrismaClient, Partial<Record<'plain' | 'secure', Auth>>>();

/** The instance for plain or encrypted requests: they differ in the cookie's name and its `Secure` mark. */
export function authFor(secure: boolean, client: PrismaClient = db()): Auth {
  const made = instances.get(client) ?? {};
  instances.set(client, made);
  return (made[secure ? 'secure' : 'plain'] ??= create(client, secure));
}

/** Everything below /api/auth. */
export async function handleAuth(request: Request): Promise<Response> {
  const { secure } = originOf(request);
  const url = new URL(request.url);
  const endpoint = url.pathname.slice(BASE_PATH.length);
  try {
    if (!PATHS.has(endpoint)) throw new AppError('not-found', `There is nothing at ${url.pathname}.`);
    if (request.method !== 'GET') assertSameSite(request, request.headers.has('cookie'));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return secured(Response.json(error.toProblem(), { status: error.status, headers: { 'content-type': 'application/problem+json' } }));
  }
  const headers = new Headers(request.headers);
  headers.set(ADDRESS_HEADER, clientAddress(request));
  return secured(await authFor(secure).handler(new Request(request, { headers })));
}

function secured(response: Response): Response {
  secureHeaders(response.headers);
  return response;
}

export interface SessionState {
  sessionId: string;
  userId: string;
  /** To be sent with the answer: a session in use goes on. */
  setCookie: string[];
}

/** The session of the request's cookie, or null. */
export async function sessionOf(request: Request): Promise<SessionState | null> {
  if (!request.headers.get('cookie')?.includes('fieldmark.session_token')) return null;
  const { secure } = originOf(request);
  const { response, headers } = await authFor(secure).api.getSession({ headers: request.headers, returnHeaders: true });
  if (!response) return null;
  return { sessionId: response.session.id, userId: response.user.id, setCookie: headers.getSetCookie() };
}
