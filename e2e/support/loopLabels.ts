/** The loop's labelling by hand: boxes, attributes, a mask, landmarks, a reload in the middle, done by key. */
import { maskArea, maskHas } from '@/lib/core/masks';
import { cellsOf, content, drawCells, KEYS, maskOf, NAMES } from './cells';
import { axisOf, boxesOf } from './images';
import { boxDistance, boxOf, expectBoxes, teamDocument } from './labelling';
import { BY_HAND, TOLERANCE, type Loop } from './loop';
import { expect, test } from './test';

export async function labelByHand({ page, api, hand, project, pictures, classes }: Loop): Promise<void> {
  const picture = (name: string) => pictures.find((p) => p.name === name)!;
  const first = pictures[0]!;
  await test.step('3a. boxes by key and mouse: drawn, moved, resized, taken back, done again', async () => {
    await hand.at(first.name);
    await expect(page.getByTestId('position')).toHaveText('1 / 12');
    await page.keyboard.press('Alt+3');
    await expect(page.getByRole('heading', { name: 'What to label' })).toBeVisible();
    await page.keyboard.press('Alt+1');

    const [aim] = boxesOf(first, 'red');
    await hand.pick(KEYS.platelet, 'box');
    // Beside where it belongs, smaller, and of another class: then put right.
    await hand.drawBox({ x0: aim!.x0 + 8, y0: aim!.y0 + 5, x1: aim!.x1 - 4, y1: aim!.y1 - 7 });
    await hand.expectCount(1);
    await hand.tool('v', 'select');
    await page.keyboard.press(KEYS.red);
    await expect(page.getByTestId('details').getByRole('combobox', { name: 'Class of the selected' })).toHaveValue(NAMES.red);
    const middle = { x: (aim!.x0 + aim!.x1) / 2, y: (aim!.y0 + aim!.y1) / 2 };
    await hand.drag([middle, { x: middle.x - 8, y: middle.y - 5 }], { steps: 4 });
    await hand.drag([{ x: aim!.x1 - 12, y: aim!.y1 - 12 }, { x: aim!.x1, y: aim!.y1 }], { steps: 4 });
    await hand.waitSaved();
    const placed = (await teamDocument(api, hand.item)).annotations;
    expect(placed).toHaveLength(1);
    expect(placed[0]!.classId).toBe(classes.red.id);
    expect(boxDistance(boxOf(placed[0]!), aim!)).toBeLessThanOrEqual(TOLERANCE);

    for (let i = 0; i < 4; i++) await page.keyboard.press('Control+z');
    await hand.expectCount(0);
    for (let i = 0; i < 4; i++) await page.keyboard.press('Control+Shift+z');
    await hand.expectCount(1);

    // Zoomed in and dragged aside, the hand is as sure.
    const [, next] = boxesOf(first, 'red');
    const before = await hand.view();
    const [at] = await hand.toScreen([{ x: next!.x0, y: next!.y0 }]);
    await page.mouse.move(at!.x, at!.y);
    await page.mouse.wheel(0, -400);
    await expect.poll(async () => (await hand.view()).scale).toBeGreaterThan(before.scale * 1.3);
    const zoomed = await hand.view();
    await page.keyboard.down('Space');
    await hand.drag([{ x: next!.x0, y: next!.y0 }, { x: next!.x0 + 20, y: next!.y0 + 15 }], { steps: 3 });
    await page.keyboard.up('Space');
    await expect.poll(async () => (await hand.view()).x).toBeGreaterThan(zoomed.x + 10);
    await hand.pick(KEYS.red, 'box');
    await page.mouse.move(at!.x, at!.y);
    await hand.drawBox(next!);
    await hand.expectCount(2);
    await page.keyboard.press('f');
    await expect.poll(async () => (await hand.view()).scale).toBeCloseTo(before.scale, 5);
    await drawCells(hand, first, { red: 2 });
    await hand.waitSaved();
    expectBoxes((await teamDocument(api, hand.item)).annotations, cellsOf(first), TOLERANCE);
  });

  await test.step('3b. attributes, a mask and landmarks', async () => {
    const boxes = cellsOf(first).length;
    const white = (await teamDocument(api, hand.item)).annotations.find((a) => a.classId === classes.white.id)!;
    await page.locator(`[data-annotation="${white.id}"]`).click();
    const details = page.getByTestId('details');
    await details.getByRole('combobox', { name: 'Stage' }).click();
    await page.getByRole('option', { name: 'old' }).click();
    await details.getByLabel('Lobes').fill('3');
    await details.getByLabel('Lobes').press('Enter');
    await page.keyboard.press('Escape');

    const [left, centre, right] = axisOf(first);
    await hand.pick(KEYS.nucleus, 'brush');
    await page.keyboard.press('[');
    await hand.drag([left!, centre!, right!], { steps: 6 });
    await hand.expectCount(boxes + 1);
    await hand.waitSaved();
    const painted = maskOf((await teamDocument(api, hand.item)).annotations);
    for (const p of [left!, centre!, right!]) expect(maskHas(painted, Math.floor(p.x), Math.floor(p.y))).toBe(true);
    await hand.tool('e', 'eraser');
    await hand.drag([right!, { x: right!.x + 1, y: right!.y + 1 }], { steps: 2 });
    await expect.poll(async () => maskHas(maskOf((await teamDocument(api, hand.item)).annotations), Math.floor(right!.x), Math.floor(right!.y))).toBe(false);
    const erased = maskOf((await teamDocument(api, hand.item)).annotations);
    expect(maskArea(erased)).toBeLessThan(maskArea(painted));
    expect(maskHas(erased, Math.floor(left!.x), Math.floor(left!.y))).toBe(true);

    await hand.pick(KEYS.axis, 'landmarks');
    await expect(page.getByTestId('landmark-list').getByRole('listitem').nth(0)).toContainText('left end (next)');
    await hand.click(left!);
    await hand.click(centre!);
    await expect(page.getByTestId('landmark-list').getByRole('listitem').nth(2)).toContainText('right end (next)');
    await page.keyboard.down('Shift');
    await hand.click(right!);
    await page.keyboard.up('Shift');
    await hand.expectCount(boxes + 2);
    await hand.waitSaved();
  });

  await test.step('3c. a reload in the middle loses nothing, not even what can be taken back', async () => {
    const count = cellsOf(first).length + 2;
    const before = await teamDocument(api, hand.item);
    await page.reload();
    await hand.ready();
    await hand.expectCount(count);
    await page.keyboard.press('Control+z');
    await expect.poll(async () => (await teamDocument(api, hand.item)).seq).toBe(before.seq + 1);
    await page.keyboard.press('Control+Shift+z');
    await hand.waitSaved();
    const after = await teamDocument(api, hand.item);
    expect(content(after.annotations)).toEqual(content(before.annotations));
    const axis = after.annotations.find((a) => a.geometry.kind === 'landmarks')!.geometry;
    if (axis.kind !== 'landmarks') throw new Error('not landmarks');
    expect(axis.points.map((p) => p.v)).toEqual([2, 2, 1]);
    axisOf(first).forEach((p, i) => expect(Math.hypot(axis.points[i]!.x - p.x, axis.points[i]!.y - p.y)).toBeLessThanOrEqual(TOLERANCE));
    const [stage, lobes] = classes.white.attributes;
    const white = after.annotations.find((a) => a.classId === classes.white.id && a.attributes[lobes!.id] === 3)!;
    expect(stage!.type === 'select' && stage!.options.find((o) => o.id === white.attributes[stage!.id])?.name).toBe('old');
  });

  await test.step(`3d. done by one key, and on to the next, ${BY_HAND} images long`, async () => {
    for (let i = 0; i < BY_HAND; i++) {
      const now = pictures[i]!;
      await hand.at(now.name);
      if (i > 0) {
        await hand.expectCount(0);
        await drawCells(hand, now);
        await expect(page.getByTestId('object-count')).toHaveAttribute('data-count', String(cellsOf(now).length));
      }
      await page.keyboard.press('d');
    }
    await hand.at(pictures[BY_HAND]!.name);
    const { items } = await api.items({ params: { project }, query: { status: 'done' } });
    expect(items.map((i) => i.path)).toEqual(pictures.slice(0, BY_HAND).map((p) => p.name));
    for (const i of items) {
      expect(i.split).not.toBeNull();
      expectBoxes((await teamDocument(api, i.id)).annotations, cellsOf(picture(i.path)), TOLERANCE);
    }
    await hand.leave();
  });
}
