import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as imports from '@/lib/server/routes/imports';
import { filesBelow, installation, testData, type Installation } from './testing/installation';

const bccd = testData('detection/bccd');
// Each step is a job in a process of its own; on a busy machine that takes seconds.
vi.setConfig({ testTimeout: 180_000 });

let at: Installation;
beforeAll(async () => {
  at = await installation();
}, 120_000);
afterAll(async () => {
  await at.close();
});

const entriesOf = async (id: string, outcome?: 'imported' | 'warning' | 'skipped' | 'refused') => (await imports.importEntries({ params: { id }, query: { limit: 500, outcome }, body: undefined }, at.ctx)).items;

describe.skipIf(!bccd)('importing real Pascal VOC data', () => {
  it('brings 364 images with their boxes and splits, and reports the two boxes without area', async () => {
    const project = await at.project('BCCD');
    const began = Date.now();
    const id = await at.importFiles(project, filesBelow(bccd!));
    console.info(`Import of bccd took ${((Date.now() - began) / 1000).toFixed(1)} s`);
    const row = await imports.importOne({ params: { id }, query: undefined, body: undefined }, at.ctx);
    expect(row).toMatchObject({ state: 'done', counts: { imported: 364, skipped: 0, refused: 2, annotations: 4886 } });
    const refused = await entriesOf(id, 'refused');
    expect(refused.map((e) => [e.path, e.code]).sort()).toEqual([['Annotations/BloodImage_00338.xml', 'zero-area'], ['Annotations/BloodImage_00343.xml', 'zero-area']]);

    const { db } = at;
    expect(await db.item.count({ where: { projectId: project } })).toBe(364);
    expect(await db.annotation.count({ where: { projectId: project, deletedAt: null } })).toBe(4886);
    const splits = await db.item.groupBy({ by: ['split', 'splitSource'], where: { projectId: project }, _count: true });
    expect(splits.map((s) => [s.split, s.splitSource, s._count]).sort()).toEqual([['test', 'data', 72], ['train', 'data', 205], ['val', 'data', 87]]);
    const { schema } = await db.labelSchemaVersion.findFirstOrThrow({ where: { projectId: project }, orderBy: { version: 'desc' } });
    expect((schema as { classes: { name: string; index: number }[] }).classes.map((c) => c.name).sort()).toEqual(['Platelets', 'RBC', 'WBC']);
    expect(await db.project.findUniqueOrThrow({ where: { id: project } })).toMatchObject({ itemCount: 364, openCount: 364, doneCount: 0, annotationCount: 4886, nextClassIndex: 3 });
    const batch = await db.batch.findUniqueOrThrow({ where: { id } });
    expect(batch).toMatchObject({ kind: 'import', documents: 364, annotations: 4886 });
    expect(await at.keys(`imports/${id}/`)).toEqual([]);
    expect((await at.keys('assets/')).length).toBe(364);
  }, 180_000);
});
