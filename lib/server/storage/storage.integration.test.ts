/**
 * One suite for both stores: what it asks of files on disk it asks of a real S3 server. Give one by S3_TEST_ENDPOINT
 * (with S3_TEST_ACCESS_KEY and S3_TEST_SECRET_KEY).
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { Client } from 'minio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DiskStore, InvalidKeyError, ObjectNotFoundError, S3Store, withLocalFile, type ObjectStore } from '.';

interface Opened {
  store: ObjectStore;
  /** A second store object on the same data, as another process has it. */
  again: () => ObjectStore;
  close: () => Promise<void>;
}

async function openDisk(): Promise<Opened> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-store-'));
  return { store: new DiskStore(folder), again: () => new DiskStore(folder), close: () => rm(folder, { recursive: true, force: true }) };
}

const endpoint = process.env['S3_TEST_ENDPOINT'];
async function openS3(): Promise<Opened> {
  const options = {
    endpoint: new URL(endpoint!),
    accessKey: process.env['S3_TEST_ACCESS_KEY'] ?? 'minio',
    secretKey: process.env['S3_TEST_SECRET_KEY'] ?? 'minio123',
    bucket: `fieldmark-test-${Date.now().toString(36)}`,
    region: 'us-east-1',
  };
  const client = new Client({ endPoint: options.endpoint.hostname, port: Number(options.endpoint.port || 80), useSSL: options.endpoint.protocol === 'https:', accessKey: options.accessKey, secretKey: options.secretKey, region: options.region, pathStyle: true });
  return {
    store: new S3Store(options),
    again: () => new S3Store(options),
    async close() {
      const names: string[] = [];
      for await (const row of client.listObjectsV2(options.bucket, '', true)) names.push((row as { name: string }).name);
      await client.removeObjects(options.bucket, names);
      await client.removeBucket(options.bucket);
    },
  };
}

