/** The typed client of the contract: for the browser and the command line. */
import { contract, API_PREFIX, type Contract, type RouteId } from './contract';
import { AppError, problem, type ErrorCode, type Problem } from './errors';
import type { CallInput, CallOutput, RouteContract } from './route';

export interface ClientOptions {
  /** Origin of the server; empty for the page's own. */
  baseUrl?: string;
  token?: string;
  fetch?: typeof fetch;
}
export interface CallOptions {
  signal?: AbortSignal;
  /** The same key and body get the first answer again; pass one when the call may be repeated. */
  idempotencyKey?: string;
  /** Lets the request outlive the page. */
  keepalive?: boolean;
}
export type Client = { [K in RouteId]: (input: CallInput<Contract[K]>, options?: CallOptions) => Promise<CallOutput<Contract[K]>> };

/** The address of a route, below the origin. */
export function addressOf<K extends RouteId>(id: K, input: Pick<CallInput<Contract[K]>, 'params' | 'query'>): string {
  const route: RouteContract = contract[id];
  const params = (input.params ?? {}) as Record<string, unknown>;
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries((input.query ?? {}) as Record<string, unknown>)) if (value !== undefined && value !== null) query.set(key, String(value));
  const search = query.toString();
  return `${API_PREFIX}${path}${search ? `?${search}` : ''}`;
}

/** @throws AppError with the server's problem, or `unavailable` when the server cannot be reached */
export function createClient({ baseUrl = '', token, fetch: send = fetch }: ClientOptions = {}): Client {
  const call = async (id: RouteId, input: { params?: unknown; query?: unknown; body?: unknown; contentType?: string } = {}, options: CallOptions = {}) => {
    const route: RouteContract = contract[id];
    const headers: Record<string, string> = {};
    let body: BodyInit | undefined;
    if (route.body === 'stream') {
      body = input.body as BodyInit;
      headers['content-type'] = input.contentType ?? 'application/octet-stream';
    } else if (route.body) {
      body = JSON.stringify(input.body);
      headers['content-type'] = 'application/json';
    }
    if (token) headers.authorization = `Bearer ${token}`;
    if (options.idempotencyKey) headers['idempotency-key'] = options.idempotencyKey;
    let response: Response;
    try {
      response = await send(baseUrl + addressOf(id, input as never), {
        method: route.method, headers, body, signal: options.signal, keepalive: options.keepalive, credentials: 'same-origin',
        ...(body instanceof ReadableStream && { duplex: 'half' }),
      } as RequestInit);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new AppError('unavailable', `The server cannot be reached${baseUrl ? ` at ${baseUrl}` : ''}. Check that it is running and that you are connected.`, { cause: error });
    }
    if (!response.ok) throw await errorOf(response);
    if (route.response === 'stream' || route.response === 'events') return response;
    if (route.response === 'empty') return undefined;
    return route.response.parse(await response.json());
  };
  return Object.fromEntries((Object.keys(contract) as RouteId[]).map((id) => [id, (input: never, options?: CallOptions) => call(id, input, options)])) as unknown as Client;
}

async function errorOf(response: Response): Promise<AppError> {
  let parsed: Problem | undefined;
  try {
    parsed = problem.parse(await response.json());
  } catch {
    // A proxy or a crash answered: no problem document.
  }
  if (!parsed) return new AppError(response.status === 401 ? 'unauthenticated' : response.status >= 500 ? 'unavailable' : 'internal', `The server answered ${response.status} ${response.statusText}.`);
  return new AppError(parsed.code as ErrorCode, parsed.detail, { errors: parsed.errors, extra: parsed.extra });
}
