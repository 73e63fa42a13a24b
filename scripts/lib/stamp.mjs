import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot, root } from './paths.mjs';

const SKIPPED = new Set(['node_modules', '.git', '.next', '.data', '.cache', 'dist', 'generated', 'test-results']);
/** What no build contains. */
const isTest = (name) => /\.(test|bench)\.tsx?$/.test(name) || name.endsWith('.md');

function* files(at) {
  if (!existsSync(at)) return;
  if (!statSync(at).isDirectory()) return yield at;
  for (const entry of readdirSync(at, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) yield* files(path.join(at, entry.name));
    } else if (entry.isFile() && !isTest(entry.name)) yield path.join(at, entry.name);
  }
}

/** A hash of the content of files and folders (relative to the checkout) and of the further facts given. */
export function hashOf(paths, facts = []) {
  const hash = createHash('sha256');
  for (const fact of facts) hash.update(`${fact}\0`);
  for (const one of paths) {
    for (const file of files(inRoot(one))) hash.update(path.relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

const stampFile = inRoot('.cache', 'stamps.json');

export function readStamps() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

/** Remembers that the work called `name` was done for this hash; `null` forgets it. */
export function writeStamp(name, hash) {
  const stamps = { ...readStamps(), [name]: hash ?? undefined };
  mkdirSync(path.dirname(stampFile), { recursive: true });
  writeFileSync(`${stampFile}.${process.pid}`, JSON.stringify(stamps, null, 1));
  renameSync(`${stampFile}.${process.pid}`, stampFile);
}
