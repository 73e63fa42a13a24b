import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySource, collectBytes, encodeText } from '../io';
import { orientPoint, type Orientation } from '../geometry/orientation';
import { maskArea, maskFromString, maskHas } from '../masks';
import { labelSchema, type LabelSchema } from '../labels';
import { planClasses, resolveAttributes } from './classes';
import { detectFormats, formats, orientGeometry, readerOf, writerOf } from './index';
import { ImageIndex } from './images';
import { JsonStreamError, jsonPieces } from './jsonStream';
import { canonicalJson, manifestHeadLine, manifestItemLine, readManifest, textLines } from './manifest';
import { folderSplits, splitInName } from './splits';
import { annotation, arbitraryMask, hasTestData, id, manifestItemOf, realData, schema } from './testing/dataset';

describe('registry', () => {
  it('has ids of its own for each format, with reader and writer of the same id', () => {
    expect(new Set(formats.map((f) => f.id)).size).toBe(formats.length);
    for (const f of formats) for (const part of [f.reader, f.writer]) if (part) expect(part.id).toBe(f.id);
    expect(() => readerOf('x')).toThrow('There is no format "x". Formats: voc, coco, yolo, masks, landmarks-csv, class-folders.');
    expect(writerOf('coco').id).toBe('coco');
  });
  it('finds nothing in a folder of images', async () => {
    expect(await detectFormats(new MemorySource({ 'a.jpg': '', 'notes.txt': 'hello', 'x.json': '{}', 'pom.xml': '<project/>' }))).toEqual([]);
  });
  it.skipIf(!hasTestData).each([
    ['voc', 'detection/bccd'], ['voc', 'interop/datumaro_oe/voc_dataset/voc_dataset1'], ['voc', 'interop/roboflow/datasets/chess'],
    ['coco', 'interop/datumaro_oe/coco_dataset/coco_instances'], ['coco', 'interop/roboflow/datasets/sharks-tiny-coco'], ['coco', 'metrics/coco_val2014_100'],
    ['yolo', 'interop/roboflow/datasets/sharks-tiny-yolov9'], ['yolo', 'interop/label_studio/data/test_import_yolo_data'], ['masks', 'segmentation/camvid'], ['masks', 'segmentation/dsb2018_nuclei'],
    ['landmarks-csv', 'landmarks/udacity_faces68'], ['class-folders', 'faces/orl'],
  ])('takes %s for %s', async (format, folder) => {
    expect((await detectFormats(realData(folder)))[0]?.format.id).toBe(format);
  });
  it.skipIf(!hasTestData).each(['interop/datumaro_oe/labelme_dataset', 'interop/datumaro_oe/cvat_dataset', 'interop/dlib_imglab'])('does not take %s for a format it is not', async (folder) => {
    expect(await detectFormats(realData(folder))).toEqual([]);
  });
});

describe('planClasses', () => {
  const ids = () => {
    let n = 100;
    return () => id(n++);
  };
  const plan = (classes: Parameters<typeof planClasses>[0]['classes'], create = true, base: LabelSchema = schema) => planClasses({ schema: base, nextIndex: 4, classes, create, newId: ids() });
  it('finds classes by name and kind, makes others, and keeps kinds apart', () => {
    const p = plan([{ name: 'CELL', kind: 'box' }, { name: 'cell', kind: 'mask' }, { name: 'new', kind: 'box' }, { name: 'new', kind: 'mask' }]);
    expect(p.resolve({ name: 'Cell ', kind: 'box' })?.id).toBe(id(1));
    expect(p.created.map((c) => [c.index, c.name, c.kind])).toEqual([[4, 'cell (mask)', 'mask'], [5, 'new', 'box'], [6, 'new (mask)', 'mask']]);
    expect(p.nextIndex).toBe(7);
    expect(labelSchema.safeParse(p.schema).success).toBe(true);
    // The next import of the same files finds what this one made.
    expect(plan([{ name: 'cell', kind: 'mask' }, { name: 'new', kind: 'mask' }], false, p.schema).issues).toEqual([]);
  });
  it('says what cannot be imported', () => {
    expect(plan([{ name: 'other', kind: 'box' }], false).issues.map((i) => i.code)).toEqual(['unknown-class']);
    expect(plan([{ name: 'axis "long"', kind: 'landmarks', skeleton: { points: ['a'], edges: [], pairs: [] } }, { name: '', kind: 'box' }, { name: 'x', kind: 'landmarks' }]).issues.map((i) => i.code)).toEqual(['skeleton-differs', 'class-without-name', 'no-skeleton']);
    expect(plan([{ name: 'other', kind: 'box' }], false).schema).toBe(schema);
  });
  it('makes names of points that a schema accepts', () => {
    const p = plan([{ name: 'face', kind: 'landmarks', skeleton: { points: ['eye', 'Eye', ''], edges: [[0, 1]], pairs: [] } }]);
    expect(p.created[0]!.skeleton!.points.map((x) => x.name)).toEqual(['eye', 'Eye 2', 'point 3']);
  });
});

