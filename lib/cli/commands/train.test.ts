/** Training and models of a project, as the command line asks the server for them. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ModelRow } from '@/lib/api/routes/rounds';
import { FakeServer, at, jobRow, projectRow, uuid, type Answers } from '../testing/fakeServer';
import { fieldmarkIn } from '../testing/run';
import { storeModel } from '../testing/storedModel';

let folder: string;
let server: FakeServer | null = null;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-project-'));
});
afterAll(() => fs.rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  await server?.stop();
  server = null;
});
async function serve(answers: Answers) {
  server = await new FakeServer({ projects: () => ({ items: [projectRow(1, 'Blood cells')], next: null }), ...answers }).start();
  return server;
}
const fieldmark = (...args: string[]) => fieldmarkIn(folder, [...args, '--json'], server ? { env: { FIELDMARK_URL: server.url, FIELDMARK_TOKEN: server.token } } : {});
const modelRow = (number: number, more: Partial<ModelRow> = {}): ModelRow => ({
  id: uuid(30 + number), project: uuid(1), number, name: 'x', task: 'detect', job: uuid(100 + number), datasetVersion: null, datasetNumber: null, metrics: {}, perClass: [], options: {}, bytes: 1, parameters: 1, current: false,
  createdAt: at, deletedAt: null, trainedSeconds: 61, ...more,
});
/** Pages of two, as the server gives them. */
const paged = (rows: ModelRow[]): Answers['models'] => ({ query }) => {
  const from = Number(query['cursor'] ?? 0);
  return { items: rows.slice(from, from + 2), next: from + 2 < rows.length ? String(from + 2) : null };
};

describe('train --project', () => {
  const answers = (metrics: Record<string, number>): Answers => ({ train: () => ({ job: uuid(101), version: uuid(9) }), job: () => jobRow(101), models: paged([modelRow(5), modelRow(4), modelRow(3), modelRow(1, { metrics, options: { notes: ['Too few images.'] } })]) });

  it('has the held-out figures at the top, as with a path, wherever the model is in the list', async () => {
    await serve(answers({ 'val.images': 4, 'val.mAP50': 0.5, 'test.images': 9, 'test.mAP50': 0.71239, 'test.mAP': 0.4 }));
    const said = await fieldmark('train', '--project', 'Blood cells');
    expect(said).toMatchObject({ code: 0, json: { split: 'test', mAP50: 0.71239, mAP: 0.4, task: 'detect', notes: ['Too few images.'], model: { number: 1, metrics: { 'val.mAP50': 0.5 } } } });
    expect(said.json).not.toHaveProperty('images');
    expect(said.stderr).toContain('Too few images.');
    await server!.stop();
    await serve(answers({ 'val.images': 4, 'val.mIoU': 0.5 }));
    expect(await fieldmark('train', '--project', 'Blood cells')).toMatchObject({ json: { split: 'val', mIoU: 0.5 } });
    await server!.stop();
    // Figures on what was learned from are no held-out figures.
    await serve(answers({ 'train.images': 4, 'train.mAP50': 1 }));
    const none = await fieldmark('train', '--project', 'Blood cells');
    expect([none.json!['split'], none.json!['mAP50']]).toEqual([null, undefined]);
  });
  it('begins from scratch, or with a model of the project', async () => {
    const s = await serve(answers({}));
    await fieldmark('train', '--project', 'Blood cells', '--start', 'scratch');
    await fieldmark('train', '--project', 'Blood cells', '--start', '3');
    await fieldmark('train', '--project', 'Blood cells', '--start', 'https://example.org/model.json');
    await fieldmark('train', '--project', 'Blood cells');
    expect(s.of('train').map((a) => (a.body as { options: { start: string } }).options.start)).toEqual(['scratch', uuid(33), 'https://example.org/model.json', 'default']);
    expect(await fieldmark('train', '--project', 'Blood cells', '--start', '99')).toMatchObject({ code: 5, json: { error: { message: expect.stringContaining('no model 99') } } });
    expect(await fieldmark('train', '--project', 'Blood cells', '--start', 'some/folder')).toMatchObject({ code: 2, json: { error: { message: expect.stringContaining('--start is scratch, the number of a model') } } });
  });
  it('is what a path that is none may have meant', async () => {
    expect(await fieldmark('train', 'Blood cells', '--task', 'detect', '--out', 'm')).toMatchObject({ code: 5, json: { error: { message: expect.stringContaining('say --project "Blood cells"') } } });
    expect(await fieldmark('anchors', 'Blood cells')).toMatchObject({ code: 5, json: { error: { message: expect.stringContaining('say --project "Blood cells"') } } });
    expect((await fieldmark('validate', 'Blood cells')).stderr).not.toContain('--project');
  });
});

