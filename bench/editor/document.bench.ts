import { createOf, newFields, updateOf } from '@/lib/editor/edits';
import { EditorDocument, stateOf, cloneState } from '@/lib/editor/document';
import { hitTest } from '@/lib/editor/hit';
import { newId } from '@/lib/editor/ids';
import { applyOperation, type Operation } from '@/lib/core/ops';
import type { Annotation, LabelSchema } from '@/lib/core/labels';
import { defineBench } from '../define';

const CLASS = '00000000-0000-7000-8000-000000000001';
const schema: LabelSchema = { classes: [{ id: CLASS, index: 0, name: 'Cell', color: '#1c7ed6', kind: 'box', description: '', attributes: [] }] };
const SIDE = 4096;

/** Deterministic numbers from 0 to 1. */
function numbers(seed: number): () => number {
  let s = seed;
  return () => (s = (s * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
}

function boxes(n: number): Annotation[] {
  const next = numbers(1);
  return Array.from({ length: n }, () => {
    const x0 = next() * (SIDE - 80);
    const y0 = next() * (SIDE - 80);
    return { id: newId(), rev: 1, ...newFields(schema.classes[0]!, { kind: 'box', v: 1, x0, y0, x1: x0 + 20 + next() * 60, y1: y0 + 20 + next() * 60 }) };
  });
}
const operation = (changes: Operation['changes']): Operation => ({ id: newId(), v: 1, type: 'move', document: CLASS, base: 0, changes, tool: 'select', at: new Date(0).toISOString(), activeMs: 0, undoes: null, batch: null });

/** What a frame and a gesture cost apart from the canvas. A frame at 60 per second has 16.7 ms. */
export default defineBench({
  name: 'editor/document',
  async run(ctx) {
    const rows = [];
    for (const n of [500, 10_000]) {
      const all = boxes(n);
      const document = new EditorDocument(stateOf(all));
      const open = await ctx.time(() => new EditorDocument(stateOf(all)));
      rows.push({ metric: `open a document of ${n} boxes`, value: open.median, unit: 'ms' });
      const cull = await ctx.time(() => document.index.search({ x0: 1000, y0: 1000, x1: 2500, y1: 2000 }), { runs: 50 });
      rows.push({ metric: `cull ${n} boxes to a screenful`, value: cull.median, unit: 'ms', reference: 16.7 });
      const layers = [{ kind: 'annotation' as const, index: document.index, geometry: (id: string) => document.get(id) ?? null }];
      const next = numbers(2);
      const hit = await ctx.time(() => hitTest({ x: next() * SIDE, y: next() * SIDE }, layers, schema, 5), { runs: 200 });
      rows.push({ metric: `what is under the pointer, of ${n} boxes`, value: hit.median, unit: 'ms', reference: 16.7 });
      const move = await ctx.time(() => {
        const a = document.get(all[Math.floor(next() * n)]!.id)!;
        const change = updateOf(a, { geometry: { kind: 'box', v: 1, x0: next() * 4000, y0: next() * 4000, x1: 4050, y1: 4050 } });
        if (change) document.apply(operation([change]));
      }, { runs: 100 });
      rows.push({ metric: `move one of ${n} boxes`, value: move.median, unit: 'ms', reference: 16.7 });
      const pending = Array.from({ length: 20 }, () => operation([createOf(newId(), newFields(schema.classes[0]!, { kind: 'box', v: 1, x0: 1, y0: 1, x1: 5, y1: 5 }))]));
      const rebase = await ctx.time(() => {
        const state = cloneState(document.state);
        for (const op of pending) applyOperation(state, op);
        document.replace(state);
      });
      rows.push({ metric: `put 20 unconfirmed gestures on top of ${n} boxes`, value: rebase.median, unit: 'ms', reference: 16.7 });
    }
    return rows;
  },
});
