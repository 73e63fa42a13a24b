import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { binaries, EmbeddedPostgres } from './lib/postgres.mjs';
import { isAlive } from './lib/processes.mjs';

let base: string;
let server: EmbeddedPostgres;
beforeEach(() => {
  base = mkdtempSync(path.join(os.tmpdir(), 'fieldmark-pg-'));
  chmodSync(base, 0o755);
  server = new EmbeddedPostgres(base, { flags: { fsync: 'off' } });
});
afterEach(async () => {
  await server.stop();
  await rm(base, { recursive: true, force: true });
});

async function ask<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return (await client.query<T>(sql).finally(() => client.end())).rows;
}

describe('the embedded PostgreSQL', () => {
  it('is made, asks for its password, speaks UTF-8 and only to this machine', async () => {
    expect(await server.start()).toMatchObject({ made: true, adopted: false });
    const url = server.url('postgres');
    const [row] = await ask(url, `select current_setting('server_encoding') enc, current_setting('listen_addresses') addr, current_setting('data_checksums') sums, 'ß' < 'z' as order`);
    expect(row).toEqual({ enc: 'UTF8', addr: '127.0.0.1', sums: 'on', order: false });
    const wrong = new URL(url);
    wrong.password = 'x';
    await expect(ask(wrong.toString(), 'select 1')).rejects.toThrow(/password authentication failed/);
    expect(statSync(path.join(base, 'postgres.json')).mode & 0o077).toBe(0);
    expect(existsSync(path.join(base, 'postgres.password'))).toBe(false);
  });

  it('is adopted while it runs, and started again, with its data, when it was killed', async () => {
    await server.start();
    await ask(server.url('postgres'), 'create table kept as select 1 as a');
    const again = new EmbeddedPostgres(base);
    expect(await again.start()).toMatchObject({ made: false, adopted: true });
    expect(again.pid).toBe(server.pid);
    const pid = server.pid!;
    process.kill(pid, 'SIGKILL');
    expect(await again.start()).toMatchObject({ made: false, adopted: false });
    expect(again.pid).not.toBe(pid);
    expect(await ask(again.url('postgres'), 'select a from kept')).toEqual([{ a: 1 }]);
    await again.stop();
    expect(isAlive(again.pid ?? -1)).toBe(false);
  });

  it('begins anew where a first start was interrupted', async () => {
    mkdirSync(path.join(base, 'postgres.new', 'base'), { recursive: true });
    writeFileSync(path.join(base, 'postgres.new', 'PG_VERSION'), '18\n');
    expect(await server.start()).toMatchObject({ made: true });
    expect(existsSync(path.join(base, 'postgres.new'))).toBe(false);
  });

  it('takes another port when its own is in use meanwhile', async () => {
    await server.start();
    await server.stop();
    const { createServer } = await import('node:net');
    const port = JSON.parse(readFileSync(path.join(base, 'postgres.json'), 'utf8')).port as number;
    const other = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    await server.start();
    expect(JSON.parse(readFileSync(path.join(base, 'postgres.json'), 'utf8')).port).not.toBe(port);
    expect(await ask(server.url('postgres'), 'select 1 as a')).toEqual([{ a: 1 }]);
    await new Promise((resolve) => other.close(resolve));
  });

  it('does not take a stranger with the number of an old server for it', async () => {
    await server.start();
    await server.stop();
    writeFileSync(path.join(base, 'postgres', 'postmaster.pid'), `${process.pid}\n${base}/postgres\n0\n1\n\n127.0.0.1\n\nready\n`);
    expect(server.alive).toBe(false);
  });

  it('says which file is missing when its password is', async () => {
    await server.start();
    await server.stop();
    await rm(path.join(base, 'postgres.json'));
    await expect(new EmbeddedPostgres(base).start()).rejects.toThrow(/postgres\.json is missing.*restore it from a backup/);
  });

  it('runs as another account also below folders that are closed to it, program and data', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('only root starts PostgreSQL as another account');
    const closed = path.join(base, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const bin = await binaries();
    const native = path.resolve(path.dirname(bin.postgres), '..');
    execFileSync('cp', ['-a', native, path.join(closed, 'native')]);
    const moved = Object.fromEntries(Object.entries(bin).map(([name, file]) => [name, path.join(closed, 'native', path.relative(native, file))]));
    const hidden = new EmbeddedPostgres(path.join(closed, 'data'), { flags: { fsync: 'off' }, bin: moved as typeof bin });
    try {
      expect(await hidden.start()).toMatchObject({ made: true });
      expect(await ask(hidden.url('postgres'), `select current_setting('data_directory') d`)).toEqual([{ d: path.join(closed, 'data', 'postgres') }]);
      const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${hidden.pid}/status`, 'utf8'))?.[1];
      expect(uid).not.toBe('0');
      expect(statSync(closed).mode & 0o777).toBe(0o700);
    } finally {
      await hidden.stop();
    }
  });
});
