import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Operation } from '@/lib/core/ops';
import { updateOf } from '../edits';
import { newId } from '../ids';
import { Journal } from '../journal';
import { comparable, FakeServer, type Fault } from '../testing/fakeServer';
import { DOCUMENT, drawBox, freshIndexedDb, ManualClock, PLATELET, USER } from '../testing/fixtures';
import { Outbox } from './outbox';
import { DocumentSession } from './session';

const OTHER = newId();

interface Page {
  journal: Journal;
  outbox: Outbox;
  session: DocumentSession;
  clock: ManualClock;
}

async function openPage(server: FakeServer, faults: (call: 'send' | 'log' | 'load') => Fault | null = () => null, userId = USER): Promise<Page> {
  const clock = new ManualClock();
  const journal = new Journal();
  const transport = server.transport(userId, faults);
  const outbox = new Outbox(journal, transport, userId, clock);
  // A document is opened by asking again, as the page's button does.
  for (let i = 0; ; i++) {
    try {
      return { journal, outbox, clock, session: await DocumentSession.open({ documentId: DOCUMENT, userId, journal, outbox, transport }) };
    } catch (error) {
      if (i > 50) throw error;
    }
  }
}

/** Lets everything run until nothing is left to do. */
async function settle(page: Page): Promise<void> {
  for (let i = 0; i < 200; i++) {
    await page.outbox.settled();
    await page.session.settled();
    await new Promise((done) => setImmediate(done));
    const { state } = page.session.save.get();
    if (page.outbox.status.get().state === 'resting' && page.session.unconfirmed.length === 0 && (state === 'server' || state === 'refused')) return;
    page.clock.fire();
    page.outbox.kick();
    if (i % 5 === 4) await page.session.changed();
  }
  throw new Error(`did not settle: ${JSON.stringify(page.outbox.status.get())}, ${page.session.unconfirmed.length} unconfirmed, ${page.session.save.get().state}`);
}

/** Someone else changes the document. */
function otherDoes(server: FakeServer, change: (ids: string[]) => Operation['changes'] | null): void {
  const ids = [...server.document(DOCUMENT).state.annotations.keys()];
  const changes = change(ids);
  if (!changes) return;
  server.receive(DOCUMENT, [{ id: newId(), v: 1, type: 'draw', document: DOCUMENT, base: 0, changes, tool: 'box', at: new Date(0).toISOString(), activeMs: 0, undoes: null, batch: null }], OTHER);
}

