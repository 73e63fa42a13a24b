/** The loop's model in the browser: it proposes on the open image what the worker proposed, and what it says is accepted. */
import type { Annotation } from '@/lib/core/labels';
import { boxDistance, boxOf, proposalsOf } from './labelling';
import type { Loop } from './loop';
import { expect, test } from './test';

/** Boxes of the worker that are compared: the browser's run starts at this score, the worker's began lower. */
const MIN_SCORE = 0.05;

/** How far two boxes of one class are from each other, in pixels. */
const apart = (a: Annotation, b: Annotation) => (a.classId === b.classId ? boxDistance(boxOf(a), boxOf(b)) : Infinity);

/** Runs the current model on an open image, by its key; the model's files and the backend's come from our own server alone. */
export async function suggestInBrowser({ page, api, hand, project }: Loop): Promise<void> {
  await test.step('6e. the model runs in the browser, on the open image', async () => {
    const foreign: string[] = [];
    const origin = new URL(page.url()).origin;
    page.on('request', (request) => {
      const address = new URL(request.url());
      if (/^https?:$/.test(address.protocol) && address.origin !== origin) foreign.push(request.url());
    });
    const { items } = await api.items({ params: { project }, query: { status: 'open', proposals: true } });
    const of = await Promise.all(items.map(async (i) => ({ item: i, worker: await proposalsOf(api, i.id) })));
    const { item, worker } = of.toSorted((a, b) => b.worker.length - a.worker.length)[0]!;
    await page.goto(`/projects/${project}/items/${item.id}`);
    await hand.at(item.path);
    await hand.canvas.focus();
    await page.keyboard.press('Shift+s');
    const bar = page.getByTestId('suggest');
    await expect(bar).toContainText(/\d+ proposals? by (WebGPU|WebGL|WASM) in \d+\.\d s/, { timeout: 60_000 });

    const browser = await proposalsOf(api, item.id);
    const sure = worker.filter((a) => a.score! >= MIN_SCORE + 0.01);
    expect(sure.length, 'boxes to compare').toBeGreaterThan(0);
    for (const a of sure) expect(Math.min(...browser.map((b) => apart(a, b))), `the worker's box at ${a.score}`).toBeLessThan(1);
    // What the worker proposed below that score is gone: these are the browser's.
    expect(worker.some((a) => a.score! < MIN_SCORE - 0.01)).toBe(true);
    expect(browser.every((a) => a.score! >= MIN_SCORE - 0.001)).toBe(true);
    const { others } = await api.itemDocuments({ params: { id: item.id } });
    const { operations } = await api.log({ params: { id: others.find((d) => d.current)!.id }, query: {} });
    expect(operations.at(-1)!.operation.tool).toMatch(/^browser:(webgpu|webgl|wasm)$/);
    expect(foreign, 'requests to other servers').toEqual([]);

    // The model stays ready: the second run loads nothing.
    const fetched: string[] = [];
    page.on('request', (request) => request.url().includes('/run/') && fetched.push(request.url()));
    await page.keyboard.press('Shift+s');
    await expect(bar.getByText(/^Running on|proposals? by/)).toBeVisible();
    await expect(bar).toContainText(/\d+ proposals? by/, { timeout: 60_000 });
    expect(fetched).toEqual([]);

    await page.getByRole('slider', { name: 'Threshold' }).press('Home');
    await expect(page.getByTestId('proposal-count')).toHaveAttribute('data-count', String(browser.length));
    await hand.canvas.focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('a');
    await hand.expectCount(1);
    await page.keyboard.press('Control+z');
    await hand.expectCount(0);
    await expect(page.getByTestId('proposal-count')).toHaveAttribute('data-count', String(browser.length));
    await hand.waitSaved();
    await hand.leave();
  });
}
