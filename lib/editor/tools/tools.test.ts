import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { Annotation } from '@/lib/core/labels';
import { maskArea, maskHas, rectMask, maskToString } from '@/lib/core/masks';
import { operation } from '@/lib/core/ops';
import { createOf, newFields } from '../edits';
import { newId } from '../ids';
import { maskOf } from '../maskCache';
import { Proposals } from '../proposals';
import { CELL, classOf, drawBox, NUCLEUS, openEditor, PLATELET } from '../testing/fixtures';

type Bench = Awaited<ReturnType<typeof openEditor>>;

function boxes({ editor }: Bench) {
  return editor.document.list().flatMap((a) => (a.geometry.kind === 'box' ? [[a.geometry.x0, a.geometry.y0, a.geometry.x1, a.geometry.y1]] : []));
}
const types = ({ session }: Bench) => session.unconfirmed.map((o) => o.type);
function draw(bench: Bench, x0: number, y0: number, x1: number, y1: number, classId = CELL): string {
  const { id, draft } = drawBox(x0, y0, x1, y1, classId);
  bench.session.commit(draft);
  return id;
}
function only(bench: Bench): Annotation {
  const list = bench.editor.document.list();
  expect(list).toHaveLength(1);
  return list[0]!;
}

describe('box tool', () => {
  it('draws by drag, one operation, and selects what it drew', async () => {
    const b = await openEditor();
    b.editor.setTool('box');
    b.hand.drag([[10, 20], [30, 30], [60, 50]]);
    expect(boxes(b)).toEqual([[10, 20, 60, 50]]);
    expect(types(b)).toEqual(['draw']);
    expect(b.editor.single?.id).toBe(only(b).id);
    expect(operation.safeParse(b.session.unconfirmed[0]).success).toBe(true);
  });

  it('draws by two clicks, in any direction', async () => {
    const b = await openEditor();
    b.editor.setTool('box');
    b.hand.click(60, 50).move(40, 30).click(10, 20);
    expect(boxes(b)).toEqual([[10, 20, 60, 50]]);
  });

  it('stays in the image, and snaps to its edges', async () => {
    const b = await openEditor();
    b.editor.setTool('box');
    b.hand.drag([[3, 50], [300, -40]]);
    expect(boxes(b)).toEqual([[0, 0, 200, 50]]);
  });

  it('gives up on escape, also between two clicks, and draws nothing thinner than a pixel', async () => {
    const b = await openEditor();
    b.editor.setTool('box');
    b.hand.down(10, 10).move(50, 50);
    expect(b.editor.preview.get().draft).not.toBeNull();
    expect(b.hand.key('Escape')).toBe(true);
    b.hand.up(50, 50);
    b.hand.click(10, 10).move(40, 40).key('Escape');
    b.hand.drag([[10, 10], [10, 90]]);
    expect(b.editor.document.list()).toEqual([]);
    expect(b.editor.preview.get().draft).toBeNull();
    expect(b.editor.notice.get()?.text).toContain('at least');
  });

  it('takes a class key while drawing for the next box, not for the last', async () => {
    const b = await openEditor();
    b.editor.setTool('box');
    b.hand.drag([[10, 10], [30, 30]]);
    b.hand.key('4');
    b.hand.drag([[40, 40], [60, 60]]);
    expect(b.editor.document.list().map((a) => a.classId)).toEqual([CELL, PLATELET]);
    b.hand.key('1', { shiftKey: true });
    expect(b.editor.document.list().map((a) => a.classId)).toEqual([CELL, CELL]);
  });
});

