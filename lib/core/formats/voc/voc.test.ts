import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySink, MemorySource } from '../../io';
import { annotation, arbitraryBox, arbitrarySize, hasTestData, id, imageInfo, itemsOf, manifestItemOf, realData, writable } from '../testing/dataset';
import { scanDataset } from '../classes';
import type { ReadOptions } from '../dataset';
import { vocReader } from './reader';
import { vocWriter } from './writer';

const object = (name: string, box: [number, number, number, number], more = '') => `<object><name>${name}</name>${more}<bndbox><xmin>${box[0]}</xmin><ymin>${box[1]}</ymin><xmax>${box[2]}</xmax><ymax>${box[3]}</ymax></bndbox></object>`;
const file = (inner: string, size = '<size><width>100</width><height>50</height></size>') => `<annotation>${size}${inner}</annotation>`;
const info: ReadOptions['imageInfo'] = async () => ({ width: 100, height: 50, orientation: 1 });
const readAll = async (files: Record<string, string>, options: ReadOptions = { imageInfo: info }) => itemsOf(await vocReader.read(new MemorySource(files), options));

describe('boxes', () => {
  it('reads edges as LabelImg writes them, or 1-based inclusive pixels as the devkit does', async () => {
    const files = { 'a.jpg': '', 'a.xml': file(object('cat', [10, 20, 30, 40])) };
    expect((await readAll(files))[0]!.annotations[0]!.geometry).toEqual({ kind: 'box', v: 1, x0: 10, y0: 20, x1: 30, y1: 40 });
    expect((await readAll(files, { vocFrame: 'devkit' }))[0]!.annotations[0]!.geometry).toEqual({ kind: 'box', v: 1, x0: 9, y0: 19, x1: 30, y1: 40 });
  });
  it('leaves out boxes without area and says which', async () => {
    const [item] = await readAll({ 'a.jpg': '', 'a.xml': file(object('cat', [10, 20, 10, 40]) + object('dog', [1, 2, 3, 4])) });
    expect(item!.annotations.map((a) => a.class.name)).toEqual(['dog']);
    expect(item!.issues).toEqual([{ severity: 'error', code: 'zero-area', path: 'a.xml', message: '"a.xml", object 1 (cat): the box from (10, 20) to (10, 40) has no area and was not imported.' }]);
    // A box of one pixel has an area in the devkit's frame.
    expect((await readAll({ 'a.jpg': '', 'a.xml': file(object('cat', [10, 20, 10, 20])) }, { vocFrame: 'devkit' }))[0]!.annotations).toHaveLength(1);
  });
  it('cuts at the edges, leaves out what is outside, swaps corners', async () => {
    const [item] = await readAll({ 'a.jpg': '', 'a.xml': file(object('cut', [-5, 10, 105, 20]) + object('out', [200, 0, 210, 10]) + object('swap', [30, 5, 20, 4])) });
    expect(item!.annotations.map((a) => [a.class.name, a.geometry])).toEqual([
      ['cut', { kind: 'box', v: 1, x0: 0, y0: 10, x1: 100, y1: 20 }],
      ['swap', { kind: 'box', v: 1, x0: 20, y0: 4, x1: 30, y1: 5 }],
    ]);
    expect(item!.issues.map((i) => [i.code, i.severity])).toEqual([['inverted', 'warning'], ['clipped', 'warning'], ['outside', 'error']]);
  });
  it('reports what is no number, has no name, has no box', async () => {
    const [item] = await readAll({ 'a.jpg': '', 'a.xml': file('<object><name>x</name></object><object><bndbox/></object>' + object('n', [NaN, 1, 2, 3])) });
    expect(item!.annotations).toEqual([]);
    expect(item!.issues.map((i) => i.code)).toEqual(['no-box', 'no-class', 'bad-number']);
  });
  it('reads flags, attributes and parts', async () => {
    const [item] = await readAll({ 'a.jpg': '', 'a.xml': file(`<object><name>person</name><pose>Left</pose><truncated>1</truncated><difficult>0</difficult><occluded>1</occluded>
      <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox><attributes><attribute><name>age</name><value>7</value></attribute></attributes>
      <part><name>head</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>4</xmax><ymax>4</ymax></bndbox></part></object>`) });
    const [person, head] = item!.annotations;
    expect(person).toMatchObject({ truncated: true, occluded: true, difficult: false, attributes: { pose: 'Left', age: '7' } });
    expect(head).toMatchObject({ class: { name: 'head', kind: 'box' }, group: person!.group });
    expect(person!.group).not.toBeNull();
  });
});

