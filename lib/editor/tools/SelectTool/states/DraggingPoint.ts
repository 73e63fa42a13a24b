import type { LandmarksGeometry } from '@/lib/core/labels';
import { setGeometry } from '../../../commands';
import { snapPoint } from '../../../geometry';
import { finishGeometry, type Target } from '../../shared';
import { ToolState, type KeyInput, type PointerInput, type Tool } from '../../Tool';

/** One landmark follows the pointer. Used by the landmarks tool as well. */
export class DraggingPoint extends ToolState {
  private now: LandmarksGeometry | null = null;

  constructor(
    tool: Tool,
    private readonly target: Target,
    private readonly geometry: LandmarksGeometry,
    private readonly index: number,
    /** The state after it. */
    private readonly then: () => ToolState = () => tool.idle(),
  ) {
    super(tool);
  }

  override enter(): void {
    this.editor.cursor.set('grabbing');
  }

  override pointerMove(input: PointerInput): void {
    const { editor } = this;
    const at = snapPoint(input.image, editor.image, editor.viewport.get().scale, 0);
    this.now = { ...this.geometry, points: this.geometry.points.map((p, i) => (i === this.index ? { ...p, ...at } : p)) };
    editor.show({ geometry: new Map([[this.target.id, this.now]]) });
  }

  override pointerUp(): void {
    this.complete();
  }

  override complete(): void {
    const { editor, target, now } = this;
    editor.clearPreview();
    if (now) finishGeometry(editor, target, 'select', now, (wanted) => setGeometry(editor, 'move-point', wanted));
    this.tool.to(this.then());
  }

  override keyDown(input: KeyInput): boolean {
    if (input.key === 'Escape') this.cancel();
    return true;
  }
  override cancel(): void {
    this.editor.clearPreview();
    this.tool.to(this.then());
  }
  override exit(): void {
    this.editor.cursor.set(this.tool.cursor);
  }
}
