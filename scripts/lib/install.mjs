import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import node from '../node.cjs';
import { run } from './run.mjs';
import { seconds, step, UserError } from './output.mjs';
import { inRoot, root } from './paths.mjs';

const INSTALL_BYTES = 2_500_000_000;
const stampFile = inRoot('node_modules', '.fieldmark-installed');

/** Throws a `UserError` saying what to do unless this Node.js is new enough. */
export function checkNode(version = process.versions.node) {
  const tooOld = node.problem(version);
  if (tooOld) throw new UserError(tooOld);
}

/** Free bytes of the file system a folder is on. */
export function freeBytes(folder) {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

export function checkSpace(folder, needed, what) {
  const free = freeBytes(folder);
  if (free >= needed) return;
  const mega = (bytes) => `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;
  throw new UserError(`There is too little disk space in ${folder}: ${what} needs ${mega(needed)}, ${mega(free)} are free. Make room and try again.`);
}

const lockHash = () => createHash('sha256').update(readFileSync(inRoot('package-lock.json'))).update(`${process.platform}-${process.arch}-${process.versions.modules}`).digest('hex');

/** True when node_modules holds exactly the versions of the lock file (as npm itself noted them there). */
function matchesLock() {
  const noted = inRoot('node_modules', '.package-lock.json');
  if (!existsSync(noted)) return false;
  const wanted = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(noted, 'utf8')).packages;
  for (const [where, { version, optional, devOptional, peer }] of Object.entries(wanted)) {
    if (where === '') continue;
    const found = present[where];
    if (!found ? !(optional || devOptional || peer) : found.version !== version) return false;
  }
  return Object.keys(present).every((where) => where in wanted);
}

/** Installs the dependencies when they are missing or not those of the lock file. Returns whether it did. */
export async function ensureInstalled() {
  const hash = lockHash();
  const stamp = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
  if (stamp === hash) return false;
  if (matchesLock()) {
    writeFileSync(stampFile, hash);
    return false;
  }
  checkSpace(root, INSTALL_BYTES, 'installing the dependencies');
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
  // A production environment would leave out what builds and tests.
  const args = [...npm.slice(1), 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=http'];
  let fetched = 0;
  const began = Date.now();
  await step('Installing dependencies', (update) =>
    run(npm[0], args, {
      what: 'npm ci',
      cwd: root,
      shell: process.platform === 'win32',
      env: { ...process.env, NODE_ENV: 'development' },
      onLine: (line) => {
        if (/http fetch GET 200/.test(line)) update(`${++fetched} packages fetched, ${seconds(Date.now() - began)}`);
      },
    }),
  );
  writeFileSync(stampFile, hash);
  return true;
}
