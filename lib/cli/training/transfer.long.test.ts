/** What trained weights are worth on few images, by the command line as a person uses it. The times are those of whole commands. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDataFolder } from '@/models/testing/bccd';
import { fieldmarkIn } from '../testing/run';

const orl = testDataFolder('faces/orl');
if (!orl) console.log('orl is not on this machine (set FIELDMARK_TEST_DATA): trained weights are not compared on it.');
const bccd = testDataFolder('detection/bccd');
if (!bccd) console.log('bccd is not on this machine (set FIELDMARK_TEST_DATA): trained weights are not compared on it.');

const SEEDS = [1, 2, 3, 4, 5];
/** Of each run. Both have the same time, and both are told the same images by the seed. */
const MINUTES = 1.5;
const BESIDE_MINUTES = 3;
const AT_MOST_MINUTES = 10;
/** Reported beside: `mobilenet3` is the same network with its batch norm, which helps it from scratch. */
const BESIDE = ['mobilenet3', 'lenet5', 'resnet18', 'mobilenet1'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-transfer-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sets = [
  { name: 'orl, 2 of each of 40 people', data: orl, drawn: ['--per-class', '2'], train: 80, test: 320 },
  { name: 'bccd, 50 crops', data: bccd, drawn: ['--crops', '--limit', '50'], train: 50, test: null },
];
type Compared = (typeof sets)[number];

async function train({ name, data, drawn, train: images, test }: Compared, title: string, seed: number, ...how: string[]): Promise<number> {
  const out = path.join(folder, name.replace(/\W+/g, '-'));
  const began = performance.now();
  // One thread: both sets are trained on at once.
  const ran = await fieldmarkIn(folder, ['train', data!, '--task', 'classify', ...drawn, ...how, '--seed', String(seed), '--threads', '1', '--out', out, '--force', '--json']);
  const minutes = (performance.now() - began) / 60_000;
  expect(ran.code, ran.stderr).toBe(0);
  const { top1, heldOut, ...result } = ran.json as { top1: number; split: string; images: { train: number; test: number }; steps: number; heldOut: { values: Record<string, number> } };
  expect(result).toMatchObject({ split: 'test', images: { train: images, ...(test !== null && { test }) } });
  expect(minutes).toBeLessThan(AT_MOST_MINUTES);
  console.log(`${name}, ${title}, seed ${seed}: top-1 ${top1.toFixed(4)}, mean of the classes ${heldOut.values.meanAccuracy!.toFixed(4)}; ${result.steps} steps, ${minutes.toFixed(1)} minutes`);
  return top1;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

for (const set of sets) {
  it.skipIf(!set.data).concurrent(`a head on a frozen trained network tells ${set.name} apart better than the same network from scratch`, async () => {
    const [frozen, scratch]: number[][] = [[], []];
    for (const seed of SEEDS) {
      const same = ['--backbone', 'mobilenet3-coco', '--minutes', String(MINUTES)];
      frozen!.push(await train(set, 'frozen', seed, ...same, '--depth', 'head'));
      scratch!.push(await train(set, 'from scratch', seed, ...same, '--start', 'scratch'));
    }
    console.log(`${set.name}: median top-1 of ${SEEDS.length} seeds ${median(frozen!).toFixed(4)} frozen, ${median(scratch!).toFixed(4)} from scratch`);
    expect(median(frozen!)).toBeGreaterThan(median(scratch!));
    for (const backbone of BESIDE) {
      const top1 = await train(set, `${backbone} from scratch`, 1, '--backbone', backbone, '--minutes', String(BESIDE_MINUTES));
      // Better than telling by chance.
      expect(top1).toBeGreaterThan(set.data === orl ? 2 / 40 : 1 / 3);
    }
  }, 7_200_000);
}
