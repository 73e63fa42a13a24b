import { spawn } from 'node:child_process';
import { UserError } from './output.mjs';

/** The last lines of a long text. */
export const tail = (text, lines = 40) => text.trimEnd().split('\n').slice(-lines).join('\n');

/**
 * Runs a program to its end. Its output is collected, each line given to `onLine`, and shown only when it fails.
 * Throws a `UserError` carrying `what`, the exit code and the end of the output.
 */
export function run(command, args, { what = command, onLine, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    const take = (chunk) => {
      output += chunk;
      if (output.length > 2_000_000) output = output.slice(-1_000_000);
      for (const line of String(chunk).split('\n')) if (line.trim()) onLine?.(line);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error) => reject(new UserError(`${what} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new UserError(`${what} failed (${signal ?? `exit code ${code}`}):\n${tail(output)}`));
    });
  });
}