describe('select tool', () => {
  it('moves what it drags as one operation, inside the image, and escape puts it back', async () => {
    const b = await openEditor();
    const id = draw(b, 10, 10, 40, 30);
    b.hand.drag([[20, 20], [40, 30], [70, 40]]);
    expect(boxes(b)).toEqual([[60, 30, 90, 50]]);
    b.hand.drag([[75, 40], [500, 500]]);
    expect(boxes(b)).toEqual([[170, 80, 200, 100]]);
    b.hand.down(185, 90).move(20, 20);
    expect(b.editor.geometryOf(b.editor.document.get(id)!)).toMatchObject({ x0: 5 });
    b.hand.key('Escape');
    b.hand.up(20, 20);
    expect(boxes(b)).toEqual([[170, 80, 200, 100]]);
    expect(types(b)).toEqual(['draw', 'move', 'move']);
  });

  it('resizes by each of the eight handles, also across the opposite side', async () => {
    const ends = { nw: [50, 40, 45, 35], n: [75, 40, 75, 35], ne: [100, 40, 110, 35], e: [100, 55, 110, 55], se: [100, 70, 110, 80], s: [75, 70, 75, 80], sw: [50, 70, 45, 80], w: [50, 55, 45, 55] } as const;
    const expected = { nw: [45, 35, 100, 70], n: [50, 35, 100, 70], ne: [50, 35, 110, 70], e: [50, 40, 110, 70], se: [50, 40, 110, 80], s: [50, 40, 100, 80], sw: [45, 40, 100, 80], w: [45, 40, 100, 70] };
    for (const [handle, [x, y, tx, ty]] of Object.entries(ends)) {
      const b = await openEditor();
      b.editor.select([draw(b, 50, 40, 100, 70)]);
      b.hand.drag([[x, y], [tx, ty]]);
      expect(boxes(b), handle).toEqual([expected[handle as keyof typeof expected]]);
      expect(types(b)).toEqual(['draw', 'resize']);
    }
    const b = await openEditor();
    b.editor.select([draw(b, 50, 40, 100, 70)]);
    b.hand.drag([[50, 55], [130, 55]]);
    expect(boxes(b)).toEqual([[100, 40, 130, 70]]);
  });

  it('selects by click, adds with shift, cycles with alt, and by a rectangle what lies inside', async () => {
    const b = await openEditor();
    const large = draw(b, 0, 0, 150, 90);
    const small = draw(b, 20, 20, 40, 40);
    const apart = draw(b, 160, 10, 180, 30);
    b.hand.click(30, 30);
    expect([...b.editor.selection.get()]).toEqual([small]);
    b.hand.click(30, 30, { altKey: true });
    expect([...b.editor.selection.get()]).toEqual([large]);
    b.hand.click(30, 30, { altKey: true });
    expect([...b.editor.selection.get()]).toEqual([small]);
    b.hand.click(170, 20, { shiftKey: true });
    expect([...b.editor.selection.get()].sort()).toEqual([small, apart].sort());
    b.hand.click(170, 20, { shiftKey: true });
    expect([...b.editor.selection.get()]).toEqual([small]);
    b.hand.click(190, 95);
    expect(b.editor.selection.get().size).toBe(0);
    b.hand.drag([[155, 95], [195, 5]]);
    expect([...b.editor.selection.get()]).toEqual([apart]);
    expect(types(b)).toEqual(['draw', 'draw', 'draw']);
  });

  it('nudges by arrow keys, one operation until the key is let go', async () => {
    const b = await openEditor();
    b.editor.select([draw(b, 50, 40, 100, 70)]);
    const press = (key: string, shiftKey = false) => b.input.keyDown({ key, shiftKey, ctrlKey: false, metaKey: false, altKey: false });
    press('ArrowRight');
    press('ArrowRight');
    press('ArrowDown', true);
    b.input.keyUp({ key: 'ArrowRight', shiftKey: false, ctrlKey: false, metaKey: false, altKey: false });
    b.input.keyUp({ key: 'ArrowDown', shiftKey: false, ctrlKey: false, metaKey: false, altKey: false });
    expect(boxes(b)).toEqual([[52, 50, 102, 80]]);
    expect(types(b)).toEqual(['draw', 'nudge']);
    // Without a selection the same key goes to the next item.
    b.hand.key('Escape');
    b.hand.key('ArrowRight');
    expect(b.calls).toEqual(['go 1']);
  });

  it('leaves what is locked or hidden alone', async () => {
    const b = await openEditor();
    const id = draw(b, 50, 40, 100, 70);
    b.editor.toggle('locked', [id]);
    b.hand.drag([[75, 55], [90, 60]]);
    b.hand.key('Delete');
    expect(boxes(b)).toEqual([[50, 40, 100, 70]]);
    expect(b.editor.notice.get()?.text).toContain('Locked');
    b.editor.toggle('locked', [id]);
    b.editor.select([]);
    b.editor.toggle('hidden', [id]);
    b.hand.click(75, 55);
    expect(b.editor.selection.get().size).toBe(0);
  });

  it('deletes, undoes, copies and pastes', async () => {
    const b = await openEditor();
    b.editor.select([draw(b, 50, 40, 100, 70)]);
    b.hand.key('c', { ctrlKey: true });
    b.hand.key('Delete');
    expect(b.editor.document.list()).toEqual([]);
    b.hand.key('z', { ctrlKey: true });
    expect(boxes(b)).toEqual([[50, 40, 100, 70]]);
    b.hand.key('v', { ctrlKey: true });
    expect(boxes(b)).toEqual([[50, 40, 100, 70], [62, 52, 112, 82]]);
    expect(b.editor.selection.get().size).toBe(1);
    b.hand.key('d', { ctrlKey: true });
    expect(b.editor.document.list()).toHaveLength(3);
  });

  it('gives the selected a class by its key, and refuses a class of another kind', async () => {
    const b = await openEditor();
    b.editor.select([draw(b, 50, 40, 100, 70)]);
    b.hand.key('4');
    expect(only(b).classId).toBe(PLATELET);
    expect(types(b)).toEqual(['draw', 'reclass']);
    b.hand.key('2');
    expect(only(b).classId).toBe(PLATELET);
    expect(b.editor.toolId.get()).toBe('brush');
  });
});

