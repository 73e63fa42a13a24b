/**
 * What the launcher runs once before web and workers: settings, database, migrations with a backup before them, the
 * queue's tables, the storage check, and the link or token with which a person gets in. Speaks to the launcher over IPC.
 */
import path from 'node:path';
import { ConfigError, config, secret } from '@/lib/server/config';
import { backup } from '@/lib/server/db/backup';
import { createClient } from '@/lib/server/db/client';
import { checkInstallation, setSetting } from '@/lib/server/db/installation';
import { migrate } from '@/lib/server/db/migrate';
import { installQueue } from '@/lib/server/queue';
import { objectStore } from '@/lib/server/storage';
import { signIn } from './signIn';

export type PrepareMessage = { type: 'note'; text: string } | { type: 'ready'; setupToken: string | null; url: string } | { type: 'error'; message: string };

const send = (message: PrepareMessage) =>
  new Promise<void>((resolve) => {
    if (process.send) process.send(message, undefined, undefined, () => resolve());
    else {
      process.stdout.write(`${JSON.stringify(message)}\n`);
      resolve();
    }
  });
const note = (text: string) => void send({ type: 'note', text });

async function prepare(options: { demo: boolean }): Promise<PrepareMessage> {
  const settings = config();
  const { databaseUrl, dataDir, backupsKept } = settings;
  if (!databaseUrl) throw new Error('DATABASE_URL is not set: start Fieldmark with npm start.');
  secret(settings);
  const applied = await migrate(databaseUrl, {
    beforeChange: async (pending) => {
      const made = await backup(databaseUrl, path.join(dataDir, 'backups'), { keep: backupsKept, reason: `before ${pending.map((m) => m.name).join(', ')}` });
      note(`Backed the database up to ${made.folder}`);
    },
  });
  if (applied.length > 0) note(`Applied ${applied.length} migration${applied.length === 1 ? '' : 's'}`);
  await installQueue(databaseUrl);
  const db = createClient(databaseUrl, { max: 2, name: 'fieldmark-prepare' });
  try {
    await checkInstallation(db, objectStore(), settings);
    if (options.demo) await setSetting(db, 'demo.requested', true);
    return { type: 'ready', url: settings.url, setupToken: await signIn(db, dataDir) };
  } finally {
    await db.$disconnect();
  }
}

try {
  await send(await prepare({ demo: process.argv.includes('--demo') }));
  process.exit(0);
} catch (error) {
  const { message, name, stack } = error as Error;
  const expected = error instanceof ConfigError || name !== 'TypeError';
  await send({ type: 'error', message: expected ? message : (stack ?? message) });
  process.exit(1);
}
