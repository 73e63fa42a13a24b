import { findClass, type Annotation, type LabelClass, type LandmarkPoint, type LandmarksGeometry } from '@/lib/core/labels';
import { setGeometry, toggleVisibility } from '../../../commands';
import { createOf, newFields } from '../../../edits';
import { snapPoint } from '../../../geometry';
import { landmarkAt } from '../../../hit';
import { newId } from '../../../ids';
import { DraggingPoint } from '../../SelectTool/states/DraggingPoint';
import { ToolState, type KeyInput, type PointerInput } from '../../Tool';
import type { LandmarksTool } from '../LandmarksTool';

/** So near, in CSS pixels, a placed point is taken hold of instead of a new one placed; with alt, none is. */
const GRIP = 5;

/**
 * The next point waits for a click. Every point is an operation of its own: a crash in the middle of a skeleton of sixty
 * points loses none of them, and undo goes back point by point.
 */
export class Placing extends ToolState<LandmarksTool> {
  override readonly busy = false;
  private id: string | null;
  private next: number;
  /** Where escape goes back to; null when the instance was there before. */
  private historyMark: number | null = null;
  private known: readonly LandmarkPoint[];
  private own = false;
  /** The instance that was finished last: an undo goes back into it. */
  private finished: Annotation | null = null;

  constructor(tool: LandmarksTool, instance: Annotation | null, next?: number) {
    super(tool);
    this.id = instance?.id ?? null;
    this.known = instance ? pointsOf(instance) : [];
    this.next = next ?? Math.max(0, this.known.findIndex((p) => p.v === 0));
  }

  private get instance(): Annotation | null {
    return this.id ? (this.editor.document.get(this.id) ?? null) : null;
  }
  private get cls(): LabelClass | null {
    const instance = this.instance;
    const cls = instance ? findClass(this.editor.schema.get(), instance.classId) : this.editor.activeClass;
    return cls?.kind === 'landmarks' ? cls : null;
  }
  /** Whether an instance has been begun. */
  get begun(): boolean {
    return this.id !== null;
  }

  override enter(): void {
    this.report();
  }

  private report(): void {
    const cls = this.cls;
    this.tool.progress.set(cls ? { annotation: this.id, classId: cls.id, next: this.next } : null);
    const { label } = this.editor.pointerMark.get();
    if (label) this.editor.mark({ label: { at: label.at, text: this.nextName() } });
  }

  private nextName(): string {
    const points = this.cls?.skeleton?.points ?? [];
    const point = points[this.next];
    return point ? `${this.next + 1}/${points.length} ${point.name}` : '';
  }

  override pointerMove(input: PointerInput): void {
    const instance = this.instance;
    const near = instance && !input.alt && landmarkAt(input.image, pointsOf(instance), this.editor.toImageLength(GRIP)) !== null;
    this.editor.cursor.set(near ? 'grab' : this.tool.cursor);
    this.editor.mark({ label: near || !this.cls ? null : { at: input.image, text: this.nextName() } });
  }
  override pointerLeave(): void {
    this.editor.mark({ label: null });
  }

  override pointerDown(input: PointerInput): void {
    const { editor } = this;
    if (input.button !== 0 || editor.readOnly) return;
    const cls = this.cls;
    if (!cls) return editor.say('Pick a class of landmarks first.');
    const instance = this.instance;
    if (instance?.geometry.kind === 'landmarks' && !input.alt) {
      const index = landmarkAt(input.image, instance.geometry.points, editor.toImageLength(GRIP));
      if (index !== null && input.shift) return toggleVisibility(editor, instance, index);
      if (index !== null) {
        const { next } = this;
        const then = () => new Placing(this.tool, editor.document.get(instance.id) ?? null, next).since(this.historyMark);
        return this.tool.to(new DraggingPoint(this.tool, { id: instance.id, kind: 'annotation', annotation: instance }, instance.geometry, index, then));
      }
    }
    const at = snapPoint(input.image, editor.image, editor.viewport.get().scale, 0);
    this.place(cls, { ...at, v: input.shift ? 1 : 2 });
  }

  /** Remembers where escape goes back to. */
  since(mark: number | null): this {
    this.historyMark = mark;
    return this;
  }

