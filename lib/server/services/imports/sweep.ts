import type { PrismaClient } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import { lockImport } from '@/lib/server/repositories/imports';
import type { ObjectStore } from '@/lib/server/storage';
import { removeUploads } from '../imports';

const DAY = 24 * 3600_000;
/** A browser that was closed while it sent never says so; a failed import can be tried again for a while. */
const KEPT: Record<'receiving' | 'failed', { ms: number; why: string }> = {
  receiving: { ms: 7 * DAY, why: 'It was not committed within a week: what had been sent was removed.' },
  failed: { ms: 30 * DAY, why: 'It was not tried again within 30 days: what had been sent was removed.' },
};

/** Gives up imports that nobody will go on with, and removes what was uploaded under them. Returns how many. */
export async function sweepUploads(db: PrismaClient, store: ObjectStore, now = Date.now()): Promise<number> {
  let swept = 0;
  for (const state of ['receiving', 'failed'] as const) {
    const { ms, why } = KEPT[state];
    const due = await db.import.findMany({ where: { state, createdAt: { lt: new Date(now - ms) } }, select: { id: true }, take: 1000 });
    for (const { id } of due) {
      const given = await db.$transaction(async (tx) => {
        const row = await lockImport(tx, id);
        if (row?.state !== state) return false;
        await tx.import.update({ where: { id }, data: { state: 'cancelled', finishedAt: row.finishedAt ?? new Date(now), message: row.message ? `${row.message} ${why}` : why } });
        await tx.importFile.deleteMany({ where: { importId: id } });
        await notify(tx, { type: 'changed', entity: 'import', id, projectId: row.projectId });
        return true;
      });
      if (!given) continue;
      await removeUploads(store, id);
      swept++;
    }
  }
  return swept;
}
