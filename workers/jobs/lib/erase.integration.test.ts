import { setTimeout as wait } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropAssetIfUnused, linkAsset, lockAssets, putAsset } from '@/lib/server/media/assets';
import type { Tx } from '@/lib/server/repositories/transaction';
import { createProject } from '@/lib/server/services/projects';
import { objectStore } from '@/lib/server/storage';
import { createTestDatabase, temporaryFolder, type TestDatabase } from '@/lib/server/testing';
import { jpeg } from '../testing/pictures';
import { eraseItems } from './erase';

let test: TestDatabase;
let remove: () => Promise<void>;
let projectId: string;
beforeAll(async () => {
  const temporary = await temporaryFolder();
  process.env['FIELDMARK_DATA'] = temporary.folder;
  remove = temporary.remove;
  test = await createTestDatabase();
  const workspace = await test.db.workspace.create({ data: { id: uuidv7(), name: 'Lab' } });
  projectId = (await createProject(test.db, { name: 'P', workspaceId: workspace.id, userId: null })).id;
});
afterAll(async () => {
  await test.drop();
  await remove();
});

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
