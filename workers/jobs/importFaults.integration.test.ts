import { setTimeout as wait } from 'node:timers/promises';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as imports from '@/lib/server/routes/imports';
import * as rounds from '@/lib/server/routes/rounds';
import { recountProject } from '@/lib/server/repositories/counts';
import { installation, streamOf, type Installation } from './testing/installation';
import { jpeg, noiseJpeg, text, vocXml, zipOf } from './testing/pictures';

// Each step is a job in a process of its own; on a busy machine that takes seconds.
vi.setConfig({ testTimeout: 180_000 });

let at: Installation;
beforeAll(async () => {
  at = await installation();
}, 120_000);
afterAll(async () => {
  await at.close();
});

const entriesOf = async (id: string) => (await imports.importEntries({ params: { id }, query: { limit: 500 }, body: undefined }, at.ctx)).items;
const codes = async (id: string) => Object.fromEntries((await entriesOf(id)).filter((e) => e.outcome !== 'imported').map((e) => [`${e.path} ${e.code}`, e.outcome]));
const itemsOf = (projectId: string) => at.db.item.findMany({ where: { projectId }, orderBy: { path: 'asc' } });
const boxesOf = async (projectId: string, path: string) => {
  const item = await at.db.item.findUniqueOrThrow({ where: { projectId_path: { projectId, path } } });
  return (await at.db.annotation.findMany({ where: { itemId: item.id, deletedAt: null }, orderBy: { x0: 'asc' } })).map((a) => [a.x0, a.y0, a.x1, a.y1]);
};
/** Kept counts equal counted ones. */
async function expectCountsKept(projectId: string): Promise<void> {
  const pick = async () => {
    const p = await at.db.project.findUniqueOrThrow({ where: { id: projectId } });
    return [p.itemCount, p.openCount, p.workCount, p.doneCount, p.annotationCount];
  };
  const kept = await pick();
  await recountProject(at.db, projectId);
  expect(kept).toEqual(await pick());
}

