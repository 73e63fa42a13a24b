import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { drawBox, openEditor, PLATELET } from './testing/fixtures';

type Bench = Awaited<ReturnType<typeof openEditor>>;

function boxes({ editor }: Bench) {
  return editor.document.list().flatMap(({ geometry: g }) => (g.kind === 'box' ? [[g.x0, g.y0, g.x1, g.y1]] : []));
}
function draw({ session }: Bench, x0: number, y0: number, x1: number, y1: number): string {
  const { id, draft } = drawBox(x0, y0, x1, y1);
  session.commit(draft);
  return id;
}

describe('the selecting hand, borrowed with Ctrl', () => {
  const ctrl = { ctrlKey: true };
  const hold = (b: Bench) => b.input.keyDown({ key: 'Control', shiftKey: false, altKey: false, metaKey: false, ...ctrl });
  const letGo = (b: Bench) => b.input.keyUp({ key: 'Control', shiftKey: false, altKey: false, ctrlKey: false, metaKey: false });

  it('resizes what was just drawn, and draws on when the key is let go', async () => {
    const b = await openEditor();
    b.editor.setTool('box');
    b.hand.drag([[10, 10], [60, 50]]);
    hold(b);
    b.hand.move(60, 50, ctrl);
    expect(b.editor.cursor.get()).toBe('nwse-resize');
    expect(b.editor.pointerMark.get().crosshair).toBeNull();
    b.hand.drag([[60, 50], [80, 70]], ctrl);
    letGo(b);
    b.hand.drag([[100, 10], [140, 40]]);
    expect(boxes(b)).toEqual([[10, 10, 80, 70], [100, 10, 140, 40]]);
    expect(b.session.unconfirmed.map((o) => o.type)).toEqual(['draw', 'resize', 'draw']);
    expect([b.editor.toolId.get(), b.editor.cursor.get()]).toEqual(['box', 'crosshair']);
  });

  it('selects one thing by a click, moves it by a drag, and gives a drag up on escape', async () => {
    const b = await openEditor();
    const [first, second] = [draw(b, 10, 10, 40, 40), draw(b, 100, 10, 140, 40)];
    b.editor.setTool('brush');
    hold(b);
    b.hand.click(120, 25, ctrl).click(25, 25, ctrl);
    expect([...b.editor.selection.get()]).toEqual([first]);
    b.hand.drag([[25, 25], [35, 30], [45, 35]], ctrl);
    b.hand.down(120, 25, ctrl).move(150, 60, ctrl);
    expect(b.hand.key('Escape', ctrl)).toBe(true);
    b.hand.up(150, 60, ctrl);
    letGo(b);
    expect(boxes(b)).toEqual([[30, 20, 60, 50], [100, 10, 140, 40]]);
    expect(b.editor.document.get(second)).toBeDefined();
  });

  it('keeps its gesture when the key is let go first, and is no key while a gesture of the tool is under way', async () => {
    const b = await openEditor();
    draw(b, 10, 10, 40, 40);
    b.editor.setTool('box');
    hold(b);
    b.hand.down(25, 25, ctrl).move(45, 25, ctrl);
    letGo(b);
    b.hand.move(55, 25).up(55, 25);
    expect(boxes(b)).toEqual([[40, 10, 70, 40]]);
    b.hand.down(100, 10);
    hold(b);
    b.hand.move(140, 40, ctrl).up(140, 40, ctrl);
    letGo(b);
    expect(boxes(b)).toHaveLength(2);
  });

  it('lets undo by in the same breath, and lets go when the page loses the keyboard', async () => {
    const b = await openEditor();
    b.editor.setTool('box');
    b.hand.drag([[10, 10], [60, 50]]);
    hold(b);
    b.hand.drag([[30, 30], [60, 35], [80, 40]], ctrl);
    expect(boxes(b)).toEqual([[60, 20, 110, 60]]);
    b.hand.key('z', ctrl);
    expect(boxes(b)).toEqual([[10, 10, 60, 50]]);
    expect(b.editor.gripping.get()).toBe(true);
    b.input.blur();
    expect(b.editor.gripping.get()).toBe(false);
  });
});

describe('going through the objects by key', () => {
  it('selects one after the other, round and back, and leaves out what is hidden', async () => {
    const b = await openEditor();
    b.editor.setTool('box');
    expect(b.hand.key('.')).toBe(true);
    expect(b.editor.notice.get()?.text).toContain('no objects');
    const ids = [draw(b, 10, 10, 40, 40), draw(b, 100, 10, 140, 40), draw(b, 50, 50, 90, 90)];
    b.editor.toggle('hidden', [ids[1]!]);
    const press = (key: string) => {
      b.hand.key(key);
      return b.editor.single?.id;
    };
    expect([press('.'), press('.'), press('.'), press(','), press(',')]).toEqual([ids[0], ids[2], ids[0], ids[2], ids[0]]);
    expect(b.editor.toolId.get()).toBe('select');
    b.hand.key('4');
    expect(b.editor.single).toMatchObject({ id: ids[0], classId: PLATELET });
  });
});

describe('a canvas of another size', () => {
  it('fits the image again when it was fitted, and else keeps what is in the middle', async () => {
    const b = await openEditor();
    b.editor.fit();
    const { scale } = b.editor.viewport.get();
    b.editor.setScreen({ width: 100, height: 100 });
    expect(b.editor.viewport.get().scale).toBeCloseTo(scale / 2, 1);
    b.editor.zoomTo(4);
    const middle = () => ({ x: (b.editor.screen.width / 2 - b.editor.viewport.get().x) / 4, y: (b.editor.screen.height / 2 - b.editor.viewport.get().y) / 4 });
    const before = middle();
    b.editor.setScreen({ width: 160, height: 120 });
    expect(b.editor.viewport.get().scale).toBe(4);
    expect(middle().x).toBeCloseTo(before.x);
    expect(middle().y).toBeCloseTo(before.y);
  });
});
