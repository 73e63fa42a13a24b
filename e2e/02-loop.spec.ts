/** Once around the loop, as a person goes it: project, import, labels, anchors, training, proposals, quality, export. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Annotation, LabelClass } from '@/lib/core/labels';
import { maskArea, maskHas } from '@/lib/core/masks';
import { exported } from './support/archive';
import { cellsOf, content, drawCells, KEYS, maskOf, NAMES } from './support/cells';
import { expectCoco, expectYolo } from './support/exports';
import { axisOf, boxesOf } from './support/images';
import { boxDistance, boxOf, expectBoxes, Labelling, proposalsOf, teamDocument } from './support/labelling';
import { dropFolder, nav, segment } from './support/pages';
import { makeCellSchema } from './support/schemaEditor';
import { expect, test } from './support/test';

/** So many images are labelled by hand; the model proposes for the rest. */
const BY_HAND = 6;
const TOLERANCE = 1.5;
const MINUTES = 1.2;

test('from an empty project to an export, with mouse and keyboard', async ({ page, owner, pictures }, info) => {
  test.setTimeout(420_000);
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

  const first = pictures[0]!;
  await test.step('3a. boxes by key and mouse: drawn, moved, resized, taken back, done again', async () => {
    await hand.at(first.name);
    await expect(page.getByTestId('position')).toHaveText('1 / 12');
    await page.keyboard.press('Alt+3');
    await expect(page.getByRole('heading', { name: 'What to label' })).toBeVisible();
    await page.keyboard.press('Alt+1');

    const [aim] = boxesOf(first, 'red');
    await hand.pick(KEYS.platelet, 'box');
    // Beside where it belongs, smaller, and of another class: then put right.
    await hand.drawBox({ x0: aim!.x0 + 8, y0: aim!.y0 + 5, x1: aim!.x1 - 4, y1: aim!.y1 - 7 });
    await hand.expectCount(1);
    await hand.tool('v', 'select');
    await page.keyboard.press(KEYS.red);
    await expect(page.getByTestId('details').getByRole('combobox', { name: 'Class of the selected' })).toHaveValue(NAMES.red);
    const middle = { x: (aim!.x0 + aim!.x1) / 2, y: (aim!.y0 + aim!.y1) / 2 };
    await hand.drag([middle, { x: middle.x - 8, y: middle.y - 5 }], { steps: 4 });
    await hand.drag([{ x: aim!.x1 - 12, y: aim!.y1 - 12 }, { x: aim!.x1, y: aim!.y1 }], { steps: 4 });
    await hand.waitSaved();
    const placed = (await teamDocument(api, hand.item)).annotations;
    expect(placed).toHaveLength(1);
    expect(placed[0]!.classId).toBe(classes.red.id);
    expect(boxDistance(boxOf(placed[0]!), aim!)).toBeLessThanOrEqual(TOLERANCE);

    for (let i = 0; i < 4; i++) await page.keyboard.press('Control+z');
    await hand.expectCount(0);
    for (let i = 0; i < 4; i++) await page.keyboard.press('Control+Shift+z');
    await hand.expectCount(1);

    // Zoomed in and dragged aside, the hand is as sure.
    const [, next] = boxesOf(first, 'red');
    const before = await hand.view();
    const [at] = await hand.toScreen([{ x: next!.x0, y: next!.y0 }]);
    await page.mouse.move(at!.x, at!.y);
    await page.mouse.wheel(0, -400);
    await expect.poll(async () => (await hand.view()).scale).toBeGreaterThan(before.scale * 1.3);
    const zoomed = await hand.view();
    await page.keyboard.down('Space');
    await hand.drag([{ x: next!.x0, y: next!.y0 }, { x: next!.x0 + 20, y: next!.y0 + 15 }], { steps: 3 });
    await page.keyboard.up('Space');
    await expect.poll(async () => (await hand.view()).x).toBeGreaterThan(zoomed.x + 10);
    await hand.pick(KEYS.red, 'box');
    await page.mouse.move(at!.x, at!.y);
    await hand.drawBox(next!);
    await hand.expectCount(2);
    await page.keyboard.press('f');
    await expect.poll(async () => (await hand.view()).scale).toBeCloseTo(before.scale, 5);
    await drawCells(hand, first, { red: 2 });
    await hand.waitSaved();
    expectBoxes((await teamDocument(api, hand.item)).annotations, cellsOf(first), TOLERANCE);
  });

  await test.step('3b. attributes, a mask and landmarks', async () => {
    const boxes = cellsOf(first).length;
    const white = (await teamDocument(api, hand.item)).annotations.find((a) => a.classId === classes.white.id)!;
    await page.locator(`[data-annotation="${white.id}"]`).click();
    const details = page.getByTestId('details');
    await details.getByRole('combobox', { name: 'Stage' }).click();
    await page.getByRole('option', { name: 'old' }).click();
    await details.getByLabel('Lobes').fill('3');
    await details.getByLabel('Lobes').press('Enter');
    await page.keyboard.press('Escape');

    const [left, centre, right] = axisOf(first);
    await hand.pick(KEYS.nucleus, 'brush');
    await page.keyboard.press('[');
    await hand.drag([left!, centre!, right!], { steps: 6 });
    await hand.expectCount(boxes + 1);
    await hand.waitSaved();
    const painted = maskOf((await teamDocument(api, hand.item)).annotations);
    for (const p of [left!, centre!, right!]) expect(maskHas(painted, Math.floor(p.x), Math.floor(p.y))).toBe(true);
    await hand.tool('e', 'eraser');
    await hand.drag([right!, { x: right!.x + 1, y: right!.y + 1 }], { steps: 2 });
    await expect.poll(async () => maskHas(maskOf((await teamDocument(api, hand.item)).annotations), Math.floor(right!.x), Math.floor(right!.y))).toBe(false);
    const erased = maskOf((await teamDocument(api, hand.item)).annotations);
    expect(maskArea(erased)).toBeLessThan(maskArea(painted));
    expect(maskHas(erased, Math.floor(left!.x), Math.floor(left!.y))).toBe(true);

    await hand.pick(KEYS.axis, 'landmarks');
    await expect(page.getByTestId('landmark-list').getByRole('listitem').nth(0)).toContainText('left end (next)');
    await hand.click(left!);
    await hand.click(centre!);
    await expect(page.getByTestId('landmark-list').getByRole('listitem').nth(2)).toContainText('right end (next)');
    await page.keyboard.down('Shift');
    await hand.click(right!);
    await page.keyboard.up('Shift');
    await hand.expectCount(boxes + 2);
    await hand.waitSaved();
  });

  await test.step('3c. a reload in the middle loses nothing, not even what can be taken back', async () => {
    const count = cellsOf(first).length + 2;
    const before = await teamDocument(api, hand.item);
    await page.reload();
    await hand.ready();
    await hand.expectCount(count);
    await page.keyboard.press('Control+z');
    await expect.poll(async () => (await teamDocument(api, hand.item)).seq).toBe(before.seq + 1);
    await page.keyboard.press('Control+Shift+z');
    await hand.waitSaved();
    const after = await teamDocument(api, hand.item);
    expect(content(after.annotations)).toEqual(content(before.annotations));
    const axis = after.annotations.find((a) => a.geometry.kind === 'landmarks')!.geometry;
    if (axis.kind !== 'landmarks') throw new Error('not landmarks');
    expect(axis.points.map((p) => p.v)).toEqual([2, 2, 1]);
    axisOf(first).forEach((p, i) => expect(Math.hypot(axis.points[i]!.x - p.x, axis.points[i]!.y - p.y)).toBeLessThanOrEqual(TOLERANCE));
    const [stage, lobes] = classes.white.attributes;
    const white = after.annotations.find((a) => a.classId === classes.white.id && a.attributes[lobes!.id] === 3)!;
    expect(stage!.type === 'select' && stage!.options.find((o) => o.id === white.attributes[stage!.id])?.name).toBe('old');
  });

  await test.step(`3d. done by one key, and on to the next, ${BY_HAND} images long`, async () => {
    for (let i = 0; i < BY_HAND; i++) {
      const now = pictures[i]!;
      await hand.at(now.name);
      if (i > 0) {
        await hand.expectCount(0);
        await drawCells(hand, now);
        await expect(page.getByTestId('object-count')).toHaveAttribute('data-count', String(cellsOf(now).length));
      }
      await page.keyboard.press('d');
    }
    await hand.at(pictures[BY_HAND]!.name);
    const { items } = await api.items({ params: { project }, query: { status: 'done' } });
    expect(items.map((i) => i.path)).toEqual(pictures.slice(0, BY_HAND).map((p) => p.name));
    for (const i of items) {
      expect(i.split).not.toBeNull();
      expectBoxes((await teamDocument(api, i.id)).annotations, cellsOf(picture(i.path)), TOLERANCE);
    }
    await hand.leave();
  });

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
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'This run' })).toBeVisible();
    const loss = page.getByText('Loss', { exact: true }).first();
    await expect(loss).toBeVisible();
    // A curve is drawn while it runs.
    await expect(page.locator('.recharts-line-curve').first()).toBeVisible({ timeout: 80_000 });
    await expect(page.getByRole('heading', { name: 'This run' })).toBeVisible();
    await expect(page.getByText(/It became model 1, “first round”, which is now the current one/)).toBeVisible({ timeout: 150_000 });
    const [job] = (await api.jobs({ params: { project }, query: { kind: 'train' } })).items;
    const { points } = await api.jobSeries({ params: { id: job!.id }, query: {} });
    const losses = points.filter((p) => p.name === 'loss').map((p) => p.value);
    expect(losses.length).toBeGreaterThan(10);
    const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
    expect(sum(losses.slice(-5))).toBeLessThan(sum(losses.slice(0, 5)));
    expect(points.some((p) => p.name.endsWith('.mAP50'))).toBe(true);
  });

  /** Items with the model's proposals, those with many first. */
  let waiting: { id: string; path: string; scores: number[] }[] = [];
  let threshold = 0;
  await test.step('6a. proposals for the open images', async () => {
    await nav(page, 'Models');
    await page.getByRole('button', { name: 'Pre-label', exact: true }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Pre-label by a model' });
    await dialog.getByRole('slider', { name: 'Lowest score' }).press('Home');
    await expect(dialog.getByText('a score of at least 0.01')).toBeVisible();
    await dialog.getByRole('button', { name: 'Pre-label', exact: true }).click();
    await expect(dialog).toBeHidden();
    await expect.poll(async () => (await api.jobs({ params: { project }, query: { kind: 'prelabel' } })).items[0]?.state, { timeout: 60_000 }).toBe('done');

    const { items } = await api.items({ params: { project }, query: { proposals: true } });
    for (const i of items) waiting.push({ id: i.id, path: i.path, scores: (await proposalsOf(api, i.id)).map((a) => a.score!).sort((a, b) => b - a) });
    waiting = waiting.sort((a, b) => b.scores.length - a.scores.length);
    expect(waiting.length, 'images on which the model proposes something').toBeGreaterThanOrEqual(2);
    // Low enough that both images that follow have some to decide.
    threshold = Math.max(0.01, Math.floor(100 * Math.min(...waiting.slice(0, 2).map((w) => w.scores[Math.min(7, w.scores.length - 1)]!))) / 100);

    await nav(page, 'Images');
    await page.getByRole('checkbox', { name: 'With proposals' }).click();
    await expect(page.getByRole('checkbox', { name: 'With proposals' })).toBeChecked();
    await expect(page.getByRole('listitem')).toHaveCount(items.length);
    await page.getByRole('link').filter({ hasText: waiting[0]!.path }).click();
  });

  await test.step('6b. threshold, accept one, reject one, correct one, accept the rest', async () => {
    const { path: name, scores } = waiting[0]!;
    await hand.at(name);
    await page.keyboard.press('Alt+2');
    const slider = page.getByRole('slider', { name: 'Threshold' });
    const undecided = page.getByTestId('proposal-count');
    await slider.press('End');
    await expect(undecided).toHaveAttribute('data-count', String(scores.filter((s) => s >= 1).length));
    await slider.press('Home');
    await expect(undecided).toHaveAttribute('data-count', String(scores.length));
    for (let i = 0; i < Math.round(threshold * 100); i++) await slider.press('ArrowRight');
    const above = scores.filter((s) => s >= threshold - 1e-9).length;
    await expect(undecided).toHaveAttribute('data-count', String(above));
    expect(above).toBeGreaterThanOrEqual(4);

    await hand.canvas.focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('a');
    await hand.expectCount(1);
    await page.keyboard.press('x');
    await expect(undecided).toHaveAttribute('data-count', String(above - 2));
    // A pull at a corner of the one in focus corrects and accepts it.
    const focused = await page.getByRole('listbox', { name: 'Proposals' }).locator('[aria-selected=true]').getAttribute('data-proposal');
    const proposal = (await proposalsOf(api, hand.item)).find((a) => a.id === focused)!;
    const { x1, y1 } = boxOf(proposal);
    await hand.drag([{ x: x1, y: y1 }, { x: x1 - 3, y: y1 - 3 }], { steps: 4 });
    await hand.expectCount(2);
    await expect(undecided).toHaveAttribute('data-count', String(above - 3));
    await page.keyboard.press('Shift+a');
    await expect(undecided).toHaveAttribute('data-count', '0');
    await hand.expectCount(above - 1);
    await hand.waitSaved();

    const { annotations, decisions } = await teamDocument(api, hand.item);
    const made = Object.values(decisions);
    expect(made.filter((d) => d === 'rejected')).toHaveLength(1);
    expect(made.filter((d) => d === 'corrected')).toHaveLength(1);
    expect(made.filter((d) => d === 'accepted')).toHaveLength(above - 2);
    expect(annotations).toHaveLength(above - 1);
    expect(annotations.every((a) => a.origin !== null && a.origin.score >= threshold - 1e-9)).toBe(true);
    const corrected = annotations.find((a) => a.origin!.annotation === proposal.id)!;
    expect(boxOf(corrected).x1).toBeLessThan(x1);
    await page.keyboard.press('d');
    await expect(hand.canvas).not.toHaveAccessibleName(`Canvas: ${name}`);
    await hand.leave();
    expect((await api.item({ params: { id: waiting[0]!.id } })).status).toBe('done');
  });

  await test.step('6c. not done while proposals are undecided; then the rest is rejected', async () => {
    const { id, path: name, scores } = waiting[1]!;
    await page.getByRole('link').filter({ hasText: name }).click();
    await hand.at(name);
    await page.keyboard.press('Alt+2');
    const left = scores.filter((s) => s >= threshold - 1e-9).length;
    await expect(page.getByTestId('proposal-count')).toHaveAttribute('data-count', String(left));
    await page.keyboard.press('d');
    const dialog = page.getByRole('dialog', { name: `${left} proposals undecided` });
    await expect(dialog).toBeVisible();
    expect((await api.item({ params: { id } })).status).not.toBe('done');
    await dialog.getByRole('button', { name: 'Review them' }).click();
    await expect(dialog).toBeHidden();
    await page.keyboard.press('a');
    await expect(page.getByTestId('proposal-count')).toHaveAttribute('data-count', String(left - 1));
    await page.keyboard.press('d');
    await page.getByRole('dialog', { name: `${left - 1} proposals undecided` }).getByRole('button', { name: 'Reject the rest and finish' }).click();
    await expect.poll(async () => (await api.item({ params: { id } })).status).toBe('done');
    const { annotations, decisions } = await teamDocument(api, id);
    expect(annotations).toHaveLength(1);
    expect(Object.values(decisions).sort()).toEqual(['accepted', ...Array.from({ length: left - 1 }, () => 'rejected')]);
    await expect(hand.canvas).not.toHaveAccessibleName(`Canvas: ${name}`);
    await hand.leave();

    await nav(page, 'Models');
    await expect(page.getByRole('heading', { name: 'What people did with the proposals' })).toBeVisible();
    await page.getByRole('button', { name: 'Move to trash' }).click();
    await expect(page.getByRole('heading', { name: 'No models yet' })).toBeVisible();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(page.getByText('Current', { exact: true })).toBeVisible();
  });

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
});
