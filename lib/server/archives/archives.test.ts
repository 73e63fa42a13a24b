import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '@/lib/api/errors';
import { UnsafePathError, collectBytes, type Source } from '@/lib/core/io';
import { FolderSink, FolderSource, ObjectsSource, openZip, writeZip, type ArchiveLimits } from './index';

const hasPython = spawnSync('python3', ['--version']).status === 0;
let root: string;
beforeAll(async () => {
  root = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-archives-'));
});
afterAll(() => fs.rm(root, { recursive: true, force: true }));
let counter = 0;
const place = (name = '') => path.join(root, `${counter++}${name}`);
const text = (bytes: Uint8Array | null) => (bytes ? new TextDecoder().decode(bytes) : null);
const contents = async (source: Source) => Object.fromEntries(await Promise.all((await source.list()).map(async (e) => [e.path, text(await e.bytes())])));

interface RawEntry {
  name: string | Buffer;
  data?: Buffer;
  /** Pretended size when unpacked. */
  size?: number;
  method?: number;
  flags?: number;
  /** Unix mode. */
  mode?: number;
  /** Points to the data of the entry with this number. */
  sameAs?: number;
}

/** A zip made by hand, so that it can lie. */
function rawZip(entries: RawEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  const offsets: number[] = [];
  let at = 0;
  entries.forEach((e) => {
    const name = Buffer.isBuffer(e.name) ? e.name : Buffer.from(e.name);
    const plain = e.data ?? Buffer.alloc(0);
    const method = e.method ?? 8;
    const data = method === 8 ? zlib.deflateRawSync(plain) : plain;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(e.flags ?? 0x800, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(zlib.crc32 ? zlib.crc32(plain) : 0, 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(e.size ?? plain.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, data]);
    const head = Buffer.alloc(46);
    head.write('PK\x01\x02', 0, 'latin1');
    head.writeUInt16LE((3 << 8) | 20, 4);
    common.copy(head, 6);
    head.writeUInt32LE(((e.mode ?? 0o100644) << 16) >>> 0, 38);
    head.writeUInt32LE(e.sameAs === undefined ? at : offsets[e.sameAs]!, 42);
    directory.push(head, name);
    offsets.push(at);
    if (e.sameAs === undefined) {
      parts.push(local);
      at += local.length;
    }
  });
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}

async function opened(bytes: Uint8Array, limits?: Partial<ArchiveLimits>) {
  const file = place('.zip');
  await fs.writeFile(file, bytes);
  return openZip(file, limits);
}

describe('zip source', () => {
  it('reads files and passes over folders', async () => {
    const zip = await opened(rawZip([{ name: 'd/', mode: 0o040755 }, { name: 'd/b.txt', data: Buffer.from('two') }, { name: 'a.txt', data: Buffer.from('one'), method: 0 }, { name: 'ä/雪.txt', data: Buffer.from('three') }]));
    expect(await contents(zip)).toEqual({ 'a.txt': 'one', 'd/b.txt': 'two', 'ä/雪.txt': 'three' });
    expect(text(await zip.read('a.txt'))).toBe('one');
    await expect(zip.read('a.txt', 2)).rejects.toThrow('larger than');
    await zip.close();
  });

  const x = Buffer.from('x');
  it.each<[string, RawEntry[], RegExp, Partial<ArchiveLimits>?]>([
    ['a path that leads out', [{ name: '../evil.txt', data: x }], /"?\.\.\/evil\.txt|\.\./],
    ['the same with backslashes', [{ name: '..\\evil.txt', data: x }], /\.\./],
    ['an absolute path', [{ name: '/etc/passwd', data: x }], /absolute/],
    ['a drive letter', [{ name: 'C:/x', data: x }], /C:|absolute/],
    ['a symbolic link', [{ name: 'ok', data: x }, { name: 'link', data: Buffer.from('/etc/passwd'), mode: 0o120777 }], /"link".*symbolic link/],
    ['a device', [{ name: 'dev', mode: 0o020666 }], /"dev".*neither a file nor a folder/],
    ['two entries of one name', [{ name: 'a', data: x }, { name: './a', data: x }], /"\.\/a".*two entries/],
    ['a file that is also a folder', [{ name: 'a', data: x }, { name: 'a/b', data: x }], /"a\/b".*file and a folder/],
    ['a folder that is also a file', [{ name: 'a/b', data: x }, { name: 'a', data: x }], /"a".*file and a folder/],
    ['encryption', [{ name: 'secret', data: x, flags: 0x801 }], /"secret".*encrypted/],
    ['an unknown method', [{ name: 'odd', data: x, method: 12 }], /"odd".*method 12/],
    ['too many entries', [{ name: 'a', data: x }, { name: 'b', data: x }, { name: 'c', data: x }], /"c".*more than 2 files/, { maxEntries: 2 }],
    ['too many bytes', [{ name: 'a', data: Buffer.alloc(600) }, { name: 'b', data: Buffer.alloc(600) }], /"b".*more than 1 kB/, { maxBytes: 1000 }],
    ['a bomb by ratio', [{ name: 'bomb', data: Buffer.alloc(101_000_000) }], /"bomb".*200 times/],
    ['overlapping entries', Array.from({ length: 50 }, (_, i) => ({ name: `f${i}`, data: Buffer.from('0123456789'.repeat(10)), method: 0, ...(i > 0 && { sameAs: 0 }) })), /overlap/],
    ['a control character', [{ name: 'a\u0007b', data: x }], /control/],
  ])('refuses %s and names the entry', async (_, entries, message, limits) => {
    const failure = await opened(rawZip(entries), limits).catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(AppError);
    expect((failure as AppError).message).toMatch(message);
    expect((failure as AppError).message).toMatch(/Nothing of it was unpacked\.$/);
  });

  it('does not unpack more than an entry declares', async () => {
    const zip = await opened(rawZip([{ name: 'liar', data: Buffer.alloc(50_000), size: 10 }]));
    await expect((await zip.find('liar'))!.bytes()).rejects.toThrow('"liar" cannot be unpacked');
  });
  it.each([['cut off', rawZip([{ name: 'a', data: Buffer.from('x') }]).subarray(0, 40)], ['no zip', Buffer.from('hello')], ['empty', Buffer.alloc(0)]])('says that a file is %s', async (_, bytes) => {
    await expect(opened(bytes)).rejects.toThrow('The archive cannot be opened as a zip file');
  });
});

describe('zip sink', () => {
  const write = async (files: [string, Uint8Array][], chunk = 1000) => writeZip(collectBytes, async (sink) => {
    for (const [name, bytes] of files) {
      await sink.write(name, (async function* () {
        for (let i = 0; i < bytes.length; i += chunk) yield bytes.subarray(i, i + chunk);
      })());
    }
  });

  it('is read back as it was written', async () => {
    await fc.assert(fc.asyncProperty(fc.dictionary(fc.stringMatching(/^[a-z]{1,4}(\/[a-zäö雪 ]{1,4})?\.(txt|jpg)$/), fc.uint8Array({ maxLength: 3000 }), { maxKeys: 6 }), async (files) => {
      const zip = await opened(await write(Object.entries(files)));
      const back = Object.fromEntries(await Promise.all((await zip.list()).map(async (e) => [e.path, [...(await e.bytes())]])));
      await zip.close();
      expect(back).toEqual(Object.fromEntries(Object.entries(files).map(([k, v]) => [k, [...v]])));
    }), { numRuns: 30 });
  });
  it('gives the same bytes whatever the chunks, and in every time zone', async () => {
    const files: [string, Uint8Array][] = [['a.txt', new TextEncoder().encode('hello '.repeat(50_000))], ['b.jpg', new Uint8Array(5000).fill(7)]];
    const bytes = await write(files, 700);
    expect(await write(files, 65_536)).toEqual(bytes);
    const zone = process.env['TZ'];
    try {
      for (const tz of ['Pacific/Kiritimati', 'America/Los_Angeles']) {
        process.env['TZ'] = tz;
        expect(await write(files)).toEqual(bytes);
      }
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
    // Text is packed, pictures are not.
    expect(bytes.length).toBeGreaterThan(5000);
    expect(bytes.length).toBeLessThan(10_000);
  });
  it.skipIf(!hasPython)('is a zip to another program', async () => {
    const file = place('.zip');
    await fs.writeFile(file, await write([['a/b.txt', new TextEncoder().encode('hello')]]));
    const out = execFileSync('python3', ['-c', 'import zipfile,sys; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(z.namelist(), z.read("a/b.txt").decode(), z.getinfo("a/b.txt").date_time)', file], { encoding: 'utf8' });
    expect(out.trim()).toBe("['a/b.txt'] hello (1980, 1, 1, 0, 0, 0)");
  });
  it('stops the producer when the consumer fails, with the reason', async () => {
    const endless = writeZip(
      async (stream) => {
        for await (const chunk of stream) if (chunk) throw new Error('disk full');
      },
      async (sink) => {
        for (let i = 0; ; i++) await sink.write(`${i}`, crypto.getRandomValues(new Uint8Array(65_536)));
      },
    );
    await expect(endless).rejects.toThrow('disk full');
  });
  it('stops the consumer when the producer fails, with the reason', async () => {
    let stopped: unknown = null;
    const failing = writeZip(
      (stream) => collectBytes(stream).catch((e: unknown) => {
        stopped = e;
        throw e;
      }),
      async (sink) => {
        await sink.write('a', new Uint8Array(10));
        throw new Error('image is gone');
      },
    );
    await expect(failing).rejects.toThrow('image is gone');
    expect(stopped).toBeInstanceOf(Error);
  });
  it('passes on the failure of a body', async () => {
    const broken = (async function* (): AsyncGenerator<Uint8Array> {
      throw new Error('cannot read');
    })();
    await expect(writeZip(collectBytes, (sink) => sink.write('a', broken))).rejects.toThrow('cannot read');
  });
});

describe('folders', () => {
  it('are written and read back', async () => {
    const folder = place();
    const sink = new FolderSink(folder);
    await sink.write('b/c.txt', new TextEncoder().encode('two'));
    await sink.write('a.txt', (async function* () {
      yield new TextEncoder().encode('one');
    })());
    await sink.close();
    expect(await contents(new FolderSource(folder))).toEqual({ 'a.txt': 'one', 'b/c.txt': 'two' });
    await expect(sink.write('../x', new Uint8Array())).rejects.toThrow(UnsafePathError);
    await expect(sink.write('a.txt', new Uint8Array())).rejects.toThrow('already written');
  });
  it('leave no half file when the body fails', async () => {
    const folder = place();
    const broken = (async function* () {
      yield new Uint8Array(10);
      throw new Error('cut');
    })();
    await expect(new FolderSink(folder).write('a', broken)).rejects.toThrow('cut');
    expect(await fs.readdir(folder)).toEqual([]);
  });
  it('are not left by a link in the way', async () => {
    const folder = place();
    const outside = place();
    await fs.mkdir(folder);
    await fs.mkdir(outside);
    await fs.symlink(outside, path.join(folder, 'sub'));
    await fs.writeFile(path.join(outside, 'kept'), 'old');
    await fs.symlink(path.join(outside, 'kept'), path.join(folder, 'file'));
    await expect(new FolderSink(folder).write('sub/x', new Uint8Array(1))).rejects.toThrow('in the way');
    await new FolderSink(folder).write('file', new TextEncoder().encode('new'));
    expect(await fs.readdir(outside)).toEqual(['kept']);
    expect(await fs.readFile(path.join(outside, 'kept'), 'utf8')).toBe('old');
    const source = new FolderSource(folder);
    expect((await source.list()).map((e) => e.path)).toEqual(['file']);
  });
  it('list what they leave out', async () => {
    const folder = place();
    await fs.mkdir(folder);
    await fs.writeFile(path.join(folder, 'a'), 'x');
    await fs.symlink('a', path.join(folder, 'b'));
    await fs.writeFile(path.join(folder, 'c\\d'), 'x');
    const source = new FolderSource(folder);
    expect((await source.list()).map((e) => e.path)).toEqual(['a']);
    expect(source.skipped.map((s) => s.path).sort()).toEqual(['b', 'c\\d']);
    expect((await new FolderSource(folder, { followLinks: true }).list()).map((e) => e.path)).toEqual(['a', 'b']);
    await expect(new FolderSource(path.join(folder, 'none')).list()).rejects.toThrow('it does not exist');
    await expect(new FolderSource(path.join(folder, 'a')).list()).rejects.toThrow('is not a folder');
  });
});

it('objects of a store are a source, under paths of their own', async () => {
  const store = {
    get: async (key: string) => (async function* () {
      yield new TextEncoder().encode(key.slice(5));
    })(),
  };
  expect(await contents(new ObjectsSource(store, [{ path: 'x/y.txt', key: 'in/1/d.txt', bytes: 5 }, { path: 'a.txt', key: 'in/1/b/c.txt', bytes: 7 }]))).toEqual({ 'x/y.txt': 'd.txt', 'a.txt': 'b/c.txt' });
  await expect(contents(new ObjectsSource(store, [{ path: '../y.txt', key: 'in/1/d.txt', bytes: 5 }]))).rejects.toThrow();
});
