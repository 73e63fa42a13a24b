import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySink, MemorySource } from '../../io';
import { skeleton } from '../../labels';
import { annotation, arbitraryLandmarks, hasTestData, id, imageInfo, itemsOf, manifestItemOf, realData, schema, writable } from '../testing/dataset';
import type { ReadOptions } from '../dataset';
import { planClasses, scanDataset } from '../classes';
import { faces68, looksLikeFace } from './faces68';
import { landmarksCsvReader } from './reader';
import { columnsOf } from './table';
import { landmarksCsvWriter } from './writer';

const info: ReadOptions['imageInfo'] = async () => ({ width: 100, height: 50, orientation: 1 });
const read = async (files: Record<string, string>) => {
  const reading = await landmarksCsvReader.read(new MemorySource(files), { imageInfo: info });
  return { reading, items: await itemsOf(reading) };
};

describe('columns', () => {
  it.each([
    ['', '0', '1', '2', '3'], ['image', 'x0', 'y0', 'x1', 'y1'], ['filename', 'nose_x', 'nose_y', 'chin_x', 'chin_y'], ['image', 'x_a', 'x_b', 'y_a', 'y_b'], ['Image', 'a x', 'a y', 'a v', 'b x', 'b y', 'b v', 'class'],
  ])('two points: %s, %s, %s …', (...head) => {
    expect(columnsOf(head)?.points).toHaveLength(2);
  });
  it('knows names, visibility and class', () => {
    expect(columnsOf(['image', 'left eye_x', 'left eye_y', 'left eye_v', 'class'])).toEqual({ image: 0, className: 4, points: [{ name: 'left eye', x: 1, y: 2, v: 3 }] });
  });
  it.each([[['image', 'x']], [['image', '0', '1', '2']], [['image', 'a_x', 'b_y']], [['image', 'width', 'height']], [['id', 'instances', 'split']], [['when', '0', '1']]])('none: %j', (head) => {
    expect(columnsOf(head)).toBeNull();
  });
});

describe('reading', () => {
  it('reads objects, unplaced points, points outside, and splits from names', async () => {
    const { reading, items } = await read({
      'training/a.jpg': '', 'test/a.jpg': '', 'test/b.jpg': '', 'test/c.jpg': '',
      'training_points.csv': 'image,left eye_x,left eye_y,right eye_x,right eye_y\na.jpg,1.5,2,,\na.jpg,3,4,5,nan\n', 'test_points.csv': 'image,left eye_x,left eye_y,right eye_x,right eye_y\na.jpg,120,-1,5,6\nb.jpg,1,x,5,6\ngone.jpg,1,1,1,1\n',
    });
    expect(reading.classes).toEqual([{ name: 'landmarks', kind: 'landmarks', skeleton: { points: ['left eye', 'right eye'], edges: [], pairs: [[0, 1]] } }]);
    expect(items.map((i) => [i.path, i.split, i.labelled, i.annotations.map((a) => (a.geometry.kind === 'landmarks' ? a.geometry.points : null)), i.issues.map((x) => x.code)])).toEqual([
      ['test/a.jpg', 'test', true, [[{ x: 120, y: -1, v: 2 }, { x: 5, y: 6, v: 2 }]], ['points-outside']],
      ['test/b.jpg', 'test', false, [], []],
      ['test/c.jpg', 'test', false, [], []],
      ['training/a.jpg', 'train', true, [[{ x: 1.5, y: 2, v: 2 }, { x: 0, y: 0, v: 0 }], [{ x: 3, y: 4, v: 2 }, { x: 0, y: 0, v: 0 }]], []],
      ['gone.jpg', undefined, true, [], ['no-image']],
    ]);
    expect(reading.issues).toMatchObject([{ code: 'bad-number', message: expect.stringContaining('"test_points.csv", line 3') }]);
  });
  it('refuses rows of another number of points, and what is no table of landmarks', async () => {
    const { reading } = await read({ 'a.jpg': '', 'one.csv': 'image,x0,y0\na.jpg,1,2\n', 'two.csv': 'image,x0,y0,x1,y1\na.jpg,1,2,3,4\n', 'prices.csv': 'what,price\nx,1\n' });
    expect(reading.issues.map((i) => i.code)).toEqual(['bad-landmarks']);
    await expect(read({ 'a.jpg': '', 'prices.csv': 'what,price\nx,1\n' })).rejects.toThrow('no landmark table');
  });
  it('the 68 points of a face are a skeleton', () => {
    const { skeleton: s } = faces68();
    expect(skeleton.safeParse({ ...s, points: s!.points.map((name, i) => ({ id: id(i), name })) }).success).toBe(true);
    expect([s!.points.length, s!.pairs.length, s!.points[36], s!.points[45], s!.points[8]]).toEqual([68, 29, 'right eye outer corner', 'left eye outer corner', 'jaw 9']);
    for (const [a, b] of s!.pairs) if (s!.points[a]!.includes('right')) expect(s!.points[b]).toBe(s!.points[a]!.replace('right', 'left').replace(/brow \d/, (m) => `brow ${6 - Number(m.at(-1))}`));
    expect(looksLikeFace(new Float64Array(136))).toBe(false);
  });
  it.skipIf(!hasTestData)('reads the faces of udacity', async () => {
    const reading = await landmarksCsvReader.read(realData('landmarks/udacity_faces68'), { imageInfo });
    expect(reading.classes).toMatchObject([{ name: 'face', skeleton: { pairs: { length: 29 } } }]);
    expect(reading.issues.map((i) => i.code)).toEqual(['faces-68']);
    const splits = { train: 0, val: 0, test: 0 };
    const outside = new Set<string>();
    let points = 0;
    for await (const item of reading.items()) {
      splits[item.split!]++;
      for (const issue of item.issues) outside.add(`${issue.code} ${item.split}`);
      if (item.issues.length > 0) points++;
      expect(item.annotations).toHaveLength(1);
    }
    expect([splits, [...outside], points]).toEqual([{ train: 3462, val: 0, test: 770 }, ['points-outside train'], 6]);
  }, 60_000);
});

describe('writing', () => {
  it('writes what it reads again', async () => {
    const size = { width: 640, height: 480 };
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(arbitraryLandmarks(size, 3), fc.constantFrom('train' as const, 'val' as const, 'test' as const)), { maxLength: 4 }), async (objects) => {
      const items = objects.map(([g, split], i) => manifestItemOf(`a,"${i}"/x.jpg`, { ...size, split, annotations: [annotation(i + 1, id(3), g)] }));
      const sink = new MemorySink();
      const report = await landmarksCsvWriter.write(writable(items, { image: async () => ({ body: new Uint8Array(1) }) }), sink);
      expect(report).toMatchObject({ items: items.length, annotations: items.length, losses: [{ code: 'skeleton-pairs' }] });
      const reading = await landmarksCsvReader.read(sink.toSource(), { imageInfo: async () => ({ ...size, orientation: 1 }) });
      const back = (await itemsOf(reading)).sort((a, b) => (a.path.split('/')[1]! < b.path.split('/')[1]! ? -1 : 1));
      expect(back.map((i) => [i.split, i.annotations[0]!.geometry])).toEqual(objects.map(([g, split]) => [split, g]));
      if (objects.length === 0) {
        expect(reading.classes).toEqual([]);
        return;
      }
      expect(reading.classes[0]!.skeleton!.points).toEqual(['left end', 'centre', 'right end']);
      // A project takes what was read.
      expect(planClasses({ schema, nextIndex: 4, classes: (await scanDataset(reading)).classes, create: false, newId: () => id(99) }).issues).toEqual([]);
    }), { numRuns: 40 });
  });
});
