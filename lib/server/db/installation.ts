import { createHash } from 'node:crypto';
import type { Config } from '@/lib/server/config';
import { secret } from '@/lib/server/config';
import type { ObjectStore } from '@/lib/server/storage';
import type { Prisma, Db } from './client';

/** This process would work on other data than the database describes. */
export class InstallationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InstallationError';
  }
}

/** Reads a fact of the installation, or `null`. */
export async function getSetting<T extends Prisma.JsonValue>(db: Db, key: string): Promise<T | null> {
  return ((await db.setting.findUnique({ where: { key } }))?.value as T | undefined) ?? null;
}

export async function setSetting(db: Db, key: string, value: Prisma.InputJsonValue): Promise<void> {
  await db.setting.upsert({ where: { key }, create: { key, value }, update: { value } });
}

/** Writes the fact unless there is one, and returns the one there is: the first writer wins, on any machine. */
async function settle(db: Db, key: string, value: string): Promise<string> {
  await db.$executeRaw`insert into "Setting" (key, value, "updatedAt") values (${key}, ${JSON.stringify(value)}::jsonb, now()) on conflict (key) do nothing`;
  return (await getSetting<string>(db, key)) ?? value;
}

/**
 * Checks that this process shares the object store and the secret of the installation that the database belongs to; the
 * first process to ask settles both. Throws `InstallationError` saying what to do.
 */
export async function checkInstallation(db: Db, store: ObjectStore, config: Pick<Config, 'secret' | 'dataDir'>): Promise<void> {
  const own = await store.id();
  const settled = await settle(db, 'storage.id', own);
  if (settled !== own) {
    throw new InstallationError(
      store.kind === 'disk'
        ? `The files in ${config.dataDir} are not those of this database (storage ${own}, the database knows ${settled}). Two machines share one store: use S3 (S3_ENDPOINT …), ` +
          'or a shared folder (FIELDMARK_DATA on a network drive). If the data folder was moved or restored, bring back the one that belongs to this database.'
        : `The bucket is not the one of this database (storage ${own}, the database knows ${settled}). Check S3_ENDPOINT and S3_BUCKET against DATABASE_URL.`,
    );
  }
  const fingerprint = createHash('sha256').update(`fieldmark-secret:${secret(config)}`).digest('hex').slice(0, 32);
  if ((await settle(db, 'secret.fingerprint', fingerprint)) !== fingerprint) {
    throw new InstallationError(
      `FIELDMARK_SECRET is not the one of this installation. Set it to the content of the file "secret" in the data folder of the first machine (here it is ${config.secret ? 'set by the environment' : `the file in ${config.dataDir}`}). ` +
        'To change it on purpose, delete the row "secret.fingerprint" of the table "Setting"; everybody then signs in again.',
    );
  }
}
