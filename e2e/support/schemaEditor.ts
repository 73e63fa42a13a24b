/** Classes, attributes and skeletons, made on the page of the label schema. */
import { expect, type Page } from '@playwright/test';
import { segment } from './pages';

/** Adds a class and opens it. */
export async function addClass(page: Page, name: string, kind?: 'Mask' | 'Landmarks'): Promise<void> {
  const field = page.getByLabel('Name of a new class');
  await field.fill(name);
  await field.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Name', exact: true }).first()).toHaveValue(name);
  if (kind) await segment(page, kind);
}

/** Adds an attribute to the class that is open. */
export async function attribute(page: Page, type: string, name: string, options: string[] = []): Promise<void> {
  await page.getByRole('button', { name: 'Add an attribute' }).click();
  await page.getByRole('menuitem', { name: type, exact: true }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).last().fill(name);
  for (const [i, option] of options.entries()) {
    if (i > 0) await page.getByRole('button', { name: 'Add an option' }).click();
    await page.getByLabel(`Option ${i + 1}`, { exact: true }).fill(option);
  }
}

/** Points in a chain, the first and the last of which are partners. */
export async function skeleton(page: Page, names: string[]): Promise<void> {
  for (const [i, name] of names.entries()) {
    if (i > 0) await page.getByRole('button', { name: 'Add a point' }).click();
    await page.getByLabel(`Name of point ${i + 1}`).fill(name);
  }
  const point = (i: number) => page.getByRole('button', { name: new RegExp(`^${i + 1}: `) });
  for (let i = 0; i + 1 < names.length; i++) {
    await point(i).click();
    await point(i + 1).click();
  }
  await segment(page, 'Left and right');
  await point(0).click();
  await point(names.length - 1).click();
  await expect(page.getByText(`${names.length - 1} edges, 1 pairs`)).toBeVisible();
}

/** Makes the schema of the cells in a project without classes: boxes with attributes, a mask, landmarks; and saves it. */
export async function makeCellSchema(page: Page, names: { red: string; white: string; platelet: string; nucleus: string; axis: string }): Promise<void> {
  await page.getByRole('button', { name: 'Add the first class' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(names.red);
  await addClass(page, names.white);
  await attribute(page, 'Choice', 'Stage', ['young', 'old']);
  await attribute(page, 'Number', 'Lobes');
  await addClass(page, names.platelet);
  await addClass(page, names.nucleus, 'Mask');
  await addClass(page, names.axis, 'Landmarks');
  await skeleton(page, ['left end', 'centre', 'right end']);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText(/Version \d+ of the label schema is saved/)).toBeVisible();
}
