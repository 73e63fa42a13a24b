import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { keepContentLength, restoreContentLength } from './contentLength';

let server: http.Server;
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** Answers as Next.js does: with every header of the route's answer but its length. */
async function ask(answer: Response, encoding?: string): Promise<{ headers: http.IncomingHttpHeaders; body: string }> {
  keepContentLength(answer.headers);
  server = http.createServer((_, response) => {
    restoreContentLength(response);
    answer.headers.forEach((value, name) => name !== 'content-length' && response.appendHeader(name, value));
    if (encoding) response.setHeader('content-encoding', encoding);
    Readable.fromWeb(answer.body as never).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new Promise((resolve, reject) => {
    http.get({ port: (server.address() as AddressInfo).port, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text)).on('end', () => resolve({ headers: response.headers, body }));
    }).on('error', reject);
  });
}

describe('the length of an answer', () => {
  it('arrives although Next.js drops it, and nothing of how', async () => {
    const { headers, body } = await ask(new Response('twelve bytes', { headers: { 'content-length': '12' } }));
    expect(body).toBe('twelve bytes');
    expect(headers['content-length']).toBe('12');
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(Object.keys(headers).filter((name) => name.startsWith('x-'))).toEqual([]);
  });

  it('is left out when the body was compressed on the way, or none was stated', async () => {
    const compressed = await ask(new Response('shorter', { headers: { 'content-length': '12' } }), 'gzip');
    expect(compressed.headers['content-length']).toBeUndefined();
    await new Promise((resolve) => server.close(resolve));
    const open = await ask(new Response('of any length'));
    expect(open).toMatchObject({ body: 'of any length', headers: { 'transfer-encoding': 'chunked' } });
  });
});
