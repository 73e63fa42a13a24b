import { run } from './cli';

const stop = new AbortController();
// The second Ctrl-C ends at once; one key press may arrive twice, from the terminal and from the launcher.
let firstAt = 0;
process.on('SIGINT', () => {
  if (firstAt === 0) firstAt = Date.now();
  else if (Date.now() - firstAt > 500) process.exit(130);
  stop.abort();
});
process.once('SIGTERM', () => stop.abort());
// `fieldmark … | head` closes the pipe: that is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  fetch,
  signal: stop.signal,
  stdout: process.stdout,
  stderr: process.stderr,
  stderrIsTerminal: process.stderr.isTTY === true,
  columns: process.stderr.columns,
});