describe('landmarks tool', () => {
  const points = (a: Annotation) => (a.geometry.kind === 'landmarks' ? a.geometry.points.map((p) => [p.x, p.y, p.v]) : []);

  it('places point by point under their names, each an operation, and then begins the next instance', async () => {
    const b = await openEditor();
    b.editor.setTool('landmarks');
    b.hand.move(10, 10);
    expect(b.editor.pointerMark.get().label?.text).toBe('1/3 wrist');
    b.hand.click(10, 10).move(30, 30);
    expect(b.editor.pointerMark.get().label?.text).toBe('2/3 thumb');
    b.hand.click(30, 30, { shiftKey: true }).click(60, 60);
    expect(points(only(b))).toEqual([[10, 10, 2], [30, 30, 1], [60, 60, 2]]);
    expect(types(b)).toEqual(['draw', 'place-point', 'place-point']);
    b.hand.click(100, 50);
    expect(b.editor.document.list()).toHaveLength(2);
    for (const o of b.session.unconfirmed) expect(operation.safeParse(o).success).toBe(true);
  });

  it('skips, steps back, and follows undo', async () => {
    const b = await openEditor();
    b.editor.setTool('landmarks');
    b.hand.click(10, 10);
    b.hand.key('s');
    b.hand.click(60, 60);
    expect(points(only(b))).toEqual([[10, 10, 2], [0, 0, 0], [60, 60, 2]]);
    // Undo of the last point goes back into the instance.
    b.hand.key('z', { ctrlKey: true });
    expect(b.editor.tools.landmarks.progress.get()).toMatchObject({ next: 2 });
    b.hand.click(70, 70);
    expect(points(only(b))).toEqual([[10, 10, 2], [0, 0, 0], [70, 70, 2]]);
    b.hand.click(100, 20).click(120, 20);
    b.hand.key('Backspace');
    const second = b.editor.document.list()[1]!;
    expect(points(second)).toEqual([[100, 20, 2], [0, 0, 0], [0, 0, 0]]);
    expect(b.editor.tools.landmarks.progress.get()).toMatchObject({ annotation: second.id, next: 1 });
  });

  it('drags a point that is placed, toggles it with shift, and toggles the last by key', async () => {
    const b = await openEditor();
    b.editor.setTool('landmarks');
    b.hand.click(10, 10).click(50, 50);
    b.hand.drag([[10, 10], [20, 15]]);
    expect(points(only(b)).slice(0, 2)).toEqual([[20, 15, 2], [50, 50, 2]]);
    b.hand.click(20, 15, { shiftKey: true });
    expect(points(only(b))[0]).toEqual([20, 15, 1]);
    b.hand.key('q');
    expect(points(only(b))[1]).toEqual([50, 50, 1]);
    b.hand.click(80, 80);
    expect(points(only(b))[2]).toEqual([80, 80, 2]);
  });

  it('takes the whole instance back on escape, and goes on with an unfinished one when taken up again', async () => {
    const b = await openEditor();
    b.editor.setTool('landmarks');
    b.hand.click(10, 10).click(50, 50);
    b.hand.key('Escape');
    expect(b.editor.document.list()).toEqual([]);
    b.hand.click(10, 10);
    b.hand.key('v');
    expect(b.editor.toolId.get()).toBe('select');
    b.editor.select([only(b).id]);
    b.hand.key('l');
    b.hand.click(50, 50);
    expect(points(only(b))).toEqual([[10, 10, 2], [50, 50, 2], [0, 0, 0]]);
  });
});

