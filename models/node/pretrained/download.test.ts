import http, { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import https from 'node:https';
import { type AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { download, isPublicAddress } from './download';
import { ModelSourceError } from './error';

let server: Server | null = null;
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  server?.closeAllConnections();
  server?.close();
  server = null;
});

/** A server of this machine that answers so; gives its address. */
async function serve(listener: RequestListener): Promise<URL> {
  server = createServer(listener);
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const here = { limit: 1000, allows: () => true };

describe('addresses', () => {
  it.each(['127.0.0.1', '127.255.0.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1', '224.0.0.1', '255.255.255.255',
    '::1', '::', '::ffff:127.0.0.1', '::ffff:7f00:1', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1', '64:ff9b::7f00:1', '2002:7f00:1::', 'name', ''])('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
  it.each(['1.1.1.1', '8.8.8.8', '172.32.0.1', '172.15.255.255', '192.167.0.1', '100.63.0.1', '100.128.0.1', '::ffff:8.8.8.8', '2606:4700::1111', '2a00:1450::1'])('%s is', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
  it('of private blocks are all refused', () => {
    const byte = fc.nat(255);
    fc.assert(fc.property(byte, byte, byte, fc.constantFrom('10', '127', '0'), (a, b, c, first) => !isPublicAddress(`${first}.${a}.${b}.${c}`)));
    fc.assert(fc.property(byte, byte, (a, b) => !isPublicAddress(`192.168.${a}.${b}`) && !isPublicAddress(`169.254.${a}.${b}`)));
  });
});

describe('this machine and its network', () => {
  it('are not asked, by number or by name, however they are written', async () => {
    let asked = 0;
    const { port } = await serve((_, response) => {
      asked++;
      response.end('secret');
    });
    for (const host of ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0']) {
      const refused = download(new URL(`http://${host}:${port}/`), { limit: 1000 });
      await expect(refused, host).rejects.toBeInstanceOf(ModelSourceError);
      await expect(refused, host).rejects.toThrow('FIELDMARK_PRIVATE_ADDRESSES=1');
    }
    expect(asked).toBe(0);
  });

  it('are where the setting allows it', async () => {
    const address = await serve((_, response) => response.end('model'));
    vi.stubEnv('FIELDMARK_PRIVATE_ADDRESSES', '1');
    expect(text(await download(address, { limit: 1000 }))).toBe('model');
    expect(text(await download(new URL(`http://localhost:${address.port}/`), { limit: 1000 }))).toBe('model');
    vi.stubEnv('FIELDMARK_PRIVATE_ADDRESSES', '0');
    await expect(download(address, { limit: 1000 })).rejects.toThrow('FIELDMARK_PRIVATE_ADDRESSES=1');
  });
});

describe('redirects', () => {
  const to = (location: (n: number) => string): RequestListener => (request: IncomingMessage, response: ServerResponse) => {
    const n = Number(request.url!.slice(1));
    if (n === 0) response.end('there');
    else response.writeHead(n % 2 ? 302 : 308, { location: location(n - 1) }).end();
  };

  it('are followed five times, relative ones too', async () => {
    const address = await serve(to((n) => `/${n}`));
    expect(text(await download(new URL('/5', address), here))).toBe('there');
    await expect(download(new URL('/6', address), here)).rejects.toThrow('redirects more than 5 times');
  });

  it('are under the same check at every hop, by number and by name', async () => {
    let asked = 0;
    const address = await serve((request, response) => {
      asked++;
      if (request.url === '/number') response.writeHead(302, { location: `http://127.0.0.2:${request.socket.localPort}/inner` }).end();
      else if (request.url === '/name') response.writeHead(302, { location: `http://localhost:${request.socket.localPort}/inner` }).end();
      else response.end('secret');
    });
    const only = (wanted: string) => ({ limit: 1000, allows: (ip: string) => ip === wanted });
    await expect(download(new URL('/number', address), only('127.0.0.1'))).rejects.toThrow('127.0.0.2 is an address of this machine');
    const byName = new URL(`http://127.0.0.1:${address.port}/name`);
    let first = true;
    await expect(download(byName, { limit: 1000, allows: () => first && !(first = false) })).rejects.toThrow(/localhost is (127\.0\.0\.1|::1), which is an address of this machine/);
    expect(asked).toBe(2);
  });

  it('do not lead away from https', async () => {
    const address = await serve(to((n) => (n === 2 ? '/2' : `http://127.0.0.1:${address.port}/${n}`)));
    // In place of a server with a certificate: what is asked by https goes to the same server.
    const asked: string[] = [];
    vi.spyOn(https, 'get').mockImplementation(((url: URL, options: http.RequestOptions) => {
      asked.push(url.pathname);
      return http.get(new URL(url.pathname, address), options);
    }) as typeof https.get);
    const secure = (path: string) => new URL(path, 'https://127.0.0.1/');
    await expect(download(secure('/3'), here)).rejects.toThrow(/^https:\/\/127\.0\.0\.1\/3 leads to http:\/\/127\.0\.0\.1:\d+\/1, away from https\./);
    expect(asked).toEqual(['/3', '/2']);
    // Within https, and from http on, they are followed.
    expect(text(await download(secure('/0'), here))).toBe('there');
    expect(text(await download(new URL('/1', address), here))).toBe('there');
  });

  it('lead to http and https alone', async () => {
    for (const location of ['file:///etc/passwd', 'ftp://example.org/x', 'data:text/plain,x']) {
      const address = await serve(to(() => location));
      await expect(download(new URL('/1', address), here)).rejects.toThrow('only http and https are followed');
      server!.close();
    }
    const nowhere = await serve(to(() => 'http://['));
    await expect(download(new URL('/1', nowhere), here)).rejects.toThrow('which is no address');
  });
});

describe('answers', () => {
  it('are bounded, whether they say their size or not', async () => {
    const declared = await serve((_, response) => response.end(Buffer.alloc(1001)));
    await expect(download(declared, here)).rejects.toThrow('has more than 1000 bytes');
    expect(await download(declared, { ...here, limit: 1001 })).toHaveLength(1001);
    server!.close();
    let sent = 0;
    const endless = await serve((_, response) => {
      const timer = setInterval(() => {
        sent += 300;
        response.write(Buffer.alloc(300));
      }, 1);
      response.on('close', () => clearInterval(timer));
    });
    await expect(download(endless, here)).rejects.toThrow('has more than 1000 bytes');
    expect(sent).toBeLessThan(1e6);
  });

  it('that do not come are given up, and those that never end', async () => {
    const silent = await serve(() => undefined);
    await expect(download(silent, { ...here, idleMs: 50 })).rejects.toThrow('nothing came for 0.05 seconds');
    server!.closeAllConnections();
    server!.close();
    const stalled = await serve((_, response) => void response.write('half'));
    await expect(download(stalled, { ...here, idleMs: 50 })).rejects.toThrow('nothing came for 0.05 seconds');
    await expect(download(stalled, { ...here, wholeMs: 50 })).rejects.toThrow('did not come whole within 0.05 seconds');
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 30);
    await expect(download(stalled, { ...here, signal: abort.signal })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('other than the file are refused, and messages keep what follows the question mark', async () => {
    const address = await serve((request, response) => {
      if (request.url!.startsWith('/packed')) response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
      else response.writeHead(403).end();
    });
    await expect(download(new URL('/a?key=hidden', address), here)).rejects.toThrow(/\/a answers 403 Forbidden\.$/);
    await expect(download(new URL('/packed', address), here)).rejects.toThrow('packed as gzip');
    server!.close();
    await expect(download(address, here)).rejects.toThrow('cannot be reached');
  });
});
