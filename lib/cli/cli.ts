/** The command line `fieldmark`. Each command is a file in commands/. */
import { Command, CommanderError } from 'commander';
import product from '@/package.json' with { type: 'json' };
import { anchorsCommand } from './commands/anchors';
import { convertCommand } from './commands/convert';
import { evalCommand } from './commands/eval';
import { exportCommand } from './commands/export';
import { healthCommand } from './commands/health';
import { importCommand } from './commands/import';
import { jobCommand } from './commands/job';
import { modelCommand } from './commands/model';
import { predictCommand } from './commands/predict';
import { projectCommand } from './commands/project';
import { prelabelCommand, qualityCommand } from './commands/round';
import { trainCommand } from './commands/train';
import { userCommand } from './commands/user';
import { validateCommand } from './commands/validate';
import { commanderExit, exitCodes, type Environment, type Frame } from './program';

/** The whole program, for `run` and for the documentation. */
export function buildProgram(frame: Frame): Command {
  const program = new Command('fieldmark')
    .description('The command line of Fieldmark: an HTTP client of the server, and converters that need none.')
    .enablePositionalOptions() // export and train have a --version of their own
    .version(product.version, '--version', 'print the version of the program')
    .addHelpText('after', `
On the data folder itself, server or not:
  backup                   write a backup of the database
  backups                  list the backups
  restore FOLDER           put a backup back

Address of the server: --url, else FIELDMARK_URL, else the server of the data folder (FIELDMARK_DATA, .data).
Signing in: FIELDMARK_TOKEN, else the file cli-token in the data folder.
Exit codes: 0 done, 1 failed, 2 wrong use, 3 the server cannot be reached, 4 not signed in or not allowed, 5 not found, 130 stopped.`);
  for (const make of [projectCommand, importCommand, anchorsCommand, trainCommand, prelabelCommand, qualityCommand, exportCommand, jobCommand, userCommand, healthCommand, convertCommand, validateCommand, predictCommand, evalCommand, modelCommand]) program.addCommand(make(frame));
  const settle = (c: Command): void => {
    c.exitOverride();
    c.showHelpAfterError('(run it with --help to see how it is used)');
    c.configureOutput({ writeOut: (text) => frame.environment.stdout.write(text), writeErr: (text) => frame.environment.stderr.write(text) });
    c.commands.forEach(settle);
  };
  settle(program);
  return program;
}

/** Runs a command line. Never throws; what went wrong is said, and the exit code is returned. */
export async function run(args: readonly string[], environment: Environment, pollMs?: number): Promise<number> {
  const frame: Frame = { environment, exitCode: exitCodes.ok, ...(pollMs !== undefined && { pollMs }) };
  const program = buildProgram(frame);
  try {
    if (args.length === 0) {
      program.outputHelp();
      return exitCodes.usage;
    }
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // No command has begun that could say it as JSON.
    const { exitCode, message } = commanderExit(error);
    const asked = args.slice(0, args.includes('--') ? args.indexOf('--') : undefined).includes('--json');
    if (asked && message !== null) environment.stdout.write(`${JSON.stringify({ error: { code: 'usage', message } })}\n`);
    return exitCode;
  }
  return frame.exitCode;
}