describe('finding the image', () => {
  it('follows the name of the label file, not <filename>', async () => {
    const items = await readAll({ 'JPEGImages/a.jpg': '', 'JPEGImages/b.jpg': '', 'Annotations/a.xml': file(`<filename>b.jpg</filename>${object('cat', [1, 2, 3, 4])}`) });
    expect(items.map((i) => [i.path, i.labelled, i.annotations.length])).toEqual([['JPEGImages/a.jpg', true, 1], ['JPEGImages/b.jpg', false, 0]]);
  });
  it('prefers the same place in another folder, and says when it cannot tell', async () => {
    const items = await readAll({ 'x/img/a.jpg': '', 'y/img/a.jpg': '', 'x/ann/a.xml': file(''), 'z/deep/er/a.xml': file(object('cat', [1, 2, 3, 4])) });
    expect(items.slice(0, 2).map((i) => [i.path, i.labelled])).toEqual([['x/img/a.jpg', true], ['y/img/a.jpg', false]]);
    expect(items[2]!).toMatchObject({ image: null, issues: [{ code: 'ambiguous-image', path: 'z/deep/er/a.xml' }] });
  });
  it('finds names that differ in case only', async () => {
    expect((await readAll({ '0AF.jpg': '', '0af.xml': file(object('x', [1, 2, 3, 4])) }))[0]!.annotations).toHaveLength(1);
  });
  it('reports labels without an image, and files that are not annotations', async () => {
    const items = await readAll({ 'a.xml': file(object('cat', [1, 2, 3, 4])), 'pom.xml': '<project/>' });
    expect(items.map((i) => [i.image, i.issues.map((x) => x.code)])).toEqual([[null, ['no-image']], [null, ['not-voc']]]);
  });
});

describe('orientation', () => {
  const files = { 'a.jpg': '', 'a.xml': file(object('cat', [10, 20, 30, 40])) };
  it('turns labels made on the stored pixels of a turned image, and says so', async () => {
    // Stored 100 × 50, to be turned a quarter clockwise: the upright image is 50 × 100.
    const [item] = await readAll(files, { imageInfo: async () => ({ width: 100, height: 50, orientation: 6 }) });
    expect(item).toMatchObject({ width: 50, height: 100, frame: 'oriented' });
    expect(item!.annotations[0]!.geometry).toEqual({ kind: 'box', v: 1, x0: 10, y0: 10, x1: 30, y1: 30 });
    expect(item!.issues.map((i) => i.code)).toEqual(['turned']);
  });
  it('leaves labels made on the upright image alone', async () => {
    const [item] = await readAll(files, { imageInfo: async () => ({ width: 50, height: 100, orientation: 8 }) });
    expect(item!.annotations[0]!.geometry).toMatchObject({ x0: 10, y0: 20, x1: 30, y1: 40 });
    expect(item!.issues).toEqual([]);
  });
  it('warns when the declared size fits neither', async () => {
    const [item] = await readAll(files, { imageInfo: async () => ({ width: 640, height: 480, orientation: 1 }) });
    expect(item!.issues.map((i) => i.code)).toEqual(['size-differs']);
  });
});

