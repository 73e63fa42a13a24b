import { boxFromCorners, type Box, type Point } from '@/lib/core/geometry';
import type { LabelClass } from '@/lib/core/labels';
import { createOf, newFields } from '../../../edits';
import { boxGeometryOf, MIN_BOX } from '../../../geometry';
import { newId } from '../../../ids';
import { cornerAt } from '../../shared';
import { screenDistance, SLOP, ToolState, type KeyInput, type PointerInput, type Tool } from '../../Tool';

/** One corner is set, the other follows the pointer until it is let go, or clicked. */
export class Drawing extends ToolState {
  private readonly anchor: Point;
  private box: Box | null = null;
  /** Let go where it was pressed: the second corner comes with the next click. */
  private clicking = false;

  constructor(
    tool: Tool,
    private readonly start: PointerInput,
    private readonly cls: LabelClass,
  ) {
    super(tool);
    this.anchor = cornerAt(this.editor, start.image);
  }

  override pointerMove(input: PointerInput): void {
    const { editor } = this;
    const corner = cornerAt(editor, input.image);
    const box = boxFromCorners(this.anchor, corner);
    this.box = box;
    const drawable = box.x1 > box.x0 && box.y1 > box.y0;
    editor.show({ draft: drawable ? { geometry: boxGeometryOf(box), classId: this.cls.id } : null });
    editor.mark({ crosshair: corner });
  }

  override pointerDown(input: PointerInput): void {
    if (input.button !== 0 || !this.clicking) return;
    this.pointerMove(input);
  }

  override pointerUp(input: PointerInput): void {
    if (input.button !== 0) return;
    if (!this.clicking && screenDistance(this.start, input) < SLOP) {
      this.clicking = true;
      return;
    }
    this.pointerMove(input);
    this.complete();
  }

  override keyDown(input: KeyInput): boolean {
    if (input.key === 'Escape') {
      this.cancel();
      return true;
    }
    // Zoom and pan may be wanted between two corners; all else waits.
    return !['+', '-', '=', 'f', 'z', ' '].includes(input.key);
  }

  override complete(): void {
    const { editor, box, cls } = this;
    editor.show({ draft: null });
    this.tool.toIdle();
    if (!box) return;
    if (box.x1 - box.x0 < MIN_BOX || box.y1 - box.y0 < MIN_BOX) return editor.say(`A box is at least ${MIN_BOX} pixel wide and high: nothing was drawn.`);
    const id = newId();
    if (editor.commit({ type: 'draw', tool: 'box', changes: [createOf(id, newFields(cls, boxGeometryOf(box)))] })) editor.select([id]);
  }

  override cancel(): void {
    this.editor.show({ draft: null });
    this.tool.toIdle();
  }
}
