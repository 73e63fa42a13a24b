/** Several people and several tabs on the same image. */
import type { BrowserContext, Page } from '@playwright/test';
import { LOCAL_URL } from './support/env';
import { boxDistance, boxOf, expectBoxes, Labelling, teamDocument } from './support/labelling';
import { addPerson } from './support/people';
import { projectWith } from './support/projects';
import { expect, test } from './support/test';

const A = { x0: 60, y0: 60, x1: 160, y1: 140 };
const B = { x0: 300, y0: 200, x1: 400, y1: 300 };
const moved = (r: typeof A, dx: number, dy: number) => ({ x0: r.x0 + dx, y0: r.y0 + dy, x1: r.x1 + dx, y1: r.y1 + dy });
const middle = (r: typeof A) => ({ x: (r.x0 + r.x1) / 2, y: (r.y0 + r.y1) / 2 });

test('two people on one image see each other; what was replaced is listed and can be put back', async ({ page, browser, owner, pictures }) => {
  const { project, items } = await projectWith(owner.api, 'Together', [pictures[3]!]);
  const item = items[0]!.id;
  const other = await addPerson(LOCAL_URL, owner, 'labeler', 'Tom Two');
  const theirs = await browser.newContext({ storageState: other.state });
  const ann = new Labelling(page);
  const tom = new Labelling(await theirs.newPage());
  await Promise.all([ann.open(project, item), tom.open(project, item)]);

  await ann.pick('1', 'box');
  await ann.drawBox(A);
  await tom.expectCount(1);
  await tom.pick('2', 'box');
  await tom.drawBox(B);
  await ann.expectCount(2);
  await Promise.all([ann.waitSaved(), tom.waitSaved()]);

  // Tom loses his connection and moves Ann's box; Ann moves it, too. His arrives later, and wins.
  await theirs.setOffline(true);
  await moveBox(tom, A, 0, 60);
  await expect(tom.saveMark).toHaveAttribute('data-state', 'offline');
  await moveBox(ann, A, 80, 0);
  await ann.waitSaved();
  expectBoxes((await teamDocument(owner.api, item)).annotations, [moved(A, 80, 0), B]);
  await theirs.setOffline(false);
  await tom.waitSaved(30_000);
  await expect.poll(async () => boxDistance(boxOf((await teamDocument(owner.api, item)).annotations[0]!), moved(A, 0, 60))).toBeLessThanOrEqual(2);

  // Both are told; Ann puts her value back, and Tom sees it.
  await ann.page.keyboard.press('Alt+4');
  await ann.page.getByText('Replaced values (1)').click();
  const row = ann.page.getByRole('list', { name: 'Replaced values' }).getByRole('listitem');
  await expect(row).toHaveCount(1);
  await expect(row).toContainText('geometry of Red cell');
  await expect(row).toContainText('Tom Two');
  await row.getByRole('button', { name: 'Restore' }).click();
  await expect(row).toContainText('put back');
  await expect.poll(async () => boxDistance(boxOf((await teamDocument(owner.api, item)).annotations[0]!), moved(A, 80, 0))).toBeLessThanOrEqual(2);
  await tom.tool('v', 'select');
  await tom.page.keyboard.press('Escape');
  await tom.click(middle(moved(A, 80, 0)));
  await expect(tom.page.getByTestId('details')).toContainText('at 140, 60');
  await theirs.close();
});

async function moveBox(hand: Labelling, box: typeof A, dx: number, dy: number): Promise<void> {
  await hand.tool('v', 'select');
  await hand.page.keyboard.press('Escape');
  const from = middle(box);
  await hand.click(from);
  await hand.drag([from, { x: from.x + dx, y: from.y + dy }], { steps: 4 });
}

test('three tabs share one event stream, and hand it on', async ({ context, owner, pictures }) => {
  const { project } = await projectWith(owner.api, 'Tabs', [pictures[4]!]);
  const open = openStreams(context);
  const tabs: Page[] = [];
  for (let i = 0; i < 3; i++) {
    const tab = await context.newPage();
    await tab.goto(`/projects/${project}/settings`);
    await expect(tab.getByRole('textbox', { name: 'Name', exact: true })).toHaveValue('Tabs');
    tabs.push(tab);
  }
  await expect.poll(() => open.size).toBe(1);
  const rename = async (name: string, pages: Page[]) => {
    await owner.api.updateProject({ params: { project }, body: { name } });
    for (const tab of pages) await expect(tab.getByRole('banner')).toContainText(name);
  };
  await rename('Tabs, renamed', tabs);
  expect(open.size).toBe(1);

  // The tab that holds the stream is closed: another takes over.
  const [holder] = [...open.values()];
  await holder!.close();
  const left = tabs.filter((t) => t !== holder);
  expect(left).toHaveLength(2);
  await expect.poll(() => open.size).toBe(1);
  expect(left).toContain([...open.values()][0]);
  await rename('Tabs, renamed again', left);
  expect(open.size).toBe(1);
});

/** The event streams that pages of this browser hold open, and by which page. */
function openStreams(context: BrowserContext): Map<unknown, Page> {
  const open = new Map<unknown, Page>();
  context.on('request', (request) => {
    if (request.resourceType() === 'eventsource') open.set(request, request.frame().page());
  });
  context.on('requestfinished', (request) => void open.delete(request));
  context.on('requestfailed', (request) => void open.delete(request));
  context.on('page', (page) => page.on('close', () => open.forEach((holder, request) => holder === page && open.delete(request))));
  return open;
}
