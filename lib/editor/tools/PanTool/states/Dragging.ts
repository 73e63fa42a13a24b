import { ToolState, type PointerInput, type Tool } from '../../Tool';

export class Dragging extends ToolState {
  private last: PointerInput;

  constructor(tool: Tool, start: PointerInput) {
    super(tool);
    this.last = start;
  }
  override enter(): void {
    this.editor.cursor.set('grabbing');
  }
  override pointerMove(input: PointerInput): void {
    this.editor.pan(input.screen.x - this.last.screen.x, input.screen.y - this.last.screen.y);
    this.last = input;
  }
  override pointerUp(): void {
    this.tool.toIdle();
  }
  override cancel(): void {
    this.tool.toIdle();
  }
  override exit(): void {
    this.editor.cursor.set(this.tool.cursor);
  }
}
