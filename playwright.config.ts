import { existsSync } from 'node:fs';
import { defineConfig, devices } from '@playwright/test';

/** The browser of the system: Playwright's own is not downloaded. */
const chromium = process.env['PLAYWRIGHT_CHROMIUM'] ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => existsSync(file));
const port = Number(process.env['FIELDMARK_E2E_PORT'] ?? 4477);
const report = process.env['FIELDMARK_PLAYWRIGHT_REPORT'];

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results/browser',
  globalSetup: './lib/server/testing/playwrightSetup.ts',
  // One product, one database, two cores: one test after the other.
  workers: 1,
  fullyParallel: false,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: report ? [['line'], ['json', { outputFile: report }]] : [['list']],
  use: {
    baseURL: `http://localhost:${port}`,
    trace: 'retain-on-failure',
    // What cannot be pressed for so long will not be: the test fails with its picture, not with its time.
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    screenshot: 'only-on-failure',
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: chromium,
      args: [
        '--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-quic',
        // A name of the local network, for the walk over plain http: not a secure context.
        '--host-resolver-rules=MAP fieldmark.test 127.0.0.1',
      ],
    },
  },
  projects: [{ name: 'chromium', use: { ...devices['Desktop Chrome'], viewport: { width: 1440, height: 900 } } }],
});