it('resolves attributes by name and type, and lists the rest', () => {
  const cls = { ...schema.classes[0]!, attributes: [...schema.classes[0]!.attributes, { id: id(30), name: 'Alive', type: 'checkbox' as const, default: false }, { id: id(31), name: 'note', type: 'text' as const, maxLength: 3 }] };
  expect(resolveAttributes(cls, { Stain: 'WEAK', count: '12', alive: 'yes', note: 'abc', pose: 'Left' })).toEqual({ values: { [id(10)]: id(11), [id(13)]: 12, [id(30)]: true, [id(31)]: 'abc' }, lost: ['pose'] });
  expect(resolveAttributes(cls, { stain: 'none', count: 'many', alive: 'maybe', note: 'long' })).toEqual({ values: {}, lost: ['stain', 'count', 'alive', 'note'] });
});

describe('manifest', () => {
  it('gives equal data equal bytes, whatever the order of keys and annotations', () => {
    const a = annotation(1, id(1), { kind: 'box', v: 1, x0: 0, y0: 0, x1: 1, y1: 1 });
    const b = annotation(2, id(1), { v: 1, y1: 2, x1: 2, y0: 0, x0: 0, kind: 'box' });
    expect(manifestItemLine(manifestItemOf('x', { annotations: [b, a] }))).toBe(manifestItemLine({ ...manifestItemOf('x'), annotations: [a, b] }));
    expect(manifestHeadLine({ classes: [...schema.classes].reverse() })).toBe(manifestHeadLine(schema));
  });
  it('reads back what was written, in whatever chunks', async () => {
    const items = [manifestItemOf('a/ä 雪.jpg', { annotations: [annotation(1, id(1), { kind: 'box', v: 1, x0: 0.1, y0: 0, x1: 1, y1: 1 })] }), manifestItemOf('b.jpg')];
    const bytes = await collectBytes(encodeText([manifestHeadLine(schema), ...items.map(manifestItemLine)]));
    for (const step of [1, 7, 1000]) {
      const { head, items: read } = await readManifest((async function* () {
        for (let i = 0; i < bytes.length; i += step) yield bytes.slice(i, i + step);
      })());
      expect(head.schema).toEqual(labelSchema.parse(schema));
      const back = [];
      for await (const item of read) back.push(item);
      expect(back).toEqual(items);
    }
  });
  it('names the damaged line', async () => {
    const { items } = await readManifest(encodeText([manifestHeadLine(schema), '{"path":1}\n']));
    await expect(items.next()).rejects.toThrow('line 2 of the manifest is damaged');
    await expect(readManifest(encodeText(['{}\n']))).rejects.toThrow('line 1');
  });
  it('canonical JSON is JSON', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }));
  });
});

