import type { Annotation, Geometry } from '@/lib/core/labels';
import { setGeometry } from '../../../commands';
import { boundsOfAll, clampDelta, quantise, translateGeometry } from '../../../geometry';
import { finishGeometry, type Target } from '../../shared';
import { ToolState, type KeyInput, type PointerInput, type Tool } from '../../Tool';

/** What is selected follows the pointer. */
export class Moving extends ToolState {
  private moved: ReadonlyMap<Annotation, Geometry> = new Map();

  constructor(
    tool: Tool,
    private readonly start: PointerInput,
    private readonly targets: readonly Target[],
  ) {
    super(tool);
  }

  override enter(): void {
    this.editor.cursor.set('grabbing');
  }

  override pointerMove(input: PointerInput): void {
    const { editor } = this;
    const scale = editor.viewport.get().scale;
    const bounds = boundsOfAll(this.targets.map((t) => t.annotation.geometry));
    if (!bounds) return;
    // Masks move by whole pixels, and what is moved together stays together.
    const whole = this.targets.some((t) => t.annotation.geometry.kind === 'mask');
    const round = (value: number) => quantise(value, whole ? 1 : scale);
    let dx = input.image.x - this.start.image.x;
    let dy = input.image.y - this.start.image.y;
    if (input.shift) [dx, dy] = Math.abs(dx) > Math.abs(dy) ? [dx, 0] : [0, dy];
    const delta = clampDelta(bounds, { x: round(dx), y: round(dy) }, editor.image);
    if (whole) [delta.x, delta.y] = [Math.trunc(delta.x), Math.trunc(delta.y)];
    this.moved = new Map(delta.x === 0 && delta.y === 0 ? [] : this.targets.map((t) => [t.annotation, translateGeometry(t.annotation.geometry, delta.x, delta.y)]));
    editor.show({ geometry: new Map([...this.moved].map(([a, g]) => [a.id, g])) });
  }

  override pointerUp(): void {
    this.complete();
  }

  override complete(): void {
    const { editor, moved } = this;
    editor.clearPreview();
    const first = this.targets[0];
    if (first?.kind === 'proposal') {
      const geometry = moved.get(first.annotation);
      if (geometry) finishGeometry(editor, first, 'select', geometry, () => undefined);
    } else if (moved.size > 0) setGeometry(editor, 'move', moved);
    this.tool.toIdle();
  }

  override keyDown(input: KeyInput): boolean {
    if (input.key === 'Escape') this.cancel();
    return true;
  }
  override cancel(): void {
    this.editor.clearPreview();
    this.tool.toIdle();
  }
  override exit(): void {
    this.editor.cursor.set(this.tool.cursor);
  }
}
