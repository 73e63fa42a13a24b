import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySink, MemorySource } from '../../io';
import { maskArea, maskFromBitmap, maskFromIndices, maskFromString, maskIou, maskToString, masksEqual, rectMask } from '../../masks';
import { encodePng, writeIndexPng } from '../../media';
import { annotation, arbitraryMask, hasTestData, id, imageInfo, itemsOf, manifestItemOf, realData, schema, writable } from '../testing/dataset';
import { countLosses } from '../losses';
import type { InterchangeItem, ReadOptions } from '../dataset';
import { masks as format } from '.';
import { readClassList } from './classList';
import { masksByValue } from './pixels';
import { masksReader } from './reader';
import { masksWriter } from './writer';

const info: ReadOptions['imageInfo'] = async () => ({ width: 4, height: 2, orientation: 1 });
const png = (...indices: number[]) => writeIndexPng({ width: 4, height: 2, indices: Uint8Array.from(indices) });
const list = JSON.stringify({ classes: [{ id: 0, name: 'sky', color: [1, 2, 3] }, { id: 1, name: 'road' }, { id: 9, name: 'Unlabelled' }], ignore: 9 });
const read = async (files: Record<string, Uint8Array | string>) => {
  const reading = await masksReader.read(new MemorySource(files), { imageInfo: info });
  return { reading, items: await itemsOf(reading) };
};
const areas = (item: InterchangeItem) => item.annotations.map((a) => [a.class.name, maskArea(maskFromString((a.geometry as { mask: string }).mask))]);

