/** What is done beside the round: mending the schema, writing the guide, taking back, throwing away. */
import { readFile } from 'node:fs/promises';
import { strToU8, zipSync } from 'fflate';
import { demoClassIds } from '@/lib/core/demo';
import { boxesOf } from './support/images';
import { Labelling, teamDocument } from './support/labelling';
import { nav } from './support/pages';
import { labelWithTruth, projectWith } from './support/projects';
import { expect, test } from './support/test';
import { vocXml } from './support/voc';

test('a zip of images with annotations is imported, and taken back as one', async ({ page, owner, pictures }) => {
  const { api } = owner;
  const { id: project } = await api.createProject({ body: { name: 'Taken back' } });
  const [kept, gone] = pictures.slice(0, 2) as [(typeof pictures)[number], (typeof pictures)[number]];
  const files: Record<string, Uint8Array> = {};
  for (const p of [kept, gone]) {
    files[`smears/${p.name}`] = await readFile(p.file);
    files[`smears/${p.name.replace('.png', '.xml')}`] = strToU8(vocXml(p.name, boxesOf(p, 'red').map((box) => ({ name: 'Erythrocyte', box }))));
  }
  await page.goto(`/projects/${project}/import`);
  await page.getByLabel('Files to import').setInputFiles({ name: 'smears.zip', mimeType: 'application/zip', buffer: Buffer.from(zipSync(files)) });
  const dialog = page.getByRole('dialog', { name: 'Import' });
  await expect(dialog.getByText(/^1 zip/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Upload and import' }).click();
  const boxes = boxesOf(kept, 'red').length + boxesOf(gone, 'red').length;
  await expect(page.getByText(`2 images imported with ${boxes} annotations`)).toBeVisible({ timeout: 30_000 });

  // Somebody goes on with one of the two.
  const { items } = await api.items({ params: { project }, query: {} });
  const [worked, untouched] = [items.find((i) => i.path.endsWith(kept.name))!, items.find((i) => i.path.endsWith(gone.name))!];
  const hand = new Labelling(page);
  await hand.open(project, worked.id);
  await hand.pick('1', 'box');
  await hand.drawBox({ x0: 10, y0: 10, x1: 70, y1: 60 });
  await hand.waitSaved();
  await hand.leave();

  await nav(page, 'Import');
  await page.getByRole('tab', { name: 'Batches to take back' }).click();
  await page.getByRole('button', { name: 'Take back' }).click();
  await page.getByRole('dialog', { name: 'Take the batch back?' }).getByRole('button', { name: 'Take it back' }).click();
  await expect(page.getByText(/^taken back/)).toBeVisible({ timeout: 20_000 });
  // What was drawn since stays, with its image; the other image is in the trash.
  await expect.poll(async () => (await api.items({ params: { project }, query: {} })).items.map((i) => [i.path, i.annotations])).toEqual([[worked.path, 1]]);
  expect((await api.item({ params: { id: untouched.id } })).deletedAt).not.toBeNull();
});

test('classes in use are removed with a decision; the guide shows a picture of each', async ({ page, owner, pictures }) => {
  const { api } = owner;
  const { project, items } = await projectWith(api, 'Mended schema', [pictures[0]!]);
  const item = items[0]!;
  await labelWithTruth(api, item, pictures[0]!, { done: false });
  const of = async (classId: string) => (await teamDocument(api, item.id)).annotations.filter((a) => a.classId === classId).length;
  const [reds, whites, platelets] = [await of(demoClassIds.red), await of(demoClassIds.white), await of(demoClassIds.platelet)];
  expect(Math.min(reds, whites, platelets)).toBeGreaterThan(0);

  await page.goto(`/projects/${project}/schema`);
  const remove = async (name: string, decide: () => Promise<void>) => {
    await page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await decide();
    await page.getByRole('dialog', { name: `Remove “${name}”` }).getByRole('button', { name: 'Remove the class' }).click();
  };
  await page.getByRole('button', { name: /^Red cell/ }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Erythrocyte');
  await remove('White cell', async () => {
    const dialog = page.getByRole('dialog', { name: 'Remove “White cell”' });
    await expect(dialog).toContainText(`${whites} annotation`);
    await expect(dialog.getByRole('combobox', { name: 'The other class' })).toHaveValue('Erythrocyte');
  });
  await remove('Platelet', () => page.getByRole('radio', { name: `Delete the ${platelets} annotations` }).check());
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Version 2 of the label schema is saved')).toBeVisible();
  await expect.poll(async () => (await teamDocument(api, item.id)).annotations.length).toBe(reds + whites);
  expect(await of(demoClassIds.red)).toBe(reds + whites);
  const { schema } = await api.schema({ params: { project } });
  expect(schema.classes.map((c) => [c.name, c.index])).toEqual([['Erythrocyte', 0], ['Nucleus', 3], ['Nucleus axis', 4]]);

  await nav(page, 'Guide');
  await page.getByRole('button', { name: 'Write the guide' }).click();
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Add an example of Erythrocyte' }).click()]);
  await chooser.setFiles(pictures[1]!.file);
  await page.getByLabel('Caption').fill('A pale middle');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Version 1 of the guide is saved')).toBeVisible();

  const hand = new Labelling(page);
  await hand.open(project, item.id);
  await hand.expectCount(reds + whites);
  await page.keyboard.press('Alt+3');
  const example = page.getByRole('figure', { name: 'A pale middle' }).getByRole('img', { name: 'A pale middle' });
  await expect.poll(() => example.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0);
});

test('the trash gives back, and erases for good', async ({ page, owner, pictures }) => {
  const { api } = owner;
  const { project, items } = await projectWith(api, 'Thrown away', pictures.slice(0, 3));
  const left = () => api.items({ params: { project }, query: {} }).then((r) => r.items.map((i) => i.path));
  const [a, b, c] = items.map((i) => i.path) as [string, string, string];
  await page.goto(`/projects/${project}`);
  await page.getByRole('listitem').filter({ hasText: a }).getByRole('checkbox').click();
  await page.getByRole('listitem').filter({ hasText: c }).getByRole('link').click({ modifiers: ['Shift'] });
  await expect(page.getByText('3 images chosen')).toBeVisible();
  await page.getByRole('listitem').filter({ hasText: c }).getByRole('link').click({ modifiers: ['Control'] });
  await page.getByRole('button', { name: 'Move to trash' }).click();
  await expect(page.getByText('2 images moved to the trash')).toBeVisible();
  await expect(page.getByRole('listitem')).toHaveCount(1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('listitem')).toHaveCount(3);
  await api.trashItems({ params: { project }, body: { items: [items[0]!.id, items[1]!.id] } });

  await page.getByRole('link', { name: 'Trash of this project' }).click();
  await page.getByRole('checkbox', { name: `Choose ${a}` }).check();
  await page.getByRole('button', { name: 'Restore' }).click();
  await expect(page.getByText('1 image restored')).toBeVisible();
  expect(await left()).toEqual([a, c]);
  await page.getByRole('checkbox', { name: `Choose ${b}` }).check();
  await page.getByRole('button', { name: 'Erase for good' }).click();
  const dialog = page.getByRole('dialog', { name: 'Erase images for good?' });
  await expect(dialog.getByRole('button', { name: 'Erase for good' })).toBeDisabled();
  await dialog.getByRole('textbox').fill('erase 1');
  await dialog.getByRole('button', { name: 'Erase for good' }).click();
  await expect(page.getByText('No image of this project is in the trash.')).toBeVisible({ timeout: 20_000 });
  await expect.poll(() => api.item({ params: { id: items[1]!.id } }).then(() => 'there', (error: { code: string }) => error.code)).toBe('not-found');
  expect(await left()).toEqual([a, c]);

  await page.goto(`/projects/${project}/settings`);
  await page.getByRole('button', { name: 'Move the project to the trash' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Move to trash' }).click();
  await expect(page).toHaveURL(/\/projects$/);
  await expect(page.getByRole('link').filter({ hasText: 'Thrown away' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Trash' }).click();
  const row = page.getByRole('row').filter({ hasText: 'Thrown away' });
  await row.getByRole('button', { name: 'Restore' }).click();
  await expect(row).toHaveCount(0);
  await api.trashProject({ params: { project } });
  await row.getByRole('button', { name: 'Erase for good' }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('Thrown away');
  await page.getByRole('dialog').getByRole('button', { name: 'Erase for good' }).click();
  await expect(row).toHaveCount(0, { timeout: 20_000 });
  await expect.poll(() => api.project({ params: { project } }).then(() => 'there', (error: { code: string }) => error.code), { timeout: 20_000 }).toBe('not-found');
});

test('who leaves right after Done is not fetched back; the next image comes with the tool in hand', async ({ page, owner, pictures }) => {
  const { api } = owner;
  const { project, items } = await projectWith(api, 'In a hurry', pictures.slice(0, 3));
  const hand = new Labelling(page);
  await hand.open(project, items[0]!.id);
  await hand.pick('1', 'box');
  await hand.drawBox(boxesOf(pictures[0]!, 'red')[0]!);
  await page.keyboard.press('d');
  await hand.at(items[1]!.path);
  await expect(hand.canvas).toHaveAttribute('data-tool', 'box');

  // The server takes its time; meanwhile the person goes.
  let answer = () => {};
  await page.route('**/api/v1/items/*/status', async (route) => {
    await new Promise<void>((resolve) => (answer = resolve));
    await route.continue();
  });
  const asked = page.waitForRequest('**/api/v1/items/*/status');
  await page.keyboard.press('d');
  await asked;
  await page.keyboard.press('Alt+ArrowUp');
  const answered = page.waitForResponse('**/api/v1/items/*/status');
  answer();
  await answered;
  await expect(page.getByRole('listitem')).toHaveCount(3);
  await expect.poll(async () => (await api.item({ params: { id: items[1]!.id } })).status).toBe('done');
  await expect(page.getByRole('listitem').filter({ hasText: items[1]!.path })).toContainText('Done');
  await expect(page).toHaveURL(new RegExp(`/projects/${project}$`));
});