const stores: [string, () => Promise<Opened>][] = [['disk', openDisk]];
if (endpoint) stores.push(['s3', openS3]);
else console.log('Object storage: tested on disk only; set S3_TEST_ENDPOINT (and S3_TEST_ACCESS_KEY, S3_TEST_SECRET_KEY) to test on an S3 server, too.');

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe.each(stores)('object store on %s', (_name, open) => {
  let opened: Opened;
  let store: ObjectStore;
  beforeAll(async () => {
    opened = await open();
    store = opened.store;
  });
  afterAll(() => opened.close());

  it('gives back what was put, as bytes, stream and web stream', async () => {
    const bytes = randomBytes(100_000);
    async function* generate() {
      yield bytes.subarray(0, 70_000);
      yield bytes.subarray(70_000);
    }
    const bodies = { bytes, node: Readable.from([bytes]), web: new Blob([bytes]).stream(), generator: generate() };
    for (const [name, body] of Object.entries(bodies)) {
      const put = await store.put(`round/${name}`, body, { contentType: 'image/png' });
      expect(put).toMatchObject({ key: `round/${name}`, size: bytes.length });
      expect(sha(await store.read(`round/${name}`))).toBe(sha(bytes));
      expect(await store.stat(`round/${name}`)).toMatchObject({ size: bytes.length, modifiedAt: expect.any(Date) });
    }
  });

  it('stores an empty object and reads it back', async () => {
    await store.put('empty', new Uint8Array());
    expect((await store.read('empty')).length).toBe(0);
    expect((await store.stat('empty'))?.size).toBe(0);
    expect(await withLocalFile(store, 'empty', async (file) => (await stat(file)).size)).toBe(0);
  });

  it('takes long bodies of unknown length without loss', async () => {
    const chunk = randomBytes(1 << 20);
    const hash = createHash('sha256');
    async function* generate() {
      for (let i = 0; i < 41; i++) {
        hash.update(chunk);
        yield chunk;
      }
    }
    expect((await store.put('long', generate())).size).toBe(41 << 20);
    const read = createHash('sha256');
    for await (const part of await store.get('long')) read.update(part as Buffer);
    expect(read.digest('hex')).toBe(hash.digest('hex'));
  });

  it('replaces an object', async () => {
    await store.put('again', Buffer.from('one'));
    await store.put('again', Buffer.from('two, longer'));
    expect((await store.read('again')).toString()).toBe('two, longer');
  });

  it('reads ranges: begin inclusive, end exclusive, clipped at the end of the object', async () => {
    await store.put('range', Buffer.from('0123456789'));
    const text = async (start: number, end?: number) => (await store.read('range', { start, end })).toString();
    expect(await text(0, 1)).toBe('0');
    expect(await text(3, 7)).toBe('3456');
    expect(await text(7)).toBe('789');
    expect(await text(8, 100)).toBe('89');
    await expect(store.read('range', { start: 10 })).rejects.toThrow(RangeError);
    await expect(store.read('range', { start: 3, end: 3 })).rejects.toThrow(RangeError);
    await expect(store.read('range', { start: -1 })).rejects.toThrow(RangeError);
  });

  it('keeps the object as it was when a body breaks off or has another length', async () => {
    await store.put('whole', Buffer.from('old'));
    async function* broken() {
      for (let i = 0; i < 20; i++) yield randomBytes(1 << 20);
      throw new Error('the line went dead');
    }
    await expect(store.put('whole', broken())).rejects.toThrow('the line went dead');
    await expect(store.put('whole', Readable.from([Buffer.from('new')]), { size: 5 })).rejects.toThrow(/was to have 5 bytes and had 3/);
    await expect(store.put('never', broken())).rejects.toThrow();
    expect((await store.read('whole')).toString()).toBe('old');
    expect(await store.stat('never')).toBeNull();
    expect((await store.list('')).objects.some((o) => o.key.startsWith('never'))).toBe(false);
  });

  it('says when there is no such object', async () => {
    await expect(store.read('no/such')).rejects.toThrow(ObjectNotFoundError);
    await expect(store.get('no/such', { start: 0, end: 1 })).rejects.toThrow(ObjectNotFoundError);
    await expect(store.copy('no/such', 'other')).rejects.toThrow(ObjectNotFoundError);
    await expect(withLocalFile(store, 'no/such', async () => 1)).rejects.toThrow(ObjectNotFoundError);
    expect(await store.stat('no/such')).toBeNull();
    await expect(store.delete('no/such')).resolves.toBeUndefined();
  });

  it('refuses keys that a file system or a server could read differently', async () => {
    for (const key of ['', '/a', 'a/', 'a//b', '.', '..', 'a/../b', '../a', '.hidden', 'a/.b', 'a\\b', 'a b', 'ä', 'a\0b', 'a\nb', '-a', 'x'.repeat(201), `${'y/'.repeat(500)}z`]) {
      await expect(store.put(key, Buffer.from('x')), JSON.stringify(key)).rejects.toThrow(InvalidKeyError);
      await expect(store.read(key)).rejects.toThrow(InvalidKeyError);
      await expect(store.delete(key)).rejects.toThrow(InvalidKeyError);
      await expect(store.deleteMany([key])).rejects.toThrow(InvalidKeyError);
    }
    await expect(store.list('../')).rejects.toThrow(InvalidKeyError);
    const odd = 'A_1/b-c.d=e+f@g';
    await store.put(odd, Buffer.from('x'));
    expect((await store.list('A_1/')).objects.map((o) => o.key)).toEqual([odd]);
  });

  it('copies, also onto itself being there already', async () => {
    await store.put('copy/from', Buffer.from('abc'));
    expect(await store.copy('copy/from', 'copy/to')).toMatchObject({ key: 'copy/to', size: 3 });
    await store.put('copy/from', Buffer.from('changed'));
    expect((await store.read('copy/to')).toString()).toBe('abc');
    await store.copy('copy/from', 'copy/to');
    expect((await store.read('copy/to')).toString()).toBe('changed');
  });

  it('lists in byte order of the keys, in pages that a cursor continues', async () => {
    const keys = ['list/a', 'list/a-b/c', 'list/a.txt', 'list/a/b', 'list/a0', 'list/aa', 'list/b/c/d', 'list/b/c0', 'list/B', 'list/_x'].filter((k) => k !== 'list/a');
    await Promise.all(keys.map((key) => store.put(key, Buffer.from(key))));
    const expected = [...keys].sort();
    expect((await store.list('list/')).objects.map((o) => o.key)).toEqual(expected);
    for (const limit of [1, 2, 3, 100]) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.list('list/', { limit, cursor });
        expect(page.objects.length).toBeLessThanOrEqual(limit);
        seen.push(...page.objects.map((o) => o.key));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(seen).toEqual(expected);
    }
    expect((await store.list('list/a')).objects.map((o) => o.key)).toEqual(expected.filter((k) => k.startsWith('list/a')));
    expect((await store.list('list/b/')).objects.map((o) => [o.key, o.size])).toEqual([['list/b/c/d', 10], ['list/b/c0', 9]]);
    expect((await store.list('nothing/')).objects).toEqual([]);
  });

  it('deletes one and many', async () => {
    const keys = Array.from({ length: 1203 }, (_, i) => `many/${i % 7}/${i}`);
    for (let i = 0; i < keys.length; i += 50) await Promise.all(keys.slice(i, i + 50).map((key) => store.put(key, Buffer.from('x'))));
    await store.delete(keys[0]!);
    await store.deleteMany([...keys, 'many/not/there']);
    expect((await store.list('many/')).objects).toEqual([]);
    await store.deleteMany([]);
  });

  it('survives writes of one key by several at once: one of them wins, whole', async () => {
    const bodies = Array.from({ length: 8 }, (_, i) => Buffer.alloc(300_000, i));
    await Promise.all(bodies.map((body) => opened.again().put('race/one', body)));
    const won = await store.read('race/one');
    expect(bodies.some((body) => body.equals(won))).toBe(true);
    // A folder that one empties while another writes into it:
    await Promise.all(Array.from({ length: 40 }, async (_, i) => {
      await store.put(`race/dir/${i}`, Buffer.from('x'));
      await store.delete(`race/dir/${i}`);
    }));
    expect((await store.list('race/dir/')).objects).toEqual([]);
  });

  it('gives a local file to code that needs one', async () => {
    await store.put('local/file.bin', Buffer.from('bytes'));
    const { readFile } = await import('node:fs/promises');
    expect((await withLocalFile(store, 'local/file.bin', (file) => readFile(file))).toString()).toBe('bytes');
  });

  it('has an identity that everybody who opens it sees, and that no listing shows', async () => {
    const id = await store.id();
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await opened.again().id()).toBe(id);
    expect((await store.list('')).objects.some((o) => o.key.includes('storage-id'))).toBe(false);
  });
});

