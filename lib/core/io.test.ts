import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileTooLargeError, MemorySink, MemorySource, UnsafePathError, collectBytes, decodeText, encodeText, extensionOf, fileName, folderOf, formatBytes, safePath, subSource, withoutExtension } from './io';

describe('safePath', () => {
  it('brings paths to one form', () => {
    expect(safePath('a\\b//./c.jpg')).toBe('a/b/c.jpg');
    expect(safePath('./x')).toBe('x');
  });
  it.each(['/etc/passwd', '../x', 'a/../../x', 'a\\..\\x', 'C:\\x', 'c:x', '', '.', '//', 'a\u0000b', 'a\nb', 'x'.repeat(1001)])('refuses %j', (path) => {
    expect(() => safePath(path)).toThrow(UnsafePathError);
  });
  it('never lets a path out of its folder', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('..', '.', 'a', 'b', '', '/', '\\', 'C:'), { maxLength: 8 }), (parts) => {
      let out: string;
      try {
        out = safePath(parts.join('/'));
      } catch (error) {
        expect(error).toBeInstanceOf(UnsafePathError);
        return;
      }
      expect(out.split('/').every((s) => s !== '' && s !== '.' && s !== '..')).toBe(true);
      expect(safePath(out)).toBe(out);
    }));
  });
});

it('takes paths apart', () => {
  expect([fileName('a/b.tar.gz'), folderOf('a/b.tar.gz'), extensionOf('a/b.JPG'), withoutExtension('a.b/c.d.e')]).toEqual(['b.tar.gz', 'a', 'jpg', 'a.b/c.d']);
  expect([extensionOf('.hidden'), withoutExtension('a/.hidden'), folderOf('x')]).toEqual(['', 'a/.hidden', '']);
});

it('says sizes for people', () => {
  expect([812, 4200, 41_500_000, 3e12].map(formatBytes)).toEqual(['812 bytes', '4.2 kB', '42 MB', '3 TB']);
});

describe('memory source and sink', () => {
  it('lists in order of path and finds', async () => {
    const source = new MemorySource({ 'b/2.txt': 'two', 'a.txt': 'one', B: 'three' });
    expect((await source.list()).map((e) => [e.path, e.size])).toEqual([['B', 5], ['a.txt', 3], ['b/2.txt', 3]]);
    expect(decodeText((await source.read('b/2.txt'))!)).toBe('two');
    expect(await source.read('c')).toBeNull();
    expect((await subSource(source, 'b').list()).map((e) => e.path)).toEqual(['2.txt']);
  });
  it('stops reading at the limit', async () => {
    await expect(new MemorySource({ a: 'four' }).read('a', 3)).rejects.toThrow(FileTooLargeError);
    let pulled = 0;
    const endless = (async function* () {
      for (;;) {
        pulled++;
        yield new Uint8Array(10);
      }
    })();
    await expect(collectBytes(endless, 35)).rejects.toThrow(FileTooLargeError);
    expect(pulled).toBe(4);
  });
  it('refuses to write a path twice, or outside', async () => {
    const sink = new MemorySink();
    await sink.write('a', new Uint8Array([1]));
    await expect(sink.write('./a', new Uint8Array())).rejects.toThrow('already written');
    await expect(sink.write('../a', new Uint8Array())).rejects.toThrow(UnsafePathError);
  });
});

it('encodes text of any pieces unchanged', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), async (pieces) => {
    expect(decodeText(await collectBytes(encodeText(pieces)))).toBe(pieces.join(''));
  }));
});

it('reads UTF-16 by its byte-order mark and refuses what is no text', () => {
  expect(decodeText(Uint8Array.of(0xff, 0xfe, 0x41, 0))).toBe('A');
  expect(() => decodeText(Uint8Array.of(0xc3, 0x28))).toThrow();
});
