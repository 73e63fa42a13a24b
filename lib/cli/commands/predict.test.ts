/** What a model says of images, as files. The models are untrained: what is looked at is where it goes. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePng } from '@/lib/core/media';
import { handOver } from '../predict/writers';
import { fieldmarkIn } from '../testing/run';
import { storeModel } from '../testing/storedModel';

let folder: string;
const SIDE = 48;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-predict-'));
  for (const name of ['a/1.png', 'a/2.png', 'b/1.png', 'bad/1.png', 'bad/3.png']) {
    const image = await sharp({ create: { width: SIDE, height: SIDE, channels: 3, background: '#888', noise: { type: 'gaussian', mean: 128, sigma: 40 } } }).png().toBuffer();
    await put(name, image);
  }
  await put('bad/2.png', (await fs.readFile(path.join(folder, 'bad/1.png'))).subarray(0, 400));
  await put('gt.json', JSON.stringify({ images: [{ id: 7, file_name: '1.png', width: SIDE, height: SIDE }], categories: [{ id: 31, name: 'Square' }], annotations: [] }));
  for (const task of ['detect', 'segment', 'classify'] as const) await storeModel(path.join(folder, task), task);
}, 120_000);
afterAll(() => fs.rm(folder, { recursive: true, force: true }));

async function put(file: string, content: string | Uint8Array) {
  await fs.mkdir(path.dirname(path.join(folder, file)), { recursive: true });
  await fs.writeFile(path.join(folder, file), content);
}
const predict = (model: string, images: string[], out: string, ...more: string[]) => fieldmarkIn(folder, ['predict', model, ...images, '--out', out, '--threads', '1', '--json', ...more]);
type Entry = { image_id: string | number; category_id: number; category_name: string; score: number; bbox: number[] };
const read = async <T>(file: string) => JSON.parse(await fs.readFile(path.join(folder, file), 'utf8')) as T;
const everything = ['--min-score', '0.000001'];

describe('an image that cannot be read', () => {
  it('is named and left out; the others are looked at, and the command ends with 1', async () => {
    const said = await predict('classify', ['bad'], 'bad.json');
    expect(said, said.stderr).toMatchObject({ code: 1, json: { images: 2, failed: [{ file: '2.png', message: expect.any(String) }] } });
    expect(said.stderr).toContain(`"${path.join(folder, 'bad')}/2.png" cannot be read and is left out: `);
    expect(said.stderr).toContain('1 image could not be read and is not in the results.');
    expect((await read<{ images: { file: string }[] }>('bad.json')).images.map((i) => i.file)).toEqual(['1.png', '3.png']);
    expect(await predict('classify', ['a'], 'good.json')).toMatchObject({ code: 0, json: { images: 2, failed: [] } });
  }, 120_000);
});

describe('what is at --out', () => {
  it('is looked at before the images are', async () => {
    await put('taken.json', 'mine');
    for (const [out, message, ...more] of [['taken.json', 'is there already'], ['a', 'is a folder'], ['a', 'is a folder', '--force'], ['taken.json/x.json', 'is a file'], ['a', 'is not empty', '--as', 'masks'], ['taken.json', 'is a file', '--as', 'masks']] as const) {
      // The model and the images are not there: nobody has looked for them yet.
      expect(await predict('none', ['none'], out, ...more), out).toMatchObject({ code: 1, json: { error: { code: 'conflict', message: expect.stringContaining(message) } } });
    }
    expect(await fs.readFile(path.join(folder, 'taken.json'), 'utf8')).toBe('mine');
    expect(await predict('classify', ['a'], 'taken.json', '--force')).toMatchObject({ code: 0 });
    expect(await read('taken.json')).toMatchObject({ task: 'classify' });
  }, 60_000);
});

describe('names', () => {
  it('of classes go with the results, and of those the truth lacks it is told how many', async () => {
    const alone = await predict('detect', ['a'], 'alone.json', ...everything);
    expect(alone, alone.stderr).toMatchObject({ code: 0, json: { form: 'coco', images: 2, unknownClass: {} } });
    const entries = await read<Entry[]>('alone.json');
    expect(new Set(entries.map((e) => `${e.category_id} ${e.category_name}`))).toEqual(new Set(['1 square', '2 disc']));
    expect(new Set(entries.map((e) => e.image_id))).toEqual(new Set(['1.png', '2.png']));
    const told = await predict('detect', ['a'], 'told.json', '--gt', 'gt.json', ...everything);
    const ofTruth = await read<Entry[]>('told.json');
    expect(new Set(ofTruth.map((e) => `${e.image_id} ${e.category_id} ${e.category_name}`))).toEqual(new Set(['7 31 square']));
    const discs = entries.filter((e) => e.category_name === 'disc' && e.image_id === '1.png').length;
    expect(told.json).toMatchObject({ images: 1, leftOut: 1, unknownClass: { disc: discs }, labels: ofTruth.length + discs });
    expect(told.stderr).toContain('of the class "disc" left out: "gt.json" has no such category.');
    // Both ways the evaluation sees the same boxes of the same class.
    const evaluated = async (dt: string) => (await fieldmarkIn(folder, ['eval', '--gt', 'gt.json', '--dt', dt, '--json'])).json as { perCategory: { detections: number }[] };
    await fs.writeFile(path.join(folder, 'first.json'), JSON.stringify(entries.filter((e) => e.image_id === '1.png')));
    expect([(await evaluated('first.json')).perCategory, ofTruth.length > 0]).toEqual([(await evaluated('told.json')).perCategory, true]);
  }, 120_000);
  it('of files that would be one image are refused', async () => {
    expect(await predict('detect', ['a', 'b'], 'x.json')).toMatchObject({ code: 1, json: { error: { code: 'conflict', message: expect.stringContaining('would both be "1.png"') } } });
    expect(await predict('detect', ['a/1.png', 'b/1.png'], 'x.json', '--gt', 'gt.json')).toMatchObject({ code: 1, json: { error: { message: expect.stringContaining('would both be "7"') } } });
    expect(await predict('segment', ['a/1.png', 'b/1.png'], 'x', '--as', 'masks')).toMatchObject({ code: 1, json: { error: { message: expect.stringContaining('would both be "1.png"') } } });
    await put('two.json', JSON.stringify({ images: [{ id: 1, file_name: 'x/1.png' }, { id: 2, file_name: 'y/1.png' }], categories: [], annotations: [] }));
    expect(await predict('detect', ['a/1.png'], 'x.json', '--gt', 'two.json')).toMatchObject({ code: 1, json: { error: { message: expect.stringContaining('has several images of the name') } } });
    // By their paths they are two.
    expect(await predict('classify', ['a/1.png', 'b/1.png'], 'both.json')).toMatchObject({ code: 0, json: { images: 2 } });
  }, 60_000);
});

describe('fewer labels', () => {
  it('by --limit, --min-score and --nms-iou', async () => {
    const boxes = async (...more: string[]) => {
      await predict('detect', ['a/1.png'], 'fewer.json', '--force', ...more);
      return read<Entry[]>('fewer.json');
    };
    const all = await boxes(...everything, '--nms-iou', '1');
    expect(all.length).toBeGreaterThan(5);
    expect((await boxes(...everything, '--nms-iou', '1', '--limit', '3')).map((e) => e.score)).toEqual(all.map((e) => e.score).sort((a, b) => b - a).slice(0, 3));
    const middle = all.map((e) => e.score).sort((a, b) => a - b)[all.length >> 1]!;
    const above = await boxes('--min-score', String(middle), '--nms-iou', '1');
    expect([above.length, above.every((e) => e.score >= middle)]).toEqual([all.filter((e) => e.score >= middle).length, true]);
    // Of boxes of a class that overlap at all, one is left.
    const apart = await boxes(...everything, '--nms-iou', '0.01');
    expect(apart.length).toBeLessThan(all.length);
    const overlap = ([x, y, w, h]: number[], [a, b, c, d]: number[]) => {
      const inside = Math.max(0, Math.min(x! + w!, a! + c!) - Math.max(x!, a!)) * Math.max(0, Math.min(y! + h!, b! + d!) - Math.max(y!, b!));
      return inside / (w! * h! + c! * d! - inside);
    };
    apart.forEach((e, i) => apart.slice(0, i).forEach((other) => expect(other.category_id === e.category_id ? overlap(e.bbox, other.bbox) : 0).toBeLessThanOrEqual(0.01)));
  }, 120_000);
});

it('several models vote: the mean of what each says', async () => {
  await storeModel(path.join(folder, 'second'), 'classify', { seed: 2 });
  await storeModel(path.join(folder, 'others'), 'classify', { classes: ['cat', 'dog'] });
  const scores = async (model: string, ...more: string[]) => {
    const said = await predict(model, ['a/1.png'], 'vote.json', '--force', '--min-score', '0', '--limit', '2', ...more);
    expect(said.code, said.stderr).toBe(0);
    const { labels } = (await read<{ images: { labels: { class: string; score: number }[] }[] }>('vote.json')).images[0]!;
    return Object.fromEntries(labels.map((l) => [l.class, l.score]));
  };
  const [one, two, both] = [await scores('classify'), await scores('second'), await scores('classify', '--vote', 'second')];
  expect(Math.abs(one['square']! - two['square']!)).toBeGreaterThan(1e-4);
  for (const name of ['square', 'disc']) expect(both[name]).toBeCloseTo((one[name]! + two[name]!) / 2, 5);
  expect(await predict('classify', ['a'], 'x.json', '--vote', 'others')).toMatchObject({ code: 1, json: { error: { message: expect.stringContaining('must have the same classes') } } });
  expect(await predict('classify', ['a'], 'x.json', '--vote', 'nowhere')).toMatchObject({ code: 5 });
}, 120_000);

describe('masks', () => {
  it('are label images of the format masks, with the classes of the results', async () => {
    const said = await predict('segment', ['a'], 'labels', '--as', 'masks');
    expect(said, said.stderr).toMatchObject({ code: 0, json: { form: 'masks', images: 2 } });
    expect((await fs.readdir(path.join(folder, 'labels'), { recursive: true })).sort()).toEqual(['classes.json', 'instances.csv', 'test.txt', 'testannot', 'testannot/1.png', 'testannot/2.png', 'testinstances', 'testinstances/1.png', 'testinstances/2.png']);
    // Every pixel has the class that the results in run lengths give it: no background here, so that none is 0.
    await predict('segment', ['a'], 'labels.json', '--as', 'coco');
    const areas = (await read<{ image_id: string; category_id: number; segmentation: { counts: string; size: number[] } }[]>('labels.json')).map((e) => `${e.image_id} ${e.category_id}`);
    for (const name of ['1.png', '2.png']) {
      const { data } = decodePng(await fs.readFile(path.join(folder, 'labels/testannot', name)));
      expect([data.length, [...new Set(data)].sort()]).toEqual([SIDE * SIDE, [...new Set(areas.filter((a) => a.startsWith(name)).map((a) => Number(a.split(' ')[1])))].sort()]);
    }
    expect((await read<{ classes: { id: number; name: string }[] }>('labels/classes.json')).classes.map((c) => `${c.id} ${c.name}`)).toEqual(['0 background', '1 square', '2 disc']);
  }, 120_000);
  it('come of segmenters alone, and not with --gt', async () => {
    expect(await predict('classify', ['a'], 'x', '--as', 'masks')).toMatchObject({ code: 1, json: { error: { message: expect.stringContaining('Only a segmenter gives masks') } } });
    expect(await predict('segment', ['a'], 'x', '--as', 'masks', '--gt', 'gt.json')).toMatchObject({ code: 2 });
    expect(await fs.stat(path.join(folder, 'x')).catch(() => null)).toBeNull();
  }, 60_000);
});

describe('handOver', () => {
  it('gives what is put, one by one, and ends with what went wrong', async () => {
    const log: string[] = [];
    const three = async (put: (n: number) => Promise<void>) => {
      for (const n of [1, 2, 3]) {
        log.push(`put ${n}`);
        await put(n);
      }
    };
    for await (const n of handOver(three)) log.push(`took ${n}`);
    expect(log).toEqual(['put 1', 'took 1', 'put 2', 'took 2', 'put 3', 'took 3']);
    const broken = handOver<number>(async (put) => {
      await put(1);
      throw new Error('the disk is full');
    });
    expect(await broken.next()).toEqual({ value: 1, done: false });
    await expect(broken.next()).rejects.toThrow('the disk is full');
    // Who stops taking ends the work too.
    let stopped: unknown;
    for await (const n of handOver<number>((put) => three(put).catch((error: unknown) => void (stopped = error)))) if (n === 2) break;
    await new Promise((resolve) => setImmediate(resolve));
    expect(String(stopped)).toContain('nobody takes any more');
  });
});
