/** Commands on the data itself that need no running server: called by scripts/fieldmark.mjs with DATABASE_URL set. */
import path from 'node:path';
import { config } from '@/lib/server/config';
import { backup, listBackups, restore } from '@/lib/server/db/backup';
import { installQueue } from '@/lib/server/queue';

const settings = config();
const folder = path.join(settings.dataDir, 'backups');
const print = (value: unknown, text: string) => void process.stdout.write(`${process.argv.includes('--json') ? JSON.stringify(value) : text}\n`);

function databaseUrl(): string {
  if (!settings.databaseUrl) throw new Error('DATABASE_URL is not set.');
  return settings.databaseUrl;
}

const rowsOf = (tables: { rows: number }[]) => tables.reduce((sum, t) => sum + t.rows, 0);

const commands: Record<string, (argument: string | undefined) => Promise<void>> = {
  async backup() {
    const made = await backup(databaseUrl(), folder, { keep: settings.backupsKept, reason: 'by command' });
    print({ folder: made.folder, rows: rowsOf(made.manifest.tables) }, `Backed up ${rowsOf(made.manifest.tables)} rows to ${made.folder}`);
  },
  async backups() {
    const all = await listBackups(folder);
    const lines = all.map((b) => `${b.name}  ${String(rowsOf(b.manifest.tables)).padStart(10)} rows  ${b.manifest.reason}`);
    print(all.map((b) => ({ name: b.name, folder: b.folder, createdAt: b.manifest.createdAt, reason: b.manifest.reason, rows: rowsOf(b.manifest.tables) })), lines.join('\n') || `There are no backups in ${folder}.`);
  },
  async restore(argument) {
    if (!argument) throw new Error('Say which backup: fieldmark restore FOLDER (fieldmark backups lists them).');
    const from = argument.includes(path.sep) ? path.resolve(argument) : path.join(folder, argument);
    const manifest = await restore(databaseUrl(), from, { replace: process.argv.includes('--replace') });
    await installQueue(databaseUrl());
    print({ rows: rowsOf(manifest.tables), createdAt: manifest.createdAt }, `Restored ${rowsOf(manifest.tables)} rows of ${manifest.createdAt}`);
  },
};

const [, , name = '', ...rest] = process.argv;
try {
  const command = commands[name];
  if (!command) throw new Error(`There is no command "${name}".`);
  await command(rest.find((argument) => !argument.startsWith('--')));
  process.exit(0);
} catch (error) {
  process.stderr.write(`fieldmark: ${(error as Error).message}\n`);
  process.exit(1);
}