describe('disk store', () => {
  it('removes temporary files that a crash left a day ago, and no younger ones', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-store-'));
    const { mkdir } = await import('node:fs/promises');
    await mkdir(path.join(folder, '.tmp'));
    const [old, young] = [path.join(folder, '.tmp', 'old'), path.join(folder, '.tmp', 'young')];
    await writeFile(old, 'x');
    await writeFile(young, 'x');
    const before = new Date(Date.now() - 25 * 3600 * 1000);
    await utimes(old, before, before);
    await new DiskStore(folder).put('a', Buffer.from('x'));
    expect(await readdir(path.join(folder, '.tmp'))).toEqual(['young']);
    await rm(folder, { recursive: true });
  });

  it('gives one identity to many that open it for the first time at once', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-store-'));
    const ids = await Promise.all(Array.from({ length: 8 }, () => new DiskStore(folder).id()));
    expect(new Set(ids).size).toBe(1);
    await rm(folder, { recursive: true });
  });

  it('says so when a key is the path of other objects', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-store-'));
    const store = new DiskStore(folder);
    await store.put('a/b', Buffer.from('x'));
    await expect(store.put('a', Buffer.from('x'))).rejects.toThrow(/path of other objects/);
    await expect(store.put('a/b/c', Buffer.from('x'))).rejects.toThrow(/is an object/);
    expect(await readdir(path.join(folder, '.tmp'))).toEqual([]);
    await rm(folder, { recursive: true });
  });
});
