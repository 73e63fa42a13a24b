/** The frame of every command: options that all have, output, errors and exit codes. */
import { Command, InvalidArgumentError, type CommanderError } from 'commander';
import { AppError } from '@/lib/api/errors';
import { createClient, type Client } from '@/lib/api/client';
import { DatasetError } from '@/lib/core/formats';
import { Output, type Terminal } from './output';
import { findAddress, findServer } from './server';

/** What a command's process may end with. docs/cli.md lists them. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, unreachable: 3, notAllowed: 4, notFound: 5, interrupted: 130 } as const;

/** What the process offers; tests give their own. */
export interface Environment extends Terminal {
  env: Record<string, string | undefined>;
  cwd: string;
  fetch: typeof fetch;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

export interface Context {
  environment: Environment;
  out: Output;
  /** The server named by options, environment or data folder. @throws AppError when there is no way to sign in */
  client(): Client;
  /** The same server, for what needs no signing in. */
  anybody(): Client;
  /** Waits; less in tests. */
  pollMs: number;
}

/** The work of a command. What it returns is the object of `--json`. */
export type Action = (ctx: Context) => Promise<Record<string, unknown>>;

/** A result that means failure although the command did its work: `validate` that found errors. */
export class FailedResult extends Error {
  constructor(readonly result: Record<string, unknown>, readonly exitCode: number = exitCodes.failed) {
    super('failed');
  }
}

/** Wrong use of the command line. Parsers of a single option throw commander's InvalidArgumentError, so that it is named. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Frame {
  environment: Environment;
  pollMs?: number;
  /** Set by the action that ran. */
  exitCode: number;
}

/** A command with `--json` and, when it talks to the server, `--url`. */
export function command(name: string, summary: string, options: { server?: boolean } = {}): Command {
  const c = new Command(name).summary(summary).description(summary).option('--json', 'print the result as one JSON object, on the last line of the output');
  if (options.server) c.option('--url <address>', 'address of the server (else FIELDMARK_URL, else the server of the data folder)');
  return c;
}

/** A command that only holds others. */
export function group(name: string, summary: string): Command {
  return new Command(name).summary(summary).description(summary);
}

/** Turns an action into commander's, with errors said and exit codes set. */
export function act<Options extends object>(frame: Frame, run: (ctx: Context, options: Options, args: string[]) => Promise<Record<string, unknown>>) {
  return async (...given: unknown[]): Promise<void> => {
    const c = given.at(-1) as Command;
    const options = c.opts<Options & { json?: boolean; url?: string }>();
    const { environment } = frame;
    const out = new Output(environment, options.json === true);
    const ctx: Context = {
      environment, out, pollMs: frame.pollMs ?? 500,
      client: () => {
        const { url, token } = findServer(environment, options.url);
        return createClient({ baseUrl: url, token, fetch: environment.fetch });
      },
      anybody: () => createClient({ baseUrl: findAddress(environment, options.url), fetch: environment.fetch }),
    };
    try {
      const result = await run(ctx, options, c.args);
      out.result(result);
      frame.exitCode = exitCodes.ok;
    } catch (error) {
      out.progressEnd();
      if (error instanceof FailedResult) {
        out.result(error.result);
        frame.exitCode = error.exitCode;
        return;
      }
      frame.exitCode = exitCodeOf(error, environment.signal);
      out.failure(error instanceof UsageError ? 'usage' : error instanceof AppError ? error.code : 'failed', describe(error, environment.signal), error instanceof AppError ? error.details.errors : undefined);
    }
  };
}

function exitCodeOf(error: unknown, signal: AbortSignal): number {
  if (signal.aborted) return exitCodes.interrupted;
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof AppError) {
    if (error.code === 'unavailable') return exitCodes.unreachable;
    if (error.code === 'unauthenticated' || error.code === 'forbidden') return exitCodes.notAllowed;
    if (error.code === 'not-found') return exitCodes.notFound;
  }
  return exitCodes.failed;
}

function describe(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'Stopped.';
  if (error instanceof AppError && error.code === 'unauthenticated') return `${error.message} Give an API token in FIELDMARK_TOKEN (make one on the Account page), or run this on the server's own machine with FIELDMARK_DATA naming its data folder.`;
  if (error instanceof AppError || error instanceof UsageError || error instanceof DatasetError) return error.message;
  if (error instanceof Error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC') return 'There is no space left on the disk. Make room and run the command again.';
    if (code === 'EACCES' || code === 'EPERM') return `${error.message}. Check the permissions of the folder.`;
    return error.message;
  }
  return String(error);
}

/** The code to end with after what commander has already said, and its words for `--json`; none after help that was asked for. */
export function commanderExit(error: CommanderError): { exitCode: number; message: string | null } {
  if (error.exitCode === 0) return { exitCode: exitCodes.ok, message: null };
  return { exitCode: exitCodes.usage, message: error.message.replace(/^error: /, '') };
}

/** A whole number within bounds, for options. */
export function wholeNumber(min: number, max: number) {
  return (value: string): number => {
    const n = Number(value);
    if (!Number.isInteger(n) || n < min || n > max) throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
    return n;
  };
}
/** A number within bounds, for options. */
export function number(min: number, max: number) {
  return (value: string): number => {
    const n = Number(value);
    if (value.trim() === '' || !Number.isFinite(n) || n < min || n > max) throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`);
    return n;
  };
}
