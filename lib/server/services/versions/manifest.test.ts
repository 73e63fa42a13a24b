import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LabelSchema } from '@/lib/core/labels';
import { canonicalJson, HashingStream, headerLine, itemLine, readManifest, type ManifestItem } from './manifest';

const classId = '018f0000-0000-7000-8000-000000000001';
const schema: LabelSchema = { classes: [{ id: classId, index: 0, name: 'RBC', color: '#e03131', hotkey: null, kind: 'box', description: '', skeleton: null, attributes: [] }] };
const box = (n: number) => ({
  id: `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`, classId, geometry: { kind: 'box' as const, v: 1 as const, x0: n, y0: 1.5, x1: n + 10, y1: 20 },
  attributes: {}, truncated: false, occluded: false, difficult: false, crowd: false, group: null, track: null, at: null, score: null, origin: null,
});
const item = (path: string, boxes: number[]): ManifestItem => ({ path, hash: 'a'.repeat(64), width: 640, height: 480, split: 'train', annotations: boxes.map(box) });

async function* inPieces(text: string, size: number) {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('manifest', () => {
  it('is the same whatever the order of keys and annotations', () => {
    expect(canonicalJson({ b: 1, a: { d: [1, { z: 1, y: 2 }], c: null }, x: undefined })).toBe('{"a":{"c":null,"d":[1,{"y":2,"z":1}]},"b":1}');
    expect(itemLine(item('a.jpg', [3, 1, 2]))).toBe(itemLine(item('a.jpg', [1, 2, 3])));
    const { annotations, ...rest } = item('a.jpg', [1]);
    expect(itemLine({ annotations, ...rest })).toBe(itemLine(item('a.jpg', [1])));
  });

  it('canonical JSON reads back as the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('reads back what was written, however the bytes are cut', async () => {
    const wrote = [item('bilder/Zelle-äöü-漢字.jpg', [1, 2]), item('z.png', [])];
    const text = headerLine(schema) + wrote.map(itemLine).join('');
    for (const size of [1, 7, 64, 100_000]) {
      const { header, items } = await readManifest(inPieces(text, size));
      expect(header.schema).toEqual(schema);
      const read: ManifestItem[] = [];
      for await (const i of items) read.push(i);
      expect(read).toEqual(wrote);
    }
  });

  it('names the line that cannot be read', async () => {
    const { items } = await readManifest(inPieces(`${headerLine(schema)}${itemLine(item('a.jpg', []))}{"path":"b.jpg"}\n`, 50));
    await items.next();
    await expect(items.next()).rejects.toThrow(/Line 3 of the manifest/);
    await expect(readManifest(inPieces('', 1))).rejects.toThrow(/empty/);
  });

  it('hashes what goes by', async () => {
    const stream = new HashingStream();
    let length = 0;
    for await (const chunk of stream.through(inPieces('abc', 2))) length += chunk.length;
    expect([length, stream.bytes, stream.digest()]).toEqual([3, 3, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad']);
  });
});
