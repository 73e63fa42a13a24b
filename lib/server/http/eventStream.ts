/** Server-sent events: what changed, by ids, for one person. */
import { authenticate } from '@/lib/server/auth/principal';
import { db } from '@/lib/server/db/client';
import { eventHub, type FieldmarkEvent } from '@/lib/server/events';
import type { Principal } from './handler';

/** A comment so often: proxies see life, and the server notices who is gone or signed out. */
export const HEARTBEAT_MS = 15_000;

/** Which workspace a project belongs to; it never moves. */
const workspaces = new Map<string, string>();

async function maySee(event: FieldmarkEvent, who: Principal): Promise<boolean> {
  if (event.userId && event.userId !== who.userId) return false;
  if (!event.projectId) return true;
  let workspace = workspaces.get(event.projectId);
  if (workspace === undefined) {
    workspace = (await db().project.findUnique({ where: { id: event.projectId }, select: { workspaceId: true } }))?.workspaceId;
    // Erased meanwhile: nothing there to be seen, and the pages that show it should know.
    if (workspace === undefined) return event.entity === 'project';
    if (workspaces.size > 10_000) workspaces.clear();
    workspaces.set(event.projectId, workspace);
  }
  return workspace === who.workspaceId;
}

/**
 * The stream of a signed-in person: `{"type":"changed","entity","id","projectId","seq"}` an event, `{"type":"resync"}` when
 * some may have been missed. It ends when the session or token does.
 */
export function eventStream(who: Principal, request: Request, heartbeatMs = HEARTBEAT_MS): Response {
  const stop = new AbortController();
  request.signal.addEventListener('abort', () => stop.abort(), { once: true });
  const encoder = new TextEncoder();
  let timer: NodeJS.Timeout | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (text: string) => {
        if (!stop.signal.aborted) controller.enqueue(encoder.encode(text));
      };
      const close = () => {
        clearInterval(timer);
        if (!stop.signal.aborted) stop.abort();
        try {
          controller.close();
        } catch {
          // The reader closed it first.
        }
      };
      stop.signal.addEventListener('abort', close, { once: true });
      send('retry: 2000\n: connected\n\n');
      timer = setInterval(() => {
        authenticate(request)
          .then((auth) => (auth?.who.userId === who.userId ? send(': beat\n\n') : close()))
          .catch((error: unknown) => {
            // The database being away is no reason to send people away; being signed out is.
            if ((error as { code?: string }).code === 'unauthenticated' || (error as { code?: string }).code === 'forbidden') close();
          });
      }, heartbeatMs);
      void (async () => {
        for await (const event of eventHub().stream(stop.signal)) {
          if (event.type === 'hub.resync') send('data: {"type":"resync"}\n\n');
          else if (await maySee(event, who).catch(() => false)) {
            send(`data: ${JSON.stringify({ type: 'changed', entity: event.entity, id: event.id, projectId: event.projectId ?? null, seq: event.seq ?? undefined })}\n\n`);
          }
        }
      })().catch(close);
    },
    cancel() {
      clearInterval(timer);
      stop.abort();
    },
  });
  return new Response(stream, { headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' } });
}
