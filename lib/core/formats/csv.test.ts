import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunksOf } from '../io';
import { CsvError, csvLine, csvRows } from './csv';

const rows = async (text: string, step = 5) => {
  const bytes = new TextEncoder().encode(text);
  const out: string[][] = [];
  for await (const r of csvRows((async function* () {
    for (let i = 0; i < bytes.length; i += step) yield bytes.subarray(i, i + step);
  })())) out.push(r.cells);
  return out;
};

describe('csvRows', () => {
  it('reads back what csvLine wrote, in whatever chunks', async () => {
    const cell = fc.oneof(fc.string(), fc.constantFrom('a,b', '"', ' x ', 'a\nb', 'ä 雪', ''));
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell).filter((r) => r.join('').trim() !== '' && !r.join('').includes('\r')), { minLength: 1 }), fc.integer({ min: 1, max: 40 }), async (table, step) => {
      // The head tells the separator.
      const head = ['one', 'two', 'three'];
      expect(await rows([head, ...table].map(csvLine).join(''), step)).toEqual([head, ...table]);
    }));
  });
  it('takes commas, semicolons and tabs; line breaks of all systems; a byte-order mark; empty lines', async () => {
    expect(await rows('\ufeffa;b\r\n\r\n1;"2;3"\r\n')).toEqual([['a', 'b'], ['1', '2;3']]);
    expect(await rows('a\tb\n1,5\t2')).toEqual([['a', 'b'], ['1,5', '2']]);
    expect(await rows('')).toEqual([]);
  });
  it('counts lines', async () => {
    const lines: number[] = [];
    for await (const r of csvRows(chunksOf(new TextEncoder().encode('a,b\n"x\ny",1\n\nz,2\n')))) lines.push(r.line);
    expect(lines).toEqual([1, 2, 5]);
  });
  it('refuses what is no CSV', async () => {
    await expect(rows('a,b\n"x,1\n')).rejects.toThrow(CsvError);
    await expect((async () => {
      for await (const _ of csvRows(chunksOf(Uint8Array.of(0x61, 0xff, 0xfe)))) void _;
    })()).rejects.toThrow(CsvError);
    await expect(rows(`a,b\n${'x'.repeat(4_100_000)}`, 100_000)).rejects.toThrow('longer than');
  });
});
