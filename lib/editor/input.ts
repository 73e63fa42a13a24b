/** Brings pointer, wheel and key events to the tool in hand, with what works whatever tool that is: panning, zooming, keys. */
import type { Point } from '@/lib/core/geometry';
import { kindOf, type Editor } from './editor';
import { actionOf, applyClassKey, chordOf, classKeys, digitOf, keyInputOf, type ActionContext, type ClassKeys, type EditorHost, type KeyEventLike } from './keyboard';
import { stepBrush } from './settings';
import type { PointerInput, Tool } from './tools/Tool';
import { toImage } from './viewport';

export interface PointerEventLike {
  button: number;
  shiftKey: boolean;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  timeStamp: number;
}
export interface WheelEventLike {
  deltaX: number;
  deltaY: number;
  /** 0 pixels, 1 lines, 2 pages. */
  deltaMode: number;
  shiftKey: boolean;
  ctrlKey: boolean;
}

export class EditorInput {
  /** Space is held: the hand is borrowed. */
  private space = false;
  /** The tool whose gesture the pointer is in; it keeps the pointer until that is let go. */
  private captured: Tool | null = null;
  private lastPointer: PointerInput | null = null;
  private keys: { schema: unknown; map: ClassKeys } | null = null;

  constructor(
    private readonly editor: Editor,
    private readonly host: EditorHost,
  ) {}

  private get context(): ActionContext {
    return { editor: this.editor, host: this.host };
  }

  get classKeys(): ClassKeys {
    const schema = this.editor.schema.get();
    if (this.keys?.schema !== schema) this.keys = { schema, map: classKeys(schema) };
    return this.keys.map;
  }

  private input(event: PointerEventLike, screen: Point, between?: readonly Point[]): PointerInput {
    const v = this.editor.viewport.get();
    return {
      image: toImage(v, screen), screen, button: event.button, shift: event.shiftKey, alt: event.altKey, mod: event.ctrlKey || event.metaKey, time: event.timeStamp,
      ...(between && between.length > 0 && { between: between.map((p) => toImage(v, p)) }),
    };
  }

  /** The tool that a pointer without a gesture is in. */
  private get hand(): Tool {
    const { editor } = this;
    return editor.gripping.get() ? editor.tools.select : editor.tool;
  }

  /** Takes the selecting hand while Ctrl is held, or gives it back. */
  private grip(on: boolean): void {
    const { editor } = this;
    if (on === editor.gripping.get()) return;
    this.hand.current.pointerLeave();
    editor.gripping.set(on);
    if (this.captured) return;
    editor.cursor.set(this.hand.cursor);
    if (this.lastPointer) this.hand.current.pointerMove(this.lastPointer);
  }

  private touch(): void {
    this.editor.session.activity.touch(Date.now());
  }

  pointerDown(event: PointerEventLike, screen: Point): void {
    this.touch();
    const input = this.input(event, screen);
    if (this.captured) return;
    const panning = this.space || event.button === 1;
    this.captured = panning ? this.editor.tools.pan : this.hand;
    // The key that lends the selecting hand says nothing more to it.
    this.captured.current.pointerDown(this.editor.gripping.get() ? { ...input, mod: false } : input);
    if (panning) this.editor.cursor.set('grabbing');
  }

  /** @param between where the pointer was since the event before, in CSS pixels */
  pointerMove(event: PointerEventLike, screen: Point, between?: readonly Point[]): void {
    this.touch();
    const input = this.input(event, screen, between);
    this.lastPointer = input;
    const tool = this.captured ?? this.hand;
    if (this.space && !this.captured) return;
    tool.current.pointerMove(input);
  }

  pointerUp(event: PointerEventLike, screen: Point): void {
    this.touch();
    const tool = this.captured ?? this.hand;
    this.captured = null;
    tool.current.pointerUp(this.input(event, screen));
    if (tool !== this.hand) this.editor.cursor.set(this.space ? 'grab' : this.hand.cursor);
  }

  /** The system took the pointer away. */
  pointerCancel(): void {
    const tool = this.captured ?? this.hand;
    this.captured = null;
    if (tool.current.busy) tool.current.cancel();
  }

  pointerLeave(): void {
    if (!this.captured) this.hand.current.pointerLeave();
  }

  wheel(event: WheelEventLike, screen: Point): void {
    this.touch();
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    // With shift, some systems turn the wheel's direction into x.
    const delta = (event.deltaY || event.deltaX) * unit;
    const { editor } = this;
    const brush = editor.toolId.get() === 'brush' || editor.toolId.get() === 'eraser';
    if (event.shiftKey && brush) {
      if (delta !== 0) editor.settings.update((s) => ({ ...s, brushRadius: stepBrush(s.brushRadius, delta < 0 ? 1 : -1) }));
      if (this.lastPointer) this.editor.tool.current.pointerMove(this.lastPointer);
      return;
    }
    if (event.shiftKey) return editor.pan(-delta, 0);
    // A pinch comes as a wheel with ctrl, in smaller steps.
    const speed = event.ctrlKey ? 0.01 : 0.0015;
    editor.zoom(Math.exp(-Math.max(-400, Math.min(400, delta)) * speed), screen);
  }

  /** True when the key was used, so that the browser leaves it alone. */
  keyDown(event: KeyEventLike): boolean {
    this.touch();
    const key = keyInputOf(event);
    if (key.key === ' ') {
      if (!this.space) {
        this.space = true;
        if (!this.captured) this.editor.cursor.set('grab');
      }
      return true;
    }
    if (key.key === 'Control' || key.key === 'Meta') {
      if (kindOf(this.editor.toolId.get()) && !this.captured && !this.editor.tool.current.busy) this.grip(true);
      return false;
    }
    // A gesture of the borrowed hand hears keys before the tool that waits for it.
    const tool = this.captured === this.editor.tools.select ? this.captured : this.editor.tool;
    if (tool.current.keyDown(key)) return true;
    // While the pointer is down, the gesture alone counts.
    if (this.captured && tool.current.busy && !key.mod) return false;
    const action = actionOf(chordOf(key), this.context);
    if (action) {
      if (!key.repeat || action.repeats) action.perform(this.context);
      return true;
    }
    if (key.mod || key.alt) return false;
    const cls = this.classKeys.byKey.get(key.key) ?? (key.shift ? this.classKeys.byKey.get(digitOf(event) ?? '') : undefined);
    if (!cls || key.repeat) return cls !== undefined;
    applyClassKey(this.editor, cls.id, key.shift);
    return true;
  }

  keyUp(event: KeyEventLike): void {
    const key = keyInputOf(event);
    if (key.key === ' ') {
      this.space = false;
      if (!this.captured) this.editor.cursor.set(this.hand.cursor);
    }
    if (key.key === 'Control' || key.key === 'Meta') this.grip(false);
    this.editor.tool.current.keyUp(key);
  }

  /** The page lost the keyboard: no key is held any more. */
  blur(): void {
    this.space = false;
    this.grip(false);
    const state = this.editor.tool.current;
    if (state.busy && !this.captured) state.complete();
  }
}
