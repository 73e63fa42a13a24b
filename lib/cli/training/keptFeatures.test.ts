/** What a training keeps, and the memory it may take. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cacheFolder } from '../folders';
import { fieldmarkIn } from '../testing/run';

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-kept-'));
  for (const [name, bright] of [['dark', 60], ['light', 200]] as const) {
    await fs.mkdir(path.join(folder, 'classes', name), { recursive: true });
    for (let i = 0; i < 4; i++) await sharp({ create: { width: 64, height: 64, channels: 3, background: { r: bright, g: bright + 10 * i, b: bright } } }).png().toFile(path.join(folder, 'classes', name, `${i}.png`));
  }
});
afterAll(() => fs.rm(folder, { recursive: true, force: true }));

const train = (out: string, ...more: string[]) => fieldmarkIn(folder, ['train', 'classes', '--task', 'classify', '--out', out, '--epochs', '1', '--backbone', 'compact', '--threads', '1', '--json', ...more]);

it('keeps features in the cache folder, where the next run finds them', async () => {
  const base = await train('base', '--input-size', '64');
  expect(base, base.stderr).toMatchObject({ code: 0 });
  const features = path.join(folder, 'cache', 'features');
  await expect(fs.readdir(features)).rejects.toThrow('ENOENT');
  const kept = async () => (await fs.readdir(features, { recursive: true })).filter((name) => name.endsWith('.f16')).sort();
  const head = ['--input-size', '64', '--start', 'base', '--depth', 'head'];
  const first = await train('first', ...head);
  expect(first, first.stderr).toMatchObject({ code: 0 });
  const { train: images } = (first.json as { images: { train: number } }).images;
  const files = await kept();
  expect(files).toHaveLength(10 * images);
  expect(await train('second', ...head)).toMatchObject({ code: 0 });
  expect(await kept()).toEqual(files);
  expect((await fs.readdir(folder)).filter((name) => name.endsWith('.training'))).toEqual([]);
}, 120_000);

it('takes a step in parts to stay within the memory it is given', async () => {
  const tight = await train('tight', '--input-size', '256', '--batch', '8', '--memory', '0.5');
  expect(tight, tight.stderr).toMatchObject({ code: 0, json: { notes: expect.arrayContaining([expect.stringMatching(/takes its 8 images in [248] parts, to stay within 512 MB/)]) } });
  expect(await train('none', '--memory', '0.1')).toMatchObject({ code: 2, stderr: expect.stringContaining('Give a number from 0.5 to 10000') });
  expect(await fieldmarkIn(folder, ['train', '--project', 'x', '--memory', '2'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--memory is for data on this machine') });
}, 120_000);

it('is in the folder of the setting, else in that of the user', () => {
  expect(cacheFolder({ FIELDMARK_CACHE: '/far/away', XDG_CACHE_HOME: '/c' })).toBe(path.resolve('/far/away'));
  expect(cacheFolder({ XDG_CACHE_HOME: '/c', HOME: '/home/me' })).toBe(path.join('/c', 'fieldmark'));
  if (process.platform === 'linux') expect(cacheFolder({ HOME: '/home/me' })).toBe('/home/me/.cache/fieldmark');
});
