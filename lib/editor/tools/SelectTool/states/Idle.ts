import type { Editor } from '../../../editor';
import { toggleVisibility } from '../../../commands';
import { landmarkAt, type Hit } from '../../../hit';
import { cursorOf, gripTarget, handleAt } from '../../shared';
import { REACH, ToolState, type KeyInput, type PointerInput } from '../../Tool';
import { DraggingPoint } from './DraggingPoint';
import { Marquee } from './Marquee';
import { Nudging, nudgeOf } from './Nudging';
import { Pressing } from './Pressing';
import { Resizing } from './Resizing';

export class Idle extends ToolState {
  override readonly busy = false;

  override pointerMove(input: PointerInput): void {
    const { editor } = this;
    const grip = gripTarget(editor);
    const geometry = grip && editor.geometryOf(grip.annotation);
    const handle = geometry?.kind === 'box' ? handleAt(editor, input.image, geometry) : null;
    const onPoint = geometry?.kind === 'landmarks' && landmarkAt(input.image, geometry.points, editor.toImageLength(REACH)) !== null;
    const hit = editor.hits(input.image)[0];
    editor.hover.set(hit?.id ?? null);
    editor.cursor.set(handle ? cursorOf(handle) : onPoint ? 'grab' : hit && !editor.readOnly && !editor.isLocked(hit.id) ? 'move' : hit ? 'pointer' : 'default');
  }

  override pointerLeave(): void {
    this.editor.hover.set(null);
  }

  override pointerDown(input: PointerInput): void {
    if (input.button !== 0) return;
    const { editor } = this;
    const grip = input.alt ? null : gripTarget(editor);
    if (grip?.annotation.geometry.kind === 'box') {
      const handle = handleAt(editor, input.image, grip.annotation.geometry);
      if (handle) return this.tool.to(new Resizing(this.tool, grip, grip.annotation.geometry, handle));
    }
    if (grip?.annotation.geometry.kind === 'landmarks') {
      const index = landmarkAt(input.image, grip.annotation.geometry.points, editor.toImageLength(REACH));
      if (index !== null && input.shift && grip.kind === 'annotation') return toggleVisibility(editor, grip.annotation, index);
      if (index !== null) return this.tool.to(new DraggingPoint(this.tool, grip, grip.annotation.geometry, index));
    }
    const hits = editor.hits(input.image);
    const first = hits[0];
    if (!first) return this.tool.to(new Marquee(this.tool, input));
    if (input.alt) return this.take(nextOf(hits, this.taken()), input.shift);
    const held = input.shift ? undefined : hits.find((h) => h.id === this.taken() || editor.selection.get().has(h.id));
    this.tool.to(new Pressing(this.tool, input, held ?? first, first));
  }

  private taken(): string | null {
    const { editor } = this;
    return editor.single?.id ?? editor.proposals.get()?.focus.get() ?? null;
  }

  private take(hit: Hit, add: boolean): void {
    selectHit(this.editor, hit, add);
  }

  override keyDown(input: KeyInput): boolean {
    const { editor } = this;
    if (input.key === 'Escape') {
      const had = editor.selection.get().size > 0 || editor.proposals.get()?.focus.get();
      editor.select([]);
      editor.proposals.get()?.focus.set(null);
      return Boolean(had);
    }
    const nudge = nudgeOf(input);
    if (nudge && editor.selection.get().size > 0 && !editor.readOnly) {
      const state = new Nudging(this.tool);
      if (!state.able) return true;
      this.tool.to(state);
      return state.keyDown(input);
    }
    return false;
  }
}

/** Selects what was hit; with `add`, adds it or takes it away. */
export function selectHit(editor: Editor, hit: Hit, add: boolean): void {
  const proposals = editor.proposals.get();
  if (hit.kind === 'proposal') {
    editor.select([]);
    proposals?.focus.set(hit.id);
    return;
  }
  proposals?.focus.set(null);
  if (!add) return editor.select([hit.id]);
  const now = new Set(editor.selection.get());
  if (!now.delete(hit.id)) now.add(hit.id);
  editor.select(now);
}

function nextOf(hits: readonly Hit[], taken: string | null): Hit {
  const at = hits.findIndex((h) => h.id === taken);
  return hits[(at + 1) % hits.length]!;
}
