/** What was downloaded, read by means that are not the product's own. */
import { readFile } from 'node:fs/promises';
import { expect, type Page } from '@playwright/test';
import { unzipSync } from 'fflate';

/** The files of a zip by their paths. */
export async function unzip(file: string): Promise<Record<string, Uint8Array>> {
  return unzipSync(await readFile(file));
}

export interface CocoFile {
  images: { id: number; file_name: string; width: number; height: number }[];
  categories: { id: number; name: string; keypoints?: string[]; skeleton?: [number, number][] }[];
  annotations: { id: number; image_id: number; category_id: number; bbox: [number, number, number, number]; area: number; iscrowd: 0 | 1; keypoints?: number[]; num_keypoints?: number }[];
}

/** Exports the version in view, and unpacks what is downloaded. */
export async function exported(page: Page, format: string, images: boolean): Promise<Record<string, Uint8Array>> {
  await page.getByRole('radio', { name: new RegExp(`^${format}`) }).check();
  await page.getByRole('switch', { name: 'With the images' }).setChecked(images, { force: true });
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const row = page.getByRole('row').filter({ hasText: format }).filter({ has: page.getByRole('cell', { name: images ? 'with' : 'without', exact: true }) }).first();
  const link = row.getByRole('link', { name: 'Download' });
  await expect(link).toBeVisible({ timeout: 45_000 });
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  return unzip(await download.path());
}
