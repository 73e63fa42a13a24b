/** The first minutes: the set-up link, signing in and out, and the first person who is invited. */
import { expect, test } from './support/test';
import { fromSetup, LOCAL_URL } from './support/env';
import { addPerson, ensureOwner, OWNER, PASSWORD } from './support/people';

// Nobody is signed in here; and the owner must not be made by a fixture.
test.use({ storageState: { cookies: [], origins: [] } });
test.describe.configure({ mode: 'serial' });

test('without the token of the set-up link nobody becomes owner', async ({ page, request }) => {
  await page.goto('/');
  await expect(page).toHaveURL(/\/setup$/);
  await expect(page.getByRole('heading', { name: 'Open the set-up link' })).toBeVisible();
  await expect(page.getByLabel(/^Password/)).toHaveCount(0);

  // A token that is not the one: said so, and no form.
  await page.goto(`/setup?token=${'x'.repeat(43)}`);
  await expect(page.getByText('The token of this address is not the one that is valid now')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Create account' })).toHaveCount(0);

  // Nor past the page.
  const person = { name: 'Mallory', email: 'mallory@example.org', password: PASSWORD };
  expect((await request.post('/api/v1/setup', { data: { ...person, token: 'x'.repeat(43) } })).status()).toBeGreaterThanOrEqual(400);
  expect((await request.post('/api/v1/setup', { data: person })).status()).toBe(400);
  expect((await request.post('/api/auth/sign-up/email', { data: person, headers: { origin: LOCAL_URL } })).status()).toBeGreaterThanOrEqual(400);
  expect((await request.get('/api/v1/projects')).status()).toBe(401);
  const state = await request.get('/api/v1/setup');
  expect(await state.json()).toMatchObject({ needsOwner: true, tokenValid: false });
});

test('the set-up link makes the owner, once', async ({ page, browser }) => {
  const link = `/setup?token=${fromSetup('SETUP_TOKEN')}`;
  await page.goto(link);
  await expect(page.getByRole('heading', { name: 'Create the owner account' })).toBeVisible();
  await page.getByLabel('Your name').fill(OWNER.name);
  await page.getByLabel('Email').fill(OWNER.email);
  await page.getByLabel(/^Password/).fill('too short');
  await page.getByLabel('The same again').fill('different');
  await page.getByLabel('Name of the workspace').fill(OWNER.workspace);
  await page.getByRole('button', { name: 'Create account and sign in' }).click();
  await expect(page.getByText('At least 10 characters; there are 9')).toBeVisible();
  await expect(page.getByText('The two passwords differ')).toBeVisible();

  await page.getByLabel(/^Password/).fill(OWNER.password);
  await page.getByLabel('The same again').fill(OWNER.password);
  await page.getByRole('button', { name: 'Create account and sign in' }).click();
  await expect(page).toHaveURL(/\/projects$/);
  await expect(page.getByRole('heading', { name: 'Projects', exact: true })).toBeVisible();
  await expect(page.getByText('No projects yet')).toBeVisible();
  await page.getByRole('button', { name: `Account of ${OWNER.name}` }).click();
  await expect(page.getByText(`owner of ${OWNER.workspace}`)).toBeVisible();

  // The link is used up.
  const stranger = await browser.newContext();
  const other = await stranger.newPage();
  await other.goto(link);
  await expect(other.getByRole('heading', { name: 'Already set up' })).toBeVisible();
  await stranger.close();
});

test('signing out and in, with the wrong password and the right one', async ({ page }) => {
  await page.goto('/projects');
  await expect(page).toHaveURL(/\/sign-in/);
  await page.getByLabel('Email').fill(OWNER.email);
  await page.getByLabel(/^Password/).fill('not my password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Email or password is not right' })).toBeVisible();

  // Where one wanted to go is where one comes.
  await page.goto('/members');
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fmembers/);
  await page.getByLabel('Email').fill(OWNER.email);
  await page.getByLabel(/^Password/).fill(OWNER.password);
  await page.getByLabel(/^Password/).press('Enter');
  await expect(page).toHaveURL(/\/members$/);
  await expect(page.getByRole('cell', { name: OWNER.email })).toBeVisible();

  await page.getByRole('button', { name: `Account of ${OWNER.name}` }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  await page.goto('/projects');
  await expect(page).toHaveURL(/\/sign-in/);
  expect((await page.request.get('/api/v1/me')).status()).toBe(401);
});

