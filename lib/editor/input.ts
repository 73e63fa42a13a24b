/** Brings pointer, wheel and key events to the tool in hand, with what works whatever tool that is: panning, zooming, keys. */
import type { Point } from '@/lib/core/geometry';
import type { Editor } from './editor';
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

  private touch(): void {
    this.editor.session.activity.touch(Date.now());
  }

  pointerDown(event: PointerEventLike, screen: Point): void {
    this.touch();
    const input = this.input(event, screen);
    if (this.captured) return;
    const borrowed = this.space || event.button === 1;
    this.captured = borrowed ? this.editor.tools.pan : this.editor.tool;
    this.captured.current.pointerDown(input);
    if (borrowed) this.editor.cursor.set('grabbing');
  }

  /** @param between where the pointer was since the event before, in CSS pixels */
  pointerMove(event: PointerEventLike, screen: Point, between?: readonly Point[]): void {
    this.touch();
    const input = this.input(event, screen, between);
    this.lastPointer = input;
    const tool = this.captured ?? this.editor.tool;
    if (this.space && !this.captured) return;
    tool.current.pointerMove(input);
  }

  pointerUp(event: PointerEventLike, screen: Point): void {
    this.touch();
    const tool = this.captured ?? this.editor.tool;
    this.captured = null;
    tool.current.pointerUp(this.input(event, screen));
    if (tool !== this.editor.tool) this.editor.cursor.set(this.space ? 'grab' : this.editor.tool.cursor);
  }

  /** The system took the pointer away. */
  pointerCancel(): void {
    const tool = this.captured ?? this.editor.tool;
    this.captured = null;
    if (tool.current.busy) tool.current.cancel();
  }

  pointerLeave(): void {
    if (!this.captured) this.editor.tool.current.pointerLeave();
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
    if (this.editor.tool.current.keyDown(key)) return true;
    // While the pointer is down, the gesture alone counts.
    if (this.captured && this.editor.tool.current.busy && !key.mod) return false;
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
      if (!this.captured) this.editor.cursor.set(this.editor.tool.cursor);
    }
    this.editor.tool.current.keyUp(key);
  }

  /** The page lost the keyboard: no key is held any more. */
  blur(): void {
    this.space = false;
    const state = this.editor.tool.current;
    if (state.busy && !this.captured) state.complete();
  }
}
