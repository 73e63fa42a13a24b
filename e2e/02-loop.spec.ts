/** Once around the loop, as a person goes it: project, import, labels, anchors, training, proposals, quality, export. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Annotation, LabelClass } from '@/lib/core/labels';
import { exported } from './support/archive';
import { cellsOf, NAMES } from './support/cells';
import { expectCoco, expectYolo } from './support/exports';
import { Labelling, teamDocument } from './support/labelling';
import { BY_HAND, type Loop } from './support/loop';
import { suggestInBrowser } from './support/loopBrowser';
import { labelByHand } from './support/loopLabels';
import { addBuiltin, lookAtModel, setAugmentation } from './support/loopModels';
import { decideProposals } from './support/loopProposals';
import { dropFolder, nav, segment } from './support/pages';
import { makeCellSchema } from './support/schemaEditor';
import { expect, test } from './support/test';

const MINUTES = 1.2;

test('from an empty project to an export, with mouse and keyboard', async ({ page, owner, pictures }, info) => {
  test.setTimeout(460_000);
  const { api } = owner;
  const hand = new Labelling(page);
  const byName = new Map(pictures.map((p) => [p.name, p]));
  const picture = (name: string) => byName.get(name)!;
  let project = '';
  let classes: Record<keyof typeof NAMES, LabelClass>;

  await test.step('1. a project with a label schema and a guide', async () => {
    await page.goto('/projects');
    await page.getByRole('button', { name: 'Create a project' }).click();
    const dialog = page.getByRole('dialog', { name: 'Create a project' });
    await dialog.getByLabel('Name').fill('Smears');
    await dialog.getByLabel('Description').fill('Stained blood, drawn by the product.');
    await dialog.getByRole('button', { name: 'Create', exact: true }).click();
    await expect(page).toHaveURL(/\/projects\/[0-9a-f-]{36}\/schema$/);
    project = /projects\/([0-9a-f-]{36})/.exec(page.url())![1]!;

    await makeCellSchema(page, NAMES);

    const { schema } = await api.schema({ params: { project } });
    const find = (name: string) => schema.classes.find((c) => c.name === name)!;
    classes = { red: find(NAMES.red), white: find(NAMES.white), platelet: find(NAMES.platelet), nucleus: find(NAMES.nucleus), axis: find(NAMES.axis) };
    expect(schema.classes.map((c) => [c.name, c.kind, c.hotkey, c.index])).toEqual([[NAMES.red, 'box', '1', 0], [NAMES.white, 'box', '2', 1], [NAMES.platelet, 'box', '3', 2], [NAMES.nucleus, 'mask', '4', 3], [NAMES.axis, 'landmarks', '5', 4]]);
    expect(classes.axis.skeleton).toMatchObject({ edges: [[0, 1], [1, 2]], pairs: [[0, 2]] });
    expect(classes.axis.skeleton!.points.map((p) => p.name)).toEqual(['left end', 'centre', 'right end']);
    expect(classes.white.attributes.map((a) => [a.name, a.type])).toEqual([['Stage', 'select'], ['Lobes', 'number']]);

    await nav(page, 'Guide');
    await page.getByRole('button', { name: 'Write the guide' }).click();
    await page.getByLabel('Markdown').fill('# What to label\n\nEvery **cell**, also those at the border.\n\n<script>window.harmed = true</script><img src=x onerror="window.harmed = true">');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.getByText('Version 1 of the guide is saved')).toBeVisible();
    await expect(page.getByRole('heading', { name: 'What to label' })).toBeVisible();
    expect(await page.evaluate(() => 'harmed' in window)).toBe(false);
  });

  await test.step('2. a folder of images, one of them broken', async () => {
    const folder = path.join(info.outputPath(), 'plate');
    await mkdir(folder, { recursive: true });
    await Promise.all(pictures.map((p) => copyFile(p.file, path.join(folder, p.name))));
    const whole = await readFile(pictures[0]!.file);
    await writeFile(path.join(folder, 'torn.png'), whole.subarray(0, whole.length / 2));
    await nav(page, 'Import');
    await dropFolder(page, page.getByTestId('drop-area'), folder);
    const dialog = page.getByRole('dialog', { name: 'Import' });
    await expect(dialog.getByText('13 images')).toBeVisible();
    await dialog.getByRole('button', { name: 'Upload and import' }).click();
    await expect(page.getByText('12 images imported with 0 annotations, 0 with a warning, 0 skipped, 1 refused.')).toBeVisible({ timeout: 45_000 });
    const report = page.getByRole('row').filter({ hasText: 'torn.png' });
    await expect(report).toContainText('Refused');
    await expect(report).toContainText(/truncated|cut off|broken|incomplete|damaged/i);

    await nav(page, 'Images');
    await expect(page.getByRole('listitem')).toHaveCount(12);
    await page.getByRole('button', { name: 'Start labelling' }).click();
    await expect(page).toHaveURL(/\/items\//);
  });

  const loop: Loop = { page, api, hand, project, pictures, classes: classes! };
  await labelByHand(loop);

  await test.step('4. anchors', async () => {
    await nav(page, 'Anchors');
    await page.getByRole('button', { name: 'Compute anchors' }).click();
    await expect(page.getByRole('heading', { name: 'How well k anchors fit' })).toBeVisible({ timeout: 30_000 });
    await page.getByRole('radio', { name: '3', exact: true }).click();
    await expect(page.getByRole('img', { name: /^Anchors: \d+ by \d+, \d+ by \d+, \d+ by \d+ pixels/ })).toBeVisible();
    const { report } = await api.anchors({ params: { project } });
    expect(report!.boxes).toBe(pictures.slice(0, BY_HAND).reduce((sum, p) => sum + cellsOf(p).length, 0));
    const ious = report!.curve.map((c) => c.meanBestIou);
    expect(ious).toHaveLength(9);
    expect(ious[2]).toBeGreaterThan(0.6);
    // Three kinds of cells: three shapes fit them much better than one.
    expect(ious[2]! - ious[0]!).toBeGreaterThan(0.05);
  });

  await test.step('5. training, with live curves', async () => {
    await nav(page, 'Training');
    await page.getByLabel('Time to take, in minutes').fill(String(MINUTES));
    await page.getByLabel('Name of the model').fill('first round');
    await setAugmentation(loop);
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'This run' })).toBeVisible();
    const loss = page.getByText('Loss', { exact: true }).first();
    await expect(loss).toBeVisible();
    // A curve is drawn while it runs.
    await expect(page.locator('.recharts-line-curve').first()).toBeVisible({ timeout: 80_000 });
    await expect(page.getByRole('heading', { name: 'This run' })).toBeVisible();
    await expect(page.getByText(/It became model 1, “first round”, which is the current one/)).toBeVisible({ timeout: 150_000 });
    const [job] = (await api.jobs({ params: { project }, query: { kind: 'train' } })).items;
    const { points } = await api.jobSeries({ params: { id: job!.id }, query: {} });
    const losses = points.filter((p) => p.name === 'loss').map((p) => p.value);
    expect(losses.length).toBeGreaterThan(10);
    const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
    expect(sum(losses.slice(-5))).toBeLessThan(sum(losses.slice(0, 5)));
    expect(points.some((p) => p.name.endsWith('.mAP50'))).toBe(true);
  });

  const threshold = await decideProposals(loop);
  await lookAtModel(loop);
  await suggestInBrowser(loop);

  await test.step('7. quality: the team against the model, and a disagreement at its place', async () => {
    await nav(page, 'Quality');
    await page.getByLabel('Model score from').fill(threshold.toFixed(2));
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await expect(page.getByText('Mean IoU of matches')).toBeVisible({ timeout: 45_000 });
    const [report] = (await api.qualityReports({ params: { project }, query: {} })).items;
    expect(report).toMatchObject({ state: 'ready', items: 2, a: { kind: 'team' }, b: { kind: 'model' } });
    const { matches, onlyA, onlyB, precision, recall } = report!.overall!;
    // What was accepted agrees with the model; what was rejected is the model's alone.
    expect(matches).toBeGreaterThan(0);
    expect(onlyB).toBeGreaterThan(0);
    expect(precision).toBeCloseTo(matches / (matches + onlyB), 6);
    expect(recall).toBeCloseTo(matches / (matches + onlyA), 6);
    await expect(page.getByRole('heading', { name: `${report!.disagreements} disagreements` })).toBeVisible();

    const [worst, second, ...others] = (await api.disagreements({ params: { id: report!.id }, query: { kind: 'extra', limit: 40 } })).items;
    await segment(page, 'Extra');
    await page.getByRole('link').filter({ hasText: worst!.path }).filter({ hasText: 'Extra' }).first().click();
    await hand.at(worst!.path);
    await expect(page.getByTestId('comparison')).toContainText('The yellow frame is where they differ');
    const v = await hand.view();
    const [a, b] = await hand.toScreen([{ x: worst!.box.x0, y: worst!.box.y0 }, { x: worst!.box.x1, y: worst!.box.y1 }]);
    expect(a!.x).toBeGreaterThanOrEqual(v.left);
    expect(b!.x).toBeLessThanOrEqual(v.left + v.width);
    expect(b!.y).toBeLessThanOrEqual(v.top + v.height);
    // On to the next of the list by key, and back to the report.
    await expect(page.getByTestId('position')).toHaveText(`1 / ${2 + others.length}`);
    await page.keyboard.press('PageDown');
    await hand.at(second!.path);
    await expect(page.getByTestId('position')).toHaveText(`2 / ${2 + others.length}`);
    await hand.leave();
    await expect(page).toHaveURL(/\/quality\?report=/);
  });

  await test.step('8. a frozen version as COCO and as YOLO', async () => {
    await nav(page, 'Versions');
    await page.getByRole('button', { name: 'Freeze a version' }).click();
    const dialog = page.getByRole('dialog', { name: 'Freeze a version' });
    await dialog.getByLabel('Name').fill('after the first round');
    await dialog.getByRole('button', { name: 'Freeze', exact: true }).click();
    await expect.poll(async () => (await api.versions({ params: { project }, query: {} })).items.find((v) => v.name === 'after the first round')?.state, { timeout: 30_000 }).toBe('ready');

    const done = (await api.items({ params: { project }, query: { status: 'done', limit: 100 } })).items;
    const drawn = new Map<string, Annotation[]>();
    for (const i of done) drawn.set(i.path, (await teamDocument(api, i.id)).annotations);
    expect(done).toHaveLength(BY_HAND + 2);

    await nav(page, 'Exports');
    await expect(page.getByRole('combobox', { name: 'Version' })).toHaveValue(/^Version 2 “after the first round”: 8 images/);
    await expectCoco(await exported(page, 'COCO', false), { drawn, classes: Object.values(classes) });
    await expectYolo(await exported(page, 'YOLO', true), { drawn, classes: Object.values(classes), splits: new Map(done.map((i) => [i.path, i.split!])), original: (name) => readFile(picture(name).file) });
  });

  await addBuiltin(loop);
});
