/** Every page, in light and dark: it loads without a fault, fits, and says the name of everything in it. */
import type { Page } from '@playwright/test';
import { LOCAL_URL } from './support/env';
import type { Person } from './support/people';
import { labelWithTruth, jobDone, projectWith } from './support/projects';
import { expect, test } from './support/test';
import type { DemoPicture } from './support/images';

test.use({ viewport: { width: 1280, height: 800 } });

const SHOTS = 'test-results/shots';
const ofWorkspace = ['projects', 'members', 'account', 'trash', 'system'];
const ofProject = ['', 'import', 'schema', 'guide', 'anchors', 'versions', 'train', 'models', 'quality', 'exports', 'jobs', 'settings'];

/** The project with the longest history there is: that of the loop, or one with labels and a version. */
async function fullProject({ api }: Person, pictures: readonly DemoPicture[]): Promise<string> {
  const { items } = await api.projects({ query: { limit: 100 } });
  for (const { id } of items) if ((await api.qualityReports({ params: { project: id }, query: {} })).items.length > 0) return id;
  const made = await projectWith(api, 'All pages', pictures);
  for (const [i, item] of made.items.slice(0, 4).entries()) await labelWithTruth(api, item, pictures[i]!, { kinds: ['box', 'mask', 'landmarks'], done: i < 3 });
  const { job } = await api.computeAnchors({ params: { project: made.project }, body: {} });
  await jobDone(api, job);
  const version = await api.createVersion({ params: { project: made.project }, body: { name: 'first' } });
  await jobDone(api, version.job!);
  return made.project;
}

test('pages of a project with everything in it', async ({ page, owner, pictures }) => {
  test.setTimeout(180_000);
  const project = await fullProject(owner, pictures);
  const { items } = await owner.api.items({ params: { project }, query: { status: 'done', limit: 1 } });
  const faults = faultsOf(page);
  for (const name of ofProject) await look(page, faults, `/projects/${project}${name && `/${name}`}`, `project-${name || 'images'}`);
  await look(page, faults, `/projects/${project}/items/${items[0]!.id}`, 'labelling');
  await look(page, faults, `/projects/${project}/train`, 'project-augmentation', async () => {
    await page.getByRole('button', { name: 'Augmentation' }).click();
    await expect(page.getByRole('img', { name: /^Variant 5/ })).toBeVisible();
  });
  const [model] = (await owner.api.models({ params: { project }, query: {} })).items;
  if (model) await look(page, faults, `/projects/${project}/models/${model.id}`, 'project-network');
});

test('pages of an empty project', async ({ page, owner }) => {
  test.setTimeout(120_000);
  const { id } = await owner.api.createProject({ body: { name: 'Nothing in it yet' } });
  const faults = faultsOf(page);
  for (const name of ofProject) await look(page, faults, `/projects/${id}${name && `/${name}`}`, `empty-${name || 'images'}`, undefined, ['light']);
});

test('pages of the workspace', async ({ page }) => {
  const faults = faultsOf(page);
  for (const name of ofWorkspace) await look(page, faults, `/${name}`, name);
  // What is not there says so, and leads back.
  await page.goto('/nowhere');
  await expect(page.getByRole('heading', { name: 'There is no page here' })).toBeVisible();
  await page.goto('/projects/01900000-0000-7000-8000-00000000dead');
  await expect(page.getByRole('main').getByRole('alert')).toContainText('could not be loaded');
});

