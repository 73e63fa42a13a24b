import { anchorCurve } from '@/lib/core/anchors';
import type { Prisma } from '@/lib/server/db/client';
import { notify } from '@/lib/server/events';
import { jobKinds } from '@/lib/server/queue/kinds';
import { doneBoxShapes } from '@/lib/server/repositories/anchors';
import type { StoredAnchors } from '@/lib/server/services/anchors';
import { defineJob } from '../runtime/defineJob';
import { counted, projectOf } from './lib/job';

/** K-means with distance 1 − IoU on the boxes of done items, for k = 1…maxK; kept in the project's row. */
export default defineJob({
  kind: 'anchors',
  ...jobKinds.anchors,
  async run(ctx, { maxK, seed }) {
    const projectId = projectOf(ctx);
    ctx.progress({ fraction: 0, message: 'Reading boxes' });
    // Read before the boxes: a change in between makes the report stale, never silently old.
    const { boxRevision } = await ctx.db.project.findUniqueOrThrow({ where: { id: projectId }, select: { boxRevision: true } });
    const w: number[] = [];
    const h: number[] = [];
    const items = new Set<string>();
    for await (const page of doneBoxShapes(ctx.db, projectId)) {
      ctx.signal.throwIfAborted();
      for (const box of page) {
        w.push(box.w);
        h.push(box.h);
        items.add(box.itemId);
      }
      ctx.progress({ message: `Read ${w.length} boxes` });
    }
    ctx.progress({ fraction: 0.3, message: `Choosing anchors for ${w.length} boxes` });
    const curve = anchorCurve({ w, h }, maxK, { seed });
    ctx.signal.throwIfAborted();
    const report: StoredAnchors['report'] = {
      boxes: w.length, items: items.size, computedAt: new Date().toISOString(), seed, unit: 'pixel',
      curve: curve.map(({ k, meanBestIou, anchors, counts }) => ({ k, meanBestIou, anchors: anchors.map((a, i) => ({ ...a, count: counts[i] ?? 0 })) })),
    };
    await ctx.db.$transaction(async (tx) => {
      const stored: StoredAnchors = { report, boxRevision };
      await tx.project.update({ where: { id: projectId }, data: { anchorReport: stored as unknown as Prisma.InputJsonValue } });
      await notify(tx, { type: 'changed', entity: 'project', id: projectId, projectId });
    });
    return { boxes: w.length, items: items.size, summary: `${counted(w.length, 'box', 'boxes')} on ${counted(items.size, 'image')}` };
  },
});
