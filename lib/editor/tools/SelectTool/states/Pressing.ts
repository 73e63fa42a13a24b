import type { Hit } from '../../../hit';
import { changeable } from '../../../commands';
import { screenDistance, SLOP, ToolState, type KeyInput, type PointerInput, type Tool } from '../../Tool';
import type { Target } from '../../shared';
import { selectHit } from './Idle';
import { Moving } from './Moving';

/** The pointer is down on something and has not dragged yet. */
export class Pressing extends ToolState {
  constructor(
    tool: Tool,
    private readonly start: PointerInput,
    /** What a drag moves: what is selected already, when it is under the pointer. */
    private readonly held: Hit,
    /** What a click selects. */
    private readonly first: Hit,
  ) {
    super(tool);
  }

  override pointerMove(input: PointerInput): void {
    if (screenDistance(this.start, input) < SLOP) return;
    const { editor } = this;
    if (editor.readOnly) return;
    if (!editor.selection.get().has(this.held.id)) selectHit(editor, this.held, this.start.shift);
    const targets = this.targets();
    if (targets.length === 0) return this.tool.toIdle();
    this.tool.to(new Moving(this.tool, this.start, targets));
    this.tool.current.pointerMove(input);
  }

  private targets(): Target[] {
    const { editor } = this;
    if (this.held.kind === 'annotation') return changeable(editor, editor.selected).map((annotation) => ({ id: annotation.id, kind: 'annotation', annotation }));
    const annotation = editor.proposals.get()?.get(this.held.id);
    return annotation ? [{ ...this.held, annotation }] : [];
  }

  override pointerUp(): void {
    selectHit(this.editor, this.first, this.start.shift || this.start.mod);
    this.tool.toIdle();
  }

  override keyDown(input: KeyInput): boolean {
    if (input.key !== 'Escape') return false;
    this.cancel();
    return true;
  }
  override cancel(): void {
    this.tool.toIdle();
  }
}
