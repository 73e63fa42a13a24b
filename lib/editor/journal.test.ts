import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { OPERATION_VERSION, type Operation } from '@/lib/core/ops';
import { newId } from './ids';
import { Journal } from './journal';
import { drawBox, freshIndexedDb } from './testing/fixtures';

const A = newId();
const B = newId();
const DOC = newId();

function op(document = DOC): Operation {
  const { draft } = drawBox(0, 0, 5, 5);
  return { id: newId(), v: OPERATION_VERSION, type: draft.type, document, base: 0, changes: draft.changes, tool: 'box', at: new Date(0).toISOString(), activeMs: 0, undoes: null, batch: null };
}

describe('journal', () => {
  beforeEach(freshIndexedDb);

  it('gives rows back in the order of the calls, also to the next page', async () => {
    const journal = new Journal();
    const ops = Array.from({ length: 20 }, () => op());
    await Promise.all(ops.map((o) => journal.append(A, o)));
    await journal.close();
    const rows = await new Journal().pending(A);
    expect(rows.map((r) => r.operation.id)).toEqual(ops.map((o) => o.id));
  });

  it('writes with strict durability, and acknowledges when the transaction is complete', async () => {
    const modes: unknown[] = [];
    const original = IDBDatabase.prototype.transaction;
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...args: Parameters<typeof original>) {
      modes.push(args[2]);
      return original.apply(this, args);
    });
    await new Journal().append(A, op());
    vi.restoreAllMocks();
    expect(modes).toContainEqual({ durability: 'strict' });
    expect(await new Journal().countPending(A)).toBe(1);
  });

  it('never gives one person the rows of another', async () => {
    const journal = new Journal();
    const [mine, theirs] = [op(), op()];
    await journal.append(A, mine);
    await journal.append(B, theirs);
    expect((await journal.pending(A)).map((r) => r.operation.id)).toEqual([mine.id]);
    expect((await journal.pending(B)).map((r) => r.operation.id)).toEqual([theirs.id]);
    expect(await journal.countPending(A)).toBe(1);
  });

  it('writes an operation once, whatever is called twice', async () => {
    const journal = new Journal();
    const one = op();
    await journal.append(A, one);
    await journal.append(A, one);
    expect(await journal.pending(A)).toHaveLength(1);
  });

  it('keeps what was refused, apart, until it is sent again or given up', async () => {
    const journal = new Journal();
    await journal.append(A, op());
    await journal.append(A, op());
    const [first, second] = await journal.pending(A);
    await journal.mark([first!.n], 'no such class');
    expect((await journal.pending(A)).map((r) => r.n)).toEqual([second!.n]);
    expect((await journal.refused(A)).map((r) => r.reason)).toEqual(['no such class']);
    await journal.mark([first!.n], null);
    expect((await journal.pending(A)).map((r) => r.n)).toEqual([first!.n, second!.n]);
    await journal.remove([first!.n, second!.n, 999]);
    expect(await journal.pending(A)).toEqual([]);
  });

  it('holds rows in memory while the browser cannot write, and writes them, in order, when it can', async () => {
    const journal = new Journal();
    const [a, b, c] = [op(), op(), op()];
    await journal.append(A, a);
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation((_stores, mode) => {
      if (mode === 'readwrite') throw new DOMException('full', 'QuotaExceededError');
      throw new DOMException('closed', 'InvalidStateError');
    });
    await journal.append(A, b);
    expect(journal.problem.get()).toContain('no space left');
    transaction.mockRestore();
    expect((await journal.pending(A)).map((r) => r.operation.id)).toEqual([a.id, b.id]);
    await journal.append(A, c);
    expect(journal.problem.get()).toBeNull();
    expect((await new Journal().pending(A)).map((r) => r.operation.id)).toEqual([a.id, b.id, c.id]);
  });

  it('works from memory where there is no IndexedDB at all', async () => {
    const open = vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('not allowed', 'SecurityError');
    });
    const journal = new Journal();
    const one = op();
    await journal.append(A, one);
    expect(journal.problem.get()).toContain('cannot keep your work safe');
    expect((await journal.pending(A)).map((r) => r.operation.id)).toEqual([one.id]);
    expect(await journal.countPending(A)).toBe(1);
    open.mockRestore();
  });
});
