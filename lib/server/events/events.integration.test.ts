import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing';
import { EventHub, notify, type FieldmarkEvent } from '.';

let test: TestDatabase;
let hub: EventHub;
beforeAll(async () => {
  test = await createTestDatabase();
  hub = new EventHub(test.url);
  await hub.start();
});
afterAll(async () => {
  await hub.close();
  await test.drop();
});

const event = (id: string): FieldmarkEvent => ({ type: 'item.updated', entity: 'item', id, projectId: 'p' });
async function heard(count: number, act: () => Promise<unknown>, from = hub): Promise<FieldmarkEvent[]> {
  const events: FieldmarkEvent[] = [];
  const unsubscribe = from.subscribe((e) => events.push(e));
  await act();
  for (let i = 0; i < 100 && events.length < count; i++) await wait(50);
  await wait(100); // also what should not come would have come by now
  unsubscribe();
  return events;
}

describe('the event hub', () => {
  it('hears what any connection announces, in order', async () => {
    const events = await heard(3, async () => {
      for (const id of ['a', 'b', 'c']) await notify(test.db, event(id));
    });
    expect(events).toEqual(['a', 'b', 'c'].map(event));
  });

  it('hears of a transaction when it commits, and never when it rolls back', async () => {
    const events = await heard(1, async () => {
      await test.db.$transaction(async (tx) => {
        await notify(tx, event('kept'));
      });
      await test.db
        .$transaction(async (tx) => {
          await notify(tx, event('lost'));
          throw new Error('no');
        })
        .catch(() => undefined);
    });
    expect(events.map((e) => e.id)).toEqual(['kept']);
  });

  it('ignores what is not an event, and goes on when a subscriber fails', async () => {
    const stop = hub.subscribe(() => {
      throw new Error('a bad subscriber');
    });
    const events = await heard(1, async () => {
      await test.db.$executeRaw`select pg_notify('fieldmark', 'not json')`;
      await test.db.$executeRaw`select pg_notify('fieldmark', '{"type": 5}')`;
      await notify(test.db, event('good'));
    });
    stop();
    expect(events.map((e) => e.id)).toEqual(['good']);
    await expect(notify(test.db, { ...event('x'), id: 'x'.repeat(200) })).rejects.toThrow();
  });

  it('streams to a reader until it is aborted, and only what it wants', async () => {
    const abort = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const e of hub.stream(abort.signal, (one) => one.id.startsWith('want'))) {
        seen.push(e.id);
        if (seen.length === 2) abort.abort();
      }
    })();
    await wait(50);
    for (const id of ['want-1', 'other', 'want-2']) await notify(test.db, event(id));
    await reading;
    expect(seen).toEqual(['want-1', 'want-2']);
  });

  it('gives a reader that lags far behind one notice instead of everything', async () => {
    const abort = new AbortController();
    const stream = hub.stream(abort.signal);
    const first = stream.next();
    await wait(50);
    await test.db.$executeRaw`select pg_notify('fieldmark', json_build_object('type', 'item.updated', 'entity', 'item', 'id', n::text)::text) from generate_series(1, 1500) n`;
    expect((await first).value).toMatchObject({ id: '1' });
    await wait(1000);
    expect((await stream.next()).value).toMatchObject({ type: 'hub.resync' });
    abort.abort();
    await stream.return(undefined);
  });

  it('comes back by itself when its connection is cut, and says that something may be missing', async () => {
    const events = await heard(2, async () => {
      await test.db.$queryRaw`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'fieldmark-events' and datname = current_database()`;
      for (let i = 0; i < 100 && hub.connected; i++) await wait(20);
      for (let i = 0; i < 200 && !hub.connected; i++) await wait(50);
      await notify(test.db, event('after'));
    });
    expect(events.map((e) => e.type)).toEqual(['hub.resync', 'item.updated']);
  });

  it('rejects its start when the database is away, and keeps trying', async () => {
    const url = new URL(test.url);
    url.pathname = '/not_there';
    const lonely = new EventHub(url.toString());
    await expect(lonely.start()).rejects.toThrow();
    expect(lonely.connected).toBe(false);
    await lonely.close();
  });
});
