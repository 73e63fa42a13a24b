/** The loop's models: how images are varied for training, what the trained model was measured at, its network, and one that comes along. */
import { cellsOf, NAMES } from './cells';
import { boxesOf } from './images';
import { BY_HAND, type Loop } from './loop';
import { nav } from './pages';
import { expect, test } from './test';

/** What is asked of augmentation, and what the model's row must say of it in the end. */
export const AUGMENTATION = { rotate: 3 };

/** On the training page: a strength is changed, and the preview with it. */
export async function setAugmentation({ page, pictures }: Pick<Loop, 'page' | 'pictures'>): Promise<void> {
  await test.step('5a. augmentation, seen on an image of the project', async () => {
    await page.getByRole('button', { name: 'Augmentation' }).click();
    const preview = page.getByRole('region', { name: 'Preview of the augmentation' });
    // As it is, the image has the labels it was given.
    await expect(preview.getByRole('img', { name: `As it is: ${cellsOf(pictures[0]!).length} labels`, exact: true })).toBeVisible();
    await expect(preview.getByRole('img', { name: /^Variant 5: \d+ labels?$/ })).toBeVisible();
    const pixels = (tile: number) => preview.locator('canvas').nth(tile).evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const [plain, usual] = [await pixels(0), await pixels(5)];
    const turn = page.getByRole('slider', { name: /^Turn\b/ });
    const turned = async () => {
      for (let i = 0; i < AUGMENTATION.rotate; i++) await turn.press('ArrowRight');
      await expect(turn).toHaveAttribute('aria-valuetext', '± 3°');
      await expect(page.getByText('1 changed.', { exact: true })).toBeVisible();
      await expect.poll(() => pixels(5)).not.toBe(usual);
    };
    await turned();
    expect(await pixels(0)).toBe(plain);
    // The same settings give the same variants.
    await page.getByRole('button', { name: 'Reset to defaults' }).click();
    await expect(page.getByText('As the task has it.')).toBeVisible();
    await expect.poll(() => pixels(5)).toBe(usual);
    await preview.getByRole('button', { name: 'Other variants' }).click();
    await expect.poll(() => pixels(5)).not.toBe(usual);
    await preview.getByRole('button', { name: 'Other image' }).click();
    await expect.poll(() => pixels(0)).not.toBe(plain);
    await turned();
  });
}

/** On the models page: curves and confusion, and the network layer by layer. */
export async function lookAtModel({ page, api, project, pictures }: Loop): Promise<void> {
  await test.step('6d. what the model was measured at, and its network', async () => {
    const [model] = (await api.models({ params: { project }, query: {} })).items;
    expect(model!.options['augmentation']).toEqual(AUGMENTATION);
    const { splits } = await api.modelEvaluation({ params: { id: model!.id } });
    const split = (['test', 'val', 'train'] as const).find((s) => splits[s])!;
    await expect(page.getByText(`Precision over recall, on ${split}`)).toBeVisible();
    // One curve a class. A model that makes no mistake has flat ones, which have no height and so count as hidden.
    await expect(page.locator('.recharts-line-curve')).toHaveCount(3);
    for (const curve of await page.locator('.recharts-line-curve').all()) await expect(curve).toHaveAttribute('d', /^M[\d.]+,[\d.]+L/);
    // Each red cell of the split's images is in the confusion once, found or not.
    const { items } = await api.items({ params: { project }, query: { split, limit: 100 } });
    const measured = pictures.slice(0, BY_HAND).filter((p) => items.some((i) => i.path === p.name));
    const red = measured.reduce((sum, p) => sum + boxesOf(p, 'red').length, 0);
    const confusion = page.getByRole('table').filter({ hasText: 'Rows: the truth. Columns: the model' });
    const row = confusion.getByRole('row').filter({ has: page.locator('th', { hasText: NAMES.red }) }).last();
    const cells = await row.getByRole('cell').allTextContents();
    expect(cells.reduce((sum, text) => sum + (Number(text) || 0), 0)).toBe(red);

    await page.getByRole('link', { name: 'Network', exact: true }).click();
    await page.getByRole('button', { name: 'Look at the layers' }).click();
    await expect(page.getByRole('columnheader', { name: 'Multiplications' })).toBeVisible({ timeout: 40_000 });
    const { report } = await api.modelNetwork({ params: { id: model!.id } });
    const layers = report!['layers'] as { name: string; parameters: number; milliseconds: number | null }[];
    // Only the rows in view are made; the table says how many there are.
    await expect(page.getByRole('table')).toHaveAttribute('aria-rowcount', String(layers.length + 1));
    expect(await page.getByRole('row').count()).toBeLessThan(Math.min(80, layers.length));
    await expect(page.locator('tbody svg circle').first()).toBeVisible();
    expect(layers.reduce((sum, l) => sum + l.parameters, 0)).toBe(model!.parameters);
    await page.getByRole('radiogroup', { name: 'Order of the layers' }).getByText('By time').click();
    const slowest = layers.toSorted((a, b) => (b.milliseconds ?? 0) - (a.milliseconds ?? 0))[0]!;
    await expect(page.getByRole('row').nth(1)).toContainText(slowest.name);

    // And of a network that nobody has trained.
    await page.goto(`/projects/${project}/network?task=detect&backbone=resnet18&size=256`);
    await expect(page.getByRole('table')).toHaveAttribute('aria-rowcount', /^\d{2,}$/, { timeout: 30_000 });
    await expect(page.getByText('256 × 256 × 3')).toBeVisible();
    await page.getByLabel('Side of the input').fill('100');
    await expect(page.getByRole('alert', { name: 'There is no such network' })).toContainText(/must be a multiple of \d+, not 100×100/);
  });
}

/** A network that comes along, with one of its classes made one of the project's. */
export async function addBuiltin({ page, api, project, classes }: Loop): Promise<void> {
  await test.step('9. everyday objects, with a class mapped to one of ours', async () => {
    await nav(page, 'Models');
    await page.getByRole('button', { name: 'Add a model' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a model' });
    await dialog.getByRole('button', { name: 'Everyday objects' }).click();
    await expect(dialog.getByText('Which of its classes are yours: 0 of 80 classes')).toBeVisible();
    await expect(dialog.getByRole('button', { name: 'Add', exact: true })).toBeDisabled();
    await dialog.getByLabel('Find a class of the model').fill('donut');
    await dialog.getByRole('combobox', { name: 'donut is' }).click();
    await page.getByRole('option', { name: NAMES.red, exact: true }).click();
    await expect(dialog.getByText('Which of its classes are yours: 1 of 80 classes')).toBeVisible();
    await dialog.getByLabel('Name', { exact: true }).fill('rings');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(dialog).toBeHidden({ timeout: 40_000 });
    const list = page.getByRole('button', { name: /^Model \d/ });
    await expect(list).toHaveCount(2);
    await expect(list.first()).toContainText('rings');
    const added = (await api.models({ params: { project }, query: {} })).items.find((m) => m.name === 'rings')!;
    expect(added).toMatchObject({ task: 'detect', current: false, options: { source: 'builtin' } });
    expect(added.perClass.map((c) => c.classId).filter((id) => id !== classes.red.id)).toEqual([]);
  });
}
