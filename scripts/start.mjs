/**
 * `npm start`: brings the whole product up on this machine and keeps it running. Plain Node.js: it installs what is
 * missing, builds what changed, starts PostgreSQL, applies migrations, starts the web process and the workers.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { fork } from 'node:child_process';
import { hostname, networkInterfaces } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { checkNode, checkSpace, ensureInstalled } from './lib/install.mjs';
import { FOREIGN_MS, lockFile, takeLock } from './lib/lock.mjs';
import { portProblem } from './lib/network.mjs';
import { bold, dim, fail, green, say, seconds, step, UserError, yellow } from './lib/output.mjs';
import { inRoot, root } from './lib/paths.mjs';
import { until } from './lib/processes.mjs';

const USAGE = `npm start [-- options]

Starts Fieldmark on this machine. The first start installs and builds; later ones take seconds.

  --demo          also make a demo project with pictures that the product draws
  --port NUMBER   port to listen on (FIELDMARK_PORT, 4400)
  --host ADDRESS  address to listen on (FIELDMARK_HOST, 127.0.0.1; 0.0.0.0 lets other machines in)
  --data FOLDER   folder of all state (FIELDMARK_DATA, .data)
  --prepare-only  install, build and migrate, then end
  --help          this text

Settings are environment variables (a file .env is read, too): docs/configuration.md describes them all.
`;

const OPTIONS = {
  demo: { type: 'boolean' }, port: { type: 'string' }, host: { type: 'string' }, data: { type: 'string' },
  'prepare-only': { type: 'boolean' }, help: { type: 'boolean', short: 'h' },
};

function readArguments() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    throw new UserError(`${error.message.split('. ')[0]}.\n\n${USAGE}`);
  }
}

/** The environment for all processes: the file .env, the caller's, the options; paths absolute. */
function readSettings(options) {
  if (existsSync(inRoot('.env'))) process.loadEnvFile(inRoot('.env'));
  const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', FIELDMARK_ROOT: root };
  if (options.port !== undefined) env.FIELDMARK_PORT = options.port;
  if (options.host !== undefined) env.FIELDMARK_HOST = options.host;
  env.FIELDMARK_DATA = path.resolve(options.data ?? (env.FIELDMARK_DATA || inRoot('.data')));
  const port = Number(env.FIELDMARK_PORT || 4400);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new UserError(`"${env.FIELDMARK_PORT}" is not a port: give a number from 1 to 65535 (--port or FIELDMARK_PORT).`);
  const count = (name, otherwise) => (/^\d+$/.test(env[name] ?? '') ? Number(env[name]) : otherwise);
  const scheme = env.FIELDMARK_TLS_CERT ? 'https' : 'http';
  return {
    env, port,
    host: env.FIELDMARK_HOST || '127.0.0.1',
    url: env.FIELDMARK_URL || `${scheme}://localhost:${port}`,
    dataDir: env.FIELDMARK_DATA,
    sharesFolder: Boolean(env.DATABASE_URL),
    web: !['0', 'false', 'no'].includes(env.FIELDMARK_WEB ?? ''),
    workers: count('FIELDMARK_WORKERS', 1),
    minDiskBytes: count('FIELDMARK_MIN_DISK_MB', 500) * 1e6,
  };
}

function openDataFolder(dataDir) {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new UserError(`The data folder ${dataDir} cannot be made: ${error.message}. Choose another with --data or FIELDMARK_DATA.`);
  }
}

/**
 * One Fieldmark at a time on a data folder that holds the database; where that is elsewhere, one of each machine that shares
 * the folder. The command line looks there for the address.
 */
async function lockDataFolder({ dataDir, port, url, sharesFolder }) {
  const take = () => takeLock(lockFile(dataDir, sharesFolder), { port, url });
  let lock = take();
  if (lock.holder && lock.holder.host !== hostname()) {
    // A machine that was switched off leaves its lock behind, and does not touch it any more.
    await step(`Looking whether ${lock.holder.host} still runs Fieldmark on this folder`, () => until(() => !(lock = take()).holder, FOREIGN_MS + 5000, 1000));
  }
  if (lock.holder) {
    const { host, pid, port: itsPort } = lock.holder;
    throw new UserError(
      `Fieldmark is already running on the data folder ${dataDir} (${host === hostname() ? '' : `on ${host}, `}process ${pid}, port ${itsPort}). ` +
        'Use that one, stop it with Ctrl-C in its terminal, or start another with --data FOLDER and --port NUMBER.',
    );
  }
  if (lock.stale) say(yellow('The last run did not end properly; going on from what it left.'));
  return lock;
}

/** The port must be free. After a crash of the launcher its web process may need a moment to notice and end. */
async function checkPort(host, port, patient) {
  let problem = null;
  await until(async () => (problem = await portProblem(host, port)) !== 'EADDRINUSE', patient ? 15_000 : 0, 250);
  if (problem === null) return;
  if (problem === 'EADDRINUSE') throw new UserError(`Port ${port} on ${host} is in use by another program. Stop it, or choose another port: npm start -- --port ${port + 1}`);
  if (problem === 'EACCES') throw new UserError(`Port ${port} may not be used by this account. Choose one above 1023: npm start -- --port 4400`);
  throw new UserError(`Fieldmark cannot listen on ${host} (${problem}): the address is not one of this machine. Check --host or FIELDMARK_HOST.`);
}

