/**
 * The command `fieldmark` (`npx fieldmark …` in the checkout): builds the programs when they are not up to date, then
 * runs the command line of lib/cli. `backup`, `backups` and `restore` work on the data folder itself, server or not.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from './build.mjs';
import { checkNode, ensureInstalled } from './lib/install.mjs';
import { lockFile, takeLock } from './lib/lock.mjs';
import { UserError } from './lib/output.mjs';
import { inRoot, root } from './lib/paths.mjs';

const LOCAL_USAGE = {
  backup: 'fieldmark backup [--json]\n\nWrites a backup of the database into the data folder. The server may be running.\n',
  backups: 'fieldmark backups [--json]\n\nLists the backups in the data folder, newest first.\n',
  restore:
    'fieldmark restore FOLDER|NAME [--replace] [--json]\n\nPuts a backup into the database. Stop the server first. A database that holds data is replaced only with\n' +
    '--replace; what was there goes into a backup of its own before.\n',
};

const env = { ...process.env, FIELDMARK_ROOT: root };
if (existsSync(inRoot('.env'))) {
  process.loadEnvFile(inRoot('.env'));
  Object.assign(env, process.env);
}
env.FIELDMARK_DATA = path.resolve(env.FIELDMARK_DATA || inRoot('.data'));

/** Where the server of this data folder says it listens: this machine's, where several share the folder. */
function addressOfServer() {
  for (const shared of [true, false]) {
    try {
      return JSON.parse(readFileSync(lockFile(env.FIELDMARK_DATA, shared), 'utf8')).url;
    } catch { /* none, or not readable */ }
  }
  return undefined;
}

function runProgram(name, args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--enable-source-maps', inRoot('dist', `${name}.js`), ...args], { env, stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    child.on('exit', (code, signal) => resolve(signal ? 130 : (code ?? 1)));
  });
}

/** Runs a command on the database of the data folder, starting its PostgreSQL for the time when no server runs. */
async function runLocal(args) {
  if (env.DATABASE_URL) return runProgram('admin', args);
  if (!existsSync(env.FIELDMARK_DATA)) throw new UserError(`There is no data folder ${env.FIELDMARK_DATA}. Set FIELDMARK_DATA, or run npm start first.`);
  const { EmbeddedPostgres } = await import('./lib/postgres.mjs');
  const lock = takeLock(lockFile(env.FIELDMARK_DATA, false));
  if (lock.holder && args[0] === 'restore') throw new UserError(`Fieldmark is running on ${env.FIELDMARK_DATA} (${lock.holder.host}, process ${lock.holder.pid}). Stop it first.`);
  const server = new EmbeddedPostgres(env.FIELDMARK_DATA);
  try {
    env.DATABASE_URL = (await server.start()).url;
    return await runProgram('admin', args);
  } finally {
    if (!lock.holder) {
      await server.stop();
      lock.release();
    }
  }
}

try {
  checkNode();
  const args = process.argv.slice(2);
  const usage = LOCAL_USAGE[args[0]];
  if (usage && args.includes('--help')) process.stdout.write(usage);
  else {
    // Progress of installing and building must not get into a command's output.
    const write = process.stdout.write;
    process.stdout.write = process.stderr.write.bind(process.stderr);
    await ensureInstalled();
    await build({ only: ['database client', 'programs'] });
    process.stdout.write = write;
    env.FIELDMARK_URL ||= addressOfServer() ?? '';
    process.exitCode = usage ? await runLocal(args) : await runProgram('cli', args);
  }
} catch (error) {
  process.stderr.write(`fieldmark: ${error instanceof UserError ? error.message : error.stack}\n`);
  process.exitCode = 1;
}
