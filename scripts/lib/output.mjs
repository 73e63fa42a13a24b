/** What the scripts say to the person at the terminal: one line a step, with its time. */
const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code) => (text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);
export const yellow = paint(33);

/** An error whose message is meant for the person: printed without a stack. */
export class UserError extends Error {
  constructor(message) {
    super(message);
    this.name = 'UserError';
  }
}

export const seconds = (ms) => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`);

export function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Ends a script on an error: one clear message for a `UserError`, the stack for what nobody foresaw. */
export function fail(error) {
  const text = error instanceof UserError ? error.message : (error?.stack ?? String(error));
  process.stderr.write(`${red('Fieldmark:')} ${text}\n`);
}

/**
 * Shows `title` while `work` runs, then its time. On a terminal the line lives: the elapsed time ticks, and
 * `update(detail)` adds where it is. Otherwise it prints the title before and the time after.
 */
export async function step(title, work) {
  const began = Date.now();
  const live = process.stdout.isTTY;
  let detail = '';
  const draw = () => process.stdout.write(`\r\u001b[2K${title} … ${seconds(Date.now() - began)}${detail ? dim(`  ${detail}`.slice(0, Math.max(0, (process.stdout.columns ?? 80) - title.length - 14))) : ''}`);
  if (live) draw();
  else say(`${title} …`);
  const timer = live ? setInterval(draw, 250) : setInterval(() => say(dim(`  ${title}: ${seconds(Date.now() - began)}${detail ? `, ${detail}` : ''}`)), 20_000);
  try {
    const result = await work((text) => { detail = text.trim(); });
    if (live) process.stdout.write(`\r\u001b[2K${green('✓')} ${title} ${dim(seconds(Date.now() - began))}\n`);
    else say(`${title}: ${seconds(Date.now() - began)}`);
    return result;
  } catch (error) {
    if (live) process.stdout.write(`\r\u001b[2K${red('✗')} ${title}\n`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
