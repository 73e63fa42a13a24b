import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { AppError } from '@/lib/api/errors';
import { collectBytes } from '@/lib/core/io';
import { writeZip } from '@/lib/server/archives';
import { run } from './cli';
import { cliPage } from './page';
import { FakeServer, at, jobRow, projectRow, sha256, uuid, type Answers } from './testing/fakeServer';

let root: string;
let folder: string;
let server: FakeServer | null = null;
const text = (s: string) => new TextEncoder().encode(s);
beforeAll(async () => {
  root = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-cli-'));
});
afterAll(() => fs.rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(root, 't-'));
});
afterEach(async () => {
  await server?.stop();
  server = null;
});

async function fieldmark(args: string[], more: { env?: Record<string, string>; terminal?: boolean; signal?: AbortSignal } = {}) {
  let [stdout, stderr] = ['', ''];
  const env = { FIELDMARK_DATA: path.join(folder, 'none'), ...(server && { FIELDMARK_URL: server.url, FIELDMARK_TOKEN: server.token }), ...more.env };
  const code = await run(args, {
    env, cwd: folder, fetch, signal: more.signal ?? new AbortController().signal, stderrIsTerminal: more.terminal ?? false, columns: 100,
    stdout: { write: (s) => (stdout += s) }, stderr: { write: (s) => (stderr += s) },
  }, 1);
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  return { code, stdout, stderr, json: last.startsWith('{') ? (JSON.parse(last) as Record<string, never>) : null };
}
async function serve(answers: Answers) {
  server = await new FakeServer({ projects: () => ({ items: [projectRow(1, 'Blood'), projectRow(2, 'Other')], next: null }), ...answers }).start();
  return server;
}

