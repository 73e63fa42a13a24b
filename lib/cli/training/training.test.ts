/** Training, predicting, looking inside and exporting from the command line: small, but all the way. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeIndexPng } from '@/lib/core/media';
import { loadCard } from '@/models/node';
import { exportOnnx } from '@/models/node/exportModel';
import { fieldmarkIn } from '../testing/run';

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-train-'));
  await makeBoxes();
  await makeMasks();
  await makeClasses();
  await makeLandmarks();
});
afterAll(() => fs.rm(folder, { recursive: true, force: true }));

const SIDE = 64;
const put = async (file: string, content: string | Uint8Array) => {
  await fs.mkdir(path.dirname(path.join(folder, file)), { recursive: true });
  await fs.writeFile(path.join(folder, file), content);
};
/** A grey image with a bright square. */
const square = (x: number, y: number, side: number, bright = 230) => {
  const data = new Uint8Array(SIDE * SIDE * 3).fill(60);
  for (let j = y; j < y + side; j++) data.fill(bright, (j * SIDE + x) * 3, (j * SIDE + x + side) * 3);
  return sharp(data, { raw: { width: SIDE, height: SIDE, channels: 3 } }).png().toBuffer();
};
const splits = ['train', 'train', 'train', 'train', 'val', 'test', 'test'] as const;

async function makeBoxes() {
  const gt = { images: [] as object[], categories: [{ id: 1, name: 'square' }], annotations: [] as object[] };
  for (const [i, split] of splits.entries()) {
    const [x, y, side] = [5 + 4 * i, 30 - 3 * i, 16 + i];
    await put(`boxes/images/${split}/${i}.png`, await square(x, y, side));
    await put(`boxes/labels/${split}/${i}.txt`, `0 ${(x + side / 2) / SIDE} ${(y + side / 2) / SIDE} ${side / SIDE} ${side / SIDE}\n`);
    gt.images.push({ id: 100 + i, file_name: `${i}.png`, width: SIDE, height: SIDE });
    gt.annotations.push({ id: i + 1, image_id: 100 + i, category_id: 1, bbox: [x, y, side, side], area: side * side, iscrowd: 0 });
  }
  await put('boxes/data.yaml', 'train: images/train\nval: images/val\ntest: images/test\nnames: [square]\n');
  await put('gt.json', JSON.stringify(gt));
}
async function makeMasks() {
  for (const [i, split] of splits.entries()) {
    const [x, y, side] = [5 + 4 * i, 30 - 3 * i, 16 + i];
    const indices = new Uint8Array(SIDE * SIDE);
    for (let j = y; j < y + side; j++) indices.fill(1, j * SIDE + x, j * SIDE + x + side);
    await put(`masks/${split}/${i}.png`, await square(x, y, side));
    await put(`masks/${split}annot/${i}.png`, writeIndexPng({ width: SIDE, height: SIDE, indices }));
  }
  await put('masks/classes.json', '["background","square"]');
}
async function makeClasses() {
  for (const [c, bright] of [['dark', 90], ['light', 240]] as const) for (let i = 0; i < 4; i++) await put(`classes/${c}/${i}.png`, await square(4 * i, 8, 40, bright));
}
async function makeLandmarks() {
  for (const split of ['train', 'test']) {
    const rows = ['image,left_x,left_y,right_x,right_y'];
    for (let i = 0; i < 4; i++) {
      await put(`points/${split}/${split}${i}.png`, await square(6 + 5 * i, 20, 20));
      rows.push(`${split}${i}.png,${6 + 5 * i},20,${26 + 5 * i},40`);
    }
    await put(`points/${split}.csv`, `${rows.join('\n')}\n`);
  }
}

const small = ['--epochs', '1', '--input-size', '64', '--batch', '2', '--threads', '1', '--json'];
const train = (data: string, task: string, out: string, ...more: string[]) => fieldmarkIn(folder, ['train', data, '--task', task, '--out', out, ...small, ...more]);

