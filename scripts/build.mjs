/**
 * Builds what runs: the database client (prisma generate), the programs in dist/ (esbuild) and the pages in .next/
 * (next build). Each part is skipped when nothing it is made of has changed. `npm run build -- --force` builds all anew.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, checkNode } from './lib/install.mjs';
import { takeLock } from './lib/lock.mjs';
import { fail, say, step } from './lib/output.mjs';
import { inRoot, root } from './lib/paths.mjs';
import { until } from './lib/processes.mjs';
import { run } from './lib/run.mjs';
import { hashOf, readStamps, writeStamp } from './lib/stamp.mjs';

const BUILD_WAIT_MS = 15 * 60_000;
const CONFIG = ['package-lock.json', 'tsconfig.json'];

/** Threads that programs start: they lie beside whatever bundle starts them. */
export const threads = { loaderThread: 'models/node/data/loaderThread.ts' };

/** The programs: name in dist/ and where they begin. */
const programs = {
  ...threads,
  web: 'lib/server/web/main.ts',
  prepare: 'lib/server/web/prepare.ts',
  admin: 'lib/server/web/admin.ts',
  worker: 'workers/main.ts',
  cli: 'lib/cli/main.ts',
};

async function generateClient() {
  await run(process.execPath, [inRoot('node_modules', 'prisma', 'build', 'index.js'), 'generate'], {
    what: 'prisma generate',
    cwd: root,
    env: { ...process.env, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
  });
}

/**
 * Bundles the programs. Packages stay in node_modules; a dynamic import becomes a file of its own, so that a worker
 * loads a job's code only in the job's process.
 */
export async function bundle(entryPoints, outdir) {
  const { build, stop } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    sourcemap: true,
    tsconfig: inRoot('tsconfig.json'),
    logLevel: 'warning',
    chunkNames: 'chunks/[name]-[hash]',
  });
  await stop(); // its helper process would live as long as the launcher
}

async function bundlePrograms() {
  await bundle(Object.fromEntries(Object.entries(programs).filter(([, entry]) => existsSync(inRoot(entry)))), inRoot('dist'));
  // Parts of older builds may still be wanted by processes that run; a day later they are not.
  const chunks = inRoot('dist', 'chunks');
  for (const name of existsSync(chunks) ? readdirSync(chunks) : []) {
    if (Date.now() - statSync(path.join(chunks, name)).mtimeMs > 24 * 3600_000) rmSync(path.join(chunks, name), { force: true });
  }
}

async function buildPages(update, { checkTypes }) {
  await run(process.execPath, [inRoot('node_modules', 'next', 'dist', 'bin', 'next'), 'build'], {
    what: 'next build',
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', FIELDMARK_BUILD_SKIP_TYPES: checkTypes ? '0' : '1' },
    onLine: (line) => update(line.replace(/\u001b\[[0-9;]*m/g, '')),
  });
}

const parts = [
  { name: 'database client', inputs: ['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json'], result: 'lib/server/db/generated/client.ts', make: generateClient },
  { name: 'programs', inputs: [...CONFIG, 'prisma/schema.prisma', 'lib', 'workers', 'models', 'scripts/build.mjs'], result: 'dist/web.js', make: bundlePrograms },
  { name: 'pages', inputs: [...CONFIG, 'next.config.js', 'prisma/schema.prisma', 'app', 'lib', 'models', 'public'], result: '.next/required-server-files.json', make: buildPages },
];

/**
 * Brings dist/ and .next/ up to date, or only the parts named. Without `checkTypes` the pages are built as they are: who
 * only starts the product cannot mend types, and `npm test` has checked them. Returns the names of the parts built.
 */
export async function build({ force = false, only = parts.map((part) => part.name), checkTypes = true } = {}) {
  const wanted = parts.filter((part) => only.includes(part.name)).map((part) => ({ ...part, hash: hashOf(part.inputs, [process.versions.modules]) }));
  const isDone = ({ name, hash, result }) => readStamps()[name] === hash && existsSync(inRoot(result));
  if (!force && wanted.every(isDone)) return [];
  let lock = takeLock(inRoot('.cache', 'build.lock'));
  if (lock.holder) {
    await step('Waiting for another build of this checkout', () => until(() => !(lock = takeLock(inRoot('.cache', 'build.lock'))).holder, BUILD_WAIT_MS, 500));
    if (lock.holder) throw new Error('The other build does not end.');
  }
  const built = [];
  try {
    for (const part of wanted) {
      const { name, hash, make } = part;
      if (!force && isDone(part)) continue; // another process may have built it while we waited
      writeStamp(name, null); // an interrupted build is not taken for a finished one
      await step(`Building the ${name}`, (update) => make(update, { checkTypes }));
      writeStamp(name, hash);
      built.push(name);
    }
  } finally {
    lock.release();
  }
  return built;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    checkNode();
    await ensureInstalled();
    const built = await build({ force: process.argv.includes('--force') });
    if (built.length === 0) say('Everything is up to date.');
  } catch (error) {
    fail(error);
    process.exitCode = 1;
  }
}
