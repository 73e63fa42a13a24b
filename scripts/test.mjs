/**
 * `npm test`: installs what is missing, then lint, types, unit and property tests, the build, integration tests on a
 * real PostgreSQL and real jobs, and Playwright in a real Chromium. `--long` adds the long tier.
 * Ends in one line: `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { checkNode, ensureInstalled } from './lib/install.mjs';
import { bold, dim, fail, green, red, say, seconds, step, yellow } from './lib/output.mjs';
import { inRoot, root } from './lib/paths.mjs';
import { tail } from './lib/run.mjs';

const USAGE = `npm test [-- options] [-- name …]

  --only STAGES  comma-separated: lint, types, unit, build, integration, browser, long
  --long         also the long tier (training bars, fault campaigns; takes hours)
  --help         this text

Names narrow the test files of the unit, integration, long and browser stages. FIELDMARK_TEST_DATA names the folder of
real data sets (default ../shared/data); PLAYWRIGHT_CHROMIUM the browser (default /usr/bin/chromium).
`;

const RESULTS = inRoot('test-results');
const BIN = {
  eslint: 'eslint/bin/eslint.js',
  tsc: 'typescript/bin/tsc',
  next: 'next/dist/bin/next',
  vitest: 'vitest/vitest.mjs',
  playwright: '@playwright/test/cli.js',
};
const plain = (text) => text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');

/** Runs one of our tools; resolves to `{ code, output }`. Lines are shown live where somebody watches. */
function tool(name, args, { update, env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [inRoot('node_modules', BIN[name]), ...args], { cwd: root, env: { ...process.env, FORCE_COLOR: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (chunk) => {
      output += chunk;
      const last = plain(String(chunk)).trim().split('\n').at(-1);
      if (last) update?.(last);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: plain(output) }));
  });
}

/** A check that is right or not: counts as one. */
const check = ({ code, output }) => (code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, output });

async function lint(update) {
  return check(await tool('eslint', ['.', '--max-warnings', '0', '--cache', '--cache-location', '.cache/eslint/', '--cache-strategy', 'content'], { update }));
}

async function types(update) {
  // The page types that Next.js generates; a fresh clone has none.
  const generated = await tool('next', ['typegen'], { update, env: { NEXT_TELEMETRY_DISABLED: '1' } });
  if (generated.code !== 0) return check(generated);
  for (const project of ['tsconfig.json', 'lib/core/tsconfig.json']) {
    const result = await tool('tsc', ['--noEmit', '-p', project], { update });
    if (result.code !== 0) return check(result);
  }
  return { passed: 1, failed: 0 };
}

/** A vitest project, counted from its JSON report. */
const vitest = (project) => async (update, names) => {
  const report = path.join(RESULTS, `${project}.json`);
  rmSync(report, { force: true });
  const { code, output } = await tool('vitest', ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...names], { update });
  if (!existsSync(report)) return { passed: 0, failed: 1, output };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests = 0, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  // A file that could not be loaded has no tests in the count, yet it failed.
  const brokenFiles = testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some((one) => one.status === 'failed')).length;
  const failed = numFailedTests + brokenFiles;
  return { passed: numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed, skipped: numPendingTests + numTodoTests, output: code === 0 ? notices(output) : output };
};

/** What a passing run still has to say: the one-line notices of tests that could not look at something. */
const notices = (output) => output.split('\n').filter((line) => /^(Object storage:|Skipped:|SKIP)/.test(line)).join('\n');

async function buildAll() {
  try {
    await build();
    return { passed: 1, failed: 0 };
  } catch (error) {
    return { passed: 0, failed: 1, output: error.message };
  }
}

export const chromium = () => process.env.PLAYWRIGHT_CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

async function browser(update, names) {
  if (!chromium()) {
    return { passed: 0, failed: 1, output: 'There is no Chromium for the browser tests. Install it ("apt-get install chromium" on Debian and Ubuntu), or set PLAYWRIGHT_CHROMIUM to one.' };
  }
  const report = path.join(RESULTS, 'browser.json');
  rmSync(report, { force: true });
  const { code, output } = await tool('playwright', ['test', ...names], { update, env: { FIELDMARK_PLAYWRIGHT_REPORT: report } });
  if (!existsSync(report)) return { passed: 0, failed: 1, output };
  const { stats, errors } = JSON.parse(readFileSync(report, 'utf8'));
  const failed = stats.unexpected + (stats.unexpected === 0 && code !== 0 ? Math.max(1, errors.length) : 0);
  return { passed: stats.expected + stats.flaky, failed, skipped: stats.skipped, output: code === 0 ? (stats.flaky ? `${stats.flaky} passed only when tried again.` : '') : output };
}

const STAGES = {
  lint: { title: 'Lint', run: lint },
  types: { title: 'Types', run: types },
  unit: { title: 'Unit and property tests', run: vitest('unit') },
  // Before the integration tests: some of them start the product.
  build: { title: 'Build', run: buildAll },
  integration: { title: 'Integration tests', run: vitest('integration') },
  browser: { title: 'Browser tests', run: browser },
  long: { title: 'Long tests', run: vitest('long') },
};

async function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' }, long: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return void process.stdout.write(USAGE);
  const wanted = values.only ? values.only.split(',') : Object.keys(STAGES).filter((name) => name !== 'long' || values.long);
  const unknown = wanted.filter((name) => !STAGES[name]);
  if (unknown.length > 0) throw new Error(`There is no stage "${unknown[0]}".\n\n${USAGE}`);
  checkNode();
  await ensureInstalled();
  mkdirSync(RESULTS, { recursive: true });
  await build({ only: ['database client'] });

  const totals = { passed: 0, failed: 0 };
  const lines = [];
  for (const name of wanted) {
    const { title, run } = STAGES[name];
    const began = Date.now();
    const result = await step(title, (update) => run(update, positionals));
    totals.passed += result.passed;
    totals.failed += result.failed;
    if (result.output) say(result.failed > 0 ? tail(result.output, 200) : yellow(result.output));
    const counts = `${result.passed} passed, ${result.failed} failed${result.skipped ? `, ${result.skipped} skipped` : ''}`;
    lines.push(`${result.failed > 0 ? red('✗') : green('✓')} ${title.padEnd(26)} ${counts} ${dim(seconds(Date.now() - began))}`);
    say(dim(`  ${counts}`));
  }
  say(`\n${bold('Tests')}\n${lines.join('\n')}\n`);
  process.exitCode = totals.failed > 0 ? 1 : 0;
  say(`${totals.passed} passed, ${totals.failed} failed`);
}

main().catch((error) => {
  fail(error);
  say('0 passed, 1 failed');
  process.exitCode = 1;
});
