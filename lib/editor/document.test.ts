import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyDocument, OperationRefused, type Change, type Operation } from '@/lib/core/ops';
import { EditorDocument, stateOf } from './document';
import { deleteOf, updateOf } from './edits';
import { newId } from './ids';
import { boundsOf } from './spatialIndex';
import { DOCUMENT, drawBox } from './testing/fixtures';

const op = (changes: Change[]): Operation => ({ id: newId(), v: 1, type: 'draw', document: DOCUMENT, base: 0, changes, tool: 'box', at: new Date(0).toISOString(), activeMs: 0, undoes: null, batch: null });

const side = fc.integer({ min: 0, max: 900 });
const box = fc.tuple(side, side, fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 120 })).map(([x, y, w, h]) => ({ x0: x, y0: y, x1: x + w, y1: y + h }));

describe('document', () => {
  it('finds by its index what a look at everything finds, whatever was drawn, moved, deleted or replaced', () => {
    const step = fc.record({ kind: fc.constantFrom('draw', 'draw', 'move', 'delete', 'replace'), box, n: fc.nat(1000) });
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), box, (steps, query) => {
      const document = new EditorDocument(emptyDocument());
      for (const { kind, box: b, n } of steps) {
        const list = document.list();
        const a = list.length > 0 ? list[n % list.length]! : null;
        if (kind === 'draw') document.apply(op(drawBox(b.x0, b.y0, b.x1, b.y1).draft.changes));
        else if (kind === 'replace') document.replace(stateOf(list.filter((_, i) => i % 3 !== n % 3)));
        else if (a && kind === 'delete') document.apply(op([deleteOf(a)]));
        else if (a) {
          const change = updateOf(a, { geometry: { kind: 'box', v: 1, ...b } });
          if (change) document.apply(op([change]));
        }
      }
      const expected = document.list().filter((a) => {
        const g = boundsOf(a.geometry);
        return g.x0 <= query.x1 && g.x1 >= query.x0 && g.y0 <= query.y1 && g.y1 >= query.y0;
      }).map((a) => a.id);
      expect(document.index.search(query).sort()).toEqual(expected.sort());
      expect(document.index.size).toBe(document.state.annotations.size);
    }));
  });

  it('names what changed, and only that', () => {
    const document = new EditorDocument(emptyDocument());
    const seen: string[][] = [];
    document.events.on('change', ({ annotations }) => seen.push([...annotations]));
    const a = drawBox(1, 1, 5, 5);
    const b = drawBox(2, 2, 6, 6);
    document.apply(op(a.draft.changes));
    document.apply(op(b.draft.changes));
    document.replace(stateOf([document.get(b.id)!]));
    document.replace(stateOf([document.get(b.id)!]));
    expect(seen).toEqual([[a.id], [b.id], [a.id]]);
  });

  it('changes nothing when an operation is refused', () => {
    const document = new EditorDocument(emptyDocument());
    const { version } = document;
    const a = drawBox(1, 1, 5, 5);
    expect(() => document.apply(op([...a.draft.changes, { kind: 'update', annotation: newId(), rev: 0, before: { crowd: false }, after: { crowd: true } }]))).toThrow(OperationRefused);
    expect(document.state.annotations.size).toBe(0);
    expect(document.index.size).toBe(0);
    expect(document.version).toBe(version);
  });
});
