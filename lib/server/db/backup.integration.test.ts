import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, temporaryFolder, type TestDatabase } from '../testing';
import { backup, listBackups, restore } from './backup';
import { createClient } from './client';
import { uuidv7 } from 'uuidv7';

let source: TestDatabase;
let target: TestDatabase;
let folder: string;
let remove: () => Promise<void>;
const awkward = 'tab\there, newline\nthere, backslash \\ and \\N, quote " \u{1F642}';
const ids = { workspace: uuidv7(), project: uuidv7(), item: uuidv7(), document: uuidv7(), annotation: uuidv7() };
const hash = 'c'.repeat(64);

beforeAll(async () => {
  [source, target] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  ({ folder, remove } = await temporaryFolder());
  const { db } = source;
  await db.workspace.create({ data: { id: ids.workspace, name: awkward } });
  await db.project.create({ data: { id: ids.project, workspaceId: ids.workspace, name: 'Cells', anchorReport: { note: awkward, k: [1, 2, 3] } } });
  await db.asset.create({ data: { hash, bytes: 9_007_199_254_740_993n, mime: 'image/png', width: 3, height: 4 } });
  await db.item.create({ data: { id: ids.item, projectId: ids.project, path: 'a/b.png', hash, width: 3, height: 4 } });
  await db.document.create({ data: { id: ids.document, projectId: ids.project, itemId: ids.item, authorKind: 'team' } });
  await db.annotation.create({
    data: { id: ids.annotation, documentId: ids.document, projectId: ids.project, itemId: ids.item, classId: uuidv7(), kind: 'mask', x0: 0.1, y0: 1e-300, x1: 1.5, y1: 2, area: 3, rev: 1, mask: Uint8Array.from([0, 255, 10, 92, 9]) },
  });
});
afterAll(async () => {
  await Promise.all([source.drop(), target.drop()]);
  await remove();
});

async function everything(db: TestDatabase['db']) {
  return {
    workspaces: await db.workspace.findMany(),
    projects: await db.project.findMany(),
    assets: await db.asset.findMany(),
    items: await db.item.findMany(),
    documents: await db.document.findMany(),
    annotations: await db.annotation.findMany(),
  };
}

describe('backup and restore', () => {
  it('brings every row back, byte for byte, into an empty database', async () => {
    const made = await backup(source.url, folder, { reason: 'test' });
    expect(made.manifest.tables.find((t) => t.name === 'Annotation')?.rows).toBe(1);
    const elsewhere = new URL(target.url);
    elsewhere.pathname += '_restored';
    await restore(elsewhere.toString(), made.folder);
    const db = createClient(elsewhere.toString(), { max: 1 });
    expect(await everything(db)).toEqual(await everything(source.db));
    await db.$disconnect();
    await target.db.$executeRawUnsafe(`drop database "${elsewhere.pathname.slice(1)}" with (force)`);
  });

  it('sees one moment of the database, whatever is written meanwhile', async () => {
    let writing = true;
    const writer = (async () => {
      for (let n = 0; writing; n++) {
        await source.db.$transaction([
          source.db.setting.create({ data: { key: `pair-${n}`, value: n } }),
          source.db.verification.create({ data: { id: uuidv7(), identifier: `pair-${n}`, value: 'x', expiresAt: new Date() } }),
        ]);
      }
    })();
    const { manifest } = await backup(source.url, folder);
    writing = false;
    await writer;
    const rows = (name: string) => manifest.tables.find((t) => t.name === name)!.rows;
    expect(rows('Setting')).toBe(rows('Verification'));
  });

  it('replaces a database only when told, and keeps what was there in a backup of its own', async () => {
    const { db } = target;
    await db.setting.create({ data: { key: 'mine', value: true } });
    const made = await backup(source.url, folder);
    await expect(restore(target.url, made.folder)).rejects.toThrow(/not empty/);
    expect(await db.setting.count()).toBe(1);
    const before = (await listBackups(folder)).length;
    await restore(target.url, made.folder, { replace: true });
    const reconnected = createClient(target.url, { max: 1 });
    expect(await reconnected.setting.findUnique({ where: { key: 'mine' } })).toBeNull();
    expect(await reconnected.annotation.findMany()).toEqual(await source.db.annotation.findMany());
    await reconnected.$disconnect();
    const kept = await listBackups(folder);
    expect(kept.length).toBe(before + 1);
    expect(kept.some((b) => b.manifest.reason === 'before a restore')).toBe(true);
  });

  it('is not done under a product that is at work', async () => {
    const made = await backup(source.url, folder);
    const atWork = createClient(target.url, { max: 1, name: 'fieldmark-worker' });
    await atWork.setting.count();
    await expect(restore(target.url, made.folder, { replace: true })).rejects.toThrow(/at work on this database.*Stop it/);
    await atWork.$disconnect();
    await restore(target.url, made.folder, { replace: true });
  });

  it('refuses a damaged backup before it touches anything', async () => {
    const made = await backup(source.url, folder);
    await appendFile(path.join(made.folder, 'Setting.copy.gz'), 'rubbish');
    await expect(restore(target.url, made.folder, { replace: true })).rejects.toThrow(/damaged.*Nothing was changed/);
    const again = await backup(source.url, folder);
    const manifest = JSON.parse(await readFile(path.join(again.folder, 'manifest.json'), 'utf8'));
    manifest.tables[0].sha256 = '0'.repeat(64);
    await writeFile(path.join(again.folder, 'manifest.json'), JSON.stringify(manifest));
    await expect(restore(target.url, again.folder, { replace: true })).rejects.toThrow(/damaged/);
    await expect(restore(target.url, folder)).rejects.toThrow(/is not a backup/);
  });

  it('keeps the newest few and shows no unfinished one', async () => {
    const { folder: few, remove: removeFew } = await temporaryFolder();
    await mkdir(path.join(few, '2020-01-01T00-00-00-000Z.partial'));
    for (let day = 1; day <= 4; day++) await backup(source.url, few, { keep: 2, now: new Date(Date.UTC(2026, 0, day)) });
    expect((await listBackups(few)).map((b) => b.name)).toEqual(['2026-01-04T00-00-00-000Z', '2026-01-03T00-00-00-000Z']);
    expect((await readdir(few)).filter((n) => !n.endsWith('.partial'))).toHaveLength(2);
    await removeFew();
  });
});
