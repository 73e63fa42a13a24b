import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '@/lib/server/testing/product';
import { eventually } from '@/workers/runtime/testing/harness';
import { freePort } from './lib/network.mjs';
import { isAlive } from './lib/processes.mjs';

let dataDir: string;
let port: number;
let product: Product;
beforeAll(async () => {
  dataDir = mkdtempSync(path.join(os.tmpdir(), 'fieldmark-start-'));
  port = await freePort();
});
afterAll(async () => {
  await product?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const status = (address: string) =>
  new Promise<number>((resolve, reject) => {
    http.get(address, { agent: false }, (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0))).on('error', reject);
  });
const answers = (timeoutMs = 20_000) => eventually(async () => (await status(`http://127.0.0.1:${port}/`).catch(() => 0)) > 0, timeoutMs, 'an answer of the web process');

/** Runs the launcher to its end, for starts that are to fail. */
function startAndFail(args: string[], env: Record<string, string> = {}): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['scripts/start.mjs', ...args], { env: { ...process.env, DATABASE_URL: '', NO_COLOR: '1', ...env } });
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    child.on('exit', (code) => resolve({ code, output }));
  });
}

const query = async <T extends pg.QueryResultRow>(url: string, sql: string) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client.query<T>(sql).finally(() => client.end());
};