describe('use', () => {
  it('shows help, and ends with 2 on wrong use', async () => {
    expect(await fieldmark(['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: fieldmark') });
    expect(await fieldmark([])).toMatchObject({ code: 2 });
    expect(await fieldmark(['nonsense'])).toMatchObject({ code: 2, stderr: expect.stringContaining("unknown command 'nonsense'") });
    expect(await fieldmark(['export', '--project', 'x'])).toMatchObject({ code: 2, stderr: expect.stringContaining("required option '--format <id>'") });
    expect(await fieldmark(['train', '--project', 'x', '--minutes', 'lots'])).toMatchObject({ code: 2, stderr: expect.stringContaining("option '--minutes <number>' argument 'lots' is invalid. Give a number from 0.25 to 1440.") });
    expect(await fieldmark(['train', '--project', 'x', '--minutes', '1', '--epochs', '1', '--json'])).toMatchObject({ code: 2, json: { error: { code: 'usage' } } });
  });
  it.each([
    [['nonsense'], "unknown command 'nonsense'"],
    [['validate'], "missing required argument 'path'"],
    [['validate', 'x', '--speed'], "unknown option '--speed'"],
    [['export', '--project', 'x'], "required option '--format <id>' not specified"],
    [['eval', '--gt', 'a', '--dt', 'b', '--type', 'mask'], "option '--type <what>' argument 'mask' is invalid. Allowed choices are"],
    [['train', 'x', '--minutes', 'lots'], "option '--minutes <number>' argument 'lots' is invalid. Give a number from 0.25 to 1440."],
    [['train', 'x', '--batch', '1.5'], "option '--batch <number>' argument '1.5' is invalid. Give a whole number from 1 to 1024."],
    [['train', 'x', '--set', 'width'], "option '--set <name=value>' argument 'width' is invalid. It is not of the form name=value."],
    [['train', 'x', '--augment', 'rotate=200'], "option '--augment <name=value>' argument 'rotate=200' is invalid. rotate cannot be 200"],
  ])('says wrong use as JSON too: %j', async (args, message) => {
    const said = await fieldmark([...args, '--json']);
    expect(said).toMatchObject({ code: 2, json: { error: { code: 'usage', message: expect.stringContaining(message) } } });
    expect((said.json as unknown as { error: { message: string } }).error.message).not.toMatch(/^error|--help to see how/);
    expect(said.stdout.trim().split('\n')).toHaveLength(1);
    expect(said.stderr).not.toBe('');
    expect(await fieldmark(args)).toMatchObject({ code: 2, stdout: '' });
    expect((await fieldmark([...args, '--', '--json'])).stdout).toBe('');
  });
  it('has help for every command, and a page that says the same', async () => {
    for (const [, name] of cliPage().matchAll(/^## (.+)$/gm)) {
      if (name!.startsWith('backup')) continue;
      expect(await fieldmark([...name!.split(' '), '--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('--json') });
    }
    const page = await fs.readFile(path.join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
    expect(page, 'docs/cli.md is out of date: run node scripts/docs.mjs').toBe(cliPage());
  });
});

describe('reaching the server', () => {
  it('ends with 3 when nobody answers, 4 without a token or with a bad one, 5 for what is not there', async () => {
    expect(await fieldmark(['project', 'list'], { env: { FIELDMARK_URL: 'http://127.0.0.1:9', FIELDMARK_TOKEN: 'fm_x' } })).toMatchObject({ code: 3, stderr: expect.stringContaining('cannot be reached at http://127.0.0.1:9') });
    expect(await fieldmark(['project', 'list', '--json'])).toMatchObject({ code: 4, json: { error: { code: 'unauthenticated' } } });
    await serve({});
    expect(await fieldmark(['project', 'list'], { env: { FIELDMARK_TOKEN: 'fm_wrong' } })).toMatchObject({ code: 4 });
    expect(await fieldmark(['anchors', '--project', 'Nope'])).toMatchObject({ code: 5, stderr: expect.stringContaining('There is no project "Nope". Projects: "Blood", "Other".') });
  });
  it('signs in with the token file of the data folder', async () => {
    const s = await serve({});
    await fs.writeFile(path.join(folder, 'cli-token'), `${s.token}\n`);
    const result = await fieldmark(['project', 'list', '--json', '--url', s.url], { env: { FIELDMARK_DATA: folder, FIELDMARK_TOKEN: '', FIELDMARK_URL: '' } });
    expect(result).toMatchObject({ code: 0, json: { projects: [{ name: 'Blood', done: 10 }, { name: 'Other' }] } });
    expect(result.stdout.trim().split('\n')).toHaveLength(1);
  });
});

describe('health', () => {
  const answer = (ok: boolean) => {
    const part = { ok: true, detail: 'answers' };
    return { ok, version: '1.2.3', schema: 's', startedAt: at, parts: { web: part, database: { ...part, ok }, storage: part, events: part, workers: [{ id: 'w', host: 'box', seenAt: at, ok: true, running: [{ kind: 'train', job: null }] }], queues: [{ name: 'batch', waiting: 2, running: 0 }] } };
  };
  it('is told part by part, and is a failure when a part does not work', async () => {
    await serve({ health: () => answer(true) });
    expect(await fieldmark(['health'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/database +yes +answers\n[^]*worker on box +yes +train\nqueue batch +2 waiting, 0 running/) });
    await serve({ health: () => answer(false) });
    expect(await fieldmark(['health', '--json'])).toMatchObject({ code: 1, json: { ok: false } });
  });
});

describe('import', () => {
  const importRow = (state: 'receiving' | 'queued' | 'running' | 'done' | 'failed') => ({
    id: uuid(7), project: uuid(1), source: 'set', state, createdAt: at, finishedAt: null, job: state === 'receiving' ? null : uuid(8), received: { files: 0, bytes: 0 },
    counts: { imported: 2, warnings: 1, skipped: 0, refused: 1, annotations: 5 }, message: state === 'failed' ? 'disk full' : null,
  });
  const answers = (end: 'done' | 'failed' = 'done'): Answers => {
    const states = ['queued', 'running', 'running', end] as const;
    let polls = 0;
    return {
      startImport: () => importRow('receiving'), commitImport: () => importRow('queued'), cancelImport: () => importRow('done'),
      putImportFile: ({ query, bytes }) => ({ path: query['path']!, bytes: bytes.length, sha256: sha256(bytes) }),
      putImportArchive: ({ query, bytes }) => ({ name: query['name']!, bytes: bytes.length }),
      importOne: () => importRow(states[Math.min(polls++, 3)]!), job: () => jobRow(8, { state: 'running', progress: 0.5, message: '1 of 2' }),
      importEntries: ({ query }) => ({ items: query['outcome'] === 'refused' ? [{ n: 3, path: 'c.jpg', outcome: 'refused' as const, code: 'truncated', message: 'The file is cut off.', item: null }] : query['outcome'] === 'warning' ? [{ n: 1, path: 'a.xml', outcome: 'warning' as const, code: 'zero-area', message: '"a.xml", object 1: no area.', item: null }] : [], next: null }),
    };
  };
  const makeSet = async () => {
    const set = path.join(folder, 'set');
    await fs.mkdir(path.join(set, 'sub'), { recursive: true });
    for (const [name, content] of [['a.jpg', 'aaa'], ['a.xml', '<annotation/>'], ['sub/b.PNG', 'b'.repeat(100)], ['.DS_Store', 'x'], ['movie.mp4', 'x']] as const) await fs.writeFile(path.join(set, name), content);
    return set;
  };
  it('sends images and labels, commits, waits and tells the report', async () => {
    const s = await serve(answers());
    await makeSet();
    const result = await fieldmark(['import', 'set', '--project', 'blood', '--done', '--json']);
    expect(result).toMatchObject({ code: 0, json: { import: uuid(7), state: 'done', notSent: 2, counts: { imported: 2 }, entries: [{ path: 'c.jpg', outcome: 'refused' }, { path: 'a.xml', outcome: 'warning' }] } });
    expect(s.of('startImport')[0]).toMatchObject({ params: { project: uuid(1) }, body: { source: 'set', options: { format: 'auto', markDone: true, createClasses: true, document: 'team', vocFrame: 'labelimg' } } });
    expect(s.of('startImport')[0]!.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    expect(s.of('putImportFile').map((f) => [f.query['path'], f.bytes.toString().slice(0, 4)]).sort()).toEqual([['a.jpg', 'aaa'], ['a.xml', '<ann'], ['sub/b.PNG', 'bbbb']]);
    expect(s.asked.map((a) => a.route).filter((r) => r.endsWith('Import'))).toEqual(['startImport', 'commitImport']);
  });
  it('shows progress on a terminal only, and never on standard output', async () => {
    await serve(answers());
    await makeSet();
    const quiet = await fieldmark(['import', 'set', '--project', 'Blood']);
    expect(quiet.stderr).toBe('');
    expect(quiet.stdout).toContain('Imported 2 images with 5 annotations into "Blood".\n1 warning, 0 skipped, 1 refused:\n');
    expect(quiet.stdout).toContain('refused: c.jpg: The file is cut off.');
    await server!.stop();
    await serve(answers());
    const watched = await fieldmark(['import', 'set', '--project', 'Blood'], { terminal: true });
    expect(watched.stderr).toMatch(/\rSending \[#+\.*\]/);
    expect(watched.stderr.endsWith('\r')).toBe(true);
    expect(watched.stdout).toBe(quiet.stdout);
  });
  it('sends a zip as one stream', async () => {
    const s = await serve(answers());
    const zip = await writeZip(collectBytes, (sink) => sink.write('a.jpg', text('x')));
    await fs.writeFile(path.join(folder, 'set.zip'), zip);
    expect(await fieldmark(['import', 'set.zip', '--project', 'Blood'])).toMatchObject({ code: 0 });
    expect(s.of('putImportArchive')[0]!.bytes.equals(Buffer.from(zip))).toBe(true);
  });
  it('tries again when the connection breaks, and cancels the import when it must give up', async () => {
    let failures = 2;
    const s = await serve({ ...answers(), putImportFile: ({ query, bytes }) => {
      if (query['path'] === 'a.jpg' && failures-- > 0) throw new AppError('unavailable', 'restarting');
      return { path: query['path']!, bytes: bytes.length, sha256: sha256(bytes) };
    } });
    await makeSet();
    expect(await fieldmark(['import', 'set', '--project', 'Blood'])).toMatchObject({ code: 0 });
    expect(s.of('putImportFile').filter((f) => f.query['path'] === 'a.jpg')).toHaveLength(3);
    await s.stop();
    const refusing = await serve({ ...answers(), putImportFile: () => {
      throw new AppError('too-large', 'Too large.');
    } });
    expect(await fieldmark(['import', 'set', '--project', 'Blood'])).toMatchObject({ code: 1, stderr: 'fieldmark: Too large.\n' });
    expect(refusing.of('cancelImport')).toHaveLength(1);
    expect(refusing.of('commitImport')).toHaveLength(0);
  });
  it('creates the project when asked, and fails when the import fails', async () => {
    const s = await serve({ ...answers('failed'), createProject: ({ body }) => projectRow(3, (body as { name: string }).name) });
    await makeSet();
    expect(await fieldmark(['import', 'set', '--project', 'New', '--create', '--json'])).toMatchObject({ code: 1, stderr: 'fieldmark: disk full\n', json: { state: 'failed', project: uuid(3) } });
    expect(s.of('startImport')[0]!.params['project']).toBe(uuid(3));
  });
  it('looks at the folder before it asks the server for anything', async () => {
    const s = await serve({});
    await fs.mkdir(path.join(folder, 'empty'));
    expect(await fieldmark(['import', 'empty', '--project', 'Blood'])).toMatchObject({ code: 1, stderr: expect.stringContaining('There are no images') });
    expect(await fieldmark(['import', 'gone', '--project', 'Blood'])).toMatchObject({ code: 5 });
    expect(s.asked).toEqual([]);
  });
});

describe('export', () => {
  const versionRow = (number: number, state: 'building' | 'ready' = 'ready') => ({ id: uuid(100 + number), project: uuid(1), number, name: '', notes: '', state, job: uuid(9), manifest: state === 'ready' ? 'ab'.repeat(32) : null, items: 10, annotations: 99, splits: { train: 8, val: 1, test: 1 }, classes: [], createdAt: at, by: null });
  const makeZip = () => writeZip(collectBytes, async (sink) => {
    await sink.write('annotations/instances_train.json', text('{}'));
    await sink.write('images/train/a.jpg', text('jpeg'));
  });
  const answers = (zip: Uint8Array, more: Answers = {}): Answers => {
    const row = (state: 'building' | 'ready') => ({ id: uuid(50), version: uuid(102), versionNumber: 2, format: 'coco', images: true, state, job: uuid(9), bytes: zip.length, sha256: sha256(zip), losses: state === 'ready' ? [{ code: 'x', message: 'COCO has no x.', count: 3 }] : [], createdAt: at, by: null });
    return {
      versions: () => ({ items: [versionRow(3, 'building'), versionRow(2), versionRow(1)], next: null }), version: ({ params }) => versionRow(parseInt(params['id']!.slice(-2), 16) - 100),
      createVersion: () => versionRow(4, 'building'), createExport: () => row('building'), exportOne: () => row('ready'), job: () => jobRow(9), downloadExport: () => Buffer.from(zip), ...more,
    };
  };
  it('takes the newest version that is ready, waits, downloads and unpacks', async () => {
    const s = await serve(answers(await makeZip()));
    const result = await fieldmark(['export', '--project', 'Blood', '--format', 'coco', '--out', 'deep/out', '--images', '--json']);
    expect(result).toMatchObject({ code: 0, json: { version: 2, files: 2, losses: [{ count: 3 }] } });
    expect(s.of('createExport')[0]).toMatchObject({ params: { id: uuid(102) }, body: { format: 'coco', images: true } });
    expect(await fs.readFile(path.join(folder, 'deep/out/images/train/a.jpg'), 'utf8')).toBe('jpeg');
    expect(await fs.readdir(path.join(folder, 'deep'))).toEqual(['out']);
  });
  it('freezes a version with --new, and when there is none', async () => {
    const s = await serve(answers(await makeZip()));
    expect(await fieldmark(['export', '--project', 'Blood', '--format', 'coco', '--out', 'out', '--new'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Exported version 4 of "Blood" as coco') });
    expect(s.of('createVersion')).toHaveLength(1);
    await s.stop();
    const none = await serve(answers(await makeZip(), { versions: () => ({ items: [], next: null }) }));
    expect(await fieldmark(['export', '--project', 'Blood', '--format', 'coco', '--out', 'out2'])).toMatchObject({ code: 0 });
    expect(none.of('createVersion')).toHaveLength(1);
  });
  it('takes the version named', async () => {
    const s = await serve(answers(await makeZip()));
    expect(await fieldmark(['export', '--project', 'Blood', '--format', 'coco', '--out', 'out', '--version', '1'])).toMatchObject({ code: 0 });
    expect(s.of('createExport')[0]!.params['id']).toBe(uuid(101));
    expect(await fieldmark(['export', '--project', 'Blood', '--format', 'coco', '--out', 'out2', '--version', '9'])).toMatchObject({ code: 5 });
  });
  it('does not write over what is there, unless told to', async () => {
    const s = await serve(answers(await makeZip()));
    await fs.mkdir(path.join(folder, 'out'));
    await fs.writeFile(path.join(folder, 'out/mine'), 'kept');
    expect(await fieldmark(['export', '--project', 'Blood', '--format', 'coco', '--out', 'out'])).toMatchObject({ code: 1, stderr: expect.stringContaining('is not empty') });
    expect(s.asked).toEqual([]);
    expect(await fieldmark(['export', '--project', 'Blood', '--format', 'coco', '--out', 'out', '--force'])).toMatchObject({ code: 0 });
    expect((await fs.readdir(path.join(folder, 'out'))).sort()).toEqual(['annotations', 'images', 'mine']);
  });
  it('leaves nothing behind when the download is damaged', async () => {
    const zip = await makeZip();
    await serve(answers(zip, { downloadExport: () => Buffer.from(zip.map((b, i) => (i === 40 ? b ^ 1 : b))) }));
    expect(await fieldmark(['export', '--project', 'Blood', '--format', 'coco', '--out', 'out'])).toMatchObject({ code: 3, stderr: expect.stringContaining('damaged on its way') });
    expect(await fs.readdir(folder)).toEqual([]);
  });
});

describe('work on the server', () => {
  it('tells why a job failed', async () => {
    await serve({ computeAnchors: () => ({ job: uuid(9) }), job: () => jobRow(9, { state: 'failed', error: 'There are no boxes.' }) });
    expect(await fieldmark(['anchors', '--project', 'Blood', '--json'])).toMatchObject({ code: 1, stderr: 'fieldmark: There are no boxes.\n', json: { error: { code: 'unprocessable', message: 'There are no boxes.' } } });
  });
  it('prints anchors', async () => {
    await serve({
      computeAnchors: () => ({ job: uuid(9) }), job: () => jobRow(9),
      anchors: () => ({ stale: false, job: null, report: { boxes: 5, items: 2, computedAt: at, seed: 1, unit: 'pixel', curve: [{ k: 1, meanBestIou: 0.51234, anchors: [{ w: 10.4, h: 20, count: 5 }] }] } }),
    });
    expect((await fieldmark(['anchors', '--project', 'Blood'])).stdout).toBe('5 boxes on 2 done images of "Blood":\nk  mean best IoU  anchors (width × height in pixels)\n1         0.5123  10×20\n');
  });
  it('trains with the options given and prints the metrics', async () => {
    const s = await serve({
      train: () => ({ job: uuid(9), version: uuid(102) }), job: () => jobRow(9),
      models: () => ({ next: null, items: [{ id: uuid(30), project: uuid(1), number: 4, name: 'x', task: 'detect', job: uuid(9), datasetVersion: null, datasetNumber: null, metrics: { mAP50: 0.71239 }, perClass: [{ classId: uuid(1), name: 'RBC', values: { ap50: null, ap: null, groundTruth: 3 } }], options: {}, bytes: 1, parameters: 1, current: true, createdAt: at, deletedAt: null, trainedSeconds: 61 }] }),
    });
    const result = await fieldmark(['train', '--project', 'Blood', '--epochs', '3', '--seed', '5', '--input-size', '416', '--optimizer', 'nesterov', '--schedule', 'step', '--learning-rate', '0.02']);
    expect(s.of('train')[0]!.body).toMatchObject({ version: null, options: { epochs: 3, minutes: null, seed: 5, inputSize: 416, anchors: 6, optimizer: 'nesterov', schedule: 'step', learningRate: 0.02 } });
    await fieldmark(['train', '--project', 'Blood', '--no-wait']);
    expect(s.of('train')[1]!.body).toMatchObject({ options: { optimizer: 'adamw', schedule: 'cosine', learningRate: null } });
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('Trained model 4 of "Blood" in 61 s.') });
    expect(result.stdout).toContain('0.7124');
  });
  it('can leave without waiting, and stops waiting on Ctrl-C', async () => {
    const stop = new AbortController();
    await serve({ train: () => ({ job: uuid(9), version: uuid(102) }), job: () => {
      stop.abort();
      return jobRow(9, { state: 'running', progress: 0.1 });
    } });
    expect(await fieldmark(['train', '--project', 'Blood', '--no-wait', '--json'])).toMatchObject({ code: 0, json: { job: uuid(9) } });
    expect(await fieldmark(['train', '--project', 'Blood'], { signal: stop.signal })).toMatchObject({ code: 130, stderr: expect.stringContaining(`stop it with \`fieldmark job cancel ${uuid(9)}\``) });
  });
  it('compares authors by name', async () => {
    const figure = { matches: 8, onlyA: 1, onlyB: 2, precision: 0.8, recall: 8 / 9, f1: 0.842, meanIou: null };
    const row = (state: 'building' | 'ready') => ({ id: uuid(60), project: uuid(1), a: { kind: 'team' as const, id: null, name: 'Team' }, b: { kind: 'model' as const, id: uuid(31), name: 'Model 2' }, iou: 0.5, minScore: 0.5, state, job: uuid(9), createdAt: at, items: 3, overall: figure, interval: { f1: [0.7, 0.9] as [number, number] }, perClass: [], confusion: [], disagreements: 3 });
    const s = await serve({
      authors: () => ({ authors: [{ kind: 'team', id: null, name: 'Team', documents: 3 }, { kind: 'model', id: uuid(30), name: 'Model 1', documents: 3 }, { kind: 'model', id: uuid(31), name: 'Model 2', documents: 3 }] }),
      compare: () => row('building'), qualityReport: () => row('ready'), job: () => jobRow(9),
    });
    expect((await fieldmark(['quality', '--project', 'Blood', '--b', 'model:2'])).stdout).toContain('Model 2 against Team on 3 images');
    expect(s.of('compare')[0]!.body).toMatchObject({ a: { kind: 'team', id: null }, b: { kind: 'model', id: uuid(31) }, doneOnly: true });
    expect(await fieldmark(['quality', '--project', 'Blood', '--b', 'model'])).toMatchObject({ code: 5, stderr: expect.stringContaining('Authors: team, model:Model 1, model:Model 2') });
  });
  it('makes password links', async () => {
    const member = (n: number, email: string) => ({ id: uuid(n), userId: uuid(n + 1), name: 'Ann', email, role: 'labeler' as const, joinedAt: at, lastSeenAt: null });
    const s = await serve({ members: ({ query }) => (query['cursor'] ? { items: [member(5, 'ann@example.org')], next: null } : { items: [member(3, 'bob@example.org')], next: 'more' }), resetLink: () => ({ url: 'http://x/reset?token=abc', expiresAt: at }) });
    expect(await fieldmark(['user', 'reset-password', 'Ann@Example.org'])).toMatchObject({ code: 0, stdout: expect.stringContaining('http://x/reset?token=abc') });
    expect(s.of('resetLink')[0]!.params['id']).toBe(uuid(5));
    expect(await fieldmark(['user', 'reset-password', 'nobody@example.org'])).toMatchObject({ code: 5 });
  });
  it('lists and cancels jobs', async () => {
    await serve({ jobs: () => ({ items: [jobRow(9, { state: 'running', progress: 0.42, title: 'Train' })], next: null }), job: ({ params }) => jobRow(9, { state: params['id'] === uuid(9) ? 'running' : 'done' }), cancelJob: () => jobRow(9, { state: 'running', cancelRequested: true }) });
    expect((await fieldmark(['job', 'list', '--project', 'Blood'])).stdout).toMatch(/running +42 % +Train/);
    expect(await fieldmark(['job', 'cancel', uuid(9), '--json'])).toMatchObject({ code: 0, json: { job: { cancelRequested: true } } });
    expect(await fieldmark(['job', 'cancel', uuid(8)])).toMatchObject({ code: 1, stderr: expect.stringContaining('already done') });
  });
});

describe('files alone', () => {
  const makeVoc = async () => {
    const set = path.join(folder, 'voc');
    await fs.mkdir(set);
    const image = await sharp({ create: { width: 100, height: 50, channels: 3, background: '#888' } }).jpeg().toBuffer();
    const turned = await sharp({ create: { width: 100, height: 50, channels: 3, background: '#888' } }).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const xml = (w: number, h: number, box: number[]) => `<annotation><size><width>${w}</width><height>${h}</height></size><object><name>cat</name><bndbox><xmin>${box[0]}</xmin><ymin>${box[1]}</ymin><xmax>${box[2]}</xmax><ymax>${box[3]}</ymax></bndbox></object></annotation>`;
    await fs.writeFile(path.join(set, 'a.jpg'), image);
    await fs.writeFile(path.join(set, 'a.xml'), xml(100, 50, [10, 20, 30, 40]));
    await fs.writeFile(path.join(set, 'b.jpg'), turned);
    await fs.writeFile(path.join(set, 'b.xml'), xml(100, 50, [10, 20, 30, 40]));
    await fs.writeFile(path.join(set, 'c.jpg'), image);
    return set;
  };
  it('validates a folder, without a server', async () => {
    await makeVoc();
    expect(await fieldmark(['validate', 'voc', '--json'])).toMatchObject({ code: 0, json: { format: 'voc', images: 3, labelled: 2, unlabelled: 1, annotations: 2, errors: 0, warnings: 1, issues: [{ code: 'turned' }] } });
    await fs.writeFile(path.join(folder, 'voc/c.xml'), '<annotation><object>');
    expect(await fieldmark(['validate', 'voc'])).toMatchObject({ code: 1, stdout: expect.stringContaining('error: "c.xml" cannot be read as XML') });
    expect(await fieldmark(['validate', 'voc', '--format', 'coco'])).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no COCO file here') });
  });
  it('converts, turning images upright with their labels, to the same bytes every time', async () => {
    await makeVoc();
    expect(await fieldmark(['convert', 'voc', '--to', 'coco', '--out', 'one', '--json'])).toMatchObject({ code: 0, json: { from: 'voc', to: 'coco', items: 2, annotations: 2 } });
    await fieldmark(['convert', 'voc', '--to', 'coco', '--out', 'two']);
    const tree = async (name: string) => Promise.all((await fs.readdir(path.join(folder, name), { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map(async (e) => [path.relative(path.join(folder, name), path.join(e.parentPath, e.name)), (await fs.readFile(path.join(e.parentPath, e.name))).toString('base64')]));
    const one = await tree('one');
    expect((await tree('two')).sort()).toEqual(one.sort());
    const turned = one.map(([p]) => p!).find((p) => p.endsWith('b.png'))!;
    expect(await sharp(path.join(folder, 'one', turned)).metadata()).toMatchObject({ width: 50, height: 100 });
    // Read again as COCO it says the same as the VOC did, and so on through YOLO.
    expect(await fieldmark(['convert', 'one', '--to', 'yolo', '--out', 'three', '--json'])).toMatchObject({ code: 0, json: { from: 'coco', items: 2, annotations: 2, issues: [] } });
    const label = (await tree('three')).find(([p]) => p!.endsWith('b.txt'))!;
    // 10…30 of 50 wide, 10…30 of 100 high: (10, 20)–(30, 40) turned a quarter clockwise in an image 50 high.
    expect(Buffer.from(label[1]!, 'base64').toString()).toBe('0 0.400000 0.200000 0.400000 0.200000\n');
  });
  it('says that a folder is in no format it knows', async () => {
    await fs.mkdir(path.join(folder, 'x'));
    expect(await fieldmark(['validate', 'x'])).toMatchObject({ code: 1, stderr: expect.stringContaining('No format is known') });
  });
});