describe('hostile and damaged files', () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 20 }, (_, i) => `<!ENTITY b${i} "&a;&a;">`).join('')}]><annotation>&b19;</annotation>`;
  it.each([
    ['entities', bomb],
    ['an unknown entity', '<annotation>&outside;</annotation>'],
    ['depth', `<annotation>${'<a>'.repeat(1000)}${'</a>'.repeat(1000)}</annotation>`],
    ['a cut', '<annotation><object><name>cat'],
    ['nothing', ''],
    ['no text', '\u0000\u0001'],
  ])('%s: the image comes without labels, with a reason', async (_, text) => {
    const [item] = await readAll({ 'a.jpg': '', 'a.xml': text });
    expect(item!).toMatchObject({ labelled: false, annotations: [], issues: [{ severity: 'error', code: 'unreadable', path: 'a.xml' }] });
  });
  it('does not swallow more than an annotation file can be', async () => {
    const [item] = await readAll({ 'a.jpg': '', 'a.xml': `<annotation>${' '.repeat(17_000_000)}</annotation>` });
    expect(item!.issues[0]!.message).toMatch(/larger than the 16 MB/);
  });
});

describe('splits', () => {
  it('come from ImageSets; trainval only where nothing else is said', async () => {
    const reading = await vocReader.read(new MemorySource({
      'd/JPEGImages/a.jpg': '', 'd/JPEGImages/b c.jpg': '', 'd/JPEGImages/e.jpg': '', 'd/JPEGImages/f.jpg': '', 'd/Annotations/a.xml': file(''),
      'd/ImageSets/Main/train.txt': 'a\n', 'd/ImageSets/Main/val.txt': 'b c  1\r\n', 'd/ImageSets/Main/trainval.txt': 'a\nb c\ne\n', 'd/ImageSets/Main/cat_test.txt': 'f 1\n',
    }));
    expect((await itemsOf(reading)).map((i) => i.split)).toEqual(['train', 'val', 'train', undefined]);
    expect(reading.issues.map((i) => i.code)).toEqual(['trainval']);
  });
  it('come from folders when there are two of them', async () => {
    const splits = async (...folders: string[]) => (await readAll(Object.fromEntries(folders.map((f) => [`${f}/${f}.jpg`, ''])))).map((i) => i.split);
    expect(await splits('test', 'train', 'valid')).toEqual(['test', 'train', 'val']);
    expect(await splits('test', 'other')).toEqual([undefined, undefined]);
  });
});

it('reads back what it wrote', async () => {
  await fc.assert(fc.asyncProperty(arbitrarySize.chain((size) => fc.record({ size: fc.constant(size), boxes: fc.array(fc.tuple(arbitraryBox(size), fc.boolean(), fc.boolean(), fc.boolean()), { maxLength: 5 }), name: fc.stringMatching(/^[\w &'"<>-]{1,12}$/) })), async ({ size, boxes, name }) => {
    const item = manifestItemOf(`sub/x.${'jpg'}`, { ...size, annotations: boxes.map(([g, truncated, occluded, difficult], i) => annotation(i, id(1), g, { truncated, occluded, difficult, attributes: { [id(10)]: id(12) } })) });
    const base = writable([item]);
    const cls = { ...base.schema.classes[0]!, name: name.trim() || 'x' };
    const sink = new MemorySink();
    await vocWriter.write({ ...base, schema: { classes: [cls] } }, sink);
    sink.files.set('JPEGImages/sub/x.jpg', new Uint8Array());
    const [back] = await itemsOf(await vocReader.read(sink.toSource(), { imageInfo: async () => ({ ...size, orientation: 1 }) }));
    expect(back!.split).toBe('train');
    expect(back!.issues).toEqual([]);
    expect(back!.annotations.map((a) => [a.class.name, a.geometry, a.truncated, a.occluded, a.difficult, a.attributes])).toEqual(boxes.map(([g, t, o, d]) => [cls.name, g, t, o, d, { stain: 'strong & <odd>' }]));
  }), { numRuns: 50 });
});

describe.skipIf(!hasTestData)('files that others wrote', () => {
  it('reads the whole of BCCD: 364 images, its splits, all boxes but the two without area', async () => {
    const source = realData('detection/bccd');
    expect((await vocReader.detect(source)).confidence).toBeGreaterThan(0.9);
    const reading = await vocReader.read(source, { imageInfo });
    const items = await itemsOf(reading);
    const counts: Record<string, number> = {};
    for (const a of items.flatMap((i) => i.annotations)) counts[a.class.name] = (counts[a.class.name] ?? 0) + 1;
    expect(items).toHaveLength(364);
    expect(counts).toEqual({ RBC: 4153, WBC: 372, Platelets: 361 });
    const issues = items.flatMap((i) => i.issues);
    expect(issues.filter((i) => i.code === 'zero-area').map((i) => i.path)).toEqual(['Annotations/BloodImage_00338.xml', 'Annotations/BloodImage_00343.xml']);
    expect(issues.filter((i) => i.code !== 'zero-area')).toEqual([]);
    const splits = items.map((i) => i.split);
    const lines = async (name: string) => new TextDecoder().decode((await source.read(`ImageSets/Main/${name}.txt`))!).trim().split('\n').length;
    for (const split of ['train', 'val', 'test'] as const) expect(splits.filter((s) => s === split)).toHaveLength(await lines(split));
    expect(await scanDataset(reading)).toMatchObject({ images: 364, labelled: 364, annotations: 4886, missingImages: 0, classes: [{ name: 'Platelets' }, { name: 'RBC' }, { name: 'WBC' }] });
  });
  it("reads Datumaro's VOC", async () => {
    const reading = await vocReader.read(realData('interop/datumaro_oe/voc_dataset/voc_dataset1'), { imageInfo });
    const items = await itemsOf(reading);
    expect(items.map((i) => [i.path, i.split, i.annotations.map((a) => a.class.name)])).toEqual([['JPEGImages/2007_000001.jpg', 'train', ['cat', 'person', 'head']], ['JPEGImages/2007_000002.jpg', 'test', []]]);
    expect(reading.issues.map((i) => i.code)).toEqual(['segmentation-not-read']);
  });
  it("reads Roboflow's VOC, with names in the wrong case and images that are missing", async () => {
    const items = await itemsOf(await vocReader.read(realData('interop/roboflow/datasets/chess'), { imageInfo }));
    const withLabels = items.filter((i) => i.annotations.length > 0);
    expect(withLabels.length).toBeGreaterThanOrEqual(5);
    expect(withLabels.map((i) => i.path)).toContain('0AF.jpg');
    expect(items.filter((i) => i.image === null).every((i) => i.issues[0]!.code === 'no-image')).toBe(true);
  });
});
