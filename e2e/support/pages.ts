/** How pages are gone through. */
import { expect, type Locator, type Page } from '@playwright/test';

/** Goes to a page of the project in view by its link at the side. */
export async function nav(page: Page, name: string): Promise<void> {
  const link = page.getByRole('navigation', { name: 'Project' }).getByRole('link', { name, exact: true });
  await link.click();
  await expect(link).toHaveAttribute('aria-current', 'page');
}

/** Presses a part of a segmented control; its radio itself is out of sight. */
export async function segment(page: Page, name: string): Promise<void> {
  await page.getByRole('radiogroup').locator('label').filter({ hasText: new RegExp(`^${name}$`) }).click();
  await expect(page.getByRole('radio', { name, exact: true })).toBeChecked();
}

/** Drags a folder from the desktop onto a place of the page, and lets it go there. */
export async function dropFolder(page: Page, place: Locator, folder: string): Promise<void> {
  const { x, y } = (await place.boundingBox())!;
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [folder], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await session.send('Input.dispatchDragEvent', { type, x: x + 20, y: y + 20, data });
  await session.detach();
}
