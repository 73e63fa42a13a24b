import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySink, MemorySource } from '../../io';
import { fromCocoRle, maskArea, maskFromString, maskToString, rectMask } from '../../masks';
import { annotation, arbitraryBox, arbitraryLandmarks, arbitraryMask, arbitrarySize, hasTestData, id, imageInfo, itemsOf, manifestItemOf, realData, writable } from '../testing/dataset';
import { planClasses, scanDataset } from '../classes';
import type { ReadOptions } from '../dataset';
import { cocoReader } from './reader';
import { cocoWriter } from './writer';

const info: ReadOptions['imageInfo'] = async () => ({ width: 10, height: 5, orientation: 1 });
const dataset = (annotations: unknown[], categories: unknown[] = [{ id: 7, name: 'cat' }]) => JSON.stringify({ info: {}, categories, annotations, images: [{ id: 'x', file_name: 'a.jpg', width: 10, height: 5 }] });
const readOne = async (annotations: unknown[], categories?: unknown[]) => (await itemsOf(await cocoReader.read(new MemorySource({ 'a.jpg': '', 'a.json': dataset(annotations, categories) }), { imageInfo: info })))[0]!;
const a = (more: object) => ({ id: 1, image_id: 'x', category_id: 7, ...more });

describe('reading', () => {
  it('reads boxes, polygons and both kinds of run lengths', async () => {
    const item = await readOne([
      a({ bbox: [1, 2, 3, 1] }),
      a({ bbox: [0, 0, 2, 2], segmentation: [[0, 0, 2, 0, 2, 2, 0, 2]] }),
      a({ segmentation: { size: [5, 10], counts: [5, 3, 42] }, iscrowd: 1 }),
      a({ segmentation: { size: [5, 10], counts: '53Z1' } }),
    ]);
    expect(item.issues).toEqual([]);
    expect(item.annotations.map((x) => [x.geometry.kind, x.crowd])).toEqual([['box', false], ['mask', false], ['mask', true], ['mask', false]]);
    expect(item.annotations[0]!.geometry).toEqual({ kind: 'box', v: 1, x0: 1, y0: 2, x1: 4, y1: 3 });
    expect(item.annotations[1]!.geometry).toMatchObject({ mask: maskToString(rectMask({ x: 0, y: 0, width: 2, height: 2 })) });
    expect(item.annotations[2]!.geometry).toMatchObject({ mask: maskToString(rectMask({ x: 1, y: 0, width: 1, height: 3 })) });
    expect(item.annotations[3]!.geometry).toEqual(item.annotations[2]!.geometry);
  });
  it('makes landmarks of keypoints, grouped with a box that says more than they do', async () => {
    const categories = [{ id: 7, name: 'fly', keypoints: ['left wing', 'head', 'right wing'], skeleton: [[1, 2], [2, 3]] }];
    const item = await readOne([a({ id: 1, keypoints: [1, 1, 2, 0, 0, 0, 3, 2, 1], bbox: [1, 1, 2, 1] }), a({ id: 2, keypoints: [1, 1, 2, 2, 2, 2, 3, 2, 1], bbox: [0, 0, 9, 4] })], categories);
    expect(item.annotations.map((x) => [x.geometry.kind, x.group])).toEqual([['landmarks', null], ['landmarks', 'annotation 2'], ['box', 'annotation 2']]);
    const reading = await cocoReader.read(new MemorySource({ 'a.jpg': '', 'a.json': dataset([], categories) }));
    expect(reading.classes).toEqual([{ name: 'fly', kind: 'landmarks', index: 7, skeleton: { points: ['left wing', 'head', 'right wing'], edges: [[0, 1], [1, 2]], pairs: [[0, 2]] } }]);
  });
  it.each([
    ['zero-area', { bbox: [1, 1, 0, 3] }],
    ['bad-number', { bbox: [1, 'b', 2, 3] }],
    ['no-geometry', {}],
    ['no-geometry', { caption: 'a cat' }],
    ['unknown-class', { category_id: 8, bbox: [1, 1, 2, 2] }],
    ['bad-mask', { segmentation: { size: [5, 10], counts: [51] } }],
    ['bad-mask', { segmentation: { size: [5, 10], counts: 'é' } }],
    ['bad-mask', { segmentation: { counts: [50] } }],
    ['bad-mask', { segmentation: { size: [5e5, 1e9], counts: [1] } }],
    ['bad-keypoints', { keypoints: [1, 2] }],
    ['outside', { bbox: [20, 20, 2, 2] }],
  ])('reports %s and imports the rest', async (code, fault) => {
    const item = await readOne([a(fault), a({ id: 2, bbox: [1, 1, 2, 2] })]);
    expect(item.annotations).toHaveLength(1);
    expect(item.issues.map((i) => [i.code, i.severity])).toEqual([[code, 'error']]);
  });
  it('merges files that speak of the same objects, and takes splits from their names', async () => {
    const categories = [{ id: 1, name: 'person' }];
    const image = { id: 4, file_name: 'b.jpg', width: 10, height: 5 };
    const box = { id: 9, image_id: 4, category_id: 1, bbox: [0, 0, 5, 5] };
    const reading = await cocoReader.read(new MemorySource({
      'images/train/b.jpg': '', 'images/val/b.jpg': '', 'images/val/c.jpg': '',
      'annotations/instances_val.json': JSON.stringify({ categories, images: [image], annotations: [box] }),
      'annotations/person_keypoints_val.json': JSON.stringify({ categories: [{ id: 1, name: 'person', keypoints: ['nose'] }], images: [image], annotations: [{ ...box, keypoints: [2, 2, 2] }] }),
    }), { imageInfo: info });
    const items = await itemsOf(reading);
    expect(items.map((i) => [i.path, i.split, i.labelled, i.annotations.map((x) => x.geometry.kind)])).toEqual([
      ['images/train/b.jpg', 'train', false, []], ['images/val/b.jpg', 'val', true, ['landmarks', 'box']], ['images/val/c.jpg', 'val', false, []],
    ]);
    const plan = planClasses({ schema: { classes: [] }, nextIndex: 0, classes: (await scanDataset(reading)).classes, create: true, newId: (() => { let n = 0; return () => id(n++); })() });
    expect(plan.created.map((c) => [c.index, c.name, c.kind])).toEqual([[0, 'person', 'box'], [1, 'person (points)', 'landmarks']]);
  });
  it('reports images that are not there, and damaged files', async () => {
    const reading = await cocoReader.read(new MemorySource({ 'x.json': dataset([a({ bbox: [0, 0, 1, 1] })]).replace('a.jpg', 'gone.jpg'), 'cut.json': dataset([a({ bbox: [0, 0, 1, 1] })]).slice(0, -30), 'results.json': '[{"image_id":1}]' }));
    expect((await itemsOf(reading)).map((i) => [i.path, i.issues.map((x) => x.code)])).toEqual([['gone.jpg', ['no-image']]]);
    expect(reading.issues.map((i) => [i.code, i.path])).toEqual([['unreadable', 'cut.json']]);
  });
  it('refuses a folder without COCO files', async () => {
    await expect(cocoReader.read(new MemorySource({ 'a.json': '{"version": 4}' }))).rejects.toThrow('There is no COCO file here');
  });
});

