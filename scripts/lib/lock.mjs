import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
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

/** Another machine's processes cannot be looked at; it shows that it holds the lock by touching the file. */
const TOUCH_MS = 5000;
export const FOREIGN_MS = 30_000;

const modifiedAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
/** `now` is a time by the clock of the file system that the lock is on, which may differ from ours. */
function isHeld(lock, file, now) {
  if (lock.host !== undefined && lock.host !== os.hostname()) return now - modifiedAt(file) < FOREIGN_MS;
  return isAlive(lock.pid) && (lock.born == null || birthMark(lock.pid) === lock.born);
}

/**
 * Takes the lock file for this process. Returns `{ release, stale }`, `stale` telling that a process that held it
 * before ended without giving it back (a crash); or `{ holder }` when a living process has it, of this machine or (on a
 * shared folder) of another.
 */
export function takeLock(file, facts = {}) {
  mkdirSync(path.dirname(file), { recursive: true });
  const mine = { host: os.hostname(), pid: process.pid, born: birthMark(process.pid), nonce: randomUUID(), startedAt: new Date().toISOString(), ...facts };
  const draft = `${file}.${mine.nonce}`;
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o644 });
  const now = modifiedAt(draft);
  const offset = now - Date.now();
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
      if (found && isHeld(found, file, now)) return { holder: found };
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
      if (moved && isHeld(moved, aside, now)) {
        try { linkSync(aside, file); } catch { /* a third one has it now */ }
        rmSync(aside, { force: true });
        return { holder: moved };
      }
      rmSync(aside, { force: true });
    }
  } finally {
    rmSync(draft, { force: true });
  }
  const isMine = () => read(file)?.nonce === mine.nonce;
  const touch = setInterval(() => {
    try {
      const time = (Date.now() + offset) / 1000;
      if (isMine()) utimesSync(file, time, time);
    } catch { /* the folder is away for a moment; the next touch may reach it */ }
  }, TOUCH_MS);
  touch.unref();
  return {
    stale,
    release: () => {
      clearInterval(touch);
      if (isMine()) rmSync(file, { force: true });
    },
  };
}

/** The lock of a data folder: of the folder, or of this machine's start on a folder that several machines share. */
export const lockFile = (dataDir, shared) => path.join(dataDir, shared ? `fieldmark-${os.hostname().replace(/[^\w.-]/g, '_')}.lock` : 'fieldmark.lock');
