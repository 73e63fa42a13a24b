/** Trainings that begin with what there is: crops of boxes, the weights of a model, a run that was stopped. LeNet-5 at 32 pixels: each is a second. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadCard } from '@/models/node';
import { fieldmarkIn } from '../testing/run';

let folder: string;
const SIDE = 64;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-again-'));
  // A dark and a bright square in each image, so that there are two crops of each.
  for (const [i, split] of (['train', 'train', 'train', 'test'] as const).entries()) {
    const data = new Uint8Array(SIDE * SIDE * 3).fill(128);
    const squares = [[2 + i, 4, 24, 20], [34, 30 + i, 24, 240]] as const;
    for (const [x, y, side, grey] of squares) for (let j = y; j < y + side; j++) data.fill(grey, (j * SIDE + x) * 3, (j * SIDE + x + side) * 3);
    for (const [name, content] of [
      [`pair/images/${split}/${i}.png`, await sharp(data, { raw: { width: SIDE, height: SIDE, channels: 3 } }).png().toBuffer()],
      [`pair/labels/${split}/${i}.txt`, squares.map(([x, y, side], c) => `${c} ${(x + side / 2) / SIDE} ${(y + side / 2) / SIDE} ${side / SIDE} ${side / SIDE}\n`).join('')],
    ] as const) {
      await fs.mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await fs.writeFile(path.join(folder, name), content);
    }
  }
  await fs.writeFile(path.join(folder, 'pair/data.yaml'), 'train: images/train\ntest: images/test\nnames: [dark, bright]\n');
});
afterAll(() => fs.rm(folder, { recursive: true, force: true }));

const command = (out: string, ...more: string[]) => ['train', 'pair', '--task', 'classify', '--crops', '--backbone', 'lenet5', '--input-size', '32', '--batch', '2', '--threads', '1', '--out', out, '--json', ...more];

it('crops of boxes are images of their own, on the side of their image', async () => {
  const trained = await fieldmarkIn(folder, command('crops', '--epochs', '2'));
  expect(trained, trained.stderr).toMatchObject({ code: 0, json: { task: 'classify', split: 'test', images: { train: 6, val: 0, test: 2 }, classes: ['dark', 'bright'], top1: expect.any(Number), backbone: 'lenet5', inputSize: { width: 32, height: 32 } } });
  expect((await loadCard(path.join(folder, 'crops'))).training).toMatchObject({ images: 6 });
}, 120_000);

it('the weights of a model are what the next begins with', async () => {
  await fieldmarkIn(folder, command('first', '--epochs', '1'));
  const next = await fieldmarkIn(folder, command('next', '--epochs', '1', '--start', 'first', '--depth', 'full'));
  expect(next, next.stderr).toMatchObject({ code: 0, json: { notes: expect.arrayContaining([expect.stringContaining(`Beginning with trained weights of ${path.join(folder, 'first')}: 14 of 14 taken over.`)]) } });
  const none = await fieldmarkIn(folder, command('none', '--epochs', '1', '--start', 'nowhere'));
  expect(none).toMatchObject({ code: 1, json: { error: { message: expect.stringContaining(path.join(folder, 'nowhere')) } } });
}, 120_000);

it('the same command goes on where a stopped run was', async () => {
  const long = command('stopped', '--epochs', '200', '--seed', '3');
  const stop = new AbortController();
  const stopped = await fieldmarkIn(folder, long, { terminal: true, signal: stop.signal, onStderr: (text) => /Training.* step [1-9]/.test(text) && stop.abort() });
  expect([stopped.code, stopped.stderr], stopped.stderr).toEqual([130, expect.stringContaining('Run the same command again to go on from here.')]);
  expect((await fs.readdir(folder)).filter((name) => name.includes('stopped'))).toEqual(['.stopped.training']);
  const again = await fieldmarkIn(folder, long);
  expect(again, again.stderr).toMatchObject({ code: 0, json: { resumed: true, steps: 600, epochs: 200 } });
  expect((await fs.readdir(folder)).filter((name) => name.includes('stopped'))).toEqual(['stopped']);
}, 120_000);