describe('writing', () => {
  const items = [
    manifestItemOf('a.jpg', { annotations: [
      annotation(1, id(1), { kind: 'box', v: 1, x0: 1.25, y0: 2, x1: 11.5, y1: 4 }, { occluded: true, attributes: { [id(10)]: id(12), [id(13)]: 4 } }),
      annotation(2, id(2), { kind: 'mask', v: 1, mask: maskToString(rectMask({ x: 3, y: 4, width: 2, height: 5 })) }, { crowd: true }),
    ] }),
    manifestItemOf('b/c.jpg', { split: 'val', annotations: [annotation(3, id(3), { kind: 'landmarks', v: 1, points: [{ x: 1, y: 2, v: 2 }, { x: 0, y: 0, v: 0 }, { x: 5, y: 9, v: 1 }] })] }),
    manifestItemOf('z.jpg'),
  ];
  it('writes index + 1 as category id, gaps kept, and counts ids through all splits', async () => {
    const sink = new MemorySink();
    const report = await cocoWriter.write(writable(items), sink);
    expect(report).toMatchObject({ items: 3, annotations: 3, files: 2, losses: [] });
    expect([...sink.files.keys()]).toEqual(['annotations/instances_train.json', 'annotations/instances_val.json']);
    const train = JSON.parse(sink.text('annotations/instances_train.json'));
    const val = JSON.parse(sink.text('annotations/instances_val.json'));
    expect(train.categories.map((c: { id: number; name: string }) => [c.id, c.name])).toEqual([[1, 'cell'], [2, 'nucleus'], [4, 'axis "long"']]);
    expect(train.categories[2]).toMatchObject({ keypoints: ['left end', 'centre', 'right end'], skeleton: [[1, 2], [2, 3]], pairs: [[1, 3]] });
    expect(train.images.map((i: { id: number; file_name: string }) => [i.id, i.file_name])).toEqual([[1, 'a.jpg'], [3, 'z.jpg']]);
    expect(val.images).toEqual([{ id: 2, file_name: 'b/c.jpg', width: 640, height: 480, sha256: 'ab'.repeat(32) }]);
    expect(train.annotations).toEqual([
      { id: 1, image_id: 1, category_id: 1, bbox: [1.25, 2, 10.25, 2], area: 20.5, segmentation: [], iscrowd: 0, attributes: { stain: 'strong & <odd>', count: 4 }, occluded: true },
      { id: 2, image_id: 1, category_id: 2, bbox: [3, 4, 2, 5], area: 10, segmentation: { size: [480, 640], counts: expect.any(String) }, iscrowd: 1 },
    ]);
    expect(maskArea(fromCocoRle(train.annotations[1].segmentation))).toBe(10);
    expect(val.annotations).toEqual([{ id: 3, image_id: 2, category_id: 4, bbox: [1, 2, 4, 7], area: 28, segmentation: [], keypoints: [1, 2, 2, 0, 0, 0, 5, 9, 1], num_keypoints: 2, iscrowd: 0 }]);
  });
  it('writes images under their split, and the same bytes every time', async () => {
    const write = async () => {
      const sink = new MemorySink();
      await cocoWriter.write(writable(items, { image: async (item) => ({ body: new TextEncoder().encode(item.path), ...(item.path === 'z.jpg' && { extension: 'png' }) }) }), sink);
      return sink;
    };
    const [one, two] = [await write(), await write()];
    expect([...one.files.keys()]).toEqual(['images/train/a.jpg', 'images/val/b/c.jpg', 'images/train/z.png', 'annotations/instances_train.json', 'annotations/instances_val.json']);
    expect(two.files).toEqual(one.files);
    expect(JSON.parse(one.text('annotations/instances_train.json')).images[1].file_name).toBe('z.png');
  });
  it('writes a valid file of an empty dataset', async () => {
    const sink = new MemorySink();
    await cocoWriter.write(writable([]), sink);
    expect(JSON.parse(sink.text('annotations/instances_train.json'))).toMatchObject({ images: [], annotations: [] });
  });
});