describe('sync', () => {
  beforeEach(freshIndexedDb);

  it('shows a gesture at once, saves it here, then on the server', async () => {
    const server = new FakeServer();
    const page = await openPage(server);
    const states: string[] = [];
    page.session.save.subscribe(() => states.push(page.session.save.get().state));
    const { id, draft } = drawBox(1, 2, 30, 40);
    page.session.commit(draft);
    expect(page.session.document.get(id)).toBeDefined();
    expect(page.session.save.get().state).toBe('saving');
    await settle(page);
    expect(states).toEqual(['saving', 'here', 'server']);
    expect(server.document(DOCUMENT).state.annotations.has(id)).toBe(true);
    expect(await page.journal.countPending(USER)).toBe(0);
  });

  it('is offline when the server cannot be reached, waits longer each time, and goes on by itself', async () => {
    const server = new FakeServer();
    let down = true;
    const page = await openPage(server, (call) => (down && call === 'send' ? { lost: 'request' } : null));
    page.session.commit(drawBox(1, 2, 30, 40).draft);
    for (let i = 0; i < 4; i++) {
      await new Promise((done) => setTimeout(done, 5));
      await page.outbox.settled();
      expect(page.session.save.get().state).toBe('offline');
      page.clock.fire();
    }
    await page.outbox.settled();
    const delays = page.clock.delays.slice(0, 4);
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    expect(new Set(delays).size).toBe(4);
    down = false;
    await settle(page);
    expect(page.session.save.get().state).toBe('server');
    expect(server.document(DOCUMENT).log).toHaveLength(1);
  });

  it('does not send twice what the server took although its answer was lost', async () => {
    const server = new FakeServer();
    let lose = true;
    const page = await openPage(server, (call) => (call === 'send' && lose ? { lost: 'response' } : null));
    const { id, draft } = drawBox(1, 2, 30, 40);
    page.session.commit(draft);
    await new Promise((done) => setTimeout(done, 5));
    await page.outbox.settled();
    expect(server.document(DOCUMENT).log).toHaveLength(1);
    lose = false;
    await settle(page);
    expect(server.document(DOCUMENT).log).toHaveLength(1);
    expect([...page.session.document.state.annotations.keys()]).toEqual([id]);
  });

  it('keeps a refused gesture with its reason, takes it out of the picture, and sends it again when told to', async () => {
    const server = new FakeServer();
    const page = await openPage(server);
    const bad = drawBox(1, 2, 30, 40);
    const good = drawBox(5, 5, 9, 9);
    server.refuse = (op) => (op.changes.some((c) => c.kind === 'create' && c.annotation === bad.id) ? 'there is no class Cell' : null);
    page.session.commit(bad.draft);
    page.session.commit(good.draft);
    await settle(page);
    expect(page.session.save.get().state).toBe('refused');
    expect([...page.session.document.state.annotations.keys()]).toEqual([good.id]);
    expect(page.outbox.refused.get().map((r) => r.reason)).toEqual(['there is no class Cell']);
    // It is there after a reload as well.
    const again = await openPage(server);
    await again.outbox.readRefused();
    expect(again.session.save.get().state).toBe('refused');
    server.refuse = () => null;
    await again.outbox.retry(again.outbox.refused.get());
    expect(again.session.document.get(bad.id)).toBeDefined();
    await settle(again);
    expect(again.session.save.get().state).toBe('server');
    expect(server.document(DOCUMENT).state.annotations.size).toBe(2);
  });

  it('finds the one operation of a batch that is not valid, and sends the rest', async () => {
    const server = new FakeServer();
    const page = await openPage(server);
    const broken = drawBox(9, 9, 2, 2);
    const fine = [drawBox(1, 1, 5, 5), drawBox(2, 2, 6, 6)];
    const send = server.receive.bind(server);
    server.receive = (id, operations, user) => {
      try {
        return send(id, operations, user);
      } catch (error) {
        throw Object.assign(new Error(String(error)), { invalid: true });
      }
    };
    const transport = server.transport(USER);
    const { TransportError } = await import('./transport');
    const outbox = new Outbox(page.journal, {
      ...transport,
      send: async (id, operations) => {
        try {
          return await transport.send(id, operations);
        } catch (error) {
          throw (error as { invalid?: boolean }).invalid ? new TransportError('invalid', 'a box needs a width') : error;
        }
      },
    }, USER, page.clock);
    for (const [i, d] of [fine[0]!, broken, fine[1]!].entries()) {
      await page.journal.append(USER, { id: newId(), v: 1, type: 'draw', document: DOCUMENT, base: 0, changes: d.draft.changes, tool: 'box', at: new Date(i).toISOString(), activeMs: 0, undoes: null, batch: null });
    }
    outbox.kick();
    await outbox.settled();
    expect([...server.document(DOCUMENT).state.annotations.keys()].sort()).toEqual(fine.map((f) => f.id).sort());
    expect((await page.journal.refused(USER)).map((r) => r.reason)).toEqual(['a box needs a width']);
  });

  it('waits for a sign-in without losing anything, and lets nobody else send it', async () => {
    const server = new FakeServer();
    let signedOut = true;
    const page = await openPage(server, (call) => (call === 'send' && signedOut ? { failure: 'signed-out' } : null));
    page.session.commit(drawBox(1, 2, 30, 40).draft);
    await new Promise((done) => setTimeout(done, 5));
    await page.outbox.settled();
    expect(page.session.save.get().state).toBe('signed-out');
    const stranger = await openPage(server, undefined, OTHER);
    await settle(stranger);
    expect(server.document(DOCUMENT).log).toHaveLength(0);
    signedOut = false;
    await settle(page);
    expect(server.document(DOCUMENT).log.map((l) => l.by.id)).toEqual([USER]);
  });

  it('puts one’s own unconfirmed gestures on top of what others did', async () => {
    const server = new FakeServer();
    let down = false;
    const page = await openPage(server, (call) => (down && call === 'send' ? { lost: 'request' } : null));
    const mine = drawBox(1, 1, 10, 10);
    page.session.commit(mine.draft);
    await settle(page);
    down = true;
    const a = page.session.document.get(mine.id)!;
    page.session.commit({ type: 'resize', tool: 'select', changes: [updateOf(a, { geometry: { kind: 'box', v: 1, x0: 1, y0: 1, x1: 50, y1: 50 } })!] });
    // Meanwhile someone else gives the same box another class, and draws one.
    otherDoes(server, () => [{ kind: 'update', annotation: mine.id, rev: 1, before: { classId: a.classId }, after: { classId: PLATELET } }]);
    otherDoes(server, () => drawBox(60, 60, 70, 70).draft.changes);
    await page.session.changed();
    expect(page.session.document.get(mine.id)).toMatchObject({ classId: PLATELET, geometry: { x1: 50 } });
    expect(page.session.document.state.annotations.size).toBe(2);
    down = false;
    await settle(page);
    expect(comparable(page.session.document.state)).toEqual(comparable(server.document(DOCUMENT).state));
  });

  it('shows what is sent away while the document is being opened, and not what is refused meanwhile', async () => {
    for (const refuses of [false, true]) {
      for (const delay of [0, 1, 2, 4, 8, 16, 32, 64]) {
        freshIndexedDb();
        const server = new FakeServer();
        const before = await openPage(server, (call) => (call === 'send' ? { lost: 'request' } : null));
        const { id, draft } = drawBox(1, 2, 30, 40);
        before.session.commit(draft);
        await before.outbox.settled();
        before.outbox.close();
        before.session.close();
        if (refuses) server.refuse = () => 'not today';
        // The page comes back: its outbox begins to send while the document is read, over a slower or quicker wire.
        const journal = new Journal();
        const outbox = new Outbox(journal, server.transport(USER), USER, new ManualClock());
        outbox.kick();
        const wire = server.transport(USER);
        const late = async <T>(answer: T): Promise<T> => {
          for (let i = 0; i < delay; i++) await new Promise((done) => setImmediate(done));
          return answer;
        };
        const slow = { ...wire, load: async (id: string) => late(await wire.load(id)), log: async (id: string, after: number, limit: number) => late(await wire.log(id, after, limit)) };
        const session = await DocumentSession.open({ documentId: DOCUMENT, userId: USER, journal, outbox, transport: slow });
        await settle({ journal, outbox, session, clock: new ManualClock() });
        expect(session.document.get(id) !== undefined, `delay ${delay}`).toBe(!refuses);
        expect(session.save.get().state).toBe(refuses ? 'refused' : 'server');
        session.close();
        outbox.close();
      }
    }
  });

  it('lets two tabs of one person send the same journal', async () => {
    const server = new FakeServer();
    const first = await openPage(server);
    const second = await openPage(server);
    const drawn = [drawBox(1, 1, 5, 5), drawBox(2, 2, 6, 6), drawBox(3, 3, 7, 7)];
    first.session.commit(drawn[0]!.draft);
    second.session.commit(drawn[1]!.draft);
    first.session.commit(drawn[2]!.draft);
    second.outbox.kick();
    await settle(first);
    await settle(second);
    await first.session.changed();
    await second.session.changed();
    expect(server.document(DOCUMENT).log).toHaveLength(3);
    expect(comparable(first.session.document.state)).toEqual(comparable(server.document(DOCUMENT).state));
    expect(comparable(second.session.document.state)).toEqual(comparable(server.document(DOCUMENT).state));
    // And what one tab did can be taken back in the other.
    expect(second.session.undo()).toBe(true);
    await settle(second);
    expect(server.document(DOCUMENT).state.annotations.size).toBe(2);
  });

  it('undoes and redoes over a reload', async () => {
    const server = new FakeServer();
    const page = await openPage(server);
    const { id, draft } = drawBox(1, 1, 10, 10);
    page.session.commit(draft);
    const a = page.session.document.get(id)!;
    page.session.commit({ type: 'move', tool: 'select', changes: [updateOf(a, { geometry: { kind: 'box', v: 1, x0: 11, y0: 1, x1: 20, y1: 10 } })!] });
    page.session.undo();
    await settle(page);
    const again = await openPage(server);
    expect(again.session.history.next).toEqual({ undo: 'draw', redo: 'move' });
    again.session.redo();
    expect(again.session.document.get(id)?.geometry).toMatchObject({ x0: 11 });
    again.session.undo();
    again.session.undo();
    expect(again.session.document.get(id)).toBeUndefined();
    expect(again.session.undo()).toBe(false);
    await settle(again);
    expect(server.document(DOCUMENT).state.annotations.size).toBe(0);
  });

  it('reads the document anew when the log says more than this copy can hold', async () => {
    const server = new FakeServer();
    const first = await openPage(server);
    const { id, draft } = drawBox(1, 1, 10, 10);
    first.session.commit(draft);
    await settle(first);
    const before = first.session.document.get(id)!;
    otherDoes(server, () => [{ kind: 'delete', annotation: id, rev: 1, before: { ...(({ id: _i, rev: _r, ...f }) => f)(before) } }]);
    // This copy never saw the annotation, which the next operation names.
    const late = await openPage(server);
    otherDoes(server, () => [{ kind: 'update', annotation: id, rev: 1, before: { occluded: false }, after: { occluded: true } }]);
    await late.session.changed();
    expect(late.session.seq).toBe(3);
    expect(comparable(late.session.document.state)).toEqual(comparable(server.document(DOCUMENT).state));
  });
});

