/** From a stroke to the changes of one operation. */
import type { Annotation, LabelClass } from '@/lib/core/labels';
import type { Change } from '@/lib/core/ops';
import { deltaBetween, intersect, isEmptyMask, maskToString, paintDelta, subtract, type Mask } from '@/lib/core/masks';
import type { EditorDocument } from './document';
import { compact, createOf, deleteOf, followUp, newFields, type DecisionContext } from './edits';
import { newId } from './ids';
import { maskOf, rememberMask } from './maskCache';

export interface Stroke {
  mode: 'paint' | 'erase';
  mask: Mask;
  /** The mask it goes on with, or null to begin a new one. */
  target: Annotation | null;
  /** The class of a new mask. */
  cls: LabelClass;
  /** Other masks give way. */
  noOverlap: boolean;
}

export interface Painted {
  changes: Change[];
  /** The annotation that was painted; null when it is no more, or nothing changed. */
  id: string | null;
}

/** Masks that share a pixel with this one, other than `except`. */
function masksUnder(document: EditorDocument, mask: Mask, except: string | undefined): { annotation: Annotation; mask: Mask; shared: Mask }[] {
  if (isEmptyMask(mask)) return [];
  return document.index.search({ x0: mask.x, y0: mask.y, x1: mask.x + mask.width, y1: mask.y + mask.height }).flatMap((id) => {
    const annotation = document.get(id);
    if (!annotation || id === except || annotation.geometry.kind !== 'mask') return [];
    const other = maskOf(annotation.geometry);
    const shared = intersect(other, mask);
    return isEmptyMask(shared) ? [] : [{ annotation, mask: other, shared }];
  });
}

/**
 * What a stroke changes. Only real changes count: a stroke over what is set already is none. A mask that is erased
 * wholly is deleted. With `noOverlap`, others lose what the stroke takes, except locked ones, which it does not touch.
 */
export function paintChanges(document: EditorDocument, stroke: Stroke, isLocked: (id: string) => boolean, decisions: DecisionContext): Painted {
  const { target, mode } = stroke;
  const current = target?.geometry.kind === 'mask' ? maskOf(target.geometry) : null;
  if (mode === 'erase') {
    if (!target || !current) return { changes: [], id: null };
    return change(target, current, subtract(current, stroke.mask), decisions);
  }
  const others = stroke.noOverlap ? masksUnder(document, stroke.mask, target?.id) : [];
  const mask = others.filter((o) => isLocked(o.annotation.id)).reduce((m, o) => subtract(m, o.shared), stroke.mask);
  if (isEmptyMask(mask)) return { changes: [], id: target?.id ?? null };
  const pushed = others.filter((o) => !isLocked(o.annotation.id)).flatMap((o) => change(o.annotation, o.mask, subtract(o.mask, mask), decisions).changes);
  if (target && current) {
    const delta = paintDelta(current, mask, 'add');
    if (isEmptyMask(delta.set)) return { changes: pushed, id: target.id };
    const paint: Change = { kind: 'paint', annotation: target.id, rev: target.rev, set: maskToString(delta.set), cleared: maskToString(delta.cleared) };
    return { changes: [...compact([paint, followUp(target, 'moved', decisions)]), ...pushed], id: target.id };
  }
  const id = newId();
  const geometry = rememberMask({ kind: 'mask', v: 1, mask: maskToString(mask) }, mask);
  return { changes: [createOf(id, newFields(stroke.cls, geometry)), ...pushed], id };
}

/** From one mask of an annotation to another. */
function change(a: Annotation, before: Mask, after: Mask, decisions: DecisionContext): Painted {
  if (isEmptyMask(after)) return { changes: compact([deleteOf(a), followUp(a, 'deleted', decisions)]), id: null };
  const delta = deltaBetween(before, after);
  if (isEmptyMask(delta.set) && isEmptyMask(delta.cleared)) return { changes: [], id: a.id };
  const paint: Change = { kind: 'paint', annotation: a.id, rev: a.rev, set: maskToString(delta.set), cleared: maskToString(delta.cleared) };
  return { changes: compact([paint, followUp(a, 'moved', decisions)]), id: a.id };
}
