/** Power cuts: the web process dies in the middle of labelling, the worker in the middle of training. */
import type { Client } from '@/lib/api/client';
import { startProduct, type Product } from '@/lib/server/testing/product';
import { OWN_PORT } from './support/env';
import { expectBoxes, Labelling, teamDocument, type Rect } from './support/labelling';
import { ensureOwner, type Person } from './support/people';
import { descendantsOf, killAtOnce } from './support/processes';
import { labelWithTruth, projectWith } from './support/projects';
import { expect, test } from './support/test';

// A product of its own: what is killed here must not be missed elsewhere.
test.describe.configure({ mode: 'serial' });
let product: Product;
let owner: Person;
test.beforeAll(async () => {
  product = await startProduct({ port: OWN_PORT });
  owner = await ensureOwner(product.url, product.setupToken);
});
test.afterAll(() => product?.stop());
test.use({ baseURL: `http://localhost:${OWN_PORT}`, storageState: { cookies: [], origins: [] } });

async function pidOf(name: 'web' | 'worker'): Promise<number> {
  const pid = (await product.processes())[name];
  if (!pid) throw new Error(`no ${name} process is running`);
  return pid;
}

/** A grid of boxes, apart from each other. */
const grid = (count: number): Rect[] => Array.from({ length: count }, (_, i) => ({ x0: 20 + (i % 10) * 60, y0: 20 + Math.floor(i / 10) * 60, x1: 60 + (i % 10) * 60, y1: 55 + Math.floor(i / 10) * 60 }));

test('the web process is killed in the middle of labelling: no acknowledged gesture is lost, none comes twice', async ({ page, context, pictures }) => {
  const { project, items } = await projectWith(owner.api, 'Power cut', [pictures[2]!]);
  const item = items[0]!.id;
  await context.addCookies(owner.state.cookies);
  const hand = new Labelling(page);
  await hand.open(project, item);
  await hand.pick('1', 'box');
  const boxes = grid(48);
  const killed: number[] = [];

  // Killed twice while the hand goes on; requests are under way each time.
  for (const [i, box] of boxes.slice(0, 36).entries()) {
    if (i === 9 || i === 24) {
      const pid = await pidOf('web');
      killAtOnce(pid);
      killed.push(pid);
    }
    await hand.drawBox(box);
    if (i === 20) await hand.waitSaved(40_000);
  }
  await hand.expectCount(36);
  await hand.waitKept();
  await hand.waitSaved(40_000);
  expect(await pidOf('web')).not.toBe(killed[1]);

  // Killed again; what is drawn now is in this browser only, and the page is thrown away.
  killAtOnce(await pidOf('web'));
  for (const box of boxes.slice(36)) await hand.drawBox(box);
  await hand.expectCount(48);
  await hand.waitKept();
  await page.reload().catch(() => undefined); // the server may be down: then there is no page
  await expect(async () => {
    if (!(await hand.canvas.isVisible())) await page.goto(`/projects/${project}/items/${item}`);
    await expect(hand.canvas).toBeVisible({ timeout: 4_000 });
  }).toPass({ timeout: 40_000 });
  await hand.ready();
  await hand.expectCount(48);
  await hand.waitSaved(40_000);

  const { id, seq, annotations } = await teamDocument(owner.api, item);
  expectBoxes(annotations, boxes, 1.5);
  const operations = await wholeLog(owner.api, id);
  expect(operations.map((o) => o.seq)).toEqual(Array.from({ length: seq }, (_, i) => i + 1));
  expect(new Set(operations.map((o) => o.operation.id)).size).toBe(operations.length);
  expect(operations.map((o) => o.operation.type)).toEqual(boxes.map(() => 'draw'));
  expect((await owner.api.item({ params: { id: item } })).annotations).toBe(48);
  const { parts } = await owner.api.health({});
  expect(parts.web.ok && parts.database.ok && parts.events.ok).toBe(true);
});

async function wholeLog(api: Client, id: string) {
  const { operations } = await api.log({ params: { id }, query: { after: 0, limit: 1000 } });
  return operations;
}

test('the worker is killed in the middle of training: it goes on by itself, and a model comes of it', async ({ page, context, pictures }) => {
  test.setTimeout(300_000);
  const { api } = owner;
  const { project, items } = await projectWith(api, 'Training through a power cut', pictures);
  for (const [i, item] of items.slice(0, 8).entries()) await labelWithTruth(api, item, pictures[i]!);
  const before = await teamDocument(api, items[0]!.id);
  const { job } = await api.train({ params: { project }, body: { name: 'survivor', options: { minutes: 0.75, inputSize: 192 } } });
  const steps = async () => (await api.jobSeries({ params: { id: job }, query: {} })).points.filter((p) => p.name === 'loss').map((p) => p.step);
  await expect.poll(async () => (await steps()).length, { timeout: 90_000 }).toBeGreaterThan(8);

  const worker = await pidOf('worker');
  killAtOnce(worker, ...descendantsOf(worker));
  const reached = Math.max(...(await steps()));
  await context.addCookies(owner.state.cookies);
  await page.goto(`/projects/${project}/train?run=${job}`);
  await expect(page.getByText('run 2, after the one before it broke off').first()).toBeVisible({ timeout: 60_000 });
  await expect.poll(async () => (await api.job({ params: { id: job } })).state, { timeout: 150_000, intervals: [500] }).toBe('done');
  expect(await pidOf('worker')).not.toBe(worker);

  const ended = await api.job({ params: { id: job } });
  expect(ended.attempt).toBe(2);
  const after = await steps();
  expect(Math.max(...after)).toBeGreaterThan(reached);
  // The curve has each step once: what was drawn after the checkpoint was drawn anew.
  expect(new Set(after).size).toBe(after.length);
  const [model] = (await api.models({ params: { project }, query: {} })).items;
  expect(model).toMatchObject({ name: 'survivor', current: true, job });
  expect((await teamDocument(api, items[0]!.id)).annotations).toEqual(before.annotations);
  await expect(page.getByText('It became model 1, “survivor”')).toBeVisible();
});