describe('boxes', () => {
  it('trains, predicts, evaluates, shows the network and exports it', async () => {
    const trained = await train('boxes', 'detect', 'models/squares');
    expect(trained, trained.stderr).toMatchObject({ code: 0, json: { task: 'detect', split: 'test', images: { train: 4, val: 1, test: 2 }, classes: ['square'], seed: 1, heldOut: { images: 2 }, mAP50: expect.any(Number), mAP: expect.any(Number) } });
    expect(trained.stdout.trim().split('\n')).toHaveLength(1);
    expect(await fs.readdir(path.join(folder, 'models'))).toEqual(['squares']);
    expect((await loadCard(path.join(folder, 'models/squares'))).task).toBe('detect');
    // A second run into the same folder is refused before it begins.
    expect(await train('boxes', 'detect', 'models/squares')).toMatchObject({ code: 1, json: { error: { code: 'conflict' } } });

    const predicted = await fieldmarkIn(folder, ['predict', 'models/squares', 'boxes/images/test', 'boxes/images/val/4.png', '--out', 'dt.json', '--gt', 'gt.json', '--min-score', '0.0001', '--json']);
    expect(predicted, predicted.stderr).toMatchObject({ code: 0, json: { form: 'coco', images: 3 } });
    const results = JSON.parse(await fs.readFile(path.join(folder, 'dt.json'), 'utf8')) as { image_id: number; category_id: number; bbox: number[]; score: number }[];
    expect(results).toHaveLength((predicted.json as { labels: number }).labels);
    for (const r of results) expect([[104, 105, 106].includes(r.image_id), r.category_id, r.bbox.length, r.bbox.every((v) => v >= 0 && v <= SIDE)]).toEqual([true, 1, 4, true]);
    expect(await fieldmarkIn(folder, ['eval', '--gt', 'gt.json', '--dt', 'dt.json', '--json'])).toMatchObject({ code: 0, json: { images: 7, detections: results.length } });
    const perImage = await fieldmarkIn(folder, ['predict', 'models/squares', 'boxes/images/test/5.png', '--out', 'deep/one.json', '--as', 'images', '--viewing', 'flip']);
    expect(perImage, perImage.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(await fs.readFile(path.join(folder, 'deep/one.json'), 'utf8'))).toMatchObject({ task: 'detect', classes: ['square'], images: [{ file: 'boxes/images/test/5.png', width: SIDE, height: SIDE }] });

    const summary = await fieldmarkIn(folder, ['model', 'summary', 'models/squares', '--json']);
    expect(summary, summary.stderr).toMatchObject({ code: 0, json: { task: 'detect', inputSize: { width: 64, height: 64 }, network: { format: 'fieldmark-network' } } });
    const { parameters, network } = summary.json as unknown as { parameters: number; network: { layers: { parameters: number }[] } };
    expect(network.layers.reduce((sum, l) => sum + l.parameters, 0)).toBe(parameters);
    expect((await fieldmarkIn(folder, ['model', 'summary', 'models/squares'])).stdout).toMatch(/layer +kind +output +parameters/);

    const onnx = await fieldmarkIn(folder, ['model', 'export', 'models/squares', '--format', 'onnx', '--out', 'squares.onnx', '--json']);
    expect(onnx, onnx.stderr).toMatchObject({ code: 0, json: { input: { name: 'image', type: 'uint8', shape: [1, 64, 64, 3] } } });
    const tfjs = await fieldmarkIn(folder, ['model', 'export', 'models/squares', '--format', 'tfjs', '--out', 'squares-tfjs', '--json']);
    expect(tfjs).toMatchObject({ code: 0, json: { kind: 'layers' } });
    expect((await fs.readdir(path.join(folder, 'squares-tfjs'))).sort()).toEqual(['card.json', 'model.json', 'weights.bin']);
    expect(await fieldmarkIn(folder, ['model', 'export', 'models/squares', '--format', 'onnx', '--out', 'squares.onnx'])).toMatchObject({ code: 1, stderr: expect.stringContaining('is there already') });

    // The ONNX file gives what the model gives, image by image of a batch.
    const one = await ort.InferenceSession.create(await fs.readFile(path.join(folder, 'squares.onnx')));
    const two = await exportOnnx(path.join(folder, 'models/squares'), { batch: 2 });
    expect(two.outputs.map((o) => [o.name, o.shape[0]])).toEqual(one.outputNames.map((name) => [name, 2]));
    const pixels = Uint8Array.from({ length: 2 * 64 * 64 * 3 }, (_, i) => (i * 31) & 255);
    const both = await (await ort.InferenceSession.create(two.bytes)).run({ image: new ort.Tensor('uint8', pixels, [2, 64, 64, 3]) });
    const second = await one.run({ image: new ort.Tensor('uint8', pixels.slice(64 * 64 * 3), [1, 64, 64, 3]) });
    for (const name of one.outputNames) {
      const [a, b] = [both[name]!.data as Float32Array, second[name]!.data as Float32Array];
      a.slice(a.length / 2).forEach((v, i) => expect(v).toBeCloseTo(b[i]!, 4));
    }
  }, 120_000);

  it('learns by the optimizer, schedule and settings asked for, and refuses settings that there are not', async () => {
    const trained = await train('boxes', 'detect', 'models/asked', '--backbone', 'compact', '--optimizer', 'sgd', '--schedule', 'constant', '--set', 'box=squared', '--set', 'anchors=[{"w":20,"h":20},{"w":9,"h":12}]');
    expect(trained, trained.stderr).toMatchObject({ code: 0, json: { notes: expect.arrayContaining(['As asked: SGD with momentum; the learning rate stays.']) } });
    expect((await loadCard(path.join(folder, 'models/asked'))).head).toMatchObject({ box: 'squared', scales: [{ anchors: [{ w: 9, h: 12 }] }, { anchors: [{ w: 20, h: 20 }] }] });
    const refused = (message: string) => ({ code: 1, json: { error: { message: expect.stringContaining(message) } } });
    expect(await train('boxes', 'localize', 'models/refused', '--set', 'outputstride=1')).toMatchObject(refused('There is no setting outputstride. The task localize has no settings of its own.'));
    expect(await train('boxes', 'detect', 'models/refused', '--set', 'box=round')).toMatchObject(refused('The setting box of the task detect does not do'));
    expect(await train('boxes', 'localize', 'models/refused', '--anchors', '4')).toMatchObject({ code: 2, json: { error: { message: '--anchors is for --task detect.' } } });
    expect(await train('boxes', 'detect', 'models/refused', '--schedule', 'sometimes')).toMatchObject({ code: 2 });
  }, 60_000);

  it('refuses crops of one class alone, and masks where there are none', async () => {
    expect(await train('boxes', 'classify', 'models/none', '--crops')).toMatchObject({ code: 1, stderr: expect.stringMatching(/class/) });
    expect(await fieldmarkIn(folder, ['train', 'boxes', '--task', 'segment', '--out', 'x', '--epochs', '1', '--json'])).toMatchObject({ code: 1, json: { error: { code: 'unprocessable', message: expect.stringContaining('it needs images with masks') } } });
  }, 60_000);

  it('stops on Ctrl-C with 130 and leaves no model behind', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1500);
    const stopped = await fieldmarkIn(folder, ['train', 'boxes', '--task', 'detect', '--out', 'models/stopped', '--minutes', '5', '--input-size', '64', '--threads', '1', '--json'], { signal: stop.signal });
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(stopped.stderr).toContain('Stopped.');
    expect(await fs.stat(path.join(folder, 'models/stopped')).catch(() => null)).toBeNull();
  }, 60_000);
});

