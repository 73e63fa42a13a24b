/** Labelers come over plain http on the local network: the browser trusts such a page less, and the work is the same. */
import { expect, test } from './support/test';
import { LAN_URL } from './support/env';
import { boxesOf, axisOf } from './support/images';
import { expectBoxes, Labelling, teamDocument } from './support/labelling';
import { OWNER } from './support/people';
import { projectWith } from './support/projects';

test.use({ baseURL: LAN_URL, storageState: { cookies: [], origins: [] } });

test('signing in, labelling and copying a link, without a secure context', async ({ page, owner, pictures }) => {
  const picture = pictures[2]!;
  const { project, items } = await projectWith(owner.api, 'Over plain http', [picture]);
  const item = items[0]!.id;
  const hand = new Labelling(page);

  await page.goto(`/projects/${project}/items/${item}`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  expect(await page.evaluate(() => ({ secure: window.isSecureContext, uuid: 'randomUUID' in crypto, subtle: 'subtle' in crypto, locks: 'locks' in navigator, clipboard: 'clipboard' in navigator }))).toEqual({ secure: false, uuid: false, subtle: false, locks: false, clipboard: false });
  await page.getByLabel('Email').fill(OWNER.email);
  await page.getByLabel(/^Password/).fill(OWNER.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(new RegExp(`/items/${item}`));
  await hand.ready();

  const [a, b] = boxesOf(picture, 'red');
  await hand.pick('1', 'box');
  await hand.drawBox(a!);
  await hand.drawBox(b!);
  await hand.pick('4', 'brush');
  await hand.drag(axisOf(picture), { steps: 5 });
  await hand.expectCount(3);
  await hand.waitSaved();
  await expect(hand.saveMark).toHaveText('Saved');

  await page.reload();
  await hand.ready();
  await hand.expectCount(3);
  // Undo survives the reload here, too.
  await page.keyboard.press('Control+z');
  await hand.expectCount(2);
  await page.keyboard.press('Control+Shift+z');
  await hand.waitSaved();
  const { annotations } = await teamDocument(owner.api, item);
  expectBoxes(annotations, [a!, b!], 1.5);
  expect(annotations.filter((x) => x.geometry.kind === 'mask')).toHaveLength(1);

  await page.goto('/members');
  await page.getByRole('button', { name: 'Invite someone' }).click();
  const dialog = page.getByRole('dialog', { name: 'Invite someone' });
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const link = await dialog.getByLabel('Invitation link').inputValue();
  // The address that others can open, not this machine's name for itself.
  expect(link.startsWith(`${LAN_URL}/join?token=`)).toBe(true);
  await dialog.getByRole('button', { name: 'Copy' }).click();
  await expect(dialog.getByRole('button', { name: 'Copied' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Another one' }).click();
  await dialog.getByLabel('Email').click();
  await page.keyboard.press('Control+v');
  await expect(dialog.getByLabel('Email')).toHaveValue(link);
});