it('reads back what it wrote', async () => {
  const arbitrary = arbitrarySize.chain((size) => fc.record({
    size: fc.constant(size),
    annotations: fc.array(fc.tuple(fc.oneof(arbitraryBox(size).map((g) => [id(1), g] as const), arbitraryMask(size).map((g) => [id(2), g] as const), arbitraryLandmarks(size, 3).map((g) => [id(3), g] as const)), fc.boolean(), fc.boolean()), { maxLength: 5 }),
  }));
  await fc.assert(fc.asyncProperty(arbitrary, async ({ size, annotations }) => {
    const item = manifestItemOf('sub/x.jpg', { ...size, split: 'test', annotations: annotations.map(([[classId, g], crowd, truncated], i) => annotation(i, classId, g, { crowd, truncated })) });
    const data = writable([item]);
    const sink = new MemorySink();
    await cocoWriter.write(data, sink);
    sink.files.set('images/test/sub/x.jpg', new Uint8Array());
    const [back] = await itemsOf(await cocoReader.read(sink.toSource(), { imageInfo: async () => ({ ...size, orientation: 1 }) }));
    expect(back).toMatchObject({ split: 'test', issues: [], labelled: true });
    const names = new Map(data.schema.classes.map((c) => [c.id, c.name]));
    const close = (x: number) => Math.round(x * 1e6) / 1e6;
    const rounded = (g: unknown) => JSON.parse(JSON.stringify(g), (_, v: unknown) => (typeof v === 'number' ? close(v) : v)) as unknown;
    expect(back!.annotations.map((x) => [x.class.name, rounded(x.geometry), x.crowd, x.truncated])).toEqual(item.annotations.map((x) => [names.get(x.classId), rounded(x.geometry), x.crowd, x.truncated]));
  }), { numRuns: 80 });
});