describe('reading', () => {
  it('reads numbers of classes by a list, with pixels to ignore', async () => {
    const { reading, items } = await read({ 'train/a.jpg': '', 'trainannot/a.png': png(0, 0, 1, 1, 9, 9, 9, 1), 'val/b.jpg': '', 'classes.json': list, 'train.txt': '/SegNet/train/a.jpg /SegNet/trainannot/a.png\n', 'val.txt': 'val/b.jpg' });
    expect(reading.classes).toEqual([{ name: 'sky', kind: 'mask', index: 0, color: '#010203' }, { name: 'road', kind: 'mask', index: 1 }]);
    expect(items.map((i) => [i.path, i.split, i.labelled, areas(i)])).toEqual([['train/a.jpg', 'train', true, [['sky', 2], ['road', 3]]], ['val/b.jpg', 'val', false, []]]);
    expect(maskArea(maskFromString(items[0]!.ignored!))).toBe(3);
    expect(items[0]!.issues).toEqual([]);
  });
  it('says what the list does not name, and leaves it undecided', async () => {
    const { items } = await read({ 'images/a.png': '', 'masks/a.png': png(1, 1, 1, 1, 7, 7, 7, 7), 'classes.txt': 'background\ncell\n' });
    expect(areas(items[0]!)).toEqual([['cell', 4]]);
    expect(maskArea(maskFromString(items[0]!.ignored!))).toBe(4);
    expect(items[0]!.issues).toMatchObject([{ code: 'unknown-class', message: expect.stringContaining('4 pixels of the value 7') }]);
  });
  it('looks up colours', async () => {
    const colours = encodePng({ width: 4, height: 2, channels: 3, data: Uint8Array.from([[64, 0, 128], [64, 0, 128], [0, 0, 0], [1, 1, 2], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]].flat()) });
    const { items } = await read({ 'images/a.png': '', 'masks/a.png': colours, 'label_colors.txt': '64 0 128 Car\n0 0 192 Sign\n' });
    expect(areas(items[0]!)).toEqual([['Car', 2]]);
    // Black that no list names is background; a colour that none names is not.
    expect(items[0]!.issues.map((i) => i.code)).toEqual(['unknown-class', 'unknown-class']);
    const without = await read({ 'images/a.png': '', 'masks/a.png': colours });
    expect(without.items[0]).toMatchObject({ labelled: false, issues: [{ code: 'unreadable', message: expect.stringContaining('colours') }] });
  });
  it('takes a single number for one class, and several without a list for nameless ones', async () => {
    const binary = await read({ 'images/a.png': '', 'masks/a_mask.png': png(0, 255, 255, 0, 0, 0, 0, 0), 'images/b.png': '', 'masks/b_mask.png': png(0, 0, 0, 0, 0, 0, 0, 0) });
    expect(binary.items.map((i) => [i.labelled, areas(i)])).toEqual([[true, [['object', 2]]], [true, []]]);
    expect(binary.reading.issues).toEqual([]);
    const nameless = await read({ 'images/image_1.png': '', 'masks/gt_1.png': png(0, 3, 3, 5, 255, 0, 0, 0) });
    expect(areas(nameless.items[0]!)).toEqual([['class 3', 2], ['class 5', 1]]);
    expect(nameless.reading.issues.map((i) => i.code)).toEqual(['no-class-list']);
    expect(maskArea(maskFromString(nameless.items[0]!.ignored!))).toBe(1);
  });
  it('reads numbers of objects: from an index, from folders, one file each', async () => {
    const numbered = await read({ 'images/a.png': '', 'labels/a.png': png(1, 1, 2, 2, 0, 3, 3, 3), 'extra/images/a2.png': '', 'index.csv': 'id,instances,split\na,3,test\n', 'images/b.png': '', 'labels/b.png': png(0, 0, 0, 0, 0, 0, 0, 0) });
    expect(numbered.items.map((i) => [i.path, i.split, areas(i)])).toEqual([['extra/images/a2.png', undefined, []], ['images/a.png', 'test', [['object', 2], ['object', 2], ['object', 3]]], ['images/b.png', undefined, []]]);
    const both = await read({ 'train/a.jpg': '', 'trainannot/a.png': png(1, 1, 1, 1, 0, 0, 2, 2), 'traininstances/a.png': png(1, 1, 2, 2, 0, 0, 0, 0), 'classes.json': '["background","cell","wall"]' });
    expect(areas(both.items[0]!)).toEqual([['cell', 2], ['cell', 2], ['wall', 2]]);
    const bowl = await read({ 'x/images/x.png': '', 'x/masks/1.png': png(255, 255, 0, 0, 0, 0, 0, 0), 'x/masks/2.png': png(0, 0, 0, 0, 0, 255, 0, 0), 'y/images/y.png': '', 'y/masks/1.png': png(0, 0, 0, 1, 0, 0, 0, 0) });
    expect(bowl.items.map(areas)).toEqual([[['object', 2], ['object', 1]], [['object', 1]]]);
  });
  it('reports masks without an image, damaged ones and sizes that differ', async () => {
    const { items } = await read({
      'images/a.png': '', 'masks/a.png': png(1, 1, 1, 1, 1, 1, 1, 1), 'masks/b.png': png(1, 0, 0, 0, 0, 0, 0, 0), 'images/c.png': '', 'masks/c.png': 'no picture',
      'images/d.png': '', 'masks/d.png': writeIndexPng({ width: 8, height: 2, indices: new Uint8Array(16).fill(1) }), 'p/e.png': '', 'q/e.png': '', 'masks/e.png': png(1, 1, 1, 1, 1, 1, 1, 1),
    });
    expect(items.filter((i) => i.issues.length > 0).map((i) => [i.path, i.labelled, i.issues.map((x) => x.code)])).toEqual([
      ['images/c.png', false, ['unreadable']], ['images/d.png', true, ['size-differs', 'clipped']], ['masks/b.png', true, ['no-image']], ['masks/e.png', true, ['ambiguous-image']],
    ]);
    await expect(read({ 'a.png': '' })).rejects.toThrow('no masks here');
  });
  it('turns masks of the stored image with it', async () => {
    const reading = await masksReader.read(new MemorySource({ 'images/a.jpg': '', 'masks/a.png': png(1, 1, 1, 1, 0, 0, 0, 9), 'classes.json': list }), { imageInfo: async () => ({ width: 4, height: 2, orientation: 6 }) });
    const [item] = await itemsOf(reading);
    expect(item).toMatchObject({ width: 2, height: 4, issues: [{ code: 'turned' }] });
    expect(masksEqual(maskFromString(item!.ignored!), rectMask({ x: 0, y: 3, width: 1, height: 1 }))).toBe(true);
  });
  it('refuses noise', async () => {
    const noise = writeIndexPng({ width: 200, height: 200, indices: Uint16Array.from({ length: 40_000 }, (_, i) => i) });
    const { items } = await read({ 'images/a.png': '', 'instances/a.png': noise });
    expect(items[0]!.issues).toMatchObject([{ code: 'too-many-objects' }, { code: 'size-differs' }]);
    expect(items[0]!.annotations).toEqual([]);
  });
});