/** Runs dist/prepare.js: migrations, storage check, set-up link. Returns `{ url, setupToken }`. */
function prepare(env, demo) {
  return new Promise((resolve, reject) => {
    const child = fork(inRoot('dist', 'prepare.js'), demo ? ['--demo'] : [], { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let answer = null;
    let errors = '';
    child.stderr.on('data', (chunk) => { errors = (errors + chunk).slice(-4000); });
    child.on('message', (message) => {
      if (message.type === 'note') say(dim(`  ${message.text}`));
      else answer = message;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (answer?.type === 'ready') resolve(answer);
      else reject(new UserError(answer?.message ?? `Preparing the database failed (exit code ${code}).\n${errors}`));
    });
  });
}

async function startDatabase(settings) {
  if (settings.env.DATABASE_URL) return null;
  const { EmbeddedPostgres } = await import('./lib/postgres.mjs');
  const server = new EmbeddedPostgres(settings.dataDir);
  const fresh = !existsSync(path.join(settings.dataDir, 'postgres'));
  const { url, adopted } = fresh ? await step('Making the database', () => server.start()) : await server.start();
  if (adopted) say(dim('  Took over the database that was still running.'));
  settings.env.DATABASE_URL = url;
  return server;
}

/** Starts the database again when it dies under us. */
function watchDatabase(server, isStopping) {
  if (!server) return () => undefined;
  let busy = false;
  const timer = setInterval(async () => {
    if (busy || isStopping() || server.alive) return;
    busy = true;
    say(yellow('The database ended; starting it again.'));
    try {
      await server.start();
    } catch (error) {
      fail(error);
    }
    busy = false;
  }, 1000);
  return () => clearInterval(timer);
}

/** The addresses other machines reach this one by. */
function networkAddresses(scheme, port) {
  const all = Object.values(networkInterfaces()).flat().filter((one) => one && !one.internal && one.family === 'IPv4');
  return all.map(({ address }) => `${scheme}//${address}:${port}`);
}

function announce({ url, setupToken }, { host, port }, beganAt) {
  say('');
  const signIn = setupToken
    ? `Make the owner's account with this one-time link: ${bold(`${url}/setup?token=${setupToken}`)}`
    : 'Sign in with your e-mail address and password (forgotten: npx fieldmark user reset-password EMAIL).';
  say(`${green('●')} Fieldmark is ready: ${bold(url)} ${dim(`(${seconds(Date.now() - beganAt)}; Ctrl-C stops it)`)} ${signIn}`);
  if (['0.0.0.0', '::'].includes(host)) say(`  On the network: ${networkAddresses(new URL(url).protocol, port).join('  ')}`);
}

/** Tests start the product as a child process, and ask which processes there are to kill. */
function tellTests(ready, databaseUrl, running, database) {
  if (!process.send) return;
  process.send({ ...ready, type: 'ready', databaseUrl });
  process.on('message', (message) => {
    if (message?.type !== 'processes') return;
    process.send({ type: 'processes', processes: { launcher: process.pid, database: database?.pid ?? null, ...Object.fromEntries(running.map((one) => [one.name, one.pid])) } });
  });
}

async function main() {
  const beganAt = Date.now();
  checkNode();
  const options = readArguments();
  if (options.help) return void process.stdout.write(USAGE);
  const settings = readSettings(options);
  const { dataDir, host, port, env } = settings;
  openDataFolder(dataDir);
  checkSpace(dataDir, settings.minDiskBytes, 'Fieldmark');
  const lock = await lockDataFolder(settings);

  const running = [];
  let database = null;
  let stopWatch = () => undefined;
  let stopping = null;
  const stop = (code) => (stopping ??= (async () => {
    stopWatch();
    await Promise.all(running.map((one) => one.stop()));
    await database?.stop();
    lock.release();
    process.exit(code);
  })());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (!stopping && signal !== 'SIGHUP') say('\nStopping …');
      void stop(0);
    });
  }
  process.on('uncaughtException', (error) => {
    fail(error);
    void stop(1);
  });

  try {
    if (settings.web) await checkPort(host, port, lock.stale);
    await ensureInstalled();
    await build({ checkTypes: false });
    database = await startDatabase(settings);
    const ready = await prepare(env, options.demo ?? false);
    if (options['prepare-only']) return void (await stop(0));

    const { Supervised } = await import('./lib/supervisor.mjs');
    const common = { env, cwd: root, logFolder: settings.sharesFolder ? path.join(dataDir, 'logs', hostname()) : path.join(dataDir, 'logs') };
    if (settings.web) running.push(new Supervised({ ...common, name: 'web', entry: inRoot('dist', 'web.js'), env: { ...env, UV_THREADPOOL_SIZE: env.UV_THREADPOOL_SIZE ?? '8' } }));
    for (let n = 1; n <= settings.workers; n++) running.push(new Supervised({ ...common, name: settings.workers === 1 ? 'worker' : `worker-${n}`, entry: inRoot('dist', 'worker.js') }));
    await Promise.all(running.map((one) => one.start()));
    if (stopping) return;
    stopWatch = watchDatabase(database, () => stopping !== null);
    if (settings.web) announce(ready, settings, beganAt);
    else say(`${green('●')} Working through jobs of ${new URL(env.DATABASE_URL).hostname}.`);
    tellTests(ready, env.DATABASE_URL, running, database);
  } catch (error) {
    if (stopping) return;
    fail(error);
    await stop(1);
  }
}

main().catch((error) => {
  fail(error);
  process.exitCode = 1;
});