describe('brush and eraser', () => {
  const mask = (a: Annotation) => (a.geometry.kind === 'mask' ? maskOf(a.geometry) : rectMask({ x: 0, y: 0, width: 0, height: 0 }));
  async function painting(radius = 5) {
    const b = await openEditor();
    b.editor.settings.update((s) => ({ ...s, brushRadius: radius }));
    b.editor.setTool('brush');
    return b;
  }

  it('creates with the first stroke, goes on with the selected, and begins anew on demand', async () => {
    const b = await painting();
    b.hand.drag([[20, 20], [60, 20]]);
    expect(b.editor.activeClassId.get()).toBe(NUCLEUS);
    const first = only(b);
    expect(maskHas(mask(first), 40, 20)).toBe(true);
    b.hand.drag([[60, 20], [60, 60]]);
    expect(maskArea(mask(only(b)))).toBeGreaterThan(maskArea(mask(first)));
    expect(types(b)).toEqual(['draw', 'paint']);
    // Over what is painted already nothing happens.
    b.hand.drag([[30, 20], [50, 20]]);
    expect(types(b)).toEqual(['draw', 'paint']);
    b.hand.key('n');
    b.hand.drag([[100, 50], [120, 50]]);
    expect(b.editor.document.list()).toHaveLength(2);
    for (const o of b.session.unconfirmed) expect(operation.safeParse(o).success).toBe(true);
  });

  it('paint carries only real changes, and undo brings the pixels back exactly', async () => {
    const b = await painting();
    b.hand.drag([[20, 20], [60, 20]]);
    const before = maskToString(mask(only(b)));
    b.hand.drag([[40, 20], [90, 20]]);
    const paint = b.session.unconfirmed[1]!.changes[0]!;
    expect(paint.kind).toBe('paint');
    b.hand.key('z', { ctrlKey: true });
    expect(maskToString(mask(only(b)))).toBe(before);
    b.hand.key('Z', { ctrlKey: true, shiftKey: true });
    expect(maskHas(mask(only(b)), 85, 20)).toBe(true);
  });

  it('erases from the mask under it; erased wholly, it is deleted', async () => {
    const b = await painting();
    b.hand.drag([[20, 20], [60, 20]]);
    b.editor.select([]);
    b.hand.key('e');
    b.hand.drag([[20, 20], [30, 20]]);
    expect(maskHas(mask(only(b)), 25, 20)).toBe(false);
    expect(maskHas(mask(only(b)), 50, 20)).toBe(true);
    b.editor.settings.update((s) => ({ ...s, brushRadius: 60 }));
    b.hand.drag([[40, 20], [50, 20]]);
    expect(b.editor.document.list()).toEqual([]);
    expect(types(b)).toEqual(['draw', 'erase', 'erase']);
    b.hand.key('z', { ctrlKey: true });
    expect(b.editor.document.list()).toHaveLength(1);
  });

  it('draws a straight line with shift from where the last stroke ended', async () => {
    const b = await painting(3);
    b.hand.click(20, 50);
    b.hand.click(120, 50, { shiftKey: true });
    expect(maskHas(mask(only(b)), 70, 50)).toBe(true);
    expect(maskHas(mask(only(b)), 70, 58)).toBe(false);
  });

  it('checkpoints a long stroke, which undo still takes back as one, and escape to before it', async () => {
    const b = await painting();
    b.hand.drag([[10, 10], [20, 10]]);
    b.hand.key('n');
    b.hand.down(20, 50);
    for (let i = 0; i < 5; i++) {
      b.hand.time += 700;
      b.hand.move(30 + i * 20, 50);
    }
    const saved = types(b).length;
    expect(saved).toBeGreaterThan(2);
    b.hand.up(130, 50);
    expect(types(b)).toContain('paint-more');
    expect(b.editor.document.list()).toHaveLength(2);
    b.hand.key('z', { ctrlKey: true });
    expect(b.editor.document.list()).toHaveLength(1);
    b.hand.down(20, 50);
    b.hand.time += 1500;
    b.hand.move(60, 50);
    b.hand.key('Escape');
    b.hand.up(60, 50);
    expect(b.editor.document.list()).toHaveLength(1);
    expect(b.editor.preview.get().masks.size).toBe(0);
  });

  it('takes pixels from others when masks may not overlap, in the same operation; locked ones keep theirs', async () => {
    const b = await painting();
    b.hand.drag([[50, 20], [50, 80]]);
    b.hand.key('n');
    b.editor.settings.update((s) => ({ ...s, noOverlap: true }));
    b.hand.drag([[20, 50], [90, 50]]);
    const [first, second] = b.editor.document.list() as [Annotation, Annotation];
    expect(maskHas(mask(first), 50, 50)).toBe(false);
    expect(maskHas(mask(second), 50, 50)).toBe(true);
    expect(types(b)).toHaveLength(2);
    expect(b.session.unconfirmed[1]!.changes.map((c) => c.kind).sort()).toEqual(['create', 'paint']);
    b.hand.key('z', { ctrlKey: true });
    expect(maskHas(mask(only(b)), 50, 50)).toBe(true);
    b.editor.toggle('locked', [only(b).id]);
    b.hand.drag([[20, 50], [90, 50]]);
    expect(maskHas(mask(b.editor.document.list()[0]!), 50, 50)).toBe(true);
    expect(maskHas(mask(b.editor.document.list()[1]!), 50, 50)).toBe(false);
    expect(maskHas(mask(b.editor.document.list()[1]!), 80, 50)).toBe(true);
  });

  it('alt turns the brush into the eraser, the brackets change its size, the wheel with shift too', async () => {
    const b = await painting(10);
    b.hand.drag([[20, 20], [60, 20]]);
    b.hand.drag([[20, 20], [30, 20]], { altKey: true });
    expect(maskHas(mask(only(b)), 20, 20)).toBe(false);
    b.hand.key(']');
    expect(b.editor.settings.get().brushRadius).toBe(12);
    b.hand.key('[');
    b.input.wheel({ deltaX: 0, deltaY: 100, deltaMode: 0, shiftKey: true, ctrlKey: false }, { x: 10, y: 10 });
    expect(b.editor.settings.get().brushRadius).toBeLessThan(10);
  });
});

