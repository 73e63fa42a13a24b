import { uuidv7 } from 'uuidv7';
import { db as processDb, type PrismaClient } from '../db/client';
import type { Principal } from '../http/handler';
import { createTestDatabase } from './database';
import { temporaryFolder } from './folders';

export interface TestWorkspace {
  db: PrismaClient;
  /** An owner, who is in nobody's rows. */
  who: Principal;
  close(): Promise<void>;
}

/** A database and a data folder of the test file's own, with a workspace; for tests of services and of what jobs do. */
export async function createTestWorkspace(): Promise<TestWorkspace> {
  const { folder, remove } = await temporaryFolder();
  process.env['FIELDMARK_DATA'] = folder;
  const { db, drop } = await createTestDatabase();
  const { id: workspaceId } = await db.workspace.create({ data: { id: uuidv7(), name: 'Lab' } });
  return {
    db,
    who: { userId: uuidv7(), workspaceId, name: 'Ada', email: 'ada@example.org', role: 'owner', scopes: ['*'], may: () => true },
    async close() {
      await processDb().$disconnect();
      await drop();
      await remove();
    },
  };
}
