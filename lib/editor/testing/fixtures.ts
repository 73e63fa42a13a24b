import { IDBFactory } from 'fake-indexeddb';
import type { LabelClass, LabelSchema } from '@/lib/core/labels';
import { createOf, newFields } from '../edits';
import { Editor } from '../editor';
import { newId } from '../ids';
import { Journal } from '../journal';
import type { EditorHost } from '../keyboard';
import { EditorInput } from '../input';
import { DocumentSession, Outbox, type Clock, type Draft } from '../sync';
import { FakeServer } from './fakeServer';

export const CELL = '00000000-0000-7000-8000-000000000001';
export const NUCLEUS = '00000000-0000-7000-8000-000000000002';
export const HAND = '00000000-0000-7000-8000-000000000003';
export const PLATELET = '00000000-0000-7000-8000-000000000004';

function cls(id: string, index: number, name: string, kind: LabelClass['kind'], points: string[] = []): LabelClass {
  return {
    id, index, name, color: '#1c7ed6', kind, description: '', attributes: [], hotkey: null,
    skeleton: kind === 'landmarks' ? { points: points.map((p, i) => ({ id: `00000000-0000-7000-8000-0000000001${String(i).padStart(2, '0')}`, name: p })), edges: [[0, 1]], pairs: [] } : null,
  };
}
export const schema: LabelSchema = { classes: [cls(CELL, 0, 'Cell', 'box'), cls(NUCLEUS, 1, 'Nucleus', 'mask'), cls(HAND, 2, 'Hand', 'landmarks', ['wrist', 'thumb', 'tip']), cls(PLATELET, 3, 'Platelet', 'box')] };
export const classOf = (id: string) => schema.classes.find((c) => c.id === id)!;

export const DOCUMENT = '00000000-0000-7000-8000-00000000d0c0';
export const USER = '00000000-0000-7000-8000-00000000a11c';

/** A browser's own database, empty. */
export function freshIndexedDb(): void {
  globalThis.indexedDB = new IDBFactory();
}

/** Timers that run when they are told to. */
export class ManualClock implements Clock {
  private timers = new Map<number, () => void>();
  private next = 0;
  delays: number[] = [];
  setTimeout(callback: () => void, ms: number): number {
    this.delays.push(ms);
    this.timers.set(++this.next, callback);
    return this.next;
  }
  clearTimeout(handle: unknown): void {
    this.timers.delete(handle as number);
  }
  random(): number {
    return 0.5;
  }
  /** Runs all timers that are set. */
  fire(): void {
    const due = [...this.timers.values()];
    this.timers.clear();
    due.forEach((callback) => callback());
  }
  get waiting(): number {
    return this.timers.size;
  }
}

export function drawBox(x0: number, y0: number, x1: number, y1: number, classId = CELL): { id: string; draft: Draft } {
  const id = newId();
  return { id, draft: { type: 'draw', tool: 'box', changes: [createOf(id, newFields(classOf(classId), { kind: 'box', v: 1, x0, y0, x1, y1 }))] } };
}

/** An editor of an empty document on a good wire, with a hand and a keyboard. Screen and image coincide: scale 1, no shift. */
export async function openEditor(image = { width: 200, height: 100 }) {
  freshIndexedDb();
  const server = new FakeServer();
  const transport = server.transport(USER);
  const journal = new Journal();
  const outbox = new Outbox(journal, transport, USER, new ManualClock());
  const session = await DocumentSession.open({ documentId: DOCUMENT, userId: USER, journal, outbox, transport });
  const editor = new Editor({ image, project: 'p', schema, session });
  editor.setScreen(image);
  editor.viewport.set({ scale: 1, x: 0, y: 0 });
  const calls: string[] = [];
  const host: EditorHost = {
    go: (d) => calls.push(`go ${d}`), goNextOpen: () => calls.push('nextOpen'), finish: () => calls.push('finish'), back: () => calls.push('back'),
    openHelp: () => calls.push('help'), suggest: () => calls.push('suggest'), openClasses: () => calls.push('classes'), openPanel: (p) => calls.push(`panel ${p}`),
  };
  const input = new EditorInput(editor, host);
  return { server, journal, outbox, session, editor, input, host, calls, hand: new Hand(editor, input) };
}

type Modifiers = Partial<{ shiftKey: boolean; altKey: boolean; ctrlKey: boolean; metaKey: boolean }>;

/** Synthetic pointer and key events, in image pixels. */
export class Hand {
  time = 1000;
  constructor(
    private readonly editor: Editor,
    private readonly input: EditorInput,
  ) {}
  private event(button: number, m: Modifiers) {
    return { button, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, ...m, timeStamp: (this.time += 10) };
  }
  private screen(x: number, y: number) {
    const v = this.editor.viewport.get();
    return { x: x * v.scale + v.x, y: y * v.scale + v.y };
  }
  move(x: number, y: number, m: Modifiers = {}): this {
    this.input.pointerMove(this.event(0, m), this.screen(x, y));
    return this;
  }
  down(x: number, y: number, m: Modifiers = {}, button = 0): this {
    this.input.pointerMove(this.event(button, m), this.screen(x, y));
    this.input.pointerDown(this.event(button, m), this.screen(x, y));
    return this;
  }
  up(x: number, y: number, m: Modifiers = {}, button = 0): this {
    this.input.pointerUp(this.event(button, m), this.screen(x, y));
    return this;
  }
  click(x: number, y: number, m: Modifiers = {}): this {
    return this.down(x, y, m).up(x, y, m);
  }
  drag(points: readonly (readonly [number, number])[], m: Modifiers = {}): this {
    this.down(points[0]![0], points[0]![1], m);
    for (const [x, y] of points.slice(1)) this.move(x, y, m);
    const [x, y] = points.at(-1)!;
    return this.up(x, y, m);
  }
  key(key: string, m: Modifiers = {}): boolean {
    const event = { key, code: /^\d$/.test(key) ? `Digit${key}` : undefined, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, ...m };
    const used = this.input.keyDown(event);
    this.input.keyUp(event);
    return used;
  }
}
