import { describe, expect, it } from 'vitest';
import { MemorySink, MemorySource } from '../../io';
import { annotation, hasTestData, id, imageInfo, itemsOf, manifestItemOf, realData, schema, writable } from '../testing/dataset';
import { countLosses } from '../losses';
import { scanDataset } from '../classes';
import { classFolders as format } from '.';
import { classFoldersReader } from './reader';
import { classFoldersWriter } from './writer';

const files = (...paths: string[]) => new MemorySource(Object.fromEntries(paths.map((p) => [p, ''])));
const read = async (...paths: string[]) => {
  const reading = await classFoldersReader.read(files(...paths));
  return { classes: reading.imageClasses, items: (await itemsOf(reading)).map((i) => [i.path, i.imageClasses?.[0] ?? null, i.split ?? null]), issues: reading.issues.map((i) => i.code) };
};

describe('reading', () => {
  it('takes the class from the folder, below splits where there are any', async () => {
    expect(await read('d/train/cat/1.jpg', 'd/train/dog/a/2.jpg', 'd/valid/cat/3.png', 'd/valid/4.jpg')).toEqual({
      classes: ['cat', 'dog'], issues: [],
      items: [['d/train/cat/1.jpg', 'cat', 'train'], ['d/train/dog/a/2.jpg', 'dog', 'train'], ['d/valid/4.jpg', null, 'val'], ['d/valid/cat/3.png', 'cat', 'val']],
    });
    expect((await read('x/s1/1.png', 'x/s2/deep/1.png')).items).toEqual([['x/s1/1.png', 's1', null], ['x/s2/deep/1.png', 's2', null]]);
  });
  it('does not take a lone split folder for a split, nor files of systems for images', async () => {
    expect((await read('test/1.png', 'other/2.png', '__MACOSX/other/2.png')).items).toEqual([['other/2.png', 'other', null], ['test/1.png', 'test', null]]);
  });
  it('reads portable maps where there are no other images', async () => {
    expect((await read('s1/1.pgm', 's2/1.pgm')).items).toEqual([['s1/1.pgm', 's1', null], ['s2/1.pgm', 's2', null]]);
    expect(await read('s1/1.png', 's2/1.png', 'originals/1.pgm')).toMatchObject({ classes: ['s1', 's2'], issues: ['portable-maps'] });
  });
  it('says when there are no folders of classes', async () => {
    await expect(read('1.png', '2.png')).rejects.toThrow('no folders of classes');
    await expect(read('notes.txt')).rejects.toThrow('no images');
  });
  it.each([
    ['split', 0.5, ['train/a/1.jpg', 'train/b/1.jpg', 'val/a/1.jpg', 'README.md']], ['plain', 0.3, ['a/1.jpg', 'b/1.jpg', 'LICENSE']],
    ['one folder', 0, ['a/1.jpg', 'a/2.jpg']], ['flat', 0, ['1.jpg', '2.jpg']], ['labels beside', 0, ['a/1.jpg', 'b/1.jpg', 'b/1.json']], ['mostly flat', 0, ['a/1.jpg', 'b/1.jpg', '3.jpg', '4.jpg']],
  ])('is recognised, or not: %s', async (_, confidence, paths) => {
    expect((await classFoldersReader.detect(files(...paths))).confidence).toBe(confidence);
  });
  it.skipIf(!hasTestData)('reads the 40 people of the ORL faces', async () => {
    const reading = await classFoldersReader.read(realData('faces/orl'), { imageInfo });
    const items = await itemsOf(reading);
    expect(reading.imageClasses).toHaveLength(40);
    expect(reading.issues.map((i) => i.code)).toEqual(['portable-maps']);
    expect(items).toHaveLength(400);
    expect(items.every((i) => i.width === 92 && i.height === 112 && i.imageClasses?.length === 1 && !i.labelled)).toBe(true);
    expect(await scanDataset(reading)).toMatchObject({ images: 400, labelled: 0, classified: 400, classes: [] });
  });
});

describe('writing', () => {
  const box = { kind: 'box', v: 1, x0: 0, y0: 0, x1: 5, y1: 5 } as const;
  const items = [
    manifestItemOf('a/1.jpg', { annotations: [annotation(1, id(1), box), annotation(2, id(1), box)] }),
    manifestItemOf('a__1.jpg', { annotations: [annotation(3, id(1), box)] }),
    manifestItemOf('b.jpg', { split: 'test', annotations: [annotation(4, id(3), { kind: 'landmarks', v: 1, points: [{ x: 1, y: 1, v: 2 }, { x: 0, y: 0, v: 0 }, { x: 2, y: 2, v: 1 }] })] }),
    manifestItemOf('both.jpg', { annotations: [annotation(5, id(1), box), annotation(6, id(2), { kind: 'mask', v: 1, mask: '' })] }),
    manifestItemOf('none.jpg'),
  ];
  it('puts images of one class into its folder, and counts the others', async () => {
    const sink = new MemorySink();
    const report = await classFoldersWriter.write(writable(items, { image: async () => ({ body: new Uint8Array(3) }) }), sink);
    expect([...sink.files.keys()]).toEqual(['train/cell/a__1.jpg', 'train/cell/a__1_jpg.jpg', 'test/axis _long_/b.jpg', 'labels.csv']);
    expect(sink.text('labels.csv')).toBe('image,class,split\ntrain/cell/a__1.jpg,cell,train\ntrain/cell/a__1_jpg.jpg,cell,train\ntest/axis _long_/b.jpg,"axis ""long""",test\n');
    expect(report).toMatchObject({ items: 3, files: 4 });
    expect(report.losses.map((l) => [l.code, l.count])).toEqual([['shape', 6], ['no-class', 1], ['several-classes', 1]]);
    expect(await countLosses(format, schema, writable(items).items())).toEqual(report.losses);
    // What was written is read again.
    const back = await itemsOf(await classFoldersReader.read(sink.toSource()));
    expect(back.map((i) => [i.imageClasses, i.split])).toEqual([[['axis _long_'], 'test'], [['cell'], 'train'], [['cell'], 'train']]);
    expect((await classFoldersReader.detect(sink.toSource())).confidence).toBe(0.5);
  });
  it('writes the list alone when there are no images', async () => {
    const sink = new MemorySink();
    await classFoldersWriter.write(writable(items), sink);
    expect([...sink.files.keys()]).toEqual(['labels.csv']);
  });
});
