import { boxHandleAt, resizeBox, type BoxHandle, type Point } from '@/lib/core/geometry';
import type { Annotation, BoxGeometry, Geometry } from '@/lib/core/labels';
import type { Editor } from '../editor';
import { boxGeometryOf, MIN_BOX, snapPoint } from '../geometry';
import type { Hit } from '../hit';
import { REACH, SLOP } from './Tool';

/** Something a hand can take hold of: an annotation, or a proposal (which, once moved, is accepted as corrected). */
export interface Target extends Hit {
  annotation: Annotation;
}

/** What a grip (handle or point) belongs to: the single selected annotation, else the proposal in focus. */
export function gripTarget(editor: Editor): Target | null {
  if (editor.readOnly) return null;
  const single = editor.single;
  if (single) return editor.isLocked(single.id) || editor.isHidden(single.id) ? null : { id: single.id, kind: 'annotation', annotation: single };
  const proposals = editor.proposals.get();
  const focus = proposals?.focus.get();
  const proposal = focus ? proposals!.get(focus) : undefined;
  return proposal && proposals!.isShown(proposal) && editor.selection.get().size === 0 ? { id: proposal.id, kind: 'proposal', annotation: proposal } : null;
}

/** The handle of a box under the pointer; small boxes leave room to be moved. */
export function handleAt(editor: Editor, p: Point, box: BoxGeometry): BoxHandle | null {
  const reach = editor.toImageLength(REACH);
  const room = Math.min(box.x1 - box.x0, box.y1 - box.y0) / 3;
  const inside = p.x > box.x0 && p.x < box.x1 && p.y > box.y0 && p.y < box.y1;
  return boxHandleAt(p, box, inside ? Math.min(reach, room) : reach);
}

const cursors: Record<BoxHandle, string> = { nw: 'nwse-resize', se: 'nwse-resize', ne: 'nesw-resize', sw: 'nesw-resize', n: 'ns-resize', s: 'ns-resize', e: 'ew-resize', w: 'ew-resize' };
export const cursorOf = (handle: BoxHandle): string => cursors[handle];

/** A pointer's place as a corner of a box. */
export function cornerAt(editor: Editor, p: Point): Point {
  return snapPoint(p, editor.image, editor.viewport.get().scale, editor.toImageLength(SLOP));
}

/** The box with one handle at the pointer, never thinner than a box may be. */
export function resizedBox(editor: Editor, box: BoxGeometry, handle: BoxHandle, p: Point): BoxGeometry {
  const next = resizeBox(box, handle, cornerAt(editor, p));
  const { width, height } = editor.image;
  if (next.x1 - next.x0 < MIN_BOX) [next.x0, next.x1] = widen(next.x0, next.x1, width);
  if (next.y1 - next.y0 < MIN_BOX) [next.y0, next.y1] = widen(next.y0, next.y1, height);
  return boxGeometryOf(next);
}
function widen(low: number, high: number, side: number): [number, number] {
  return high + MIN_BOX > side ? [high - MIN_BOX, high] : [low, low + MIN_BOX];
}

/** Ends a gesture on an annotation or a proposal. */
export function finishGeometry(editor: Editor, target: Target, type: string, geometry: Geometry, set: (wanted: ReadonlyMap<Annotation, Geometry>) => void): void {
  if (target.kind === 'annotation') set(new Map([[target.annotation, geometry]]));
  else editor.proposals.get()?.accept(target.id, { geometry }, type);
}