it('one object an image: class and overlap of the held-out images', async () => {
  const trained = await train('boxes', 'localize', 'models/one', '--start', 'scratch');
  expect(trained, trained.stderr).toMatchObject({ code: 0, json: { task: 'localize', split: 'test', images: { train: 4, val: 1, test: 2 }, classes: ['square'], top1: expect.any(Number), meanIoU: expect.any(Number), heldOut: { images: 2 } } });
  expect(await loadCard(path.join(folder, 'models/one'))).toMatchObject({ task: 'localize', architecture: { head: 'localize' } });
  const predicted = await fieldmarkIn(folder, ['predict', 'models/one', 'boxes/images/test', '--out', 'one.json', '--gt', 'gt.json', '--min-score', '0', '--json']);
  expect(predicted, predicted.stderr).toMatchObject({ code: 0, json: { form: 'coco', images: 2 } });
  const results = JSON.parse(await fs.readFile(path.join(folder, 'one.json'), 'utf8')) as { image_id: number; category_id: number; bbox: number[] }[];
  // One box an image at most, within it.
  expect(results.map((r) => r.image_id).sort()).toEqual([...new Set(results.map((r) => r.image_id))].sort());
  for (const r of results) expect([[105, 106].includes(r.image_id), r.category_id, r.bbox.length, r.bbox.every((v) => v >= 0 && v <= SIDE)]).toEqual([true, 1, 4, true]);
  expect(await fieldmarkIn(folder, ['eval', '--gt', 'gt.json', '--dt', 'one.json', '--json'])).toMatchObject({ code: 0, json: { images: 7, detections: results.length } });
  // Weights may come from an address, but not from one inside.
  expect(await train('boxes', 'localize', 'models/two', '--start', 'http://127.0.0.1:9/model.json')).toMatchObject({ code: 1, json: { error: { message: expect.stringMatching(/^127\.0\.0\.1 is an address of this machine.*FIELDMARK_PRIVATE_ADDRESSES=1/) } } });
}, 120_000);