describe('npm start', () => {
  it('brings everything up on an empty folder and says how to get in', async () => {
    product = await startProduct({ port, dataDir });
    expect(product.url).toBe(`http://localhost:${port}`);
    expect(product.setupToken).toMatch(/^[\w-]{20,}$/);
    expect(product.output()).toContain(`${product.url}/setup?token=${product.setupToken}`);
    expect(await answers()).toBe(true);
    for (const file of ['secret', 'postgres.json']) expect(statSync(path.join(dataDir, file)).mode & 0o077, file).toBe(0);
    // The token itself is nowhere, only its hash.
    const { rows } = await query<{ tokenHash: string }>(product.databaseUrl, 'select "tokenHash" from "OneTimeLink"');
    expect(rows).toHaveLength(1);
    expect(rows[0]!.tokenHash).not.toContain(product.setupToken!);
  }, 600_000);

  it('refuses a second start on the same folder, and one on a port in use, without harm to the first', async () => {
    const same = await startAndFail(['--data', dataDir, '--port', String(await freePort())]);
    expect(same.code).toBe(1);
    expect(same.output).toMatch(new RegExp(`already running on the data folder .*process ${product.launcher.pid}, port ${port}`));
    const other = mkdtempSync(path.join(os.tmpdir(), 'fieldmark-start-'));
    const taken = await startAndFail(['--data', other, '--port', String(port)]);
    expect(taken.code).toBe(1);
    expect(taken.output).toMatch(new RegExp(`Port ${port} on 127.0.0.1 is in use.*npm start -- --port ${port + 1}`));
    expect(existsSync(path.join(other, 'fieldmark.lock'))).toBe(false);
    await rm(other, { recursive: true });
    expect(await answers()).toBe(true);
  }, 60_000);

  it('brings the web process back when it is killed', async () => {
    const { web } = await product.processes();
    process.kill(web!, 'SIGKILL');
    const back = await eventually(async () => {
      const now = (await product.processes())['web'];
      return now && now !== web ? now : null;
    });
    expect(isAlive(back)).toBe(true);
    expect(await answers()).toBe(true);
    await eventually(async () => product.output().includes('The web process is back.'), 10_000);
  }, 60_000);

  it('brings the worker and the database back when they are killed, with what was written', async () => {
    await query(product.databaseUrl, `insert into "Setting" (key, value, "updatedAt") values ('kept', 'true', now())`);
    const { worker, database } = await product.processes();
    process.kill(worker!, 'SIGKILL');
    process.kill(database!, 'SIGKILL');
    await eventually(async () => (await product.processes())['worker'] !== worker && (await product.processes()).database !== database, 30_000, 'new processes');
    const rows = await eventually(async () => (await query(product.databaseUrl, `select value from "Setting" where key = 'kept'`).catch(() => null))?.rows, 30_000, 'the database');
    expect(rows).toEqual([{ value: true }]);
    await eventually(async () => {
      const { worker: now } = await product.processes();
      const found = await query(product.databaseUrl, `select 1 from "WorkerInstance" where pid = ${now ?? 0}`).catch(() => null);
      return now !== worker && found?.rowCount === 1;
    }, 60_000, 'a worker that reports');
  }, 120_000);

  it('stops everything at Ctrl-C: no process, no lock is left', async () => {
    const pids = Object.values(await product.processes()).filter((pid): pid is number => pid !== null);
    expect(pids).toHaveLength(4);
    const began = Date.now();
    expect(await product.stop({ keep: true })).toEqual({ code: 0, signal: null });
    expect(Date.now() - began).toBeLessThan(15_000);
    for (const pid of pids) expect(isAlive(pid)).toBe(false);
    expect(existsSync(path.join(dataDir, 'fieldmark.lock'))).toBe(false);
    expect(existsSync(path.join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
  }, 60_000);

  it('starts again in less than ten seconds on an idle machine, with everything there and a new link', async () => {
    const before = product.setupToken;
    product = await startProduct({ port, dataDir });
    // Said, not asserted: tests run on machines that do other things, too.
    console.log(`Second start: ${(product.startMs / 1000).toFixed(1)} s to the ready line`);
    expect(await answers()).toBe(true);
    expect(product.setupToken).not.toBe(before);
    expect((await query(product.databaseUrl, `select value from "Setting" where key = 'kept'`)).rows).toEqual([{ value: true }]);
    const valid = await query<{ n: number }>(product.databaseUrl, `select count(*)::int n from "OneTimeLink" where "usedAt" is null and "expiresAt" > now()`);
    expect(valid.rows[0]!.n).toBe(1);
  }, 120_000);

  it('goes on after its launcher was killed: takes over the database, ends nobody twice, loses nothing', async () => {
    const { database, web, worker } = await product.processes();
    product.launcher.kill('SIGKILL');
    await eventually(async () => !isAlive(web!) && !isAlive(worker!), 20_000, 'the end of web and worker');
    expect(isAlive(database!)).toBe(true);
    product = await startProduct({ port, dataDir });
    expect(product.output()).toContain('The last run did not end properly');
    expect(product.output()).toContain('Took over the database');
    expect((await product.processes()).database).toBe(database);
    expect((await query(product.databaseUrl, `select value from "Setting" where key = 'kept'`)).rows).toEqual([{ value: true }]);
  }, 120_000);

  it('goes on after everything was killed at once, as in a power cut', async () => {
    const pids = Object.values(await product.processes()).filter((pid): pid is number => pid !== null);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await wait(300);
    product = await startProduct({ port, dataDir });
    expect((await query(product.databaseUrl, `select value from "Setting" where key = 'kept'`)).rows).toEqual([{ value: true }]);
    expect(await answers()).toBe(true);
  }, 120_000);
});

describe('npm start says what is wrong and what to do', () => {
  it.each([
    ['a port that is none', ['--port', 'http'], {}, /"http" is not a port/],
    ['an option that is none', ['--prot', '1'], {}, /Unknown option '--prot'[\s\S]*--port NUMBER/],
    ['a data folder that cannot be made', ['--data', '/dev/null/x'], {}, /\/dev\/null\/x cannot be made.*--data/],
    ['too little disk space', [], { FIELDMARK_MIN_DISK_MB: '999999999' }, /too little disk space.*needs .* MB.*Make room/],
    ['an address of another machine', ['--host', '192.0.2.1'], {}, /cannot listen on 192\.0\.2\.1.*--host/],
    ['a setting that cannot be', [], { S3_ENDPOINT: 'ftp://x' }, /S3_ENDPOINT is "ftp:\/\/x" but must be an address/],
    ['a database that is away', [], { DATABASE_URL: 'postgresql://a:b@127.0.0.1:9/c' }, /127\.0\.0\.1:9 cannot be used.*Check DATABASE_URL/],
  ])('%s', async (_what, args, env, message) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'fieldmark-start-'));
    const { code, output } = await startAndFail(['--data', folder, '--port', String(await freePort()), ...args], env);
    expect(output).toMatch(message);
    expect(output).not.toMatch(/\n {4}at /); // no stack
    expect(code).toBe(1);
    expect(existsSync(path.join(folder, 'fieldmark.lock'))).toBe(false);
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('a certificate that cannot be read', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'fieldmark-start-'));
    writeFileSync(path.join(folder, 'bad.pem'), 'no certificate');
    const env = { FIELDMARK_TLS_CERT: path.join(folder, 'bad.pem'), FIELDMARK_TLS_KEY: path.join(folder, 'bad.pem'), FIELDMARK_WORKERS: '0' };
    const { code, output } = await startAndFail(['--data', folder, '--port', String(await freePort())], env);
    expect(output).toMatch(/certificate cannot be used.*bad\.pem/);
    expect(code).toBe(1);
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('a Node.js that is too old', async () => {
    const { default: node } = await import('./node.cjs');
    expect(node.problem('20.18.3')).toMatch(/20\.19 or newer is needed; this is 20\.18\.3.*nodejs\.org/);
    for (const old of ['0.12.18', '16.20.2', '18.20.0']) expect(node.problem(old)).not.toBeNull();
    for (const good of ['20.19.0', '22.1.0', '24.0.0']) expect(node.problem(good)).toBeNull();
    // An old one has to be able to read what says so: no import of a name it lacks, no newer syntax, and nothing before it.
    const source = readFileSync('scripts/node.cjs', 'utf8').replace(/\/\*[^]*?\*\//g, '');
    expect(source).not.toMatch(/^import |=>|\?\?|\?\.|`|\bconst\b|\blet\b/m);
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    for (const name of ['start', 'test', 'test:long', 'bench', 'build']) expect(scripts[name]).toMatch(/^node scripts\/node\.cjs \w+/);
  });

  it('prints its help', async () => {
    const { code, output } = await startAndFail(['--help']);
    expect(code).toBe(0);
    expect(output).toContain('--demo');
  });
});

describe('the lock of a data folder', () => {
  it('is taken by one of many that try, and again after a crash', async () => {
    const { takeLock } = await import('./lib/lock.mjs');
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'fieldmark-lock-')), 'lock');
    const first = takeLock(file, { port: 1 });
    expect(first.stale).toBe(false);
    expect(takeLock(file).holder).toMatchObject({ pid: process.pid, port: 1 });
    first.release!();
    expect(existsSync(file)).toBe(false);
    // Held by a process that is no more; by one whose number another process has now; by rubbish.
    for (const left of [JSON.stringify({ pid: 2 ** 22 - 1 }), JSON.stringify({ pid: process.pid, born: '1' }), 'rubbish']) {
      writeFileSync(file, left);
      const taken = takeLock(file);
      expect(taken.stale).toBe(true);
      expect(JSON.parse(readFileSync(file, 'utf8')).pid).toBe(process.pid);
      taken.release!();
    }
    await rm(path.dirname(file), { recursive: true });
  });

  it('is held by another machine as long as that touches it', async () => {
    const { takeLock } = await import('./lib/lock.mjs');
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'fieldmark-lock-')), 'lock');
    // Its process has a number that runs here, too, and means nothing.
    writeFileSync(file, JSON.stringify({ host: 'another-machine', pid: 1 }));
    expect(takeLock(file).holder).toMatchObject({ host: 'another-machine' });
    const past = new Date(Date.now() - 60_000);
    utimesSync(file, past, past);
    const taken = takeLock(file);
    expect(taken.stale).toBe(true);
    taken.release!();
    await rm(path.dirname(file), { recursive: true });
  });
});

describe('ports', () => {
  it('are found free or in use', async () => {
    const { portProblem } = await import('./lib/network.mjs');
    const server = net.createServer();
    const used = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port)));
    expect(await portProblem('127.0.0.1', used)).toBe('EADDRINUSE');
    await new Promise((resolve) => server.close(resolve));
    expect(await portProblem('127.0.0.1', used)).toBeNull();
  });
});
