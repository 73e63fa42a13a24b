import { cornerAt } from '../../shared';
import { ToolState, type KeyInput, type PointerInput } from '../../Tool';
import { Drawing } from './Drawing';

export class Idle extends ToolState {
  override readonly busy = false;

  override pointerMove(input: PointerInput): void {
    this.editor.mark({ crosshair: cornerAt(this.editor, input.image) });
  }
  override pointerLeave(): void {
    this.editor.mark({ crosshair: null });
  }
  override pointerDown(input: PointerInput): void {
    const { editor } = this;
    if (input.button !== 0 || editor.readOnly) return;
    if (editor.activeClass?.kind !== 'box') return editor.say('Pick a class of boxes first.');
    this.tool.to(new Drawing(this.tool, input, editor.activeClass));
  }
  override keyDown(input: KeyInput): boolean {
    const { editor } = this;
    if (input.key === 'Escape') {
      if (editor.selection.get().size > 0) editor.select([]);
      else editor.setTool('select');
      return true;
    }
    return false;
  }
}