it('masks: mean IoU and Dice of the held-out images', async () => {
  const trained = await train('masks', 'segment', 'models/masks');
  expect(trained, trained.stderr).toMatchObject({ code: 0, json: { task: 'segment', split: 'test', mIoU: expect.any(Number), dice: expect.any(Number), heldOut: { images: 2 } } });
  const predicted = await fieldmarkIn(folder, ['predict', 'models/masks', 'masks/test', '--out', 'masks.json', '--json']);
  expect(predicted, predicted.stderr).toMatchObject({ code: 0, json: { form: 'coco', images: 2 } });
  for (const r of JSON.parse(await fs.readFile(path.join(folder, 'masks.json'), 'utf8')) as { image_id: string; segmentation: { size: number[] } }[]) expect([r.image_id, r.segmentation.size]).toEqual([expect.stringMatching(/^[56]\.png$/), [SIDE, SIDE]]);
}, 120_000);

it('folders of classes: top-1, with so many images of each for training', async () => {
  const trained = await train('classes', 'classify', 'models/classes', '--per-class', '2', '--seed', '4', '--viewing', 'flip');
  expect(trained, trained.stderr).toMatchObject({ code: 0, json: { task: 'classify', split: 'test', images: { train: 4, val: 0, test: 4 }, top1: expect.any(Number), seed: 4, classes: ['dark', 'light'] } });
  // What also looking at the mirrored image is worth, beside a single look.
  const { top1, viewings } = trained.json as { top1: number; viewings: { viewing: string; top1: number; millisecondsPerImage: number }[] };
  expect(viewings.map((v) => [v.viewing, v.millisecondsPerImage > 0])).toEqual([['once', true], ['flip', true]]);
  expect(viewings[1]!.top1).toBe(top1);
  const predicted = await fieldmarkIn(folder, ['predict', 'models/classes', 'classes', '--out', 'classes.json', '--json']);
  expect(predicted, predicted.stderr).toMatchObject({ code: 0, json: { form: 'images', images: 8 } });
  const { images } = JSON.parse(await fs.readFile(path.join(folder, 'classes.json'), 'utf8')) as { images: { file: string; labels: { class: string; score: number }[] }[] };
  expect(images.map((i) => i.file)).toContain('dark/0.png');
  expect(['dark', 'light']).toContain(images[0]!.labels[0]!.class);
  expect(await fieldmarkIn(folder, ['predict', 'models/classes', 'classes', '--out', 'x.json', '--as', 'coco'])).toMatchObject({ code: 1, stderr: expect.stringContaining('no place for classes of whole images') });
}, 120_000);

