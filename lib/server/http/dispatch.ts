/**
 * From a request to a handler and back: the address is found in the contract, the person is known and may do it, the
 * input is checked, and every failure is a problem document (RFC 9457).
 */
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { API_PREFIX, type RouteId } from '@/lib/api/contract';
import { AppError } from '@/lib/api/errors';
import type { RouteContract } from '@/lib/api/route';
import { authenticate, type Authenticated } from '@/lib/server/auth/principal';
import { config } from '@/lib/server/config';
import { logger } from '@/lib/server/log';
import { assertStorable, limitedStream, readJson } from './body';
import { keepContentLength } from './contentLength';
import { toAppError } from './errors';
import type { Handlers, Principal, RequestContext } from './handler';
import { once } from './idempotency';
import { FailureLimiter } from './limiter';
import { assertSameSite, clientAddress } from './origin';
import { matchRoute } from './routeTable';
import { secureHeaders } from './secureHeaders';

const log = logger('http');
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Routes that take a one-time token from whoever comes. */
const LINK_ROUTES = new Set<RouteId>(['setup', 'acceptInvitation', 'resetPassword', 'lookupInvitation']);

type AnyHandler = (input: { params: unknown; query: unknown; body: unknown }, ctx: RequestContext) => Promise<unknown>;

export type Dispatcher = (request: Request) => Promise<Response>;

/** Makes the dispatcher of these handlers. The product has one (`dispatch` in ./index). */
export function createDispatcher(handlers: Handlers): Dispatcher {
  const links = new FailureLimiter(30, 'with links that are not good');

  return async function dispatch(request) {
    const requestId = uuidv7();
    const began = performance.now();
    const path = new URL(request.url).pathname;
    let response: Response;
    try {
      response = await answer(request, requestId, path);
    } catch (error) {
      response = problemOf(error, requestId, path);
    }
    response.headers.set('x-request-id', requestId);
    secureHeaders(response.headers);
    keepContentLength(response.headers);
    log.debug({ method: request.method, path, status: response.status, ms: Math.round(performance.now() - began), requestId }, 'request');
    return request.method === 'HEAD' ? new Response(null, response) : response;
  };

  async function answer(request: Request, requestId: string, fullPath: string): Promise<Response> {
    const path = fullPath.startsWith(API_PREFIX) ? fullPath.slice(API_PREFIX.length) : fullPath;
    const match = find(request.method, path);
    if (match.kind === 'none') throw new AppError('not-found', `There is no ${fullPath} in this interface. ${API_PREFIX}/openapi.json lists what there is.`);
    if (match.kind === 'method') {
      const allow = match.allow.includes('GET') ? ['HEAD', ...match.allow] : match.allow;
      const status = request.method === 'OPTIONS' ? 204 : 405;
      const problem = { ...new AppError('invalid', `${fullPath} takes ${match.allow.join(', ')}, not ${request.method}.`).toProblem(requestId), status: 405, title: 'method not allowed' };
      return new Response(status === 204 ? null : JSON.stringify(problem), { status, headers: { allow: allow.join(', '), ...(status === 405 && { 'content-type': 'application/problem+json' }) } });
    }
    const { id, route } = match;
    const auth = route.permission === 'public' ? null : await permitted(request, route);
    if (route.permission === 'public' && !SAFE.has(request.method)) assertSameSite(request, false);

    const params = check(route.params, match.params, 'address');
    const query = check(route.query, queryOf(request), 'query');
    const { body, text } = await bodyOf(route, request);
    const ctx: RequestContext = { who: (auth?.who ?? null) as unknown as Principal, request, requestId };
    const run = async (): Promise<{ status: number; body: unknown } | Response> => {
      const result = await (handlers[id] as unknown as AnyHandler)({ params, query, body }, ctx);
      if (result instanceof Response) return result;
      if (route.response === 'empty') return { status: 204, body: undefined };
      return { status: 200, body: checkedResponse(id, route, result) };
    };

    const key = route.idempotent ? request.headers.get('idempotency-key') : null;
    let result: Awaited<ReturnType<typeof run>> & { replayed?: boolean };
    if (LINK_ROUTES.has(id)) result = await limited(links, clientAddress(request), run);
    else if (key && auth) result = await once({ userId: auth.who.userId, key, route: id, request: `${path}\n${text}` }, run as () => Promise<{ status: number; body: unknown }>);
    else result = await run();

    const response = result instanceof Response ? result : toResponse(result.status, result.body);
    if (!(result instanceof Response) && result.replayed) response.headers.set('idempotency-replayed', 'true');
    for (const cookie of auth?.setCookie ?? []) response.headers.append('set-cookie', cookie);
    return response;
  }
}