it('reads class lists of other tools', async () => {
  const of = async (name: string, text: string) => {
    const found = await readClassList(await new MemorySource({ [name]: text }).list(), []);
    return found && { classes: found.classes.map((c) => [c.value, c.name]), background: [...found.background], ignored: [...found.ignored] };
  };
  expect(await of('d/dataset_meta.json', '{"label_map":{"0":"Void","5":"Road"},"segmentation_colors":[[0,0,0],[1,2,3]],"background_label":"0"}')).toEqual({ classes: [[5, 'Road']], background: [0], ignored: [] });
  expect(await of('_classes.csv', 'Pixel Value, Class\n0, background\n1, shark\n')).toEqual({ classes: [[1, 'shark']], background: [0], ignored: [] });
  expect(await of('labels.txt', '# a list\n0: ignore\n3: tree\n')).toEqual({ classes: [[3, 'tree']], background: [], ignored: [0] });
  expect(await of('classes.json', '{"1":"cell","2":"wall"}')).toEqual({ classes: [[1, 'cell'], [2, 'wall']], background: [], ignored: [] });
  expect(await of('classes.json', '{"a":')).toBeNull();
});

it('finds the mask of every number in one pass', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9 }).chain((width) => fc.tuple(fc.constant(width), fc.array(fc.nat(3), { minLength: width, maxLength: width * 6 }).map((a) => a.slice(0, a.length - (a.length % width))))), ([width, values]) => {
    const height = values.length / width;
    const found = masksByValue({ width, height, values: Uint8Array.from(values) });
    for (let v = 0; v < 4; v++) expect(maskToString(found.get(v) ?? maskFromBitmap([], 0, 0))).toBe(maskToString(maskFromIndices(values, width, height, v)));
  }));
});

describe('writing', () => {
  const size = { width: 20, height: 12 };
  it('writes what it reads again', async () => {
    await fc.assert(fc.asyncProperty(fc.array(arbitraryMask(size), { minLength: 0, maxLength: 4 }), async (shapes) => {
      // Each pixel belongs to the last mask that holds it.
      const owner = new Uint8Array(size.width * size.height);
      shapes.forEach((g, i) => {
        const m = maskFromString((g as { mask: string }).mask);
        for (let at = 0; at < owner.length; at++) if (maskArea(m) > 0 && inside(m, at % size.width, Math.floor(at / size.width))) owner[at] = i + 1;
      });
      const item = manifestItemOf('a/x.jpg', { ...size, annotations: shapes.map((g, i) => annotation(i + 1, id(2), g)) });
      const sink = new MemorySink();
      const report = await masksWriter.write(writable([item], { image: async () => ({ body: new Uint8Array(1) }) }), sink);
      expect(report.losses).toEqual(await countLosses(format, schema, writable([item]).items()));
      const reading = await masksReader.read(sink.toSource(), { imageInfo: async () => ({ ...size, orientation: 1 }) });
      const [back] = await itemsOf(reading);
      expect(back).toMatchObject({ path: 'train/a/x.jpg', split: 'train', labelled: true, issues: [] });
      const expected = shapes.map((_, i) => maskToString(maskFromIndices(owner, size.width, size.height, i + 1))).filter((s) => maskFromString(s).width > 0);
      expect(back!.annotations.map((a) => (a.geometry as { mask: string }).mask)).toEqual(expected);
      expect(back!.annotations.every((a) => a.class.name === 'nucleus')).toBe(true);
      expect(reading.classes).toEqual([{ name: 'nucleus', kind: 'mask', index: 2, color: '#1c7ed6' }]);
    }), { numRuns: 40 });
  });
  it('counts what it leaves out, and names files apart', async () => {
    const square = (n: number, x: number) => annotation(n, id(2), { kind: 'mask', v: 1, mask: maskToString(rectMask({ x, y: 0, width: 4, height: 4 })) });
    const items = [manifestItemOf('a.jpg', { ...size, annotations: [square(1, 0), square(2, 2), annotation(3, id(1), { kind: 'box', v: 1, x0: 0, y0: 0, x1: 1, y1: 1 })] }), manifestItemOf('a.png', { ...size, split: 'train' })];
    const sink = new MemorySink();
    const report = await masksWriter.write(writable(items), sink);
    expect([...sink.files.keys()]).toEqual(['trainannot/a.png', 'traininstances/a.png', 'trainannot/a_png.png', 'traininstances/a_png.png', 'train.txt', 'instances.csv', 'classes.json']);
    expect(report).toMatchObject({ items: 2, annotations: 2, files: 7, losses: [{ code: 'kind-box', count: 1 }, { code: 'overlap', count: 1 }] });
    expect(sink.text('instances.csv')).toBe('mask,instance,class\ntraininstances/a.png,1,nucleus\ntraininstances/a.png,2,nucleus\n');
  });
});

