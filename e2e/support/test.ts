/** The test function of the browser tests: signed in as owner, and attentive to what goes wrong unseen. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test as base, expect } from '@playwright/test';
import { fromSetup, LOCAL_URL } from './env';
import { demoImages, type DemoPicture } from './images';
import { ensureOwner, type Person } from './people';

interface WorkerFixtures {
  owner: Person;
  /** Twelve micrographs in a folder. */
  pictures: DemoPicture[];
}
interface TestFixtures {
  /** Exceptions that nothing caught, in any page of the test's own context. */
  uncaught: string[];
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  owner: [async ({}, use) => use(await ensureOwner(LOCAL_URL, fromSetup('SETUP_TOKEN'))), { scope: 'worker' }],
  pictures: [async ({}, use) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'fieldmark-pictures-'));
    await use(await demoImages(12, folder));
    await rm(folder, { recursive: true, force: true });
  }, { scope: 'worker' }],
  storageState: async ({ owner }, provide) => provide(owner.state),
  uncaught: [async ({ context }, use) => {
    const errors: string[] = [];
    context.on('weberror', (error) => errors.push(String(error.error().stack ?? error.error())));
    await use(errors);
    expect(errors, 'exceptions that nothing caught').toEqual([]);
  }, { auto: true }],
});
export { expect };