describe('jsonPieces', () => {
  const pieces = async (text: string, step = 3) => {
    const bytes = new TextEncoder().encode(text);
    const out: [string, unknown, boolean][] = [];
    for await (const p of jsonPieces((async function* () {
      for (let i = 0; i < bytes.length; i += step) yield bytes.subarray(i, i + step);
    })())) out.push([p.key, JSON.parse(p.text), p.element]);
    return out;
  };
  it('cuts any object into its members and elements', async () => {
    await fc.assert(fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), fc.constantFrom(undefined, 1, '\t'), fc.integer({ min: 1, max: 50 }), async (value, indent, step) => {
      const plain = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
      const expected = Object.entries(plain).flatMap(([k, v]) => (Array.isArray(v) ? v.map((e): [string, unknown, boolean] => [k, e, true]) : [[k, v, false] as [string, unknown, boolean]]));
      expect(await pieces(JSON.stringify(plain, null, indent), step)).toEqual(expected);
    }));
  });
  it.each(['', '[]', '{', '{"a":[1,2', '{"a":1}}', '{"a" 1}', '{"a":}', 'x'])('refuses %j', async (text) => {
    await expect(pieces(text)).rejects.toThrow(JsonStreamError);
  });
  it('skips a byte-order mark', async () => {
    expect(await pieces('\ufeff{"a":[1]}')).toEqual([['a', 1, true]]);
  });
});

it('turns masks as it turns points', () => {
  fc.assert(fc.property(fc.record({ width: fc.integer({ min: 1, max: 30 }), height: fc.integer({ min: 1, max: 30 }) }).chain((size) => fc.tuple(fc.constant(size), arbitraryMask(size))), fc.integer({ min: 1, max: 8 }), ([size, g], n) => {
    const orientation = n as Orientation;
    const turned = orientGeometry(g, size, orientation);
    if (g.kind !== 'mask' || turned.kind !== 'mask') throw new Error('not a mask');
    const [before, after] = [maskFromString(g.mask), maskFromString(turned.mask)];
    expect(maskArea(after)).toBe(maskArea(before));
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        const to = orientPoint({ x: x + 0.5, y: y + 0.5 }, size, orientation);
        expect(maskHas(after, Math.floor(to.x), Math.floor(to.y))).toBe(maskHas(before, x, y));
      }
    }
  }), { numRuns: 60 });
});

it('finds the image of a label among many of the same name as among few', async () => {
  const folders = (name: string, n: number) => Array.from({ length: n }, (_, i) => `set/${i}/${name}/frame`);
  const answers = async (n: number) => {
    const index = new ImageIndex(await new MemorySource(Object.fromEntries([...folders('images', n).map((f) => `${f}.jpg`), 'set/own/frame.png'].map((f) => [f, '']))).list());
    return ['set/3/labels/frame.txt', 'set/3/images/frame.txt', 'set/own/frame.xml', 'elsewhere/frame.txt', 'set/3/images/FRAME.txt'].map((label) => {
      const match = index.forLabel(label);
      return match.image ? match.image.path : match.ambiguous.length > 1 ? 'ambiguous' : null;
    });
  };
  const expected = ['set/3/images/frame.jpg', 'set/3/images/frame.jpg', 'set/own/frame.png', 'set/own/frame.png', 'set/3/images/frame.jpg'];
  expect(await answers(5)).toEqual(expected);
  expect(await answers(400)).toEqual(expected);
});

it('reads splits from names', () => {
  expect(['instances_val2017.json', 'train.json', 'train_val.json', 'test-dev.json', 'retrain.json'].map(splitInName)).toEqual(['val', 'train', undefined, undefined, undefined]);
  const of = folderSplits(['d/train/a.jpg', 'd/valid/b.jpg', 'e/test/c.jpg']);
  expect(['d/train/a.jpg', 'd/valid/x/b.jpg', 'e/test/c.jpg'].map(of)).toEqual(['train', 'val', undefined]);
});

it('cuts text into lines', async () => {
  const out: string[] = [];
  for await (const line of textLines(encodeText(['a\n\nb', 'c\nlast']))) out.push(line);
  expect(out).toEqual(['a', '', 'bc', 'last']);
});