function inside(m: { x: number; y: number; width: number; height: number; runs: Uint32Array }, x: number, y: number): boolean {
  if (x < m.x || y < m.y || x >= m.x + m.width || y >= m.y + m.height) return false;
  let at = (y - m.y) * m.width + (x - m.x);
  for (let i = 0; i < m.runs.length; i++) {
    if (at < m.runs[i]!) return i % 2 === 1;
    at -= m.runs[i]!;
  }
  return false;
}

describe.skipIf(!hasTestData)('real data', () => {
  it('CamVid: splits, eleven classes, pixels of no class', async () => {
    const reading = await masksReader.read(realData('segmentation/camvid'), { imageInfo });
    expect(reading.classes.map((c) => c.name)).toEqual(['Sky', 'Building', 'Pole', 'Road', 'Pavement', 'Tree', 'SignSymbol', 'Fence', 'Car', 'Pedestrian', 'Bicyclist']);
    const splits = { train: 0, val: 0, test: 0 };
    let n = 0;
    for await (const item of reading.items()) {
      if (item.split) splits[item.split]++;
      // Classes and unknown pixels together are the whole image, and no two share a pixel.
      if (n++ % 100 === 0) {
        const all = [...item.annotations.map((a) => maskFromString((a.geometry as { mask: string }).mask)), ...(item.ignored ? [maskFromString(item.ignored)] : [])];
        expect(all.reduce((sum, m) => sum + maskArea(m), 0)).toBe(480 * 360);
        expect(all.every((m, i) => all.every((o, j) => i === j || maskIou(m, o) === 0))).toBe(true);
        expect(item.issues).toEqual([]);
      }
    }
    expect([n, splits]).toEqual([701, { train: 367, val: 101, test: 233 }]);
  }, 60_000);
  it('nuclei: every instance of the index', async () => {
    const reading = await masksReader.read(realData('segmentation/dsb2018_nuclei'), { imageInfo });
    let [images, objects] = [0, 0];
    for await (const item of reading.items()) {
      images++;
      objects += item.annotations.length;
      expect(item.issues).toEqual([]);
    }
    expect([images, objects]).toEqual([664, 28_986]);
    expect(reading.issues.map((i) => i.code)).toEqual(['not-listed']);
  }, 60_000);
  it('nuclei in their first layout: one file an object', async () => {
    const items = await itemsOf(await masksReader.read(realData('segmentation/dsb2018_nuclei/original_layout'), { imageInfo }));
    expect(items).toHaveLength(5);
    expect(items.every((i) => i.annotations.length > 0 && i.issues.length === 0)).toBe(true);
  });
  it.each([['interop/datumaro_oe/common_semantic_segmentation_dataset/dataset', 2], ['interop/datumaro_oe/common_semantic_segmentation_dataset/non_standard_dataset', 2]])('Datumaro: %s', async (folder, n) => {
    const items = await itemsOf(await masksReader.read(realData(folder), { imageInfo }));
    expect(items).toHaveLength(n);
    expect(items.every((i) => i.labelled && i.annotations.length > 0 && i.issues.length === 0)).toBe(true);
  });
});
