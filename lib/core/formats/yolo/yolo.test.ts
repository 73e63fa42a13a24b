import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MemorySink, MemorySource } from '../../io';
import { annotation, arbitraryBox, arbitrarySize, hasTestData, id, imageInfo, itemsOf, manifestItemOf, realData, writable } from '../testing/dataset';
import type { ReadOptions } from '../dataset';
import { namesByIndex } from './classNames';
import { yoloReader } from './reader';
import { yoloWriter } from './writer';

const info: ReadOptions['imageInfo'] = async () => ({ width: 200, height: 100, orientation: 1 });
const read = async (files: Record<string, string>, imageInfo = info) => yoloReader.read(new MemorySource(files), { imageInfo });
const lines = async (text: string, config?: string) => (await itemsOf(await read({ 'images/a.jpg': '', 'labels/a.txt': text, 'data.yaml': config ?? 'names: [cat, dog]' })))[0]!;

describe('reading', () => {
  it('reads boxes, scores, polygons; leaves out what is wrong and says which line', async () => {
    const item = await lines('0 0.5 0.5 0.5 0.5\n\n1 0.25 0.5 0.1 0.2 0.75\r\n0 0 0 0.1 0 0.1 0.1 0 0.1\n5 0.5 0.5 0.1 0.1\n0 0.5 0.5 0 0.1\ncat 1 2 3 4\n0 40 50 3 4\n0 1 2 3\n');
    expect(item.annotations.map((x) => [x.class.name, x.geometry.kind, x.score])).toEqual([['cat', 'box', null], ['dog', 'box', 0.75], ['cat', 'mask', null], ['class 5', 'box', null]]);
    expect(item.annotations[0]!.geometry).toEqual({ kind: 'box', v: 1, x0: 50, y0: 25, x1: 150, y1: 75 });
    expect(item.issues.map((i) => [i.code, /line (\d+)/.exec(i.message)?.[1]])).toEqual([['zero-area', '6'], ['bad-line', '7'], ['not-normalised', '8'], ['bad-line', '9']]);
  });
  it('reads keypoints when data.yaml says how many', async () => {
    const item = await lines('0 0.5 0.5 0.5 0.5 0.5 0.5 2 0.25 0.5 1 0 0 0', 'names: {0: fly}\nkpt_shape: [3, 3]');
    expect(item.annotations[0]!.geometry).toEqual({ kind: 'landmarks', v: 1, points: [{ x: 100, y: 50, v: 2 }, { x: 50, y: 50, v: 1 }, { x: 0, y: 0, v: 0 }] });
  });
  it('takes shares of the upright image', async () => {
    const [item] = await itemsOf(await read({ 'a.jpg': '', 'a.txt': '0 0.5 0.5 1 0.5', 'classes.txt': 'cat' }, async () => ({ width: 200, height: 100, orientation: 6 })));
    expect(item!.annotations[0]!.geometry).toEqual({ kind: 'box', v: 1, x0: 0, y0: 50, x1: 100, y1: 150 });
  });
  it('tells negative examples from images nobody looked at', async () => {
    const items = await itemsOf(await read({ 'images/a.jpg': '', 'images/b.jpg': '', 'labels/a.txt': '', 'README.txt': 'hello' }));
    expect(items.map((i) => [i.path, i.labelled])).toEqual([['images/a.jpg', true], ['images/b.jpg', false]]);
  });
  it('reports labels without an image', async () => {
    const items = await itemsOf(await read({ 'labels/gone.txt': '0 0.5 0.5 1 1' }));
    expect(items).toMatchObject([{ image: null, issues: [{ code: 'no-image', path: 'labels/gone.txt' }] }]);
  });
  it('finds splits by data.yaml, whatever its paths are relative to', async () => {
    const files = { 'd/one/images/a.jpg': '', 'd/two/images/b.jpg': '', 'd/data.yaml': 'train: /home/me/set/one/images\nval: ../two/images\nnames: [x]' };
    expect((await itemsOf(await read(files))).map((i) => i.split)).toEqual(['train', 'val']);
    const same = { 'images/train/a.jpg': '', 'images/val/b.jpg': '', 'data.yaml': 'train: images\nval: images\nnames: [x]' };
    expect((await itemsOf(await read(same))).map((i) => i.split)).toEqual(['train', 'val']);
    const listed = { 'obj/a.jpg': '', 'obj/b.jpg': '', 'train.txt': 'data/obj/a.jpg\n', 'test.txt': 'data/obj/b.jpg\n' };
    expect((await itemsOf(await read(listed))).map((i) => i.split)).toEqual(['train', 'test']);
  });
  it('reports YAML that is none, and does not expand aliases without end', async () => {
    const bomb = `a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`).join('\n')}\nnames: *a9`;
    for (const config of [bomb, 'names: [', '\tx: y\n- z']) expect((await read({ 'a.jpg': '', 'a.txt': '', 'data.yaml': config })).issues.map((i) => i.code)).toEqual(['unreadable', 'no-names']);
  });
});

describe('writing', () => {
  it('keeps the class index, and fills gaps with placeholders that the reader leaves out again', async () => {
    const sink = new MemorySink();
    await yoloWriter.write(writable([manifestItemOf('a.jpg')]), sink);
    const config = parse(sink.text('data.yaml')) as { names: Record<string, string>; nc: number };
    expect(config).toMatchObject({ nc: 4, names: { 0: 'cell', 1: 'nucleus', 2: 'unused_2', 3: 'axis "long"' }, train: 'images/train', val: 'images/val' });
    // What Ultralytics asks of a dictionary: keys from 0 to one less than their number.
    expect(Object.keys(config.names).map(Number)).toEqual([0, 1, 2, 3]);
    expect((await yoloReader.read(sink.toSource(), { imageInfo: info })).classes.map((c) => [c.index, c.name])).toEqual([[0, 'cell'], [1, 'nucleus'], [3, 'axis "long"']]);
    expect(namesByIndex([{ index: 1, name: 'unused_0' }])).toEqual(['_unused_0', 'unused_0']);
  });
  it('writes negatives as empty files, boxes cut at the edges, and lists what is lost', async () => {
    const sink = new MemorySink();
    const report = await yoloWriter.write(writable([
      manifestItemOf('a.jpg', { annotations: [
        annotation(1, id(1), { kind: 'box', v: 1, x0: -64, y0: 0, x1: 64, y1: 48 }, { occluded: true, group: id(9), attributes: { [id(13)]: 1 } }),
        annotation(2, id(3), { kind: 'landmarks', v: 1, points: [{ x: 1, y: 1, v: 2 }, { x: 1, y: 1, v: 2 }, { x: 1, y: 1, v: 2 }] }),
        annotation(3, id(1), { kind: 'box', v: 1, x0: 700, y0: 0, x1: 720, y1: 48 }),
      ] }),
      manifestItemOf('b.jpg', { split: 'test' }),
    ]), sink);
    expect(sink.text('labels/train/a.txt')).toBe('0 0.050000 0.050000 0.100000 0.100000\n');
    expect(sink.text('labels/test/b.txt')).toBe('');
    expect(report.losses.map((l) => [l.code, l.count])).toEqual([['kind-landmarks', 1], ['flag-occluded', 1], ['attributes', 1], ['groups', 1], ['outside', 2]]);
    expect(report).toMatchObject({ items: 2, annotations: 1 });
  });
  it('gives every image a label file of its own that trainers find', async () => {
    const sink = new MemorySink();
    const image = async () => ({ body: new Uint8Array() });
    const report = await yoloWriter.write(writable(['a.jpg', 'a.png', 'a_png.png', 'A.bmp', 'images/x/a.jpg'].map((p) => manifestItemOf(p)), { image }), sink);
    const images = [...sink.files.keys()].filter((f) => f.startsWith('images/'));
    expect(images).toEqual(['images/train/a.jpg', 'images/train/a_png.png', 'images/train/a_png_png.png', 'images/train/A_bmp.bmp', 'images/train/images_/x/a.jpg']);
    // How Ultralytics finds a label file.
    for (const path of images) expect(sink.files.has(`/${path}`.replace(/^(.*)\/images\//, '$1/labels/').replace(/\.\w+$/, '.txt').slice(1))).toBe(true);
    expect(report.losses).toEqual([{ code: 'renamed', message: expect.any(String), count: 4 }]);
  });
  it('writes the same bytes every time', async () => {
    const write = async () => {
      const sink = new MemorySink();
      await yoloWriter.write(writable([manifestItemOf('a.jpg', { annotations: [annotation(1, id(1), { kind: 'box', v: 1, x0: 1 / 3, y0: 2 / 3, x1: 100 / 7, y1: 9 })] })]), sink);
      return sink.files;
    };
    expect(await write()).toEqual(await write());
  });
});

it('reads back what it wrote to a hundredth of a pixel', async () => {
  await fc.assert(fc.asyncProperty(arbitrarySize.chain((size) => fc.record({ size: fc.constant(size), boxes: fc.array(arbitraryBox(size), { maxLength: 5 }) })), async ({ size, boxes }) => {
    const sink = new MemorySink();
    await yoloWriter.write(writable([manifestItemOf('sub/x.jpg', { ...size, split: 'val', annotations: boxes.map((g, i) => annotation(i, id(1), g)) })]), sink);
    sink.files.set('images/val/sub/x.jpg', new Uint8Array());
    sink.files.set('images/train/y.jpg', new Uint8Array());
    const back = (await itemsOf(await yoloReader.read(sink.toSource(), { imageInfo: async () => ({ ...size, orientation: 1 }) })))[1]!;
    expect(back).toMatchObject({ split: 'val', labelled: true, issues: [] });
    expect(back.annotations).toHaveLength(boxes.length);
    back.annotations.forEach(({ geometry: g }, i) => {
      const box = boxes[i]!;
      if (g.kind !== 'box' || box.kind !== 'box') throw new Error('not a box');
      for (const edge of ['x0', 'y0', 'x1', 'y1'] as const) expect(Math.abs(g[edge] - box[edge])).toBeLessThan(0.01);
      expect(g.x0 >= 0 && g.y0 >= 0 && g.x1 <= size.width && g.y1 <= size.height).toBe(true);
    });
  }), { numRuns: 150 });
});

describe.skipIf(!hasTestData)('files that others wrote', () => {
  it.each([
    ['interop/datumaro_oe/yolo_dataset/labels', [['images/train/1.jpg', 'train', 'label_2', 'label_4'], ['images/val/1.jpg', 'val', 'label_2', 'label_4']]],
    ['interop/datumaro_oe/yolo_dataset/annotations', [['Images/1.jpg', undefined, 'label_2', 'label_4']]],
    ['interop/datumaro_oe/yolo_dataset/strict', [['obj_train_data/1.jpg', 'train', 'label_2', 'label_4']]],
    ['interop/datumaro_oe/roboflow_dataset/yolo', [['train/images/train_001.jpg', 'train', 'label_0'], ['train/images/train_002.jpg', 'train', 'label_1'], ['val/images/val_001.jpg', 'val', 'label_0', 'label_1']]],
  ])('%s', async (folder, expected) => {
    const source = realData(folder);
    expect((await yoloReader.detect(source)).confidence).toBeGreaterThan(0.8);
    const items = await itemsOf(await yoloReader.read(source, { imageInfo }));
    expect(items.map((i) => [i.path, i.split, ...i.annotations.map((x) => x.class.name)])).toEqual(expected);
    expect(items.flatMap((i) => i.issues)).toEqual([]);
  });
  it("reads Roboflow's mixture of boxes and polygons", async () => {
    const items = await itemsOf(await yoloReader.read(realData('interop/roboflow/datasets/sharks-tiny-yolov9'), { imageInfo }));
    expect(items.map((i) => i.split)).toEqual(['test', ...Array(7).fill('train'), 'val', 'val']);
    const kinds = new Set(items.flatMap((i) => i.annotations).map((x) => x.geometry.kind));
    expect([...kinds].sort()).toEqual(['box', 'mask']);
    expect(items.flatMap((i) => i.issues).filter((i) => i.severity === 'error')).toEqual([]);
  });
  it("reads Label Studio's", async () => {
    const items = await itemsOf(await yoloReader.read(realData('interop/label_studio/data/test_import_yolo_data'), { imageInfo }));
    expect(items.filter((i) => i.image).every((i) => i.labelled || i.annotations.length === 0)).toBe(true);
    expect(items.find((i) => i.path === 'images/img_1.jpg')!.annotations.map((x) => x.class.name)).toEqual(['bus', 'number', 'closed_door', 'closed_door']);
  });
});
