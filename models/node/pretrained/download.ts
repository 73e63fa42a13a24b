/**
 * Files from an address that a person gives. The machine that fetches may reach what the person cannot (its own services, the
 * network it stands in, a cloud's metadata), so only addresses of the public internet are asked, unless FIELDMARK_PRIVATE_ADDRESSES
 * is 1. The address that was checked is the one connected to: a name that resolves otherwise a moment later changes nothing.
 * Redirects are followed by hand, each under the same check.
 */
import { lookup as resolve, type LookupAddress } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { ModelSourceError } from './error';

const MAX_REDIRECTS = 5;
/** Without a byte for so long, or unfinished after so long, a download is given up. */
const IDLE_MS = 30_000;
const WHOLE_MS = 15 * 60_000;

export interface DownloadOptions {
  /** Refuses more than this many bytes. */
  limit: number;
  signal?: AbortSignal;
  /** Which IP addresses may be asked. Default: those of the public internet, or all, by the setting FIELDMARK_PRIVATE_ADDRESSES. */
  allows?: (address: string) => boolean;
  idleMs?: number;
  wholeMs?: number;
}

/** What is not the public internet (IANA special-purpose registries, RFC 6890 and its updates). */
const notPublic = { 4: new BlockList(), 6: new BlockList() };
for (const [address, prefix] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.0.2.0', 24],
  ['192.88.99.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 4], ['240.0.0.0', 4],
] as const) notPublic[4].addSubnet(address, prefix, 'ipv4');
// Only 2000::/3 is given out; of it, what carries an IPv4 address inside or is for documentation.
for (const [address, prefix] of [['::', 3], ['4000::', 2], ['8000::', 1], ['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['3fff::', 20]] as const) notPublic[6].addSubnet(address, prefix, 'ipv6');

/** Whether an IP address is one of the public internet; IPv4 inside IPv6 is judged as what it is. */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return isPublicAddress(mapped);
  const family = isIP(address) as 0 | 4 | 6;
  return family !== 0 && !notPublic[family].check(address, `ipv${family}`);
}

const bySetting = (): ((address: string) => boolean) => (/^(1|true|yes)$/.test(process.env['FIELDMARK_PRIVATE_ADDRESSES']?.trim() ?? '') ? () => true : isPublicAddress);

const refusal = (host: string, address: string) =>
  new ModelSourceError(`${host === address ? host : `${host} is ${address}, which`} is an address of this machine or of its network, or of no machine: models are only fetched from the public internet. Download the model and give its folder, or allow it with FIELDMARK_PRIVATE_ADDRESSES=1.`);

/** Resolves a name to addresses of which all are allowed: one that is not is no accident. */
const lookupWhere = (allows: (address: string) => boolean): LookupFunction => (host, options, done) => {
  resolve(host, { ...options, all: true }, (error, found: LookupAddress[]) => {
    if (error) return done(error, '', 0);
    const inner = found.find(({ address }) => !allows(address));
    if (inner) return done(refusal(host, inner.address), '', 0);
    if (options.all) return done(null, found);
    done(null, found[0]!.address, found[0]!.family);
  });
};

type Limits = Required<Pick<DownloadOptions, 'allows' | 'idleMs'>>;

/** The answer of one address, its head only; redirects are not followed. */
function ask(address: URL, signal: AbortSignal, { allows, idleMs }: Limits): Promise<http.IncomingMessage> {
  return new Promise((done, fail) => {
    // A literal address is never looked up.
    const host = address.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) && !allows(host)) return fail(refusal(host, host));
    const request = (address.protocol === 'https:' ? https : http).get(address, {
      signal, agent: false, timeout: idleMs, headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'fieldmark' }, lookup: lookupWhere(allows),
    });
    let response: http.IncomingMessage | undefined;
    request.on('timeout', () => (response ?? request).destroy(new Error(`nothing came for ${idleMs / 1000} seconds`)));
    request.on('error', fail);
    request.on('response', (given) => done((response = given)));
  });
}

/** The answer behind the redirects, of at most five hops. */
async function follow(start: URL, signal: AbortSignal, options: Limits): Promise<{ address: URL; response: http.IncomingMessage }> {
  let address = start;
  for (let hops = 0; ; hops++) {
    if (address.protocol !== 'http:' && address.protocol !== 'https:') throw new ModelSourceError(`${shown(start)} leads to ${shown(address)}: only http and https are followed.`);
    if (start.protocol === 'https:' && address.protocol === 'http:') throw new ModelSourceError(`${shown(start)} leads to ${shown(address)}, away from https. Give that address itself if you trust it.`);
    const response = await ask(address, signal, options);
    const { statusCode = 0, headers: { location } } = response;
    if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) return { address, response };
    response.destroy();
    if (hops === MAX_REDIRECTS) throw new ModelSourceError(`${shown(start)} redirects more than ${MAX_REDIRECTS} times.`);
    try {
      address = new URL(location, address);
    } catch {
      throw new ModelSourceError(`${shown(address)} redirects to "${location.slice(0, 200)}", which is no address.`);
    }
  }
}

/** An address as messages show it: what stands before @ or after ? may be secret. */
const shown = ({ protocol, host, pathname }: URL): string => `${protocol}//${host}${pathname}`;

/**
 * The bytes at an http(s) address. Rejects with a `ModelSourceError` that says what is wrong: not to be reached, not allowed,
 * too large, too slow, or not there; with the signal's reason when it is aborted.
 */
export async function download(address: URL, { limit, signal, allows = bySetting(), idleMs = IDLE_MS, wholeMs = WHOLE_MS }: DownloadOptions): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const late = AbortSignal.timeout(wholeMs);
  try {
    const { response } = await follow(address, signal ? AbortSignal.any([signal, late]) : late, { allows, idleMs });
    try {
      if (response.statusCode !== 200) throw new ModelSourceError(`${shown(address)} answers ${response.statusCode} ${response.statusMessage}.`);
      const encoding = response.headers['content-encoding'] ?? 'identity';
      if (encoding !== 'identity') throw new ModelSourceError(`${shown(address)} comes packed as ${encoding}, which was not asked for. Download it and give its folder.`);
      const tooLarge = () => new ModelSourceError(`${shown(address)} has more than ${limit} bytes.`);
      if (Number(response.headers['content-length'] ?? 0) > limit) throw tooLarge();
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of response as AsyncIterable<Uint8Array>) {
        size += chunk.byteLength;
        if (size > limit) throw tooLarge();
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    } finally {
      response.destroy();
    }
  } catch (error) {
    if (error instanceof ModelSourceError) throw error;
    signal?.throwIfAborted();
    if (late.aborted) throw new ModelSourceError(`${shown(address)} did not come whole within ${wholeMs / 1000} seconds.`);
    throw new ModelSourceError(`${shown(address)} cannot be reached: ${(error as Error).message}`, { cause: error });
  }
}
