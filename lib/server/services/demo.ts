/** The demo project: asked for with `npm start -- --demo`, or on the projects page; drawn by the `demo` job. */
import type { Db } from '@/lib/server/db/client';
import { getSetting, setSetting } from '@/lib/server/db/installation';
import { enqueue } from '@/lib/server/queue';
import { inTransaction, lockName } from '@/lib/server/repositories/transaction';

/** Set by the start with `--demo`. */
export const DEMO_REQUESTED = 'demo.requested';
/** The project that the demo job makes or made. */
export const DEMO_PROJECT = 'demo.project';

/**
 * Starts the demo job when the start asked for a demo and there is a workspace to put it in. Called when the first workspace
 * is made and when a worker starts; of all callers one is served. Returns the job's id, or null when nothing was due.
 */
export function startRequestedDemo(db: Db): Promise<string | null> {
  return inTransaction(db, async (tx) => {
    await lockName(tx, 'demo');
    if (!(await getSetting<boolean>(tx, DEMO_REQUESTED))) return null;
    const workspace = await tx.workspace.findFirst({ orderBy: { createdAt: 'asc' }, select: { id: true } });
    if (!workspace) return null;
    await setSetting(tx, DEMO_REQUESTED, false);
    // A restart with --demo does not make a second one.
    if ((await tx.project.count({ where: { workspaceId: workspace.id, demo: true, deletedAt: null } })) > 0) return null;
    return enqueue(tx, 'demo', { workspace: workspace.id }, { title: 'Draw the demo project', workspaceId: workspace.id });
  });
}
