import { ToolState, type KeyInput, type PointerInput } from '../../Tool';
import { Dragging } from './Dragging';

export class Idle extends ToolState {
  override readonly busy = false;
  override pointerDown(input: PointerInput): void {
    if (input.button !== 2) this.tool.to(new Dragging(this.tool, input));
  }
  override keyDown(input: KeyInput): boolean {
    if (input.key !== 'Escape') return false;
    this.editor.setTool('select');
    return true;
  }
}
