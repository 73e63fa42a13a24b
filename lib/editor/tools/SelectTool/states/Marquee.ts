import { boxFromCorners } from '@/lib/core/geometry';
import { screenDistance, SLOP, ToolState, type KeyInput, type PointerInput, type Tool } from '../../Tool';

/** A rectangle is drawn; what lies wholly inside is selected. A click on nothing deselects. */
export class Marquee extends ToolState {
  private readonly before: ReadonlySet<string>;
  private dragged = false;

  constructor(
    tool: Tool,
    private readonly start: PointerInput,
  ) {
    super(tool);
    this.before = this.editor.selection.get();
  }

  override pointerMove(input: PointerInput): void {
    if (!this.dragged && screenDistance(this.start, input) < SLOP) return;
    this.dragged = true;
    const { editor } = this;
    const rect = boxFromCorners(this.start.image, input.image);
    editor.show({ marquee: rect });
    const inside = editor.document.index.search(rect).filter((id) => {
      const b = editor.document.index.bounds(id)!;
      return !editor.isHidden(id) && b.x0 >= rect.x0 && b.y0 >= rect.y0 && b.x1 <= rect.x1 && b.y1 <= rect.y1;
    });
    editor.select(this.start.shift ? [...this.before, ...inside] : inside);
  }

  override pointerUp(): void {
    const { editor } = this;
    editor.clearPreview();
    if (!this.dragged && !this.start.shift) {
      editor.select([]);
      editor.proposals.get()?.focus.set(null);
    }
    this.tool.toIdle();
  }

  override keyDown(input: KeyInput): boolean {
    if (input.key !== 'Escape') return true;
    this.cancel();
    return true;
  }
  override cancel(): void {
    this.editor.clearPreview();
    this.editor.select(this.before);
    this.tool.toIdle();
  }
  override complete(): void {
    this.editor.clearPreview();
    this.tool.toIdle();
  }
}
