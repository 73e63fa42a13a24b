import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { birthMark, isAlive } from './processes.mjs';

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    return {}; // unreadable: written by nothing we know, so nobody alive holds it
  }
}

const isHeld = (lock) => isAlive(lock.pid) && (lock.born == null || birthMark(lock.pid) === lock.born);

/**
 * Takes the lock file for this process. Returns `{ release, stale }`, `stale` telling that a process that held it
 * before ended without giving it back (a crash); or `{ holder }` when a living process has it.
 */
export function takeLock(file, facts = {}) {
  mkdirSync(path.dirname(file), { recursive: true });
  const mine = { pid: process.pid, born: birthMark(process.pid), nonce: randomUUID(), startedAt: new Date().toISOString(), ...facts };
  const draft = `${file}.${mine.nonce}`;
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o644 });
  let stale = false;
  try {
    for (;;) {
      try {
        linkSync(draft, file); // atomic: exactly one of those who try gets it
        break;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const found = read(file);
      if (found && isHeld(found)) return { holder: found };
      if (!found) continue;
      stale = true;
      const aside = `${draft}.stale`;
      try {
        renameSync(file, aside);
      } catch (error) {
        if (error.code === 'ENOENT') continue;
        throw error;
      }
      // Somebody quicker may have taken the lock between our look and the rename: then it is theirs, put it back.
      const moved = read(aside);
      if (moved && isHeld(moved)) {
        try { linkSync(aside, file); } catch { /* a third one has it now */ }
        rmSync(aside, { force: true });
        return { holder: moved };
      }
      rmSync(aside, { force: true });
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return { stale, release: () => { if (read(file)?.nonce === mine.nonce) rmSync(file, { force: true }); } };
}
