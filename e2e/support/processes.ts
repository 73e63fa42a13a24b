/** Processes of the machine, for tests that kill them. */
import { execFileSync } from 'node:child_process';

/** The processes that a process started, and theirs. */
export function descendantsOf(pid: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const found = [pid];
  for (const at of found) for (const [child, parent] of table) if (parent === at && !found.includes(child!)) found.push(child!);
  return found.slice(1);
}

/** Ends processes as a power cut does; those that are gone already are no error. */
export function killAtOnce(...pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
