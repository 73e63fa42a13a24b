/** How pages are gone through. */
import { expect, type Page } from '@playwright/test';

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