test('pages for those who are not signed in', async ({ browser, owner }) => {
  const { url } = await owner.api.invite({ body: { role: 'viewer' } });
  const context = await browser.newContext({ baseURL: LOCAL_URL, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const faults = faultsOf(page);
  await look(page, faults, '/sign-in', 'sign-in');
  await look(page, faults, '/setup', 'setup');
  await look(page, faults, `/join${new URL(url).search}`, 'join');
  await look(page, faults, '/reset?token=00000000000000000000000000', 'reset');
  await context.close();
});

/** Gathers what the console says and what could not be fetched. */
function faultsOf(page: Page): string[] {
  const faults: string[] = [];
  page.on('console', (message) => {
    // The answer 401 to "who am I", and 404 or 410 to a dead link, are how those pages know.
    if (message.type() === 'error' && !/status of (401|404|410)/.test(message.text())) faults.push(`${message.text()} (${message.location().url})`);
  });
  return faults;
}

async function look(page: Page, faults: string[], address: string, name: string, arrange?: () => Promise<void>, schemes: ('light' | 'dark')[] = ['light', 'dark']): Promise<void> {
  await test.step(`${name}: ${address}`, async () => {
    await page.emulateMedia({ colorScheme: schemes[0], reducedMotion: 'reduce' });
    await page.goto(address);
    await expect(page.locator('h1, [role="application"][data-image="ready"]').first()).toBeVisible();
    await arrange?.();
    await expect(page.locator('[aria-busy="true"], .mantine-Skeleton-root:visible')).toHaveCount(0);
    await expect(page).toHaveTitle(/Fieldmark/);
    // Colours are looked at as they are in the end, not on the way from light to dark.
    await page.addStyleTag({ content: '*, *::before, *::after { transition: none !important; animation: none !important; }' });
    await page.waitForFunction(() => [...document.images].every((i) => i.complete || i.getBoundingClientRect().top > innerHeight));
    for (const scheme of schemes) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', scheme);
      await page.screenshot({ path: `${SHOTS}/${name}-${scheme}.png` });
      expect.soft(await page.evaluate(contrastFaults), `${name}, ${scheme}: text that is hard to read`).toEqual([]);
    }
    expect.soft(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), `${name} is wider than the window`).toBeLessThanOrEqual(0);
    expect.soft(await page.evaluate(namelessControls), `${name}: controls without a name`).toEqual([]);
    expect.soft(faults.splice(0), `${name}: errors in the console`).toEqual([]);
  });
}

/** Controls that a screen reader could not name. Runs in the page. */
function namelessControls(): string[] {
  const nameless: string[] = [];
  const textOf = (ids: string | null) => (ids ?? '').split(/\s+/).map((id) => document.getElementById(id)?.textContent?.trim() ?? '').join('');
  for (const element of document.querySelectorAll<HTMLElement>('button, a[href], [role="button"], [role="tab"], [role="slider"], [role="radio"], input:not([type="hidden"]), select, textarea, img')) {
    if (element.closest('[aria-hidden="true"]') || element.getClientRects().length === 0) continue;
    const named = element.getAttribute('aria-label')?.trim() || textOf(element.getAttribute('aria-labelledby')) || element.title.trim()
      || (element instanceof HTMLImageElement ? element.hasAttribute('alt') : element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement ? [...(element.labels ?? [])].some((l) => l.textContent?.trim()) : element.textContent?.trim() || element.querySelector('img[alt]:not([alt=""]), svg[aria-label]'));
    if (!named) nameless.push(element.outerHTML.slice(0, 160));
  }
  return nameless;
}

/** Text below the contrast of WCAG AA (4.5, large text 3) against the plain colour behind it. Runs in the page. */
function contrastFaults(): string[] {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
  const parse = (color: string): [number, number, number, number] => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r!, g!, b!, a! / 255];
  };
  const luminance = ([r, g, b]: readonly number[]) => [r!, g!, b!].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i]!, 0);
  const over = (top: readonly number[], below: readonly number[]) => [0, 1, 2].map((i) => top[i]! * top[3]! + below[i]! * (1 - top[3]!));
  const faults = new Set<string>();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent?.trim();
    const element = node.parentElement;
    if (!text || !element || element.closest('[aria-hidden="true"], [disabled], [data-disabled], [aria-disabled="true"], script, style, svg, label:has(:disabled)')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    const style = getComputedStyle(element);
    if (box.width === 0 || box.height === 0 || style.visibility !== 'visible' || !element.checkVisibility({ opacityProperty: true })) continue;
    // Layers from the text down to the first that covers all below it; over a picture nothing can be said.
    const layers: number[][] = [];
    let opacity = 1;
    let solid = false;
    for (let at: HTMLElement | null = element; at && !solid; at = at.parentElement) {
      const s = getComputedStyle(at);
      opacity *= Number(s.opacity);
      if (s.backgroundImage !== 'none') break;
      const color = parse(s.backgroundColor);
      if (color[3] > 0) layers.push(color);
      solid = color[3] === 1;
    }
    if (!solid) continue;
    const back = layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
    const ink = parse(style.color);
    const front = over([ink[0], ink[1], ink[2], ink[3] * opacity], back);
    const [light, dark] = [luminance(front), luminance(back)].sort((a, b) => b - a);
    const contrast = (light! + 0.05) / (dark! + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (contrast < (large ? 3 : 4.5) - 0.05) faults.add(`"${text.slice(0, 40)}": ${contrast.toFixed(2)}`);
  }
  return [...faults];
}