it('landmarks: the normalised mean error', async () => {
  const trained = await train('points', 'landmarks', 'models/points');
  expect(trained, trained.stderr).toMatchObject({ code: 0, json: { task: 'landmarks', split: 'test', images: { train: 4, val: 0, test: 4 }, nme: expect.any(Number) } });
  const predicted = await fieldmarkIn(folder, ['predict', 'models/points', 'points/test', '--out', 'points.json', '--min-score', '0', '--json']);
  expect(predicted, predicted.stderr).toMatchObject({ code: 0, json: { images: 4 } });
  for (const r of JSON.parse(await fs.readFile(path.join(folder, 'points.json'), 'utf8')) as { keypoints: number[] }[]) expect(r.keypoints).toHaveLength(6);
}, 120_000);

describe('wrong use', () => {
  it.each([
    [[], 'Give either a folder of data or --project'],
    [['boxes', '--out', 'x'], 'Say with --task what to learn'],
    [['boxes', '--task', 'detect'], 'Say with --out'],
    [['boxes', '--task', 'detect', '--out', 'x', '--crops'], '--crops is for --task classify'],
    [['masks', '--task', 'segment', '--out', 'x', '--anchors', '9'], '--anchors is for --task detect'],
    [['--project', 'P', '--task', 'segment', '--anchors', '9'], '--anchors is for --task detect'],
    [['boxes', '--task', 'detect', '--out', 'x', '--depth', 'head', '--start', 'scratch'], '--depth head wants trained weights to begin with, and --start scratch takes none'],
    [['boxes', '--task', 'detect', '--out', 'x', '--depth', 'partial', '--backbone', 'compact'], 'the backbone compact comes without'],
    [['boxes', '--task', 'detect', '--out', 'x', '--name', 'n'], '--name is for projects on the server'],
    [['--project', 'P', '--per-class', '3'], '--per-class is for data on this machine'],
    [['boxes', '--task', 'detect', '--out', 'x', '--set', 'novalue'], 'not of the form name=value'],
    [['boxes', '--task', 'detect', '--out', 'x', '--augment', 'rotate'], 'not of the form name=value'],
    [['boxes', '--task', 'detect', '--out', 'x', '--augment', 'spin=3'], 'There is no "spin"; known are mosaic, mirrorX'],
    [['boxes', '--task', 'detect', '--out', 'x', '--augment', 'rotate=200'], 'rotate cannot be 200'],
    [['boxes', '--task', 'detect', '--out', 'x', '--augment', 'rotate=much'], 'rotate cannot be much'],
    [['boxes', '--task', 'detect', '--out', 'x', '--augment', 'scale=2'], 'scale takes two sizes'],
    [['boxes', '--task', 'detect', '--out', 'x', '--augment', 'scale=2,1'], 'the smaller size comes first'],
    [['masks', '--task', 'segment', '--out', 'x', '--augment', 'mosaic=1'], 'Mosaics of four images are for detectors only'],
  ])('train %j', async (args, message) => {
    expect(await fieldmarkIn(folder, ['train', ...args])).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
  it('says what is missing', async () => {
    expect(await fieldmarkIn(folder, ['predict', 'boxes', 'boxes', '--out', 'x.json'])).toMatchObject({ code: 5, stderr: expect.stringContaining('has no card.json') });
    expect(await fieldmarkIn(folder, ['train', 'nowhere', '--task', 'detect', '--out', 'x'])).toMatchObject({ code: 5 });
    expect(await fieldmarkIn(folder, ['train', 'classes', '--task', 'detect', '--out', 'x', '--format', 'class-folders'])).toMatchObject({ code: 1, stderr: expect.stringContaining('it needs images with boxes') });
  });
});

describe('anchors of a dataset', () => {
  it('gives the curve and the anchors', async () => {
    const result = await fieldmarkIn(folder, ['anchors', 'boxes', '--k', '3', '--json']);
    expect(result, result.stderr).toMatchObject({ code: 0, json: { boxes: 7, images: 7, k: 3, anchors: [{}, {}, {}], curve: [{ k: 1 }, { k: 2 }, { k: 3 }] } });
    expect(await fieldmarkIn(folder, ['anchors', 'boxes', '--split', 'test', '--k', '2', '--json'])).toMatchObject({ json: { boxes: 2, meanBestIou: 1 } });
    expect((await fieldmarkIn(folder, ['anchors', 'masks', '--k', '1'])).stdout).toContain('7 boxes on 7 images');
    expect(await fieldmarkIn(folder, ['anchors', 'points'])).toMatchObject({ code: 1, stderr: expect.stringContaining('There are no boxes') });
    expect(await fieldmarkIn(folder, ['anchors'])).toMatchObject({ code: 2 });
  });
});

describe('what is in the way of a model', () => {
  const inTheWay = (data: string, out: string, ...more: string[]) => fieldmarkIn(folder, ['train', data, '--task', 'detect', '--out', out, ...small, ...more]);
  it('is never replaced, --force or not, when it is not a model', async () => {
    for (const [file, shown] of [['thesis/chapter1.tex', 'chapter1.tex'], ['half/model.json', 'it has no card.json'], ['mixed/card.json', 'notes.txt']] as const) await put(file, shown);
    await put('mixed/notes.txt', 'mine');
    for (const [out, message] of [['thesis', 'chapter1.tex'], ['half', 'no card.json'], ['mixed', 'notes.txt'], ['.', 'is the folder you are in'], ['..', 'holds the folder you are in'], ['boxes', 'is the data'], ['gt.json', 'is a file']] as const) {
      for (const force of [[], ['--force']]) expect(await inTheWay('boxes', out, ...force), out).toMatchObject({ code: 1, json: { error: { code: 'conflict', message: expect.stringContaining(message) } } });
    }
    expect(await fs.readFile(path.join(folder, 'thesis/chapter1.tex'), 'utf8')).toBe('chapter1.tex');
    expect((await fs.readdir(path.join(folder, 'mixed'))).sort()).toEqual(['card.json', 'notes.txt']);
  });
  it('is replaced by --force when it is a model', async () => {
    await put('older/card.json', '{}');
    expect(await inTheWay('boxes', 'older')).toMatchObject({ code: 1, json: { error: { message: expect.stringContaining('let --force replace it') } } });
    // As far as the data, which has nothing for this task.
    expect(await inTheWay('points', 'older', '--force')).toMatchObject({ code: 1, json: { error: { code: 'unprocessable' } } });
  });
});

it('refuses data that has a test but nothing to train on', async () => {
  await put('only/images/test/1.png', await square(5, 5, 20));
  await put('only/labels/test/1.txt', '0 0.25 0.25 0.3 0.3\n');
  await put('only/data.yaml', 'test: images/test\nnames: [square]\n');
  expect(await fieldmarkIn(folder, ['train', 'only', '--task', 'detect', '--out', 'models/only', ...small])).toMatchObject({ code: 1, json: { error: { code: 'unprocessable', message: expect.stringMatching(/None of the 1 usable image is for training: the data puts 1 in test\. /) } } });
});
