/** The loop's proposals: made by the model, then accepted, corrected and rejected by hand. */
import { boxOf, proposalsOf, teamDocument } from './labelling';
import type { Loop } from './loop';
import { nav } from './pages';
import { expect, test } from './test';

/** Gives the threshold that the proposals were decided at. */
export async function decideProposals({ page, api, hand, project }: Loop): Promise<number> {
  /** Items with the model's proposals, those with many first. */
  let waiting: { id: string; path: string; scores: number[] }[] = [];
  let threshold = 0;
  await test.step('6a. proposals for the open images', async () => {
    await nav(page, 'Models');
    await page.getByRole('button', { name: 'Pre-label', exact: true }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Pre-label by a model' });
    await dialog.getByRole('slider', { name: 'Lowest score' }).press('Home');
    await expect(dialog.getByText('a score of at least 0.01')).toBeVisible();
    await dialog.getByRole('button', { name: 'Pre-label', exact: true }).click();
    await expect(dialog).toBeHidden();
    await expect.poll(async () => (await api.jobs({ params: { project }, query: { kind: 'prelabel' } })).items[0]?.state, { timeout: 60_000 }).toBe('done');

    const { items } = await api.items({ params: { project }, query: { proposals: true } });
    for (const i of items) waiting.push({ id: i.id, path: i.path, scores: (await proposalsOf(api, i.id)).map((a) => a.score!).sort((a, b) => b - a) });
    waiting = waiting.sort((a, b) => b.scores.length - a.scores.length);
    expect(waiting.length, 'images on which the model proposes something').toBeGreaterThanOrEqual(2);
    // Low enough that both images that follow have some to decide.
    threshold = Math.max(0.01, Math.floor(100 * Math.min(...waiting.slice(0, 2).map((w) => w.scores[Math.min(7, w.scores.length - 1)]!))) / 100);

    await nav(page, 'Images');
    await page.getByRole('checkbox', { name: 'With proposals' }).click();
    await expect(page.getByRole('checkbox', { name: 'With proposals' })).toBeChecked();
    await expect(page.getByRole('listitem')).toHaveCount(items.length);
    await page.getByRole('link').filter({ hasText: waiting[0]!.path }).click();
  });

  await test.step('6b. threshold, accept one, reject one, correct one, accept the rest', async () => {
    const { path: name, scores } = waiting[0]!;
    await hand.at(name);
    await page.keyboard.press('Alt+2');
    const slider = page.getByRole('slider', { name: 'Threshold' });
    const undecided = page.getByTestId('proposal-count');
    await slider.press('End');
    await expect(undecided).toHaveAttribute('data-count', String(scores.filter((s) => s >= 1).length));
    await slider.press('Home');
    await expect(undecided).toHaveAttribute('data-count', String(scores.length));
    for (let i = 0; i < Math.round(threshold * 100); i++) await slider.press('ArrowRight');
    const above = scores.filter((s) => s >= threshold - 1e-9).length;
    await expect(undecided).toHaveAttribute('data-count', String(above));
    expect(above).toBeGreaterThanOrEqual(4);

    await hand.canvas.focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('a');
    await hand.expectCount(1);
    await page.keyboard.press('x');
    await expect(undecided).toHaveAttribute('data-count', String(above - 2));
    // A pull at a corner of the one in focus corrects and accepts it.
    const focused = await page.getByRole('listbox', { name: 'Proposals' }).locator('[aria-selected=true]').getAttribute('data-proposal');
    const proposal = (await proposalsOf(api, hand.item)).find((a) => a.id === focused)!;
    const { x1, y1 } = boxOf(proposal);
    await hand.drag([{ x: x1, y: y1 }, { x: x1 - 3, y: y1 - 3 }], { steps: 4 });
    await hand.expectCount(2);
    await expect(undecided).toHaveAttribute('data-count', String(above - 3));
    await page.keyboard.press('Shift+a');
    await expect(undecided).toHaveAttribute('data-count', '0');
    await hand.expectCount(above - 1);
    await hand.waitSaved();

    const { annotations, decisions } = await teamDocument(api, hand.item);
    const made = Object.values(decisions);
    expect(made.filter((d) => d === 'rejected')).toHaveLength(1);
    expect(made.filter((d) => d === 'corrected')).toHaveLength(1);
    expect(made.filter((d) => d === 'accepted')).toHaveLength(above - 2);
    expect(annotations).toHaveLength(above - 1);
    expect(annotations.every((a) => a.origin !== null && a.origin.score >= threshold - 1e-9)).toBe(true);
    const corrected = annotations.find((a) => a.origin!.annotation === proposal.id)!;
    expect(boxOf(corrected).x1).toBeLessThan(x1);
    await page.keyboard.press('d');
    await expect(hand.canvas).not.toHaveAccessibleName(`Canvas: ${name}`);
    await hand.leave();
    expect((await api.item({ params: { id: waiting[0]!.id } })).status).toBe('done');
  });

  await test.step('6c. not done while proposals are undecided; then the rest is rejected', async () => {
    const { id, path: name, scores } = waiting[1]!;
    await page.getByRole('link').filter({ hasText: name }).click();
    await hand.at(name);
    await page.keyboard.press('Alt+2');
    const left = scores.filter((s) => s >= threshold - 1e-9).length;
    await expect(page.getByTestId('proposal-count')).toHaveAttribute('data-count', String(left));
    await page.keyboard.press('d');
    const dialog = page.getByRole('dialog', { name: `${left} proposals undecided` });
    await expect(dialog).toBeVisible();
    expect((await api.item({ params: { id } })).status).not.toBe('done');
    await dialog.getByRole('button', { name: 'Review them' }).click();
    await expect(dialog).toBeHidden();
    await page.keyboard.press('a');
    await expect(page.getByTestId('proposal-count')).toHaveAttribute('data-count', String(left - 1));
    await page.keyboard.press('d');
    await page.getByRole('dialog', { name: `${left - 1} proposals undecided` }).getByRole('button', { name: 'Reject the rest and finish' }).click();
    await expect.poll(async () => (await api.item({ params: { id } })).status).toBe('done');
    const { annotations, decisions } = await teamDocument(api, id);
    expect(annotations).toHaveLength(1);
    expect(Object.values(decisions).sort()).toEqual(['accepted', ...Array.from({ length: left - 1 }, () => 'rejected')]);
    await expect(hand.canvas).not.toHaveAccessibleName(`Canvas: ${name}`);
    await hand.leave();

    await nav(page, 'Models');
    await expect(page.getByRole('heading', { name: 'What people did with the proposals' })).toBeVisible();
    await page.getByRole('button', { name: 'Move to trash' }).click();
    await expect(page.getByRole('heading', { name: 'No models yet' })).toBeVisible();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(page.getByText('Current', { exact: true })).toBeVisible();
  });
  return threshold;
}