function find(method: string, path: string) {
  try {
    return matchRoute(method, path);
  } catch (error) {
    throw new AppError('invalid', 'The address is not well encoded.', { cause: error });
  }
}

async function permitted(request: Request, route: RouteContract): Promise<Authenticated> {
  const auth = await authenticate(request);
  if (!auth) throw new AppError('unauthenticated', 'Sign in first, or send an API token as "Authorization: Bearer fm_…".');
  if (auth.by === 'cookie' && !SAFE.has(request.method)) assertSameSite(request, true);
  if (!auth.who.may(route.permission)) {
    const byScope = auth.by === 'token' && !auth.who.scopes.includes('*');
    throw new AppError('forbidden', `This needs the permission "${route.permission}", which ${byScope ? 'this API token does not have' : `a ${auth.who.role} does not have. Ask an owner or manager`}.`, { extra: { permission: route.permission, role: auth.who.role } });
  }
  return auth;
}

function queryOf(request: Request): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [key, value] of new URL(request.url).searchParams) values[key] ??= value;
  return values;
}

function check(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (!schema) return undefined;
  assertStorable(value, '');
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw AppError.fromZod(parsed.error, where);
  return parsed.data;
}

async function bodyOf(route: RouteContract, request: Request): Promise<{ body: unknown; text: string }> {
  if (!route.body) return { body: undefined, text: '' };
  if (route.body === 'stream') return { body: limitedStream(request, config().limits.maxUploadBytes), text: '' };
  const { value, text } = await readJson(request);
  const parsed = route.body.safeParse(value);
  if (!parsed.success) throw AppError.fromZod(parsed.error, 'body');
  return { body: parsed.data, text };
}

/** Outside production every answer is held against the contract, so that tests find what the client would refuse. */
function checkedResponse(id: RouteId, route: RouteContract, result: unknown): unknown {
  if (process.env.NODE_ENV === 'production' || typeof route.response === 'string') return result;
  const parsed = route.response.safeParse(result);
  if (!parsed.success) throw new Error(`The answer of "${id}" breaks the contract: ${z.prettifyError(parsed.error)}`);
  return result;
}

async function limited<T>(limiter: FailureLimiter, key: string, run: () => Promise<T>): Promise<T> {
  limiter.check(key);
  try {
    return await run();
  } catch (error) {
    if (error instanceof AppError && error.code === 'gone') limiter.fail(key);
    throw error;
  }
}

function toResponse(status: number, body: unknown): Response {
  if (status === 204) return new Response(null, { status });
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json; charset=utf-8' } });
}

function problemOf(error: unknown, requestId: string, path: string): Response {
  const known = toAppError(error);
  if (known.code === 'internal') log.error({ err: error, requestId, path }, 'A request failed');
  return new Response(JSON.stringify(known.toProblem(requestId)), {
    status: known.status,
    headers: { 'content-type': 'application/problem+json', ...(known.code === 'unauthenticated' && { 'www-authenticate': 'Bearer' }), ...(known.code === 'too-many-requests' && { 'retry-after': '60' }) },
  });
}