test('an invitation link lets a labeler join, who may label and not more', async ({ browser }) => {
  const owner = await ensureOwner(LOCAL_URL, fromSetup('SETUP_TOKEN'));
  const ours = await browser.newContext({ storageState: owner.state });
  const page = await ours.newPage();
  await page.goto('/members');
  await page.getByRole('button', { name: 'Invite someone' }).click();
  const dialog = page.getByRole('dialog', { name: 'Invite someone' });
  await expect(dialog.getByRole('combobox', { name: 'Role' })).toHaveValue('labeler');
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const link = await dialog.getByLabel('Invitation link').inputValue();
  expect(link).toContain('/join?token=');

  const email = `lena.${Date.now().toString(36)}@example.org`;
  const theirs = await browser.newContext();
  const guest = await theirs.newPage();
  await guest.goto(link);
  await expect(guest.getByRole('heading', { name: `Join ${OWNER.workspace}` })).toBeVisible();
  await expect(guest.getByText('You join as labeler')).toBeVisible();
  await guest.getByLabel('Your name').fill('Lena Labeler');
  await guest.getByLabel('Email').fill(email);
  await guest.getByLabel(/^Password/).fill(PASSWORD);
  await guest.getByLabel('The same again').fill(PASSWORD);
  await guest.getByRole('button', { name: 'Join and sign in' }).click();
  await expect(guest).toHaveURL(/\/projects$/);
  await expect(guest.getByRole('heading', { name: 'Projects', exact: true })).toBeVisible();

  // What she may not is there to be seen, says why, and does nothing.
  const create = guest.getByRole('button', { name: 'Create a project' });
  await expect(create).toHaveAttribute('aria-disabled', 'true');
  await create.hover();
  await expect(guest.getByRole('tooltip').filter({ hasText: 'Owners and managers may do this. You are labeler.' })).toBeVisible();
  await create.click({ force: true });
  await expect(guest.getByRole('dialog')).toHaveCount(0);
  await guest.goto('/members');
  await expect(guest.getByRole('cell', { name: email })).toBeVisible();
  await expect(guest.getByRole('heading', { name: 'Invitations' })).toHaveCount(0);
  const refused = await guest.evaluate(async () => (await fetch('/api/v1/projects', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'Mine' }) })).json() as Promise<{ status: number; code: string }>);
  expect(refused).toMatchObject({ status: 403, code: 'forbidden' });

  // A link works once.
  const late = await browser.newContext();
  const latecomer = await late.newPage();
  await latecomer.goto(link);
  await expect(latecomer.getByRole('heading', { name: 'This link does not work' })).toBeVisible();

  // The owner sees who came.
  await page.reload();
  await expect(page.getByRole('cell', { name: email })).toBeVisible();
  await Promise.all([ours.close(), theirs.close(), late.close()]);
});

test('a new password by a one-time link, and by oneself, ends what was signed in', async ({ browser }) => {
  const owner = await ensureOwner(LOCAL_URL, fromSetup('SETUP_TOKEN'));
  const forgetful = await addPerson(LOCAL_URL, owner, 'reviewer', 'Fred Forgetful');
  const [ours, theirs, old] = await Promise.all([browser.newContext({ storageState: owner.state }), browser.newContext(), browser.newContext({ storageState: forgetful.state })]);
  const page = await ours.newPage();
  await page.goto('/members');
  await page.getByRole('button', { name: 'More about Fred Forgetful' }).click();
  await page.getByRole('menuitem', { name: 'Link for a new password' }).click();
  const link = await page.getByRole('dialog', { name: 'A new password for Fred Forgetful' }).getByLabel('One-time link').inputValue();

  const guest = await theirs.newPage();
  await guest.goto(link);
  await expect(guest.getByRole('heading', { name: 'Set a new password' })).toBeVisible();
  await expect(guest.getByText(`For ${forgetful.email}.`)).toBeVisible();
  await guest.getByLabel(/^New password/).fill('another horse entirely');
  await guest.getByLabel('The same again').fill('another horse entirely');
  await guest.getByRole('button', { name: 'Set password and sign in' }).click();
  await expect(guest).toHaveURL(/\/projects$/);
  await guest.goto(link);
  await expect(guest.getByRole('heading', { name: 'This link does not work' })).toBeVisible();

  expect((await old.request.get('/api/v1/me')).status()).toBe(401);
  const enter = (password: string) => old.request.post('/api/auth/sign-in/email', { data: { email: forgetful.email, password }, headers: { origin: LOCAL_URL } });
  expect((await enter(PASSWORD)).status()).toBe(401);
  expect((await enter('another horse entirely')).ok()).toBe(true);

  // And once more by himself, who knows the current one.
  await guest.goto('/account');
  await guest.getByLabel('Current password').fill('not the current one');
  await guest.getByLabel('New password').fill('a third horse');
  await guest.getByLabel('The new one again').fill('a third horse');
  await guest.getByRole('button', { name: 'Change the password' }).click();
  await expect(guest.getByText('The current password is not right. Nothing was changed.')).toBeVisible();
  await guest.getByLabel('Current password').fill('another horse entirely');
  await guest.getByRole('button', { name: 'Change the password' }).click();
  await expect(guest.getByText('Your password is changed.')).toBeVisible();
  expect((await old.request.get('/api/v1/me')).status()).toBe(401);
  expect((await enter('a third horse')).ok()).toBe(true);
  await Promise.all([ours.close(), theirs.close(), old.close()]);
});
