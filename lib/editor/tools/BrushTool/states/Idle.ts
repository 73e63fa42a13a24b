import type { Annotation } from '@/lib/core/labels';
import type { BrushTool } from '../BrushTool';
import { ToolState, type KeyInput, type PointerInput } from '../../Tool';
import { Stroking } from './Stroking';

export class Idle extends ToolState<BrushTool> {
  override readonly busy = false;

  override pointerMove(input: PointerInput): void {
    this.tool.showRing(input);
  }
  override pointerLeave(): void {
    this.editor.mark({ ring: null });
  }

  override pointerDown(input: PointerInput): void {
    const { editor, tool } = this;
    if (input.button !== 0 || editor.readOnly) return;
    const mode = tool.modeOf(input);
    const cls = editor.activeClass;
    if (cls?.kind !== 'mask') return editor.say('Pick a class of masks first.');
    const target = mode === 'erase' ? this.erasable(input) : this.continued(cls.id);
    if (target && editor.isLocked(target.id)) return editor.say('Locked. Unlock it in the list of objects to change it.');
    if (mode === 'erase') {
      if (!target) return editor.say('There is no mask to erase here. Select one, or begin on it.');
      editor.select([target.id]);
    }
    tool.to(new Stroking(tool, input, mode, target, cls));
  }

  /** The selected mask, when a stroke of this class goes on with it. */
  private continued(classId: string): Annotation | null {
    const { editor } = this;
    const single = editor.settings.get().paintMode === 'continue' ? editor.single : null;
    return single?.geometry.kind === 'mask' && single.classId === classId && !editor.isHidden(single.id) ? single : null;
  }

  /** The selected mask, else the one under the pointer. */
  private erasable(input: PointerInput): Annotation | null {
    const { editor } = this;
    if (editor.single?.geometry.kind === 'mask') return editor.single;
    for (const hit of editor.hits(input.image)) {
      const a = hit.kind === 'annotation' ? editor.document.get(hit.id) : undefined;
      if (a?.geometry.kind === 'mask') return a;
    }
    return null;
  }

  override keyDown(input: KeyInput): boolean {
    if (input.key !== 'Escape') return false;
    const { editor } = this;
    if (editor.selection.get().size > 0) editor.select([]);
    else editor.setTool('select');
    return true;
  }
}
