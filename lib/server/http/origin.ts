/** Where a request came to and came from. */
import { AppError } from '@/lib/api/errors';
import { config } from '@/lib/server/config';

/** Set by the product's own server from the socket, whatever the client sent under this name. */
export const PEER_HEADER = 'x-fieldmark-peer';

const first = (value: string | null) => value?.split(',')[0]?.trim() || null;
const last = (value: string | null) => value?.split(',').at(-1)?.trim() || null;

export interface RequestOrigin {
  /** The host (and port) that the browser addressed. */
  host: string;
  secure: boolean;
  /** `https://label.example.org` */
  origin: string;
}

/** The origin as the browser sees it. What a proxy says counts only where one is trusted. */
export function originOf(request: Request): RequestOrigin {
  const { trustProxy, tls } = config();
  const { headers } = request;
  const host = (trustProxy && first(headers.get('x-forwarded-host'))) || headers.get('host') || new URL(request.url).host;
  const secure = (trustProxy && first(headers.get('x-forwarded-proto')) === 'https') || tls !== null;
  return { host: host.toLowerCase(), secure, origin: `${secure ? 'https' : 'http'}://${host.toLowerCase()}` };
}

/** The address to count attempts by: the nearest one that the client cannot choose. */
export function clientAddress(request: Request): string {
  const { headers } = request;
  return (config().trustProxy && last(headers.get('x-forwarded-for'))) || headers.get(PEER_HEADER) || 'unknown';
}

/** The address for links that people open: the configured one, or, where that is only this machine's name for itself, the one in use. */
export function linkBase(request: Request): string {
  const configured = new URL(config().url);
  return configured.hostname === 'localhost' ? originOf(request).origin : config().url;
}

/** Whether a page of this `Origin` header is the product's own. */
export function isOwnOrigin(origin: string, request: Request): boolean {
  let given: URL;
  try {
    given = new URL(origin);
  } catch {
    return false;
  }
  if (given.origin === new URL(config().url).origin) return true;
  const own = originOf(request);
  // A proxy that ends TLS without being declared makes us see http; the browser's https is then still our own page.
  return given.host === own.host && (given.protocol === 'https:' || !own.secure);
}

/**
 * Refuses what another site's page makes a browser send. `Sec-Fetch-Site` is there only in secure contexts; on plain http
 * (`http://fieldmark.test`) the `Origin` header, which browsers send with every unsafe request, says it.
 * @param required refuse also when the request carries neither: with a cookie, only browsers come, and they send one
 * @throws AppError `forbidden`
 */
export function assertSameSite(request: Request, required: boolean): void {
  const site = request.headers.get('sec-fetch-site');
  const origin = request.headers.get('origin');
  const foreign = site !== null ? site !== 'same-origin' && !(origin !== null && isOwnOrigin(origin, request)) : origin !== null ? !isOwnOrigin(origin, request) : required;
  if (foreign) {
    throw new AppError('forbidden', `This request did not come from a page of Fieldmark${origin ? ` (it came from ${origin})` : ''}. Open the address that Fieldmark was started for, or set FIELDMARK_URL to the one you use. Programs use an API token.`);
  }
}
