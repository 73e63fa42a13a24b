/** The command line against the real interface, database, object store and worker; only the network between them is left out. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { demoSchema, drawDemoImage } from '@/lib/core/demo';
import { manifestItem, writerOf, type ManifestItem } from '@/lib/core/formats';
import { FolderSink } from '@/lib/server/archives';
import { createApiToken } from '@/lib/server/auth/tokens';
import { HOST, send } from '@/lib/server/http/testing/api';
import { installation, type Installation } from '@/workers/jobs/testing/installation';
import { run } from './cli';

let at: Installation;
let folder: string;
let token: string;
beforeAll(async () => {
  at = await installation();
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-cli-'));
  const { userId, workspaceId } = at.who;
  await at.db.membership.create({ data: { id: uuidv7(), workspaceId, userId, role: 'owner' } });
  token = (await createApiToken(at.db, { userId, workspaceId, name: 'cli', scopes: ['*'], days: null })).secret;
}, 180_000);
afterAll(async () => {
  await at.close();
  await fs.rm(folder, { recursive: true, force: true });
});

async function fieldmark(...args: string[]) {
  let [stdout, stderr] = ['', ''];
  const code = await run([...args, '--json'], {
    env: { FIELDMARK_URL: HOST, FIELDMARK_TOKEN: token }, cwd: folder, fetch: ((input: string, init?: RequestInit) => send(input, init)) as typeof fetch, signal: new AbortController().signal,
    stderrIsTerminal: false, stdout: { write: (s) => (stdout += s) }, stderr: { write: (s) => (stderr += s) },
  }, 50);
  expect(stderr.replace(/^Pascal VOC: .*\n|^COCO: .*\n/gm, '')).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
}

/** Six pictures with their boxes as Pascal VOC, one in val and one in test. */
async function writeSet(): Promise<number> {
  const images = Array.from({ length: 6 }, (_, i) => drawDemoImage(5, i));
  const pngs = new Map<string, Buffer>();
  const items: ManifestItem[] = [];
  for (const [i, image] of images.entries()) {
    pngs.set(image.name, await sharp(Buffer.from(image.rgba.buffer), { raw: { width: image.width, height: image.height, channels: 4 } }).removeAlpha().png().toBuffer());
    items.push(manifestItem.parse({
      path: image.name, hash: '0'.repeat(64), mime: 'image/png', width: image.width, height: image.height, split: i === 4 ? 'val' : i === 5 ? 'test' : 'train',
      annotations: image.annotations.filter((a) => a.geometry.kind === 'box').map((a) => ({ ...a, id: uuidv7(), attributes: {} })),
    }));
  }
  await writerOf('voc').write({
    schema: demoSchema, info: { name: 'set' },
    async *items() {
      yield* items;
    },
    image: async (item) => ({ body: pngs.get(item.path)! }),
  }, new FolderSink(path.join(folder, 'set')));
  return items.reduce((n, i) => n + i.annotations.length, 0);
}

async function tree(name: string): Promise<Record<string, string>> {
  const root = path.join(folder, name);
  const files = (await fs.readdir(root, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map((e) => path.relative(root, path.join(e.parentPath, e.name))).sort();
  return Object.fromEntries(await Promise.all(files.map(async (f) => [f, (await fs.readFile(path.join(root, f))).toString('base64')])));
}

it('goes from a folder of Pascal VOC into a project and out again as COCO and YOLO', async () => {
  const boxes = await writeSet();
  const imported = await fieldmark('import', 'set', '--project', 'Cells', '--create', '--done');
  expect(imported).toMatchObject({ state: 'done', counts: { imported: 6, warnings: 0, skipped: 0, refused: 0, annotations: boxes } });
  expect(await fieldmark('project', 'list')).toMatchObject({ projects: [{ name: 'Cells', items: 6, done: 6, annotations: boxes }] });

  const anchors = await fieldmark('anchors', '--project', 'cells', '--k', '3');
  expect(anchors).toMatchObject({ boxes, items: 6 });
  expect(anchors.curve.map((c: { k: number }) => c.k)).toEqual([1, 2, 3]);

  const one = await fieldmark('export', '--project', 'Cells', '--format', 'coco', '--out', 'one', '--images');
  expect(one).toMatchObject({ version: 1, items: 6, annotations: boxes, losses: [] });
  // The same version again: the same bytes, and no new version.
  const two = await fieldmark('export', '--project', 'Cells', '--format', 'coco', '--out', 'two', '--images');
  expect(two).toMatchObject({ version: 1, sha256: one.sha256, manifest: one.manifest });
  const files = await tree('one');
  expect(await tree('two')).toEqual(files);
  expect(Object.keys(files).filter((f) => f.startsWith('annotations'))).toEqual(['annotations/instances_test.json', 'annotations/instances_train.json', 'annotations/instances_val.json']);
  expect(Object.keys(files).filter((f) => f.startsWith('images'))).toHaveLength(6);

  // What the server writes as YOLO is what the converter makes of the COCO: two ways to the same labels.
  await fieldmark('export', '--project', 'Cells', '--format', 'yolo', '--out', 'yolo');
  await fieldmark('convert', 'one', '--to', 'yolo', '--out', 'converted', '--no-images');
  const labels = async (name: string) => Object.entries(await tree(name)).filter(([f]) => f.endsWith('.txt')).map(([f, content]) => [path.basename(f), Buffer.from(content, 'base64').toString().trim().split('\n').sort()]);
  expect(await labels('yolo')).toEqual(await labels('converted'));
  expect((await labels('yolo')).reduce((n, [, lines]) => n + lines!.length, 0)).toBe(boxes);

  // A version frozen anew of unchanged labels has the same name.
  expect(await fieldmark('export', '--project', 'Cells', '--format', 'voc', '--out', 'voc', '--new')).toMatchObject({ version: 2, manifest: one.manifest });
  expect(await fieldmark('validate', 'one')).toMatchObject({ format: 'coco', images: 6, annotations: boxes, errors: 0, splits: { train: 4, val: 1, test: 1 } });
  expect((await fieldmark('job', 'list', '--project', 'Cells')).jobs.every((j: { state: string }) => j.state === 'done')).toBe(true);
}, 300_000);

it('makes a password link that works once', async () => {
  const { url } = await fieldmark('user', 'reset-password', 'ada@example.org');
  const reset = () => send('/api/v1/password-resets', { method: 'POST', json: { token: new URL(url).searchParams.get('token'), password: 'a new long password' }, headers: { origin: HOST } });
  expect((await reset()).status).toBe(200);
  expect((await reset()).status).toBeGreaterThanOrEqual(400);
});