it('prelabel looks more often, and lets models vote', async () => {
  const s = await serve({ prelabel: () => ({ job: uuid(9) }), job: () => jobRow(9), models: paged([modelRow(4), modelRow(3), modelRow(2)]) });
  expect(await fieldmark('prelabel', '--project', 'Blood cells', '--viewing', 'flip', '--vote', '2', '--vote', '4')).toMatchObject({ code: 0 });
  expect(s.of('prelabel')[0]!.body).toMatchObject({ model: null, viewing: 'flip', vote: [uuid(32), uuid(34)] });
  await fieldmark('prelabel', '--project', 'Blood cells');
  expect(s.of('prelabel')[1]!.body).toMatchObject({ viewing: 'once', vote: [] });
  expect(await fieldmark('prelabel', '--project', 'Blood cells', '--vote', '7')).toMatchObject({ code: 5 });
});

describe('a model', () => {
  const store = (name: string) => storeModel(path.join(folder, name), 'classify');
  it('of a project is fetched, looked into, and goes again', async () => {
    await store('local');
    const fetched = async () => (await fs.readdir(os.tmpdir())).filter((name) => name.startsWith('fieldmark-model-'));
    const before = await fetched();
    const s = await serve({ models: paged([modelRow(4), modelRow(3), modelRow(2, { current: true })]), modelFile: ({ params }) => fs.readFile(path.join(folder, 'local', params['file']!)) });
    const here = await fieldmark('model', 'summary', 'local');
    expect(here, here.stderr).toMatchObject({ code: 0, json: { task: 'classify', model: path.join(folder, 'local') } });
    const there = await fieldmark('model', 'summary', '--project', 'Blood cells');
    expect(there, there.stderr).toMatchObject({ code: 0, json: { model: 'model 2 of "Blood cells"', parameters: here.json!['parameters'] } });
    expect(await fieldmark('model', 'export', '--project', 'Blood cells', '--model', '3', '--format', 'tfjs', '--out', 'tfjs')).toMatchObject({ code: 0, json: { model: 'model 3 of "Blood cells"', files: ['model.json', 'weights.bin', 'card.json'] } });
    expect((await fs.readFile(path.join(folder, 'tfjs/weights.bin'))).equals(await fs.readFile(path.join(folder, 'local/weights.bin')))).toBe(true);
    expect(new Set(s.of('modelFile').map((a) => a.params['id']))).toEqual(new Set([uuid(32), uuid(33)]));
    expect(await fetched()).toEqual(before);
  }, 120_000);
  it('shows what each layer takes with --time', async () => {
    await store('local');
    const timed = await fieldmarkIn(folder, ['model', 'summary', 'local', '--time', '--threads', '1']);
    expect(timed.stdout).toMatch(/layer +kind +output +parameters +products +ms\n/);
    expect(timed.stdout).toMatch(/ ms an image on 1 thread \(/);
    const { network } = (await fieldmark('model', 'summary', 'local', '--time', '--threads', '1')).json as unknown as { network: { timing: { total: number }; layers: { milliseconds: number | null }[] } };
    expect(network.timing.total).toBeGreaterThan(0);
    expect(network.layers.some((l) => l.milliseconds !== null && l.milliseconds > 0)).toBe(true);
  }, 120_000);
  it('that is none is told apart from one', async () => {
    await store('local');
    for (const name of ['net.onnx', 'alone/model.json', 'alone/readme']) {
      await fs.mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await fs.writeFile(path.join(folder, name), '{}');
    }
    for (const [given, code, message] of [
      ['nowhere', 5, 'There is nothing at'], ['nowhere', 5, 'give --project NAME'], ['net.onnx', 1, 'is an ONNX file alone'], ['local/model.json', 1, `give its folder, "${path.join(folder, 'local')}"`],
      ['alone/model.json', 1, 'fieldmark train DATA --start "alone/model.json"'], ['alone', 5, 'has no card.json'], ['alone/readme', 5, 'has no card.json'],
    ] as const) expect(await fieldmark('model', 'summary', given), given).toMatchObject({ code, json: { error: { message: expect.stringContaining(message) } } });
    for (const [args, message] of [[[], 'Give the folder of a model, or --project'], [['local', '--model', '3'], 'say which with --project'], [['local', '--project', 'x'], 'either the folder']] as const) expect(await fieldmark('model', 'summary', ...args)).toMatchObject({ code: 2, json: { error: { message: expect.stringContaining(message) } } });
    await serve({ models: paged([]) });
    expect(await fieldmark('model', 'summary', '--project', 'Blood cells')).toMatchObject({ code: 5, json: { error: { message: expect.stringContaining('has no model yet') } } });
  });
});
