import type { BoxHandle } from '@/lib/core/geometry';
import type { BoxGeometry } from '@/lib/core/labels';
import { sameValue } from '@/lib/core/ops';
import { setGeometry } from '../../../commands';
import { cursorOf, finishGeometry, resizedBox, type Target } from '../../shared';
import { ToolState, type KeyInput, type PointerInput, type Tool } from '../../Tool';

/** A handle of a box follows the pointer. */
export class Resizing extends ToolState {
  private now: BoxGeometry;

  constructor(
    tool: Tool,
    private readonly target: Target,
    private readonly box: BoxGeometry,
    private readonly handle: BoxHandle,
  ) {
    super(tool);
    this.now = box;
  }

  override enter(): void {
    this.editor.cursor.set(cursorOf(this.handle));
  }

  override pointerMove(input: PointerInput): void {
    this.now = resizedBox(this.editor, this.box, this.handle, input.image);
    this.editor.show({ geometry: new Map([[this.target.id, this.now]]) });
  }

  override pointerUp(): void {
    this.complete();
  }

  override complete(): void {
    const { editor, target, now } = this;
    editor.clearPreview();
    if (!sameValue(now, this.box)) finishGeometry(editor, target, 'select', now, (wanted) => setGeometry(editor, 'resize', wanted));
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