  private place(cls: LabelClass, point: LandmarkPoint): void {
    const { editor } = this;
    const instance = this.instance;
    this.own = true;
    if (instance?.geometry.kind === 'landmarks') {
      setGeometry(editor, 'place-point', new Map([[instance, withPoint(instance.geometry, this.next, point)]]));
    } else {
      const none: LandmarkPoint[] = cls.skeleton!.points.map(() => ({ x: 0, y: 0, v: 0 }));
      const id = newId();
      this.historyMark = editor.session.mark();
      const geometry = withPoint({ kind: 'landmarks', v: 1, points: none }, this.next, point);
      if (!editor.commit({ type: 'draw', tool: 'landmarks', changes: [createOf(id, newFields(cls, geometry))] })) return;
      this.id = id;
      editor.select([id]);
    }
    this.own = false;
    this.known = this.instance ? pointsOf(this.instance) : [];
    this.go(this.next + 1);
  }

  /** To the first point from `index` on that is not placed; the instance is done when there is none. */
  private go(index: number): void {
    const total = this.cls?.skeleton?.points.length ?? 0;
    let next = index;
    while (next < total && (this.known[next]?.v ?? 0) > 0) next++;
    if (next >= total) return this.finish();
    this.next = next;
    this.report();
  }

  /** Leaves the next point out. */
  skip(): void {
    this.go(this.next + 1);
  }

  /** Takes the point before back, and waits for it again. */
  stepBack(): void {
    const instance = this.instance;
    if (this.next === 0) return;
    this.next--;
    if (instance?.geometry.kind === 'landmarks' && (instance.geometry.points[this.next]?.v ?? 0) > 0) {
      this.own = true;
      setGeometry(this.editor, 'unplace-point', new Map([[instance, withPoint(instance.geometry, this.next, { x: 0, y: 0, v: 0 })]]));
      this.own = false;
      this.known = this.instance ? pointsOf(this.instance) : [];
    }
    this.report();
  }

  /** Waits for this point; a placed one is placed anew. */
  jump(index: number): void {
    if (index < 0 || index >= (this.cls?.skeleton?.points.length ?? 0)) return;
    this.next = index;
    this.report();
  }

  /** Toggles the point placed last between visible and hidden. */
  toggleLast(): void {
    const instance = this.instance;
    if (!instance) return;
    for (let i = this.next - 1; i >= 0; i--) if ((pointsOf(instance)[i]?.v ?? 0) > 0) return toggleVisibility(this.editor, instance, i);
  }

  /** The instance is done, with the points it has; the next click begins another. */
  finish(): void {
    const next = new Placing(this.tool, null);
    next.finished = this.instance;
    this.tool.to(next);
  }

  override keyDown(input: KeyInput): boolean {
    const { editor } = this;
    if (input.key === 'Enter' && this.begun) {
      this.finish();
      return true;
    }
    if (input.key !== 'Escape') return false;
    if (this.begun) this.cancel();
    else if (editor.selection.get().size > 0) editor.select([]);
    else editor.setTool('select');
    return true;
  }

  override cancel(): void {
    const mark = this.historyMark;
    this.finish();
    if (mark !== null) this.editor.session.revertTo(mark);
  }

  /** Undo, redo or another person changed the instance: wait for what is missing now. */
  override documentChanged(ids: ReadonlySet<string>): void {
    if (!this.id && this.finished && ids.has(this.finished.id)) this.reopen(this.finished);
    if (this.own || !this.id || !ids.has(this.id)) return;
    const instance = this.instance;
    if (!instance) return this.finish();
    const now = pointsOf(instance);
    const lost = now.findIndex((p, i) => p.v === 0 && (this.known[i]?.v ?? 0) > 0);
    const found = now.findIndex((p, i) => p.v > 0 && (this.known[i]?.v ?? 0) === 0);
    this.known = now;
    if (lost >= 0) this.jump(lost);
    else if (found >= 0) this.go(found + 1);
  }

  /** The instance that was done lacks a point again. */
  private reopen(before: Annotation): void {
    const now = this.editor.document.get(before.id);
    const lost = now ? pointsOf(now).some((p, i) => p.v === 0 && (pointsOf(before)[i]?.v ?? 0) > 0) : false;
    if (!now || !lost) return;
    this.id = now.id;
    this.known = pointsOf(before);
    this.finished = null;
  }
}

function pointsOf(a: Annotation): readonly LandmarkPoint[] {
  return a.geometry.kind === 'landmarks' ? a.geometry.points : [];
}
function withPoint(g: LandmarksGeometry, index: number, point: LandmarkPoint): LandmarksGeometry {
  return { ...g, points: g.points.map((p, i) => (i === index ? point : p)) };
}