describe('looking', () => {
  it('pans by space and by the middle button, whatever tool is held, and zooms at the pointer', async () => {
    const b = await openEditor({ width: 200, height: 100 });
    b.editor.setTool('box');
    b.editor.viewport.set({ scale: 2, x: 0, y: 0 });
    b.input.keyDown({ key: ' ', shiftKey: false, ctrlKey: false, metaKey: false, altKey: false });
    b.input.pointerDown({ button: 0, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, timeStamp: 1 }, { x: 50, y: 50 });
    b.input.pointerMove({ button: 0, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, timeStamp: 2 }, { x: 40, y: 45 });
    b.input.pointerUp({ button: 0, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, timeStamp: 3 }, { x: 40, y: 45 });
    b.input.keyUp({ key: ' ', shiftKey: false, ctrlKey: false, metaKey: false, altKey: false });
    expect(b.editor.viewport.get()).toEqual({ scale: 2, x: -10, y: -5 });
    expect(b.editor.document.list()).toEqual([]);
    b.input.wheel({ deltaX: 0, deltaY: -100, deltaMode: 0, shiftKey: false, ctrlKey: false }, { x: 90, y: 45 });
    const v = b.editor.viewport.get();
    expect(v.scale).toBeGreaterThan(2);
    expect((90 - v.x) / v.scale).toBeCloseTo(50);
  });
});

