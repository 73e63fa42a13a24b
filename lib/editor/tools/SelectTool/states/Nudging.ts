import type { Point } from '@/lib/core/geometry';
import type { Annotation, Geometry } from '@/lib/core/labels';
import { changeable, setGeometry } from '../../../commands';
import { boundsOfAll, clampDelta, translateGeometry } from '../../../geometry';
import { ToolState, type KeyInput, type PointerInput, type Tool } from '../../Tool';

const directions: Record<string, Point> = { ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 }, ArrowUp: { x: 0, y: -1 }, ArrowDown: { x: 0, y: 1 } };

/** How far an arrow key moves what is selected, in image pixels: 1, with shift 10; null for other keys. */
export function nudgeOf({ key, shift, mod, alt }: KeyInput): Point | null {
  const d = directions[key];
  if (!d || mod || alt) return null;
  const step = shift ? 10 : 1;
  return { x: d.x * step, y: d.y * step };
}

/** Arrow keys are held: one gesture until the last is let go. */
export class Nudging extends ToolState {
  private readonly targets: Annotation[];
  private total: Point = { x: 0, y: 0 };
  private moved: ReadonlyMap<Annotation, Geometry> = new Map();
  private readonly down = new Set<string>();

  constructor(tool: Tool) {
    super(tool);
    this.targets = changeable(this.editor, this.editor.selected);
  }

  /** Whether there is anything to move. */
  get able(): boolean {
    return this.targets.length > 0;
  }

  override keyDown(input: KeyInput): boolean {
    if (input.key === 'Escape') {
      this.cancel();
      return true;
    }
    if (input.key === 'Shift') return false;
    const nudge = nudgeOf(input);
    if (!nudge) {
      // Another key ends the gesture and then does what it does.
      this.complete();
      return this.tool.current.keyDown(input);
    }
    this.down.add(input.key);
    const { editor } = this;
    const bounds = boundsOfAll(this.targets.map((a) => a.geometry));
    if (!bounds) return true;
    this.total = clampDelta(bounds, { x: this.total.x + nudge.x, y: this.total.y + nudge.y }, editor.image);
    this.moved = new Map(this.targets.map((a) => [a, translateGeometry(a.geometry, this.total.x, this.total.y)]));
    editor.show({ geometry: new Map([...this.moved].map(([a, g]) => [a.id, g])) });
    return true;
  }

  override keyUp(input: KeyInput): void {
    this.down.delete(input.key);
    if (this.down.size === 0) this.complete();
  }

  override pointerDown(input: PointerInput): void {
    this.complete();
    this.tool.current.pointerDown(input);
  }

  override complete(): void {
    const { editor, moved } = this;
    editor.clearPreview();
    if (this.total.x !== 0 || this.total.y !== 0) setGeometry(editor, 'nudge', moved);
    this.tool.toIdle();
  }

  override cancel(): void {
    this.editor.clearPreview();
    this.tool.toIdle();
  }
}
