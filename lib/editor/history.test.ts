import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyDocument, type Operation } from '@/lib/core/ops';
import { EditorDocument } from './document';
import { History } from './history';
import { newId } from './ids';
import { comparable } from './testing/fakeServer';
import { DOCUMENT, drawBox } from './testing/fixtures';

const AT = new Date(0).toISOString();
function op(type: string, changes = drawBox(1, 1, 5, 5).draft.changes): Operation {
  return { id: newId(), v: 1, type, document: DOCUMENT, base: 0, changes, tool: 'box', at: AT, activeMs: 0, undoes: null, batch: null };
}

/** A person at work: applies and records. */
class Work {
  readonly document = new EditorDocument(emptyDocument());
  readonly history = new History();
  readonly log: Operation[] = [];
  do(...operations: Operation[]): void {
    for (const o of operations) {
      this.document.apply(o);
      this.history.record(o);
      this.log.push(o);
    }
  }
  undo(): number {
    const operations = this.history.undo(0, AT);
    this.do(...operations);
    return operations.length;
  }
  redo(): number {
    const operations = this.history.redo(0, AT);
    this.do(...operations);
    return operations.length;
  }
  get state() {
    return comparable(this.document.state);
  }
}

describe('history', () => {
  it('takes back and does again, and forgets redo with the next gesture', () => {
    const w = new Work();
    w.do(op('draw'), op('draw'));
    const both = w.state;
    expect(w.history.next).toEqual({ undo: 'draw', redo: null });
    w.undo();
    expect(w.document.state.annotations.size).toBe(1);
    w.redo();
    expect(w.state).toEqual(both);
    w.undo();
    w.do(op('draw'));
    expect(w.history.canRedo).toBe(false);
    expect(w.redo()).toBe(0);
  });

  it('takes a checkpointed gesture back as one step', () => {
    const w = new Work();
    w.do(op('draw'), op('paint'), op('paint-more'), op('paint-more'));
    expect(w.history.next.undo).toBe('paint');
    expect(w.undo()).toBe(3);
    expect(w.history.next.undo).toBe('draw');
    expect(w.redo()).toBe(3);
    expect(w.undo()).toBe(3);
    expect(w.undo()).toBe(1);
    expect(w.document.state.annotations.size).toBe(0);
  });

  it('leaves out what a run wrote', () => {
    const w = new Work();
    w.do({ ...op('import'), batch: newId() });
    expect(w.history.canUndo).toBe(false);
  });

  it('forgets what the server refused', () => {
    const w = new Work();
    const refused = op('draw');
    w.do(op('draw'), refused);
    w.history.forget(refused.id);
    expect(w.history.depth).toBe(1);
  });

  it('undone to the beginning nothing is left; done again to the end everything is back; built again from the log it is the same', () => {
    const step = fc.constantFrom('draw', 'paint', 'paint-more', 'undo', 'redo', 'reload');
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const w = new Work();
      for (const s of steps) {
        if (s === 'undo') w.undo();
        else if (s === 'redo') w.redo();
        else if (s === 'reload') {
          const before = w.history.next;
          w.history.rebuild(w.log);
          expect(w.history.next).toEqual(before);
        } else if (s !== 'paint-more' || w.history.canUndo) w.do(op(s));
      }
      const marks: unknown[] = [w.state];
      while (w.undo() > 0) marks.push(w.state);
      expect(w.document.state.annotations.size).toBe(0);
      for (const mark of marks.slice(0, -1).reverse()) {
        expect(w.redo()).toBeGreaterThan(0);
        expect(w.state).toEqual(mark);
      }
    }));
  });
});