describe('proposals', () => {
  async function proposing() {
    const b = await openEditor();
    const model = newId();
    const make = (x: number, score: number): Annotation => ({ ...newFields(classOf(CELL), { kind: 'box', v: 1, x0: x, y0: 10, x1: x + 20, y1: 30 }), score, id: newId(), rev: 1 });
    const all = [make(10, 0.9), make(60, 0.7), make(110, 0.4)];
    b.editor.proposals.set(new Proposals({ documentId: newId(), modelVersion: model, name: 'Model 1', annotations: all }, b.session, 0.5));
    return { ...b, all, model, proposals: b.editor.proposals.get()! };
  }

  it('shows what is at the threshold, steps by Tab, accepts with its origin, rejects, and undo takes the decision back', async () => {
    const b = await proposing();
    expect(b.proposals.undecided()).toHaveLength(2);
    expect(b.proposals.countAt(0.3)).toBe(3);
    b.hand.key('Tab');
    expect(b.proposals.focus.get()).toBe(b.all[0]!.id);
    b.hand.key('Enter');
    expect(only(b)).toMatchObject({ classId: CELL, score: null, origin: { annotation: b.all[0]!.id, modelVersion: b.model, score: 0.9 } });
    expect(b.session.document.decision(b.all[0]!.id)).toBe('accepted');
    expect(b.proposals.focus.get()).toBe(b.all[1]!.id);
    b.hand.key('x');
    expect(b.session.document.decision(b.all[1]!.id)).toBe('rejected');
    expect(types(b)).toEqual(['accept', 'reject']);
    for (const o of b.session.unconfirmed) expect(operation.safeParse(o).success).toBe(true);
    b.hand.key('z', { ctrlKey: true });
    b.hand.key('z', { ctrlKey: true });
    expect(b.proposals.undecided()).toHaveLength(2);
    expect(b.editor.document.list()).toEqual([]);
  });

  it('accepts all above in one operation', async () => {
    const b = await proposing();
    b.hand.key('A', { shiftKey: true });
    expect(b.editor.document.list()).toHaveLength(2);
    expect(types(b)).toEqual(['accept']);
    expect(b.session.document.decision(b.all[2]!.id)).toBeUndefined();
  });

  it('dragged it is accepted as corrected, by a class key as reclassed; the proposal itself never changes', async () => {
    const b = await proposing();
    const before = structuredClone(b.all[0]!);
    b.hand.click(20, 20);
    b.hand.drag([[20, 20], [25, 40]]);
    expect(b.session.document.decision(b.all[0]!.id)).toBe('corrected');
    expect(only(b).geometry).toMatchObject({ x0: 15, y0: 30 });
    b.hand.click(70, 20);
    b.hand.key('4');
    expect(b.session.document.decision(b.all[1]!.id)).toBe('reclassed');
    expect(b.editor.document.list()[1]!.classId).toBe(PLATELET);
    expect(b.all[0]).toEqual(before);
  });

  it('records it when what was accepted is changed or deleted after all', async () => {
    const b = await proposing();
    b.hand.key('A', { shiftKey: true });
    b.hand.drag([[20, 20], [25, 40]]);
    expect(b.session.document.decision(b.all[0]!.id)).toBe('corrected');
    b.hand.click(70, 20);
    b.hand.key('Delete');
    expect(b.session.document.decision(b.all[1]!.id)).toBe('rejected');
    expect(b.session.unconfirmed.at(-1)!.changes.map((c) => c.kind)).toEqual(['delete', 'decide']);
  });
});

describe('what a viewer may do', () => {
  it('looks and selects, changes nothing', async () => {
    const b = await openEditor();
    draw(b, 50, 40, 100, 70);
    Object.assign(b.session, { readOnly: true });
    b.hand.click(75, 55);
    expect(b.editor.selection.get().size).toBe(1);
    b.hand.drag([[75, 55], [100, 60]]);
    b.hand.key('Delete');
    b.hand.key('b');
    expect(b.editor.toolId.get()).toBe('select');
    expect(boxes(b)).toEqual([[50, 40, 100, 70]]);
    expect(b.session.commit({ type: 'draw', tool: 'box', changes: [createOf(newId(), newFields(classOf(CELL), { kind: 'box', v: 1, x0: 0, y0: 0, x1: 1, y1: 1 }))] })).toBeNull();
  });
});