describe('what cannot come in', () => {
  it('is refused with the reason, and everything else comes in', async () => {
    const project = await at.project('Faults');
    const whole = await noiseJpeg(320, 240);
    const id = await at.importFiles(project, [
      ['good.jpg', await jpeg(2)], ['good.xml', vocXml('good.jpg', [64, 48], [{ name: 'cell', box: [4, 5, 20, 30] }])],
      ['cut.jpg', whole.slice(0, Math.floor(whole.length * 0.6))],
      ['text.jpg', text('this is not a picture')],
      ['empty.jpg', new Uint8Array(0)],
      ['huge.bmp', text('BM')],
      ['camera.heic', Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic\0\0\0\0mif1heic')])],
      ['paper.pdf', text('%PDF-1.4 hello')],
      ['clipped.jpg', await jpeg(3)], ['clipped.xml', vocXml('clipped.jpg', [64, 48], [{ name: 'cell', box: [50, 30, 90, 60] }, { name: 'cell', box: [200, 200, 220, 220] }, { name: 'cell', box: [9, 9, 9, 20] }])],
      ['size.jpg', await jpeg(4)], ['size.xml', vocXml('size.jpg', [640, 480], [{ name: 'cell', box: [1, 1, 9, 9] }])],
      ['lonely.xml', vocXml('lonely.jpg', [64, 48], [{ name: 'cell', box: [1, 1, 9, 9] }])],
      ['broken.jpg', await jpeg(5)], ['broken.xml', text('<annotation><object>')],
    ]);
    const report = await codes(id);
    expect(report).toMatchObject({
      'cut.jpg truncated': 'refused', 'text.jpg not-an-image': 'refused', 'empty.jpg empty': 'refused', 'camera.heic unsupported': 'refused', 'paper.pdf unsupported': 'refused',
      'clipped.jpg clipped': 'warning', 'clipped.jpg outside': 'refused', 'clipped.xml zero-area': 'refused', 'size.jpg size-differs': 'warning', 'lonely.xml no-image': 'refused', 'broken.xml unreadable': 'refused',
    });
    expect(Object.keys(report).some((k) => k.startsWith('huge.bmp') && report[k] === 'refused')).toBe(true);
    expect((await itemsOf(project)).map((i) => i.path)).toEqual(['broken.jpg', 'clipped.jpg', 'good.jpg', 'size.jpg']);
    expect(await boxesOf(project, 'clipped.jpg')).toEqual([[50, 30, 64, 48]]);
    for (const e of await entriesOf(id)) expect(e.message.length).toBeGreaterThan(10);
    const row = await imports.importOne({ params: { id }, query: undefined, body: undefined }, at.ctx);
    const all = await entriesOf(id);
    const n = (outcome: string) => all.filter((e) => e.outcome === outcome).length;
    expect(row.counts).toEqual({ imported: n('imported'), warnings: n('warning'), skipped: n('skipped'), refused: n('refused'), annotations: 3 });
    await expectCountsKept(project);
  });

  it('turns labels made on the stored pixels of a rotated photo, and says so', async () => {
    const project = await at.project('Rotated');
    // Orientation 6: shown turned by 90° clockwise. Stored 64 × 48, upright 48 × 64.
    const id = await at.importFiles(project, [
      ['a.jpg', await jpeg(1, 64, 48, 6)], ['a.xml', vocXml('a.jpg', [64, 48], [{ name: 'cell', box: [0, 0, 10, 20] }])],
      ['b.jpg', await jpeg(2, 64, 48, 6)], ['b.xml', vocXml('b.jpg', [48, 64], [{ name: 'cell', box: [0, 0, 10, 20] }])],
    ]);
    const items = await itemsOf(project);
    expect(items.map((i) => [i.width, i.height])).toEqual([[48, 64], [48, 64]]);
    // The stored corner (0, 0) is the upright corner (48, 0): x' = 48 − y, y' = x.
    expect(await boxesOf(project, 'a.jpg')).toEqual([[28, 0, 48, 10]]);
    expect(await boxesOf(project, 'b.jpg')).toEqual([[0, 0, 10, 20]]);
    expect(await codes(id)).toEqual({ 'a.jpg turned': 'warning' });
  });

  it('leaves out classes the project lacks when it may not add them', async () => {
    const project = await at.project('No new classes');
    const id = await at.importFiles(project, [['a.jpg', await jpeg(1)], ['a.xml', vocXml('a.jpg', [64, 48], [{ name: 'cell', box: [1, 1, 9, 9] }])]], { createClasses: false });
    expect(Object.keys(await codes(id))).toContain('a.jpg unknown-class');
    expect(await boxesOf(project, 'a.jpg')).toEqual([]);
  });
});

describe('the same bytes and the same paths', () => {
  it('skips twins without labels, keeps twins with labels on one side, and minds paths that are taken', async () => {
    const project = await at.project('Twins');
    const [one, two] = [await jpeg(1), await jpeg(2)];
    const label = (name: string) => vocXml(name, [64, 48], [{ name: 'cell', box: [1, 1, 9, 9] }]);
    const first = await at.importFiles(project, [
      ['set/train/a.jpg', one], ['set/train/copy.jpg', one], ['set/val/labelled.jpg', one], ['set/val/labelled.xml', label('labelled.jpg')], ['set/val/other.jpg', two],
    ]);
    expect(await codes(first)).toEqual({ 'set/train/copy.jpg same-bytes': 'skipped', 'set/val/labelled.jpg split-kept': 'warning' });
    expect((await itemsOf(project)).map((i) => [i.path, i.split])).toEqual([['set/train/a.jpg', 'train'], ['set/val/labelled.jpg', 'train'], ['set/val/other.jpg', 'val']]);
    const second = await at.importFiles(project, [['set/train/a.jpg', one], ['set/val/other.jpg', one]]);
    expect(await codes(second)).toEqual({ 'set/train/a.jpg exists': 'skipped', 'set/val/other.jpg path-taken': 'refused' });
    await expectCountsKept(project);
  });

  it('gives a twin without a side the one that comes with the data', async () => {
    const project = await at.project('Late split');
    const one = await jpeg(1);
    await at.importFiles(project, [['a.jpg', one]]);
    await at.importFiles(project, [['train/x.jpg', await jpeg(7)], ['val/b.jpg', one], ['val/b.xml', vocXml('b.jpg', [64, 48], [])]]);
    expect((await itemsOf(project)).map((i) => [i.path, i.split])).toEqual([['a.jpg', 'val'], ['train/x.jpg', 'train'], ['val/b.jpg', 'val']]);
  });
});

describe('archives', () => {
  it('come in like folders', async () => {
    const project = await at.project('Zip');
    await at.importArchive(project, 'set.zip', zipOf({ 'set/train/a.jpg': await jpeg(1), 'set/test/b.jpg': await jpeg(2), 'set/test/b.xml': vocXml('b.jpg', [64, 48], [{ name: 'cell', box: [1, 1, 9, 9] }]) }), { markDone: true });
    expect((await itemsOf(project)).map((i) => [i.path, i.split, i.status])).toEqual([['set/test/b.jpg', 'test', 'done'], ['set/train/a.jpg', 'train', 'open']]);
    await expectCountsKept(project);
  });

  it('that lead out of their folder, are cut off or unpack to too much are refused whole', async () => {
    const project = await at.project('Hostile zip');
    const attempt = async (name: string, bytes: Uint8Array) => {
      const { id } = await imports.startImport({ params: { project }, query: undefined, body: { source: name, options: { format: 'auto', createClasses: true, markDone: false, document: 'team', vocFrame: 'labelimg' } } }, at.ctx);
      await imports.putImportArchive({ params: { id }, query: { name }, body: streamOf(bytes) }, at.ctx);
      const row = await imports.commitImport({ params: { id }, query: undefined, body: undefined }, at.ctx);
      const job = await at.finished(row.job!, { state: 'failed' });
      const after = await imports.importOne({ params: { id }, query: undefined, body: undefined }, at.ctx);
      expect(after).toMatchObject({ state: 'failed', counts: { imported: 0, refused: 1 }, message: job.error });
      return job.error;
    };
    expect(await attempt('traversal.zip', zipSync({ '../../outside.jpg': await jpeg(1) }))).toMatch(/\.\./);
    const good = zipOf({ 'a.jpg': await jpeg(1, 400, 400) });
    expect(await attempt('cut.zip', good.slice(0, good.length - 30))).toMatch(/zip/);
    // 150 MB of zeroes in about 150 kB.
    expect(await attempt('bomb.zip', zipSync({ 'a.bin': new Uint8Array(150_000_000) }, { level: 9 }))).toMatch(/more than 200 times/);
    expect(await itemsOf(project)).toEqual([]);
    expect(await at.keys('assets/')).not.toContain(expect.stringContaining('outside'));
  });
});

describe('an import that is killed', () => {
  it('ends in the same state as one that was not', async () => {
    const files: [string, Uint8Array][] = [];
    for (let i = 0; i < 120; i++) {
      const name = `image-${String(i).padStart(3, '0')}`;
      files.push([`${name}.jpg`, await jpeg(i, 300 + i, 200)], [`${name}.xml`, vocXml(`${name}.jpg`, [300 + i, 200], [{ name: i % 3 ? 'red' : 'white', box: [i, 1, i + 9, 9] }, { name: 'red', box: [1, 1, 1, 9] }])]);
    }
    const calm = await at.project('Calm');
    const calmImport = await at.importFiles(calm, files);

    const project = await at.project('Killed');
    const { id } = await imports.startImport({ params: { project }, query: undefined, body: { source: 'killed', options: { format: 'auto', createClasses: true, markDone: false, document: 'team', vocFrame: 'labelimg' } } }, at.ctx);
    for (const [path, bytes] of files) await imports.putImportFile({ params: { id }, query: { path }, body: streamOf(bytes) }, at.ctx);
    const row = await imports.commitImport({ params: { id }, query: undefined, body: undefined }, at.ctx);
    let killed = 0;
    for (let n = 0; n < 600 && killed === 0; n++) {
      await wait(20);
      const count = await at.db.item.count({ where: { projectId: project } });
      if (count >= 10 && count < 110) {
        at.worker().kill('SIGKILL');
        killed = count;
      }
    }
    expect(killed).toBeGreaterThan(0);
    await at.startWorker();
    const job = await at.finished(row.job!, { timeoutMs: 90_000 });
    expect(job.attempt).toBeGreaterThan(1);

    const stateOf = async (projectId: string, importId: string) => ({
      items: (await itemsOf(projectId)).map((i) => [i.path, i.hash, i.status, i.annotationCount]),
      boxes: (await at.db.annotation.findMany({ where: { projectId }, orderBy: [{ x0: 'asc' }, { itemId: 'asc' }] })).map((a) => [a.x0, a.x1, a.rev]),
      operations: await at.db.operation.count({ where: { document: { projectId } } }),
      report: (await entriesOf(importId)).map((e) => [e.n, e.path, e.outcome, e.code, e.message]),
      counts: (await imports.importOne({ params: { id: importId }, query: undefined, body: undefined }, at.ctx)).counts,
    });
    expect(await stateOf(project, id)).toEqual(await stateOf(calm, calmImport));
    await expectCountsKept(project);
  }, 180_000);

  it('can be committed twice and sent twice without doing anything twice', async () => {
    const project = await at.project('Twice');
    const { id } = await imports.startImport({ params: { project }, query: undefined, body: { source: 'twice', options: { format: 'auto', createClasses: true, markDone: false, document: 'team', vocFrame: 'labelimg' } } }, at.ctx);
    const one = await jpeg(1);
    for (let n = 0; n < 2; n++) await imports.putImportFile({ params: { id }, query: { path: 'a.jpg' }, body: streamOf(one) }, at.ctx);
    expect((await imports.importOne({ params: { id }, query: undefined, body: undefined }, at.ctx)).received).toEqual({ files: 1, bytes: one.length });
    await expect(imports.putImportFile({ params: { id }, query: { path: '../../etc/passwd' }, body: streamOf(one) }, at.ctx)).rejects.toThrow(/\.\./);
    const [a, b] = await Promise.all([1, 2].map(() => imports.commitImport({ params: { id }, query: undefined, body: undefined }, at.ctx)));
    expect(a!.job).toBe(b!.job);
    await at.finished(a!.job!);
    expect(await itemsOf(project)).toHaveLength(1);
    await expect(imports.putImportFile({ params: { id }, query: { path: 'b.jpg' }, body: streamOf(one) }, at.ctx)).rejects.toThrow(/no longer takes files/);
  });
});

describe('an import that is cancelled', () => {
  const begin = async (project: string) =>
    (await imports.startImport({ params: { project }, query: undefined, body: { source: 'cancelled', options: { format: 'auto', createClasses: true, markDone: false, document: 'team', vocFrame: 'labelimg' } } }, at.ctx)).id;

  it('while it receives, leaves nothing', async () => {
    const project = await at.project('Cancel early');
    const id = await begin(project);
    await imports.putImportFile({ params: { id }, query: { path: 'a.jpg' }, body: streamOf(await jpeg(1)) }, at.ctx);
    expect(await at.keys(`imports/${id}/`)).toHaveLength(1);
    expect((await imports.cancelImport({ params: { id }, query: undefined, body: undefined }, at.ctx)).state).toBe('cancelled');
    expect(await at.keys(`imports/${id}/`)).toEqual([]);
    await expect(imports.commitImport({ params: { id }, query: undefined, body: undefined }, at.ctx)).resolves.toMatchObject({ state: 'cancelled' });
    expect(await itemsOf(project)).toEqual([]);
  });

  it('while it waits for its turn, leaves nothing either', async () => {
    const project = await at.project('Cancel waiting');
    // The batch queue is taken by another import for as long as this takes.
    const busy = await begin(project);
    for (let i = 0; i < 40; i++) await imports.putImportFile({ params: { id: busy }, query: { path: `busy-${i}.jpg` }, body: streamOf(await jpeg(i, 900 + i, 700)) }, at.ctx);
    const id = await begin(project);
    await imports.putImportFile({ params: { id }, query: { path: 'waits.jpg' }, body: streamOf(await jpeg(1)) }, at.ctx);
    const first = await imports.commitImport({ params: { id: busy }, query: undefined, body: undefined }, at.ctx);
    const second = await imports.commitImport({ params: { id }, query: undefined, body: undefined }, at.ctx);
    await rounds.cancelJob({ params: { id: second.job! }, query: undefined, body: undefined }, at.ctx);
    await at.finished(second.job!, { state: 'cancelled' });
    expect((await imports.importOne({ params: { id }, query: undefined, body: undefined }, at.ctx)).state).toBe('cancelled');
    expect(await at.keys(`imports/${id}/`)).toEqual([]);
    await at.finished(first.job!);
    expect((await itemsOf(project)).every((i) => i.path.startsWith('busy-'))).toBe(true);
  });

  it('in the middle, keeps what is whole, which can be taken back', async () => {
    const project = await at.project('Cancel late');
    const id = await begin(project);
    for (let i = 0; i < 150; i++) {
      await imports.putImportFile({ params: { id }, query: { path: `${i}.jpg` }, body: streamOf(await jpeg(i, 200 + i, 150)) }, at.ctx);
      await imports.putImportFile({ params: { id }, query: { path: `${i}.xml` }, body: streamOf(vocXml(`${i}.jpg`, [200 + i, 150], [{ name: 'cell', box: [1, 1, 9, 9] }])) }, at.ctx);
    }
    const row = await imports.commitImport({ params: { id }, query: undefined, body: undefined }, at.ctx);
    for (let n = 0; n < 1000 && (await at.db.item.count({ where: { projectId: project } })) < 5; n++) await wait(20);
    await imports.cancelImport({ params: { id }, query: undefined, body: undefined }, at.ctx);
    await at.finished(row.job!, { state: 'cancelled' });
    const items = await itemsOf(project);
    expect(items.length).toBeGreaterThan(0);
    expect(items.length).toBeLessThan(150);
    expect(items.every((i) => i.annotationCount === 1)).toBe(true);
    expect((await imports.importOne({ params: { id }, query: undefined, body: undefined }, at.ctx)).state).toBe('cancelled');
    await expectCountsKept(project);
    const { job } = await imports.revertBatch({ params: { id }, query: undefined, body: undefined }, at.ctx);
    await at.finished(job);
    expect((await itemsOf(project)).every((i) => i.deletedAt !== null)).toBe(true);
  }, 120_000);
});