describe.skipIf(!hasTestData)('files that others wrote', () => {
  it.each(['coco', 'coco_instances', 'coco_person_keypoints', 'coco_roboflow', 'mmdet_coco'])("reads Datumaro's %s", async (folder) => {
    const reading = await cocoReader.read(realData(`interop/datumaro_oe/coco_dataset/${folder}`), { imageInfo });
    const items = (await itemsOf(reading)).filter((i) => i.image);
    expect(items.map((i) => [i.path.split('/').at(-1), i.split, i.labelled, i.annotations.length > 0])).toEqual([['a.jpg', 'train', true, true], ['b.jpg', 'val', true, true]]);
    expect(items.flatMap((i) => i.annotations).every((x) => x.geometry.kind !== 'mask' || maskArea(maskFromString(x.geometry.mask)) > 0)).toBe(true);
  });
  it('reads attributes, and both forms of a mask to the same pixels', async () => {
    const items = await itemsOf(await cocoReader.read(realData('interop/datumaro_oe/coco_dataset/coco_instances'), { imageInfo }));
    const val = items.find((i) => i.split === 'val')!;
    expect(val.annotations[0]!.attributes).toEqual({ x: 1, y: 'hello' });
    expect(val.annotations.map((x) => (x.geometry.kind === 'mask' ? [maskArea(maskFromString(x.geometry.mask)), x.crowd] : null))).toEqual([[2, false], [20, true]]);
  });
  it("reads Roboflow's COCO without its umbrella category", async () => {
    const reading = await cocoReader.read(realData('interop/roboflow/datasets/sharks-tiny-coco'), { imageInfo });
    const items = await itemsOf(reading);
    expect(reading.classes.map((c) => c.name)).toEqual(['fish', 'primary', 'shark']);
    const present = items.filter((i) => i.image);
    expect(present).toHaveLength(10);
    expect(present.map((i) => i.split)).toEqual(['test', ...Array(7).fill('train'), 'val', 'val']);
    expect(present.every((i) => i.labelled && i.annotations.length > 0)).toBe(true);
  });
  it('reads 100 images of COCO val2014', async () => {
    const reading = await cocoReader.read(realData('metrics/coco_val2014_100'));
    const items = await itemsOf(reading);
    expect(reading.classes.length).toBeGreaterThan(70);
    expect(items.length).toBe(100);
  });
});
