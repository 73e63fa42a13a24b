/** docs/cli.md, made from the commands themselves; a test holds it to what `--help` says. */
import type { Command } from 'commander';
import { buildProgram } from './cli';
import type { Environment } from './program';

const nowhere = { write: () => undefined };
const noEnvironment: Environment = { env: {}, cwd: '', fetch, signal: new AbortController().signal, stdout: nowhere, stderr: nowhere, stderrIsTerminal: false };

function leaves(command: Command, path: string): { path: string; command: Command }[] {
  return command.commands.length === 0 ? [{ path, command }] : command.commands.flatMap((c) => leaves(c, `${path} ${c.name()}`));
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

function section({ path, command }: { path: string; command: Command }): string {
  const help = command.createHelp();
  const args = help.visibleArguments(command).map((a) => (a.required ? `<${a.name()}>` : `[${a.name()}]`));
  const required = command.options.filter((o) => o.mandatory).map((o) => `${o.long} <${/<(.+)>/.exec(o.flags)?.[1] ?? ''}>`);
  const rows = [
    ...help.visibleArguments(command).map((a) => [`\`<${a.name()}>\``, cell(help.argumentDescription(a))]),
    ...help.visibleOptions(command).filter((o) => o.long !== '--help').map((o) => [`\`${o.flags.replaceAll('|', '\\|')}\``, cell(`${help.optionDescription(o)}${o.mandatory ? ' (required)' : ''}`)]),
  ];
  const summary = command.description();
  return [`## ${path.trim()}`, '', `${summary[0]!.toUpperCase()}${summary.slice(1)}.`, '', '```', ['fieldmark', path.trim(), ...args, ...required].join(' '), '```', '', '| | |', '|---|---|', ...rows.map(([a, b]) => `| ${a} | ${b} |`), ''].join('\n');
}

/** The page's whole text. */
export function cliPage(): string {
  const program = buildProgram({ environment: noEnvironment, exitCode: 0 });
  return [
    `<!-- Made from the commands: \`node scripts/docs.mjs\`. Change the commands in lib/cli, not this file. -->

# The command line

\`npx fieldmark …\` in the checkout. It is a client of the server over HTTP. \`train\` and \`anchors\` with a path, \`predict\` and \`model\` with the
folder of a model, \`eval\`, \`convert\` and \`validate\` need no server and work on files alone; \`backup\`, \`backups\` and \`restore\` work on the
data folder.

**Which server.** \`--url\`, else \`FIELDMARK_URL\`, else the server that runs on the data folder (\`FIELDMARK_DATA\`, default \`.data\`).

**Signing in.** An API token in \`FIELDMARK_TOKEN\` (the Account page makes one), else the file \`cli-token\` in the data folder, which the server
writes for its own machine as soon as the owner account exists. Whoever can read that file is the owner.

**Output.** Results on standard output, errors and progress on standard error; progress only on a terminal. With \`--json\` the last line of
standard output is one JSON object, \`{"error": {"code", "message"}}\` when the command failed.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | failed; \`validate\` found errors; \`predict\` left out images that it could not read |
| 2 | wrong use: an unknown command or option, a value out of bounds |
| 3 | the server cannot be reached |
| 4 | not signed in, or not allowed |
| 5 | there is no such project, version, job, file |
| 130 | stopped by Ctrl-C; jobs on the server go on |
`,
    ...leaves(program, '').map(section),
    `## backup, backups, restore

\`\`\`
fieldmark backup [--json]
fieldmark backups [--json]
fieldmark restore FOLDER|NAME [--replace] [--json]
\`\`\`

They work on the database of the data folder, whether the server runs or not; \`restore\` wants it stopped. A backup holds the database, not the
stored images.
`,
  ].join('\n');
}
