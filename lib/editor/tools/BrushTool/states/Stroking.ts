import type { Point } from '@/lib/core/geometry';
import type { Annotation, LabelClass } from '@/lib/core/labels';
import { emptyMask, isEmptyMask, strokeMask, subtract, union, type Mask } from '@/lib/core/masks';
import { maskOf } from '../../../maskCache';
import { paintChanges } from '../../../paint';
import { DRAFT } from '../../../preview';
import { ToolState, type KeyInput, type PointerInput } from '../../Tool';
import type { BrushTool } from '../BrushTool';

/** A stroke longer than this is written down in pieces, so that a crash takes a second of work at most. */
const CHECKPOINT_MS = 1000;

/** The brush is down. */
export class Stroking extends ToolState<BrushTool> {
  private readonly historyMark: number;
  /** With shift, a straight line from here to the pointer. */
  private readonly origin: Point | null;
  private last: Point;
  /** What was painted since the last checkpoint. */
  private stroke: Mask = emptyMask();
  /** The target as the stroke leaves it. */
  private shown: Mask;
  private checkpointAt: number;
  private pieces = 0;

  constructor(
    tool: BrushTool,
    start: PointerInput,
    private readonly mode: 'paint' | 'erase',
    private target: Annotation | null,
    private readonly cls: LabelClass,
  ) {
    super(tool);
    this.historyMark = this.editor.session.mark();
    this.origin = start.shift ? (tool.lastEnd ?? start.image) : null;
    this.last = start.image;
    this.shown = this.base();
    this.checkpointAt = start.time + CHECKPOINT_MS;
    this.add(this.origin ? [this.origin, start.image] : [start.image]);
  }

  private base(): Mask {
    return this.target?.geometry.kind === 'mask' ? maskOf(this.target.geometry) : emptyMask();
  }

  private add(path: readonly Point[]): void {
    const piece = strokeMask(path, this.tool.radius, this.editor.image);
    this.stroke = union(this.stroke, piece);
    this.shown = this.mode === 'paint' ? union(this.shown, piece) : subtract(this.shown, piece);
    this.editor.show({ masks: new Map([[this.target?.id ?? DRAFT, { mask: this.shown, classId: this.target?.classId ?? this.cls.id }]]) });
  }

  override pointerMove(input: PointerInput): void {
    this.tool.showRing(input);
    if (this.origin) {
      // The line is drawn anew from its beginning.
      this.stroke = emptyMask();
      this.shown = this.base();
      this.add([this.origin, input.image]);
    } else this.add([this.last, ...(input.between ?? []), input.image]);
    this.last = input.image;
    if (!this.origin && input.time >= this.checkpointAt) {
      this.checkpointAt = input.time + CHECKPOINT_MS;
      this.commit();
    }
  }

  /** Writes down what was painted since the last time. */
  private commit(): void {
    if (isEmptyMask(this.stroke)) return;
    const { editor, mode, target, cls } = this;
    const { changes, id } = paintChanges(
      editor.document,
      { mode, mask: this.stroke, target, cls, noOverlap: editor.settings.get().noOverlap },
      (other) => editor.isLocked(other),
      editor.decisions,
    );
    this.stroke = emptyMask();
    if (changes.length === 0) return;
    const type = mode === 'erase' ? 'erase' : target || this.pieces > 0 ? 'paint' : 'draw';
    if (!editor.commit({ type: this.pieces > 0 ? `${type}-more` : type, tool: this.tool.id, changes })) return;
    this.pieces++;
    this.target = id ? (editor.document.get(id) ?? null) : null;
    if (this.target) editor.select([this.target.id]);
    if (this.target) this.editor.show({ masks: new Map([[this.target.id, { mask: this.shown, classId: this.target.classId }]]) });
  }

  override pointerUp(): void {
    this.complete();
  }

  override complete(): void {
    this.commit();
    this.tool.lastEnd = this.last;
    this.editor.show({ masks: new Map() });
    this.tool.toIdle();
  }

  override keyDown(input: KeyInput): boolean {
    if (input.key === 'Escape') this.cancel();
    return true;
  }

  override cancel(): void {
    this.editor.show({ masks: new Map() });
    this.tool.toIdle();
    this.editor.session.revertTo(this.historyMark);
  }

  override documentChanged(ids: ReadonlySet<string>): void {
    if (!this.target || !ids.has(this.target.id)) return;
    const now = this.editor.document.get(this.target.id);
    if (now?.geometry.kind !== 'mask') {
      // Someone else deleted it under the brush: what follows would paint nothing.
      this.stroke = emptyMask();
      this.editor.show({ masks: new Map() });
      this.tool.toIdle();
      return;
    }
    this.target = now;
    this.shown = this.mode === 'paint' ? union(this.base(), this.stroke) : subtract(this.base(), this.stroke);
  }
}
