/**
 * A tool is a handful of small states; a gesture is a walk through them. A state holds what the gesture needs and nothing
 * lives on after it: `cancel` puts everything back to where the gesture began, `complete` ends it early but well.
 */
import type { Point } from '@/lib/core/geometry';
import type { Editor } from '../editor';

export const toolIds = ['select', 'box', 'landmarks', 'brush', 'eraser', 'pan'] as const;
export type ToolId = (typeof toolIds)[number];

/** A pointer event, in the editor's terms. */
export interface PointerInput {
  /** In image pixels, not clamped. */
  image: Point;
  /** In CSS pixels of the canvas. */
  screen: Point;
  /** 0 main, 1 middle, 2 secondary. */
  button: number;
  shift: boolean;
  alt: boolean;
  /** Ctrl, or Command on a Mac. */
  mod: boolean;
  /** Milliseconds, monotonic. */
  time: number;
  /** Where the pointer was between the event before and this one, in image pixels: fast strokes stay round. */
  between?: readonly Point[];
}

/** A key event, in the editor's terms. */
export interface KeyInput {
  /** As `KeyboardEvent.key`; letters in lower case. */
  key: string;
  shift: boolean;
  alt: boolean;
  mod: boolean;
  repeat: boolean;
}

/** So many CSS pixels a pressed pointer may tremble before it drags. */
export const SLOP = 4;
/** So near, in CSS pixels, a pointer is on an edge, a handle or a point. */
export const REACH = 7;

export abstract class ToolState<T extends Tool = Tool> {
  constructor(protected readonly tool: T) {}
  protected get editor(): Editor {
    return this.tool.editor;
  }
  /** Whether a gesture is under way that is not in the document yet. */
  readonly busy: boolean = true;
  enter(): void {}
  exit(): void {}
  pointerDown(_input: PointerInput): void {}
  pointerMove(_input: PointerInput): void {}
  pointerUp(_input: PointerInput): void {}
  pointerLeave(): void {}
  /** True when the state used the key. */
  keyDown(_input: KeyInput): boolean {
    return false;
  }
  keyUp(_input: KeyInput): void {}
  /** The document changed under the gesture. */
  documentChanged(_ids: ReadonlySet<string>): void {}
  /** Puts everything back. */
  cancel(): void {}
  /** Ends the gesture with what there is. */
  complete(): void {
    this.cancel();
  }
}

export abstract class Tool {
  abstract readonly id: ToolId;
  private state: ToolState;

  constructor(readonly editor: Editor) {
    this.state = this.idle();
  }

  /** The state without a gesture. */
  abstract idle(): ToolState;

  get current(): ToolState {
    return this.state;
  }
  /** The CSS cursor over the canvas. */
  get cursor(): string {
    return 'crosshair';
  }

  to(next: ToolState): void {
    this.state.exit();
    this.state = next;
    next.enter();
  }
  toIdle(): void {
    this.to(this.idle());
  }
  /** The person took this tool. */
  activate(): void {
    this.toIdle();
  }
  /** The person took another tool, or left: the gesture under way ends well. */
  deactivate(): void {
    if (this.state.busy) this.state.complete();
    this.to(this.idle());
    this.editor.clearPreview();
  }
}

/** How far two pointer places are apart on the screen, in CSS pixels. */
export function screenDistance(a: PointerInput, b: PointerInput): number {
  return Math.hypot(a.screen.x - b.screen.x, a.screen.y - b.screen.y);
}
