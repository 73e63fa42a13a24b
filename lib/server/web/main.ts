/**
 * The web process: Next.js behind the product's own HTTP or HTTPS server. Bodies reach the routes as they come (no
 * proxy reads them first), and a shutdown lets running requests finish.
 */
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import type { NextServerOptions } from 'next/dist/server/next';
import pg from 'pg';
import { config, type Config } from '@/lib/server/config';
import { assertSchemaKnown } from '@/lib/server/db/migrations';
import { restoreContentLength } from '@/lib/server/http/contentLength';
import { PEER_HEADER } from '@/lib/server/http/origin';
import { logger } from '@/lib/server/log';
import { runShutdown } from './lifecycle';

/** How long running requests may take to finish at a shutdown. */
const DRAIN_MS = 4000;
const root = process.env['FIELDMARK_ROOT'] ?? process.cwd();
const log = logger('web');

/** Next.js with the settings of its build, which spares it to read next.config.js again. */
async function prepareNext(settings: Config) {
  const built = path.join(root, '.next', 'required-server-files.json');
  if (!existsSync(built)) throw new Error('The pages are not built. Run npm run build, or npm start, which does it.');
  const { config: conf } = JSON.parse(readFileSync(built, 'utf8')) as { config: NextServerOptions['conf'] };
  process.env['__NEXT_PRIVATE_STANDALONE_CONFIG'] = JSON.stringify(conf);
  const { default: next } = await import('next');
  const app = next({ dev: false, dir: root, hostname: settings.host, port: settings.port, quiet: true });
  await app.prepare();
  return app;
}

function createServer(settings: Config, handler: http.RequestListener): http.Server {
  const limits = {
    // An upload of many gigabytes over a slow line takes hours; only silence ends it.
    requestTimeout: 0,
    headersTimeout: 30_000,
    keepAliveTimeout: 65_000,
    noDelay: true,
  };
  if (!settings.tls) return http.createServer(limits, handler);
  try {
    return https.createServer({ ...limits, cert: readFileSync(settings.tls.certPath), key: readFileSync(settings.tls.keyPath) }, handler);
  } catch (error) {
    throw new Error(`The certificate cannot be used (FIELDMARK_TLS_CERT ${settings.tls.certPath}, FIELDMARK_TLS_KEY ${settings.tls.keyPath}): ${(error as Error).message}`, { cause: error });
  }
}

async function checkSchema(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 15_000 });
  await client.connect();
  try {
    await assertSchemaKnown(client);
  } finally {
    await client.end();
  }
}

function listen(server: http.Server, settings: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new Error(`Port ${settings.port} is in use by another program.`) : error);
    });
    server.listen(settings.port, settings.host, resolve);
  });
}

async function main(): Promise<void> {
  const settings = config();
  if (!settings.databaseUrl) throw new Error('DATABASE_URL is not set: start Fieldmark with npm start, or set it.');
  const [app] = await Promise.all([prepareNext(settings), checkSchema(settings.databaseUrl)]);
  const handle = app.getRequestHandler();
  const upgrade = app.getUpgradeHandler();
  const server = createServer(settings, (request, response) => {
    // Attempts to sign in are counted by where they come from, which the client must not choose.
    request.headers[PEER_HEADER] = request.socket.remoteAddress;
    restoreContentLength(response);
    handle(request, response).catch((err: unknown) => {
      log.error({ err, path: request.url?.split('?')[0] }, 'A request failed');
      if (!response.headersSent) response.writeHead(500, { 'Content-Type': 'text/plain' });
      response.end();
    });
  });
  server.on('upgrade', (request, socket, head) => {
    upgrade(request, socket, head).catch(() => socket.destroy());
  });

  let stopping = false;
  const stop = async (reason: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, 'Stopping');
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    // Event streams never end by themselves: whoever is left after the drain is cut off and comes back later.
    const drain = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    await closed;
    clearTimeout(drain);
    const failed = await runShutdown();
    await app.close().catch(() => undefined);
    if (failed.length > 0) log.warn({ failed }, 'Not everything closed in time');
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('disconnect', () => void stop('the launcher is gone'));

  await listen(server, settings);
  log.info({ url: settings.url, pid: process.pid, rss: process.memoryUsage().rss }, 'Serving');
  process.send?.({ type: 'ready' });
}

process.title = 'fieldmark-web';
main().catch((err: unknown) => {
  log.fatal({ err }, 'The web process cannot start');
  if (process.send) process.send({ type: 'error', message: (err as Error).message }, undefined, undefined, () => process.exit(1));
  else process.exit(1);
});
