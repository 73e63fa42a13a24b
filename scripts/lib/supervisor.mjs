/** Keeps the product's processes running: starts them, restarts what crashes, keeps their logs, stops them in order. */
import { fork } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { sleep, until } from './processes.mjs';
import { say, UserError, yellow } from './output.mjs';

const LOG_LIMIT = 20_000_000;
const BACKOFF_MS = [0, 1000, 2000, 5000, 10_000, 30_000];
/** A process that ran so long is healthy: its next crash is met with a quick restart again. */
const HEALTHY_MS = 60_000;
const STOP_MS = 12_000;

/** A log file that begins anew, keeping one older, when it has grown long. */
class LogFile {
  #file;
  #stream;
  #size;
  constructor(file) {
    mkdirSync(path.dirname(file), { recursive: true });
    this.#file = file;
    this.#open();
  }
  #open() {
    this.#size = existsSync(this.#file) ? statSync(this.#file).size : 0;
    this.#stream = createWriteStream(this.#file, { flags: 'a', mode: 0o640 });
    this.#stream.on('error', () => undefined); // a full disk must not stop the product; the database says so anyway
  }
  write(chunk) {
    this.#stream.write(chunk);
    this.#size += chunk.length;
    if (this.#size < LOG_LIMIT) return;
    this.#stream.end();
    renameSync(this.#file, `${this.#file}.1`);
    this.#open();
  }
}

export class Supervised {
  #child = null;
  #stopping = false;
  #crashes = 0;
  #log;
  #options;

  /** `options`: `{ name, entry, args, env, logFolder, cwd }`. The program sends `{ type: 'ready' }` or `{ type: 'error', message }`. */
  constructor(options) {
    this.#options = options;
    this.#log = new LogFile(path.join(options.logFolder, `${options.name}.log`));
  }

  get name() { return this.#options.name; }
  get pid() { return this.#child?.pid ?? null; }

  /** Starts the process; resolves when it says it is ready. Throws a `UserError` with its reason when it cannot start. */
  async start() {
    await this.#launch();
  }

  #launch() {
    const { entry, args = [], env, cwd, name } = this.#options;
    return new Promise((resolve, reject) => {
      const began = Date.now();
      let ready = false;
      let reason = null;
      // In a session of its own: a Ctrl-C in the terminal reaches the launcher, which stops things in their order.
      const child = fork(entry, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true });
      this.#child = child;
      let lastWords = '';
      child.stdout.on('data', (chunk) => this.#log.write(chunk));
      child.stderr.on('data', (chunk) => {
        this.#log.write(chunk);
        lastWords = (lastWords + chunk).slice(-2000);
      });
      child.on('message', (message) => {
        if (message?.type === 'ready') {
          ready = true;
          resolve();
        } else if (message?.type === 'error') reason = message.message;
      });
      child.on('error', (error) => { reason = error.message; });
      child.on('exit', (code, signal) => {
        if (this.#child === child) this.#child = null;
        if (!ready) reject(new UserError(reason ?? `The ${name} process ended at once (${signal ?? `exit code ${code}`}). ${lastWords.trim() || `See ${this.#options.logFolder}.`}`));
        else if (!this.#stopping) void this.#restart(Date.now() - began, signal ?? `exit code ${code}`);
      });
    });
  }

  async #restart(ranMs, how) {
    this.#crashes = ranMs > HEALTHY_MS ? 0 : this.#crashes;
    for (;;) {
      const wait = BACKOFF_MS[Math.min(this.#crashes++, BACKOFF_MS.length - 1)];
      say(yellow(`The ${this.name} process ended (${how}); starting it again${wait ? ` in ${wait / 1000} s` : ''}.`));
      await sleep(wait);
      if (this.#stopping) return;
      try {
        await this.#launch();
        say(`The ${this.name} process is back.`);
        return;
      } catch (error) {
        how = error.message;
      }
    }
  }

  /** Asks the process to end, and ends it when it does not. */
  async stop() {
    this.#stopping = true;
    const child = this.#child;
    if (!child) return;
    child.kill('SIGTERM');
    if (await until(() => child.exitCode !== null || child.signalCode !== null, STOP_MS)) return;
    say(yellow(`The ${this.name} process did not stop in time and was killed.`));
    child.kill('SIGKILL');
    await until(() => child.exitCode !== null || child.signalCode !== null, 5000);
  }
}
