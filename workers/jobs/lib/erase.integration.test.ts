import { setTimeout as wait } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropAssetIfUnused, linkAsset, lockAssets, putAsset } from '@/lib/server/media/assets';
import type { Tx } from '@/lib/server/repositories/transaction';
import { manifestHeadLine, manifestItemLine } from '@/lib/core/formats/manifest';
import { createProject } from '@/lib/server/services/projects';
import { objectStore } from '@/lib/server/storage';
import { createTestWorkspace, type TestWorkspace } from '@/lib/server/testing';
import { jpeg } from '../testing/pictures';
import { eraseExportsWith, eraseItems } from './erase';

let test: TestWorkspace;
let projectId: string;
beforeAll(async () => {
  test = await createTestWorkspace();
  projectId = (await createProject(test.db, { name: 'P', workspaceId: test.who.workspaceId, userId: null })).id;
});
afterAll(() => test.close());

const newItem = (tx: Tx, hash: string, path: string) => tx.item.create({ data: { id: uuidv7(), projectId, path, hash, width: 64, height: 48 } });
const trashed = async (hash: string, path: string) => test.db.item.update({ where: { id: (await newItem(test.db, hash, path)).id }, data: { deletedAt: new Date() } });
const erase = (id: string) => eraseItems({ db: test.db, signal: new AbortController().signal }, projectId, [id], { all: false }, () => undefined);
const shown = (hash: string) => test.db.projectAsset.count({ where: { projectId, hash } });

/** Does `first` in a transaction, begins `second` while it is open, and gives what `second` came to after it was committed. */
async function meanwhile<T>(first: (tx: Tx) => Promise<unknown>, second: () => Promise<T>): Promise<T> {
  let begun: Promise<T> | null = null;
  await test.db.$transaction(async (tx) => {
    await first(tx);
    begun = second();
    begun.catch(() => undefined);
    await wait(300);
  });
  return begun!;
}

describe('what is erased while the same bytes come in', () => {
  it('stays stored when an item refers to it by then', async () => {
    const { hash } = await putAsset(test.db, objectStore(), { body: await jpeg(1) });
    expect(await meanwhile((tx) => newItem(tx, hash, 'a.jpg'), () => dropAssetIfUnused(test.db, objectStore(), hash))).toBe(0);
    expect(await objectStore().stat(`assets/${hash.slice(0, 2)}/${hash}`)).not.toBeNull();
  });

  it('is still shown in its project', async () => {
    const { hash } = await putAsset(test.db, objectStore(), { body: await jpeg(2), projectId });
    const old = await trashed(hash, 'old.jpg');
    const erased = await meanwhile(
      async (tx) => {
        await lockAssets(tx, [hash]);
        await linkAsset(tx, projectId, hash);
        await newItem(tx, hash, 'new.jpg');
      },
      () => erase(old.id),
    );
    expect(erased).toBe(1);
    expect(await shown(hash)).toBe(1);
  });

  it('is left alone when it was taken out of the trash at that moment', async () => {
    const { hash } = await putAsset(test.db, objectStore(), { body: await jpeg(3), projectId });
    const item = await trashed(hash, 'back.jpg');
    expect(await meanwhile((tx) => tx.item.update({ where: { id: item.id }, data: { deletedAt: null } }), () => erase(item.id))).toBe(0);
    expect(await test.db.item.count({ where: { id: item.id } })).toBe(1);
    expect(await shown(hash)).toBe(1);
  });

  it('is no longer shown, and gone, when nothing refers to it', async () => {
    const { hash } = await putAsset(test.db, objectStore(), { body: await jpeg(4), projectId });
    expect(await erase((await trashed(hash, 'gone.jpg')).id)).toBe(1);
    expect(await shown(hash)).toBe(0);
    expect(await dropAssetIfUnused(test.db, objectStore(), hash)).toBeGreaterThan(0);
    expect(await objectStore().stat(`assets/${hash.slice(0, 2)}/${hash}`)).toBeNull();
  });
});

it('exports that hold the pixels of an erased image are erased with it', async () => {
  const store = objectStore();
  const [gone, kept] = ['e'.repeat(64), 'f'.repeat(64)];
  const version = async (number: number, hash: string) => {
    const manifestKey = `manifests/${number}.jsonl`;
    const item = { path: 'a.jpg', hash, mime: 'image/jpeg', width: 64, height: 48, orientation: 1, split: 'train' as const, annotations: [] };
    await store.put(manifestKey, Buffer.from(manifestHeadLine({ classes: [] }) + manifestItemLine(item)));
    return test.db.datasetVersion.create({ data: { id: uuidv7(), projectId, number, state: 'ready', manifestKey } });
  };
  const exported = async (versionId: string, images: boolean) => {
    const id = uuidv7();
    await store.put(`exports/${id}.zip`, new Uint8Array(5));
    return test.db.export.create({ data: { id, projectId, versionId, format: 'coco', images, state: 'ready', key: `exports/${id}.zip` } });
  };
  const [first, second] = [await version(1, gone), await version(2, kept)];
  const withPixels = await exported(first.id, true);
  const others = [await exported(first.id, false), await exported(second.id, true)];
  expect(await eraseExportsWith({ db: test.db, store, signal: new AbortController().signal }, projectId, [gone])).toBe(1);
  expect(await store.stat(withPixels.key!)).toBeNull();
  expect((await test.db.export.findMany({ where: { projectId }, orderBy: { id: 'asc' } })).map((e) => e.id)).toEqual(others.map((e) => e.id));
  for (const { key } of others) expect(await store.stat(key!)).not.toBeNull();
});
