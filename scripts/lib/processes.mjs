import { readFileSync } from 'node:fs';

/** True while a process of this id runs (also one of another user). */
export function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  // A process that ended but was not yet collected by its parent answers signals, too.
  return statFields(pid)?.[0] !== 'Z';
}

/** The fields of /proc/PID/stat from the state on, or null where there is no such thing. */
function statFields(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/** A mark of when the process began, so that another process that later got the same id is not taken for it. */
export function birthMark(pid) {
  return statFields(pid)?.[19] ?? null;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `test()` is true, at most `timeoutMs`; says whether it became true. */
export async function until(test, timeoutMs, everyMs = 50) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    if (await test()) return true;
    if (Date.now() >= end) return false;
    await sleep(everyMs);
  }
}
