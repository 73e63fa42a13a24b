import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { objectStore, objectsUnder } from '@/lib/server/storage';
import { createTestWorkspace, type TestWorkspace } from '@/lib/server/testing';
import { cancel, importPrefix } from '../imports';
import { createProject } from '../projects';
import { sweepUploads } from './sweep';

let test: TestWorkspace;
let projectId: string;
beforeAll(async () => {
  test = await createTestWorkspace();
  projectId = (await createProject(test.db, { name: 'P', workspaceId: test.who.workspaceId, userId: null })).id;
});
afterAll(() => test.close());

const DAY = 24 * 3600_000;
async function received(state: string, daysAgo: number): Promise<string> {
  const id = uuidv7();
  await test.db.import.create({ data: { id, projectId, source: 's', state, options: {}, receivedFiles: 1, createdAt: new Date(Date.now() - daysAgo * DAY), message: state === 'failed' ? 'The disk was full.' : null } });
  const key = `${importPrefix(id)}a`;
  await objectStore().put(key, new Uint8Array(3));
  await test.db.importFile.create({ data: { importId: id, path: 'a.jpg', key, bytes: 3n, sha256: 'a'.repeat(64) } });
  return id;
}
const left = async (id: string) => {
  let objects = 0;
  for await (const _ of objectsUnder(objectStore(), importPrefix(id))) objects++;
  const row = await test.db.import.findUniqueOrThrow({ where: { id }, include: { files: true } });
  return { state: row.state, files: row.files.length, objects, message: row.message };
};

it('uploads that nobody goes on with are removed after a while, and others stay', async () => {
  const old = await received('receiving', 8);
  const young = await received('receiving', 6);
  const failed = await received('failed', 31);
  const recent = await received('failed', 29);
  const running = await received('running', 60);
  expect(await sweepUploads(test.db, objectStore())).toBe(2);
  expect(await left(old)).toEqual({ state: 'cancelled', files: 0, objects: 0, message: expect.stringMatching(/not committed within a week/) });
  expect(await left(failed)).toEqual({ state: 'cancelled', files: 0, objects: 0, message: expect.stringMatching(/The disk was full\. It was not tried again/) });
  for (const [id, state] of [[young, 'receiving'], [recent, 'failed'], [running, 'running']] as const) expect(await left(id)).toMatchObject({ state, files: 1, objects: 1 });
  expect(await sweepUploads(test.db, objectStore())).toBe(0);
});

it('a failed import is given up when somebody cancels it, and keeps why it failed', async () => {
  const id = await received('failed', 1);
  expect(await cancel(test.who, id)).toMatchObject({ state: 'cancelled', message: 'The disk was full.' });
  expect(await left(id)).toMatchObject({ state: 'cancelled', objects: 0 });
});