type Step = { do: 'draw' | 'move' | 'delete' | 'undo' | 'redo' | 'other-draw' | 'other-move' | 'other-delete' | 'wait' | 'changed' | 'crash' | 'kick'; n: number };
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('draw', 'draw', 'move', 'move', 'delete', 'undo', 'redo', 'other-draw', 'other-move', 'other-delete', 'wait', 'wait', 'changed', 'crash', 'kick'),
  n: fc.nat(1000),
});
const fault: fc.Arbitrary<Fault | null> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant<Fault>({ lost: 'request' }) },
  { weight: 1, arbitrary: fc.constant<Fault>({ lost: 'response' }) },
  { weight: 1, arbitrary: fc.constant<Fault>({ twice: true }) },
  { weight: 1, arbitrary: fc.nat(20).map((delay): Fault => ({ delay })) },
);

/** A number that has nothing to do with its neighbours' (the finaliser of MurmurHash3). */
function scatter(n: number): number {
  let h = Math.imul(n ^ (n >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

describe('what was acknowledged is never lost', () => {
  it('on any wire, with others at work, crashing at any point: the server has it, and all see the same', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), fc.array(fault, { minLength: 1, maxLength: 12 }), async (steps, wire) => {
      freshIndexedDb();
      const server = new FakeServer();
      let calls = 0;
      let broken = true;
      // Scattered, so that no kind of call meets the same fault for ever; and some calls get through.
      const faults = () => (broken ? ([...wire, null, null][scatter(++calls) % (wire.length + 2)] ?? null) : null);
      let page = await openPage(server, faults);
      const acknowledged = new Set<string>();
      const watch = () => {
        const append = page.journal.append.bind(page.journal);
        page.journal.append = async (user, op) => {
          await append(user, op);
          acknowledged.add(op.id);
        };
      };
      watch();
      const pick = (n: number) => {
        const list = page.session.document.list();
        return list.length > 0 ? list[n % list.length]! : null;
      };
      for (const { do: what, n } of steps) {
        const a = pick(n);
        const x = n % 50;
        if (what === 'draw') page.session.commit(drawBox(x, x, x + 10, x + 10).draft);
        else if (what === 'move' && a) page.session.commit({ type: 'move', tool: 'select', changes: [updateOf(a, { geometry: { kind: 'box', v: 1, x0: x, y0: n, x1: x + 5, y1: n + 5 } })].flatMap((c) => c ?? []) });
        else if (what === 'delete' && a) page.session.commit({ type: 'delete', tool: 'select', changes: [{ kind: 'delete', annotation: a.id, rev: a.rev, before: (({ id: _i, rev: _r, ...f }) => f)(a) }] });
        else if (what === 'undo') page.session.undo();
        else if (what === 'redo') page.session.redo();
        else if (what === 'other-draw') otherDoes(server, () => drawBox(x, 60, x + 3, 70).draft.changes);
        else if (what.startsWith('other-')) {
          otherDoes(server, (ids) => {
            const target = server.document(DOCUMENT).state.annotations.get(ids[n % Math.max(1, ids.length)] ?? '');
            if (!target) return null;
            const { id, rev, ...fields } = target;
            return what === 'other-delete' ? [{ kind: 'delete', annotation: id, rev, before: fields }] : [{ kind: 'update', annotation: id, rev, before: { occluded: target.occluded }, after: { occluded: !target.occluded } }];
          });
        } else if (what === 'wait') await new Promise((done) => setImmediate(done));
        else if (what === 'changed') void page.session.changed();
        else if (what === 'kick') page.clock.fire();
        else if (what === 'crash') {
          page.session.close();
          page.outbox.close();
          page = await openPage(server, faults);
          watch();
        }
      }
      broken = false;
      await settle(page);
      await page.session.changed();
      const logged = new Set(server.document(DOCUMENT).log.map((l) => l.operation.id));
      expect([...acknowledged].filter((id) => !logged.has(id))).toEqual([]);
      expect(await page.journal.countPending(USER)).toBe(0);
      expect(page.outbox.refused.get()).toEqual([]);
      expect(comparable(page.session.document.state)).toEqual(comparable(server.document(DOCUMENT).state));
      // The log is without gaps, and nothing stands in it twice.
      expect(server.document(DOCUMENT).log.map((l) => l.seq)).toEqual(server.document(DOCUMENT).log.map((_, i) => i + 1));
      expect(logged.size).toBe(server.document(DOCUMENT).log.length);
      page.session.close();
      page.outbox.close();
    }), { numRuns: 150 });
  });
});
